/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * A user's IPv4 address is found by double hashing: one hash of the uid says where to begin,
 * another how far to step from one candidate to the next. A step that has no factor in common
 * with the number of addresses visits each of them once. With single steps instead, users
 * would pile up behind each other: in a pool nine tenths full, fifty probes rather than ten.
 *
 * Both hashes must stay as they are: a user keeps an address across releases because of them.
 */
#include "core/allocate.h"

#include <assert.h>

/**
 * mix() - spread a 32-bit number over all 32-bit numbers; neighbours come far apart
 * Source: MurmurHash3's fmix32, Austin Appleby, public domain
 */
static uint32_t mix(uint32_t value)
{
	value ^= value >> 16;
	value *= UINT32_C(0x85ebca6b);
	value ^= value >> 13;
	value *= UINT32_C(0xc2b2ae35);
	value ^= value >> 16;
	return value;
}

/** scale() - map @hash evenly to 0 .. @count - 1 */
static uint32_t scale(uint32_t hash, uint32_t count)
{
	return (uint32_t)((uint64_t)hash * count >> 32);
}

/** common_divisor() - the greatest one of @a and @b */
static uint32_t common_divisor(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/** probe_step() - from one candidate of @uid to the next; 1 .. @count - 1, coprime to @count */
static uint32_t probe_step(uid_t uid, uint32_t count)
{
	/* Any constant that makes this hash another one; here 2^32 over the golden ratio. */
	uint32_t step = 1 + scale(mix(uid ^ UINT32_C(0x9e3779b9)), count - 1);

	while (common_divisor(step, count) != 1)
		step = step % (count - 1) + 1;
	return step;
}

uint32_t allocate_count4(const struct prefix *pool)
{
	assert(pool->address.family == FAMILY_IPV4 && pool->length <= 32);
	return pool->length > 30 ? 0 : (uint32_t)((UINT64_C(1) << (32 - pool->length)) - 2);
}

/** load_be32() - the number that four bytes in network order stand for */
static uint32_t load_be32(const uint8_t bytes[4])
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

/** store_be32() - the reverse */
static void store_be32(uint8_t bytes[4], uint32_t value)
{
	bytes[0] = (uint8_t)(value >> 24);
	bytes[1] = (uint8_t)(value >> 16);
	bytes[2] = (uint8_t)(value >> 8);
	bytes[3] = (uint8_t)value;
}

void allocate_address4(const struct prefix *pool, uid_t uid, uint32_t attempt,
		       struct address *ret)
{
	uint32_t count = allocate_count4(pool);

	assert(count > 0 && attempt < count);
	uint64_t distance = (uint64_t)attempt * probe_step(uid, count);
	uint32_t index = (uint32_t)((scale(mix(uid), count) + distance % count) % count);

	struct address address = pool->address;
	store_be32(address.bytes, load_be32(pool->address.bytes) + 1 + index);
	*ret = address;
}

void allocate_address6(const struct prefix *pool, uid_t uid, struct address *ret)
{
	assert(pool->address.family == FAMILY_IPV6 && pool->length <= 96);

	struct address address = pool->address;
	store_be32(address.bytes + 12, uid);
	*ret = address;
}
