/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What carrel-resolver says, and what it must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/error.h"
#include "core/answers.h"

static const char *const asked[] = { "a.example", "b.example" };

static int parse(const char *text, struct answers ret[2], struct carrel_error *err)
{
	return answers_parse(text, strlen(text), asked, 2, ret, err);
}

static void test_answers_parse_takes_each_kind_in_any_order(void **state)
{
	struct answers answers[2];

	(void)state;
	assert_int_equal(parse("b.example 6 none\n"
			       "a.example 4 addresses 300 203.0.113.1,203.0.113.2\n"
			       "b.example 4 failed timeout\n"
			       "a.example 6 addresses 0 2001:db8::1\n"
			       "end\n", answers, NULL), 0);
	assert_int_equal(answers[0].of[FAMILY_IPV4].kind, ANSWER_ADDRESSES);
	assert_int_equal(answers[0].of[FAMILY_IPV4].ttl_s, 300);
	assert_int_equal(answers[0].of[FAMILY_IPV4].count, 2);
	assert_int_equal(answers[0].of[FAMILY_IPV4].addresses[1].bytes[3], 2);
	assert_int_equal(answers[0].of[FAMILY_IPV6].kind, ANSWER_ADDRESSES);
	assert_int_equal(answers[0].of[FAMILY_IPV6].ttl_s, 0);
	assert_int_equal(answers[1].of[FAMILY_IPV4].kind, ANSWER_FAILED);
	assert_string_equal(answers[1].of[FAMILY_IPV4].reason, "timeout");
	assert_int_equal(answers[1].of[FAMILY_IPV6].kind, ANSWER_NONE);
}

static void test_answers_parse_takes_what_is_missing_for_a_failure(void **state)
{
	struct answers answers[2];

	(void)state;
	assert_int_equal(parse("b.example 6 none\nend\n", answers, NULL), 0);
	assert_int_equal(answers[0].of[FAMILY_IPV4].kind, ANSWER_FAILED);
	assert_string_equal(answers[0].of[FAMILY_IPV4].reason, "no-answer");
	assert_int_equal(answers[1].of[FAMILY_IPV4].kind, ANSWER_FAILED);
	assert_int_equal(answers[1].of[FAMILY_IPV6].kind, ANSWER_NONE);
}

static void test_answers_parse_leaves_out_what_no_host_has(void **state)
{
	struct answers answers[2];

	(void)state;
	assert_int_equal(parse("a.example 4 addresses 9 0.0.0.0,203.0.113.1,224.0.0.1\n"
			       "a.example 6 addresses 9 ::ffff:203.0.113.1,ff02::1\nend\n", answers,
			       NULL), 0);
	assert_int_equal(answers[0].of[FAMILY_IPV4].count, 1);
	assert_int_equal(answers[0].of[FAMILY_IPV4].addresses[0].bytes[0], 203);
	assert_int_equal(answers[0].of[FAMILY_IPV6].kind, ANSWER_NONE);
}

static void test_answers_parse_refuses_all_of_it_for_one_thing(void **state)
{
	static const struct { const char *text, *said; } cases[] = {
		{ "", "carrel-resolver's answer breaks off behind line 0" },
		{ "a.example 4 none\n", "carrel-resolver's answer breaks off behind line 1" },
		{ "a.example 4 none\nend", "carrel-resolver's answer breaks off behind line 0" },
		{ "end\nend\n", "line 1 of carrel-resolver's answer: it goes on behind its end" },
		{ "c.example 4 none\nend\n",
		  "line 1 of carrel-resolver's answer: a name that was not asked for" },
		{ "A.example 4 none\nend\n",
		  "line 1 of carrel-resolver's answer: a name that was not asked for" },
		{ "a.example 5 none\nend\n", "line 1 of carrel-resolver's answer: neither family 4 nor 6" },
		{ "a.example 4 none\na.example 4 none\nend\n",
		  "line 2 of carrel-resolver's answer: a second answer to the same question" },
		{ "a.example 4 none 1\nend\n", "line 1 of carrel-resolver's answer: expected addresses, "
		  "none or failed, and what belongs to it" },
		{ "a.example 4 failed badly\nend\n", "line 1 of carrel-resolver's answer: expected "
		  "addresses, none or failed, and what belongs to it" },
		{ "a.example 4 addresses\nend\n", "line 1 of carrel-resolver's answer: expected "
		  "addresses, none or failed, and what belongs to it" },
		{ "a.example 4 addresses 203.0.113.1\nend\n",
		  "line 1 of carrel-resolver's answer: no time to live" },
		{ "a.example 4 addresses 2147483648 203.0.113.1\nend\n",
		  "line 1 of carrel-resolver's answer: no time to live" },
		{ "a.example 4 addresses 9 \nend\n",
		  "line 1 of carrel-resolver's answer: no address of that family" },
		{ "a.example 4 addresses 9 2001:db8::1\nend\n",
		  "line 1 of carrel-resolver's answer: no address of that family" },
		{ "a.example 6 addresses 9 203.0.113.1\nend\n",
		  "line 1 of carrel-resolver's answer: no address of that family" },
		{ "a.example 4 addresses 9 203.0.113.1,,203.0.113.2\nend\n",
		  "line 1 of carrel-resolver's answer: no address of that family" },
		{ "a.example 4 addresses 9 203.0.113.1 203.0.113.2\nend\n",
		  "line 1 of carrel-resolver's answer: no address of that family" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct carrel_error err = { 0 };
		struct answers answers[2];

		assert_int_equal(parse(cases[i].text, answers, &err), -EBADMSG);
		assert_string_equal(err.text, cases[i].said);
	}
}

static void test_answers_parse_bounds_the_addresses_of_a_family(void **state)
{
	char text[4096] = "a.example 4 addresses 9 ";
	struct carrel_error err = { 0 };
	struct answers answers[2];
	size_t length = strlen(text);

	(void)state;
	for (int i = 0; i < ANSWERS_ADDRESSES_MAX; i++)
		length += (size_t)sprintf(text + length, "%s203.0.113.%d", i ? "," : "", i);
	strcpy(text + length, "\nend\n");
	assert_int_equal(parse(text, answers, &err), 0);
	assert_int_equal(answers[0].of[FAMILY_IPV4].count, ANSWERS_ADDRESSES_MAX);
	strcpy(text + length, ",203.0.113.99\nend\n");
	assert_int_equal(parse(text, answers, &err), -EBADMSG);
	assert_string_equal(err.text, "line 1 of carrel-resolver's answer: more addresses than there may "
			    "be");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers_parse_takes_each_kind_in_any_order),
		cmocka_unit_test(test_answers_parse_takes_what_is_missing_for_a_failure),
		cmocka_unit_test(test_answers_parse_leaves_out_what_no_host_has),
		cmocka_unit_test(test_answers_parse_refuses_all_of_it_for_one_thing),
		cmocka_unit_test(test_answers_parse_bounds_the_addresses_of_a_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
