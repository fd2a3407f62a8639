/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policies and packets by chance, the same ones for the same seed. */
#ifndef CARREL_TESTS_DIFFERENTIAL_RANDOM_H
#define CARREL_TESTS_DIFFERENTIAL_RANDOM_H

#include <stdint.h>
#include "base/arena.h"
#include "core/evaluate.h"

struct random { uint64_t state; };      /* begins with the seed */

/** random_below() - 0 to @limit - 1; @limit is not 0 */
uint32_t random_below(struct random *random, uint32_t limit);

/**
 * random_policy() - a valid policy, with all that it refers to; from @arena
 *
 * The text of several files, "=== NAME" before each but the first: carrel.conf; then as many as
 * there are of "names" (a host and its addresses on a line), "overrides", "common/a" and "common/b",
 * which are there to be included; "policy" comes last.
 */
const char *random_policy(struct random *random, struct arena *arena);

/**
 * random_packet() - one that can be sent, to or from near the edges of what policies name
 * @own:	the carrel's addresses: none of them is the packet's remote end
 */
struct packet random_packet(struct random *random, const struct address own[FAMILY_COUNT]);

#endif
