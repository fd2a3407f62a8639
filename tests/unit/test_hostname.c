/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/hostname.h"

#define TEN     "abcdefghij"
#define SIXTY   TEN TEN TEN TEN TEN TEN
#define LABEL63 SIXTY "klm"
/* 3 * 64 + 45 + 3 = 240 */
#define LONGEST LABEL63 "." LABEL63 "." LABEL63 "." TEN TEN TEN TEN "abcde" ".xy"

static void test_hostname_parse_gives_the_form_that_is_compared(void **state)
{
	static const struct { const char *text, *name; } cases[] = {
		{ "www.example", "www.example" }, { "WWW.Example.EDU.", "www.example.edu" },
		{ "3com.example", "3com.example" }, { "a-b.x--y.example", "a-b.x--y.example" },
		{ "xn--mller-kva.example", "xn--mller-kva.example" }, { "a.b", "a.b" },
		{ LABEL63 ".example", LABEL63 ".example" }, { LONGEST ".", LONGEST },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[HOSTNAME_SIZE];

		assert_true(hostname_is_meant(cases[i].text, strlen(cases[i].text)));
		assert_null(hostname_parse(cases[i].text, strlen(cases[i].text), name));
		assert_string_equal(name, cases[i].name);
		assert_true(hostname_valid(name));
	}
}

static void test_hostname_parse_says_what_is_wrong(void **state)
{
	static const struct { const char *text, *fault; } cases[] = {
		{ "example", "has no domain" }, { "example.", "has no domain" }, { "", "has no domain" },
		{ ".", "has no domain" }, { "a..b", "has an empty label" }, { ".a", "has an empty label" },
		{ "a.b..", "has an empty label" }, { "-a.b", "has a label that begins or ends with a hyphen" },
		{ "a.b-", "has a label that begins or ends with a hyphen" },
		{ LABEL63 "n.example", "has a label of more than 63 characters" },
		{ "x" LONGEST, "has a label of more than 63 characters" },
		{ LONGEST "z", "has more than 240 characters" },
		{ "a_b.c", "has other characters than letters, digits, hyphens and dots" },
		{ "a b.c", "has other characters than letters, digits, hyphens and dots" },
		{ "a.\xc3\xbc", "has characters beyond ASCII; expected the form that begins with xn--, "
		  "which idn2(1) prints" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[HOSTNAME_SIZE] = "untouched";

		assert_string_equal(hostname_parse(cases[i].text, strlen(cases[i].text), name),
				    cases[i].fault);
		assert_string_equal(name, "untouched");
		assert_false(hostname_valid(cases[i].text));
	}
}

static void test_hostname_valid_only_in_that_form(void **state)
{
	(void)state;
	assert_false(hostname_valid("WWW.example"));
	assert_false(hostname_valid("www.example."));
	assert_false(hostname_valid("192.0.2.1"));
	assert_false(hostname_valid(LONGEST "zz"));
}

static void test_hostname_is_meant_tells_names_from_addresses_and_words(void **state)
{
	static const char *const others[] = {
		"", ".", "any", "192.0.2.1", "192.0.2.300", "192.0.2.0/24", "www.example/24",
		"2001:db8::1.example", "1.2.3.4.", "...",
	};
	static const char *const names[] = { "a.b", "a_b.c", "a..b", "x.\xc3\xbc", "1.2.3.x", "www." };

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(hostname_is_meant(others[i], strlen(others[i])));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_true(hostname_is_meant(names[i], strlen(names[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostname_parse_gives_the_form_that_is_compared),
		cmocka_unit_test(test_hostname_parse_says_what_is_wrong),
		cmocka_unit_test(test_hostname_valid_only_in_that_form),
		cmocka_unit_test(test_hostname_is_meant_tells_names_from_addresses_and_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
