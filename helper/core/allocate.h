/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which addresses a user may get. */
#ifndef CARREL_CORE_ALLOCATE_H
#define CARREL_CORE_ALLOCATE_H

#include <stdint.h>
#include <sys/types.h>
#include "base/address.h"

/** allocate_count4() - usable addresses of @pool: all but the first and the last */
uint32_t allocate_count4(const struct prefix *pool);

/**
 * allocate_address4() - candidate number @attempt for @uid
 * @attempt:	0 is the hash of @uid; allocate_count4() attempts visit every address once
 */
void allocate_address4(const struct prefix *pool, uid_t uid, uint32_t attempt,
		       struct address *ret);

/** allocate_address6() - @pool (length 96 or less) with @uid in the last 32 bits */
void allocate_address6(const struct prefix *pool, uid_t uid, struct address *ret);

#endif
