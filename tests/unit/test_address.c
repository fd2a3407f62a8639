/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/address.h"

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, strlen(text), &prefix), 0);
	return prefix;
}

static struct address address_of(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(text, strlen(text), &address), 0);
	return address;
}

static void test_address_parse_gives_back_what_format_wrote(void **state)
{
	static const char *const texts[] = {
		"192.0.2.1", "0.0.0.0", "255.255.255.255", "::", "2001:db8::1",
		"2001:db8:1111:2222:3333:4444:5555:6666", "::ffff:192.0.2.1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct address address = address_of(texts[i]);
		char text[ADDRESS_TEXT_SIZE];

		address_format(&address, text);
		assert_string_equal(text, texts[i]);
	}
}

static void test_address_parse_leaves_no_stray_bytes(void **state)
{
	struct address address;

	(void)state;
	memset(&address, 0xff, sizeof(address));
	assert_int_equal(address_parse("192.0.2.1", 9, &address), 0);
	assert_int_equal(address.family, FAMILY_IPV4);
	assert_memory_equal(address.bytes, ((uint8_t[16]){ 192, 0, 2, 1 }), 16);
}

static void test_address_parse_refuses_what_is_none(void **state)
{
	static const char *const wrong[] = {
		"", "192.0.2", "192.0.2.256", "192.0.2.1 ", " 192.0.2.1", "192.0.2.01", "0x7f.1",
		"192.0.2.1.5", "2001:db8::1::2", "2001:db8::g", ":", "fe80::1%eth0", "[::1]",
		"2001:db8:1111:2222:3333:4444:5555:6666:7777:8888:9999", "example.com",
	};
	struct address address;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(address_parse(wrong[i], strlen(wrong[i]), &address), -EINVAL);
	assert_int_equal(address_parse("192.0.2.1\0x", 11, &address), -EINVAL);
	assert_int_equal(address_parse("192.0.2.1x", 9, &address), 0);
}

static void test_prefix_parse_gives_back_what_format_wrote(void **state)
{
	static const char *const texts[] = {
		"192.0.2.0/24", "0.0.0.0/0", "192.0.2.4/31", "192.0.2.1", "::/0", "2001:db8::/32",
		"2001:db8::/127", "2001:db8::1", "2001:db8::8000/113", "2001:db8::/100", "fe80::/10", "10.0.0.0/9",
		"10.64.0.0/10",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct prefix prefix = prefix_of(texts[i]);
		char text[PREFIX_TEXT_SIZE];

		prefix_format(&prefix, text);
		assert_string_equal(text, texts[i]);
	}
}

static void test_prefix_parse_takes_an_address_as_full_length(void **state)
{
	(void)state;
	assert_int_equal(prefix_of("192.0.2.1").length, 32);
	assert_int_equal(prefix_of("192.0.2.1/32").length, 32);
	assert_int_equal(prefix_of("2001:db8::1").length, 128);
}

static void test_prefix_parse_tells_apart_what_is_wrong(void **state)
{
	static const struct { const char *text; int rc; } wrong[] = {
		{ "192.0.2.0/33", -ERANGE }, { "2001:db8::/129", -ERANGE },
		{ "192.0.2.0/99999999999999999999", -ERANGE },
		{ "192.0.2.1/24", -EADDRNOTAVAIL }, { "192.0.2.1/31", -EADDRNOTAVAIL },
		{ "128.0.0.0/0", -EADDRNOTAVAIL }, { "2001:db8::1/127", -EADDRNOTAVAIL },
		{ "2001:db8:8000::/32", -EADDRNOTAVAIL },
		{ "", -EINVAL }, { "/24", -EINVAL }, { "192.0.2.0/", -EINVAL },
		{ "192.0.2.0/-1", -EINVAL }, { "192.0.2.0/24/24", -EINVAL }, { "192.0.2/24", -EINVAL },
		{ "192.0.2.0/255.255.255.0", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct prefix prefix;

		assert_int_equal(prefix_parse(wrong[i].text, strlen(wrong[i].text), &prefix),
				 wrong[i].rc);
	}
}

static void test_prefix_contains_decides_at_every_length(void **state)
{
	struct address low = address_of("0.0.0.0"), high = address_of("255.255.255.255");
	struct prefix prefix = { .address = low };

	(void)state;
	for (unsigned length = 0; length <= 32; length++) {
		struct address last, beyond;

		prefix.length = (uint8_t)length;
		prefix_last(&prefix, &last);
		assert_true(prefix_contains(&prefix, &low));
		assert_true(prefix_contains(&prefix, &last));
		assert_int_equal(prefix_contains(&prefix, &high), length == 0);
		if (length == 0)
			continue;
		/* The first address after the prefix: its last network bit is one. */
		beyond = low;
		beyond.bytes[(length - 1) / 8] = (uint8_t)(0x80U >> (length - 1) % 8);
		assert_false(prefix_contains(&prefix, &beyond));
	}
}

static void test_prefix_contains_keeps_families_apart(void **state)
{
	struct prefix all4 = prefix_of("0.0.0.0/0"), all6 = prefix_of("::/0");
	struct address four = address_of("192.0.2.1"), six = address_of("2001:db8::1");

	(void)state;
	assert_true(prefix_contains(&all4, &four) && prefix_contains(&all6, &six));
	assert_false(prefix_contains(&all4, &six));
	assert_false(prefix_contains(&all6, &four));
	assert_false(address_equal(&four, &six));
	assert_false(address_equal(&all4.address, &all6.address));
	assert_true(address_equal(&four, &(struct address){ FAMILY_IPV4, { 192, 0, 2, 1 } }));
}

static void test_prefix_covers_only_what_lies_inside(void **state)
{
	struct prefix outer = prefix_of("192.0.2.0/24"), inner = prefix_of("192.0.2.128/25"),
		      beside = prefix_of("192.0.3.0/25");

	(void)state;
	assert_true(prefix_covers(&outer, &inner));
	assert_true(prefix_covers(&outer, &outer));
	assert_false(prefix_covers(&inner, &outer));
	/* Begins where the larger one does. */
	inner = prefix_of("192.0.2.0/25");
	assert_false(prefix_covers(&inner, &outer));
	assert_false(prefix_covers(&outer, &beside));
}

static void test_prefix_last_sets_every_host_bit(void **state)
{
	static const struct { const char *prefix, *last; } cases[] = {
		{ "192.0.2.0/24", "192.0.2.255" }, { "0.0.0.0/0", "255.255.255.255" },
		{ "192.0.2.1", "192.0.2.1" }, { "10.213.0.0/17", "10.213.127.255" },
		{ "2001:db8::/33", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct prefix prefix = prefix_of(cases[i].prefix);
		char text[ADDRESS_TEXT_SIZE];
		struct address last;

		prefix_last(&prefix, &last);
		address_format(&last, text);
		assert_string_equal(text, cases[i].last);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_parse_gives_back_what_format_wrote),
		cmocka_unit_test(test_address_parse_leaves_no_stray_bytes),
		cmocka_unit_test(test_address_parse_refuses_what_is_none),
		cmocka_unit_test(test_prefix_parse_gives_back_what_format_wrote),
		cmocka_unit_test(test_prefix_parse_takes_an_address_as_full_length),
		cmocka_unit_test(test_prefix_parse_tells_apart_what_is_wrong),
		cmocka_unit_test(test_prefix_contains_decides_at_every_length),
		cmocka_unit_test(test_prefix_contains_keeps_families_apart),
		cmocka_unit_test(test_prefix_covers_only_what_lies_inside),
		cmocka_unit_test(test_prefix_last_sets_every_host_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
