/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/digest.h"

/* Source: http://www.isthe.com/chongo/tech/comp/fnv/ */
#define FNV_PRIME UINT64_C(0x100000001b3)

uint64_t digest_add(uint64_t digest, const void *bytes, size_t length)
{
	const uint8_t *byte = bytes;

	for (size_t i = 0; i < length; i++)
		digest = (digest ^ byte[i]) * FNV_PRIME;
	return digest;
}

uint64_t digest_add_prefix(uint64_t digest, const struct prefix *prefix)
{
	digest = digest_add(digest, prefix->address.bytes, sizeof(prefix->address.bytes));
	return digest_add(digest, &prefix->length, sizeof(prefix->length));
}
