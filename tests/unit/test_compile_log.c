/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rules become that log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/golden/golden.h"

/* The text of @policy, compiled. */
static const char *compile(const char *policy, struct arena *arena)
{
	struct ruleset ruleset;

	golden_compile_text("p", policy, arena, &ruleset);
	return golden_text(&ruleset, arena);
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	while ((text = strstr(text, part)) != NULL) {
		text += strlen(part);
		count++;
	}
	return count;
}

static void test_compile_log_makes_nothing_when_nothing_logs(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };

	(void)state;
	assert_null(strstr(compile("log none\nallow out port 1\ndeny in\n", &arena), "log"));
}

static void test_compile_log_denied_is_about_all_that_stops_and_nothing_else(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const char *text = compile("log denied\nallow out port 1\ndeny out port 2\nreject in port 3\n"
				   "default allow out deny in\n", &arena);

	(void)state;
	/* Two rules; the defaults in, out to host, out to peers. */
	assert_int_equal(count_of(text, "meta mark set"), 5);
	assert_non_null(strstr(text, "th dport 1 counter accept comment"));
	assert_non_null(strstr(text, "th dport 2 counter meta mark set 0x00000001 goto log-out-deny "));
	assert_non_null(strstr(text, "th dport 3 counter meta mark set 0x00000002 goto log-in-reject "));
	assert_non_null(strstr(text, "0x00000001 comment \"out denied p p.policy:3\""));
	assert_non_null(strstr(text, "0x00000002 comment \"in rejected p p.policy:4\""));
	assert_non_null(strstr(text, "\"in denied p default deny in\""));
	assert_non_null(strstr(text, "\"out denied p default deny out to host\""));
	assert_non_null(strstr(text, "counter accept comment \"default allow out\""));
	assert_null(strstr(text, "allowed"));
}

static void test_compile_log_of_one_rule_leaves_the_others_alone(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const char *text = compile("allow out port 1 log\ndeny out port 2\n", &arena);

	(void)state;
	assert_int_equal(count_of(text, "meta mark set"), 1);
	assert_non_null(strstr(text, "\"out allowed p p.policy:1\""));
	assert_non_null(strstr(text, "th dport 2 counter drop"));
	assert_null(strstr(text, "chain log-in"));
	assert_null(strstr(text, "chain log-out-deny"));
}

/* A number for each rule, whatever it becomes; and room for each of them when sets are full. */
static void test_compile_log_numbers_rules_not_their_parts(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const char *text = compile("reject out to 192.0.2.1,2001:db8::1,host,peers log\n"
				   "deny out icmp type 8 log\n", &arena);

	(void)state;
	assert_int_equal(count_of(text, "meta mark set 0x00000001 goto log-out-reject"), 4);
	assert_int_equal(count_of(text, "meta mark set 0x00000002 goto log-out-deny"), 2);
	assert_non_null(strstr(text, "set log-rest {\n\t\ttype mark\n\t\tsize 1026\n"));
}

static void test_compile_log_limit_counts_a_packet_once(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const char *text = compile("reject out port 25 limit 3/hour log\n", &arena);

	(void)state;
	assert_int_equal(count_of(text, "limit name \"limit-1\""), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compile_log_makes_nothing_when_nothing_logs),
		cmocka_unit_test(test_compile_log_denied_is_about_all_that_stops_and_nothing_else),
		cmocka_unit_test(test_compile_log_of_one_rule_leaves_the_others_alone),
		cmocka_unit_test(test_compile_log_numbers_rules_not_their_parts),
		cmocka_unit_test(test_compile_log_limit_counts_a_packet_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
