/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells whether a text is the one it was: FNV-1a, 64 bits. Not against an adversary:
 * those who write the texts are administrators.
 */
#ifndef CARREL_BASE_DIGEST_H
#define CARREL_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>
#include "base/address.h"

#define DIGEST_START UINT64_C(0xcbf29ce484222325)

/** digest_add() - @digest (DIGEST_START at first) continued with @bytes */
uint64_t digest_add(uint64_t digest, const void *bytes, size_t length);

/** digest_add_prefix() - continued with @prefix, without the padding of its struct */
uint64_t digest_add_prefix(uint64_t digest, const struct prefix *prefix);

#endif
