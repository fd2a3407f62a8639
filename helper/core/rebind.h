/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which addresses a name may mean. Whoever owns a name decides what it answers: without a
 * look at the answers, a rule that lets somebody out to a name would let them in to what is here.
 */
#ifndef CARREL_CORE_REBIND_H
#define CARREL_CORE_REBIND_H

#include <stdbool.h>
#include "base/address.h"
#include "core/prefixes.h"

/** rebind_impossible() - no host has it: unspecified, multicast, broadcast; IPv4 mapped into IPv6 */
bool rebind_impossible(const struct address *address);

/**
 * rebind_refused() - it is no address of the internet, nor one that hides such an address:
 *		      believed only where the policy says "rebind ok"
 */
bool rebind_refused(const struct address *address);

/** rebind_prefixes() - all that rebind_refused() is about, sorted, no overlap */
struct prefix_list rebind_prefixes(void);

#endif
