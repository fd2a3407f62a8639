/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/number.h"

#define UNTOUCHED 4711

static void assert_number(const char *text, uint64_t max, int expected, uint64_t value)
{
	uint64_t got = UNTOUCHED;

	assert_int_equal(number_parse(text, strlen(text), max, &got), expected);
	assert_int_equal(got, expected ? UNTOUCHED : value);
}

static void test_number_parse_accepts_digits(void **state)
{
	(void)state;
	assert_number("0", 0, 0, 0);
	assert_number("65535", 65535, 0, 65535);
	assert_number("0080", 100, 0, 80);
	assert_number("18446744073709551615", UINT64_MAX, 0, UINT64_MAX);
}

static void test_number_parse_refuses_what_is_above_max(void **state)
{
	(void)state;
	assert_number("1", 0, -ERANGE, 0);
	assert_number("65536", 65535, -ERANGE, 0);
	assert_number("18446744073709551616", UINT64_MAX, -ERANGE, 0);
	assert_number("99999999999999999999999999", UINT64_MAX, -ERANGE, 0);
}

static void test_number_parse_refuses_anything_but_digits(void **state)
{
	static const char *const wrong[] = { "", "-1", "+1", " 1", "1 ", "0x10", "1e3", "1.0",
					     "999999999999999999999x", "\xd9\xa1" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_number(wrong[i], 10, -EINVAL, 0);
}

static void test_number_parse_looks_at_length_bytes_only(void **state)
{
	uint64_t value;

	(void)state;
	assert_int_equal(number_parse("123456", 3, 1000, &value), 0);
	assert_int_equal(value, 123);
	assert_int_equal(number_parse("12\0" "3", 4, 1000, &value), -EINVAL);
}

static void assert_duration(const char *text, uint64_t max_s, int expected, uint64_t seconds)
{
	uint64_t got = UNTOUCHED;

	assert_int_equal(number_parse_duration(text, strlen(text), max_s, &got), expected);
	assert_int_equal(got, expected ? UNTOUCHED : seconds);
}

static void test_number_parse_duration_knows_the_units(void **state)
{
	(void)state;
	assert_duration("45", 100, 0, 45);
	assert_duration("30s", 100, 0, 30);
	assert_duration("10m", 600, 0, 600);
	assert_duration("2h", 10000, 0, 7200);
	assert_duration("1d", 86400, 0, 86400);
}

static void test_number_parse_duration_refuses_rubbish_and_overflow(void **state)
{
	(void)state;
	assert_duration("", 100, -EINVAL, 0);
	assert_duration("m", 100, -EINVAL, 0);
	assert_duration("10M", 1000, -EINVAL, 0);
	assert_duration("10ms", 1000, -EINVAL, 0);
	assert_duration("1m30s", 1000, -EINVAL, 0);
	assert_duration("2m", 119, -ERANGE, 0);
	assert_duration("18446744073709551615d", UINT64_MAX, -ERANGE, 0);
	assert_duration("18446744073709551616", UINT64_MAX, -ERANGE, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_number_parse_accepts_digits),
		cmocka_unit_test(test_number_parse_refuses_what_is_above_max),
		cmocka_unit_test(test_number_parse_refuses_anything_but_digits),
		cmocka_unit_test(test_number_parse_looks_at_length_bytes_only),
		cmocka_unit_test(test_number_parse_duration_knows_the_units),
		cmocka_unit_test(test_number_parse_duration_refuses_rubbish_and_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
