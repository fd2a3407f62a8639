/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/overlap.h"

#include <string.h>

/* The default pools' second and sixth byte: what is suggested is near them. */
#define SECOND_BYTE 213
#define TRIES       256

enum overlap_kind overlap_judge(const struct prefix *pool, const struct host_route *route)
{
	if (route->prefix.address.family != pool->address.family)
		return OVERLAP_NONE;
	if (prefix_covers(pool, &route->prefix))
		return OVERLAP_CLASH;
	if (!prefix_covers(&route->prefix, pool))
		return OVERLAP_NONE;
	return route->gateway ? OVERLAP_WITHIN : OVERLAP_CLASH;
}

/** candidate() - number @number of the pools that are tried, of @length bits */
static struct prefix candidate(enum family family, uint8_t length, unsigned number)
{
	static const uint8_t begin6[] = { 0xfd, 0x42, 0xca, 0x44 };
	struct prefix prefix = { .address.family = family, .length = length };
	uint8_t *bytes = prefix.address.bytes;

	if (family == FAMILY_IPV4) {
		bytes[0] = 10;
		bytes[1] = (uint8_t)(SECOND_BYTE + number);
	} else {
		memcpy(bytes, begin6, sizeof(begin6));
		bytes[5] = (uint8_t)number;
	}
	/* A larger pool begins where its size lets it. */
	for (unsigned bit = length; bit < address_bits(family); bit++)
		bytes[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
	return prefix;
}

bool overlap_suggest(const struct prefix *pool, const struct host_route *routes, size_t count,
		     struct prefix *ret)
{
	for (unsigned number = 0; number < TRIES; number++) {
		struct prefix tried = candidate(pool->address.family, pool->length, number);
		bool free = true;

		for (size_t i = 0; free && i < count; i++)
			free = overlap_judge(&tried, &routes[i]) == OVERLAP_NONE;
		if (free) {
			*ret = tried;
			return true;
		}
	}
	return false;
}
