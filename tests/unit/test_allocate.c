/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/allocate.h"

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, strlen(text), &prefix), 0);
	return prefix;
}

static void test_allocate_count4_leaves_out_first_and_last(void **state)
{
	static const struct { const char *pool; uint32_t count; } cases[] = {
		{ "10.0.0.0/8", 16777214 }, { "10.213.0.0/16", 65534 }, { "10.213.0.0/24", 254 },
		{ "10.213.0.0/30", 2 }, { "10.213.0.0/31", 0 }, { "10.213.0.0/32", 0 },
		{ "0.0.0.0/0", 4294967294U },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct prefix pool = prefix_of(cases[i].pool);

		assert_int_equal(allocate_count4(&pool), cases[i].count);
	}
}

static void assert_visits_all(const struct prefix *pool, uid_t uid)
{
	uint32_t count = allocate_count4(pool);
	unsigned char *seen = calloc(count + 2, 1);

	for (uint32_t attempt = 0; attempt < count; attempt++) {
		struct address address;

		allocate_address4(pool, uid, attempt, &address);
		assert_true(prefix_contains(pool, &address));
		uint32_t index = ((uint32_t)address.bytes[2] << 8 | address.bytes[3]) -
				 ((uint32_t)pool->address.bytes[2] << 8 | pool->address.bytes[3]);
		assert_int_equal(seen[index]++, 0);
	}
	assert_int_equal(seen[0], 0);
	assert_int_equal(seen[count + 1], 0);
	free(seen);
}

static void test_allocate_address4_visits_every_address_once(void **state)
{
	static const uid_t uids[] = { 0, 1, 1000, 1001, 65534, 4294967294U };
	char text[] = "10.213.128.0/16";

	(void)state;
	for (unsigned length = 17; length <= 30; length++) {
		text[13] = (char)('0' + length / 10);
		text[14] = (char)('0' + length % 10);
		struct prefix pool = prefix_of(text);
		for (size_t i = 0; i < sizeof(uids) / sizeof(uids[0]); i++)
			assert_visits_all(&pool, uids[i]);
	}
	for (uid_t uid = 0; uid < 2000; uid++)
		assert_visits_all(&(struct prefix){ { FAMILY_IPV4, { 10 } }, 27 }, uid);
}

/* An address must survive an upgrade: these values may never change. */
static void test_allocate_address4_is_the_same_in_every_release(void **state)
{
	static const struct { uid_t uid; uint32_t attempt; const char *address; } fixed[] = {
		{ 0, 0, "10.213.0.1" }, { 1, 0, "10.213.81.78" },
		{ 1000, 0, "10.213.102.105" }, { 1000, 1, "10.213.188.32" },
		{ 1000, 65533, "10.213.16.178" }, { 1001, 0, "10.213.24.173" },
		{ 4294967294U, 0, "10.213.121.149" }, { 4294967294U, 7, "10.213.248.208" },
	};
	struct prefix pool = prefix_of("10.213.0.0/16");

	(void)state;
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		struct address address;
		char text[ADDRESS_TEXT_SIZE];

		allocate_address4(&pool, fixed[i].uid, fixed[i].attempt, &address);
		address_format(&address, text);
		assert_string_equal(text, fixed[i].address);
	}
}

static void test_allocate_address4_spreads_neighbouring_uids(void **state)
{
	struct prefix pool = prefix_of("10.213.0.0/16");
	unsigned char *seen = calloc(65536, 1);
	unsigned collisions = 0;

	(void)state;
	for (uid_t uid = 1000; uid < 6000; uid++) {
		struct address address;

		allocate_address4(&pool, uid, 0, &address);
		collisions += seen[address.bytes[2] << 8 | address.bytes[3]]++ > 0;
	}
	free(seen);
	/* 5,000 random throws into 65,534 places: 186 expected, deviation 13. */
	assert_in_range(collisions, 130, 240);
}

static void test_allocate_address6_ends_in_the_uid(void **state)
{
	struct prefix pool = prefix_of("fd42:ca44:e1::/64");
	struct address address;
	char text[ADDRESS_TEXT_SIZE];

	(void)state;
	allocate_address6(&pool, 1000, &address);
	address_format(&address, text);
	assert_string_equal(text, "fd42:ca44:e1::3e8");
	allocate_address6(&pool, 4294967294U, &address);
	address_format(&address, text);
	assert_string_equal(text, "fd42:ca44:e1::ffff:fffe");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_allocate_count4_leaves_out_first_and_last),
		cmocka_unit_test(test_allocate_address4_visits_every_address_once),
		cmocka_unit_test(test_allocate_address4_is_the_same_in_every_release),
		cmocka_unit_test(test_allocate_address4_spreads_neighbouring_uids),
		cmocka_unit_test(test_allocate_address6_ends_in_the_uid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
