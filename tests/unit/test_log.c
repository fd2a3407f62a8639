/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What elements of the log's sets say, and which of them are new. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>

#include "core/log.h"
#include "core/logbook.h"
#include "core/logcarry.h"

/* A mark in the kernel's own order. */
static struct log_entry entry(enum log_set set, const char *bytes, size_t length, uint32_t mark)
{
	struct log_entry made = { .set = set, .key_bytes = length + sizeof(mark), .packets = 1 };

	memcpy(made.key, bytes, length);
	memcpy(made.key + length, &mark, sizeof(mark));
	return made;
}
#define ENTRY(set, text, mark) entry(set, text, sizeof(text) - 1, mark)

#define SITE4 "\xcb\x00\x71\x05"
#define SITE6 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x05"

static const char *described(struct arena *arena, const char *comment, const struct log_entry *one,
			     uint64_t packets)
{
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct log_rule rule;
	struct log_flow flow;

	assert_int_equal(log_read_rule(7, comment, strlen(comment), arena, &rule), 0);
	assert_true(log_read_flow(one, &flow));
	assert_int_equal(flow.mark, 7);
	log_describe(&rule, one->set == LOG_REST ? NULL : &flow, packets, &text);
	return arena_strdup(arena, text.data);
}

static void test_log_describes_each_kind_of_element(void **state)
{
	static const char out[] = "out denied exam exam.policy:12", in[] = "in allowed p default allow in";
	const struct { const char *rule; struct log_entry entry; uint64_t packets; const char *text; } cases[] = {
		{ out, ENTRY(LOG_IPV4, "\x06\0\0\0" SITE4 "\x01\xbb\0\0", 7), 1,
		  "tcp 203.0.113.5:443 denied, exam.policy:12" },
		{ out, ENTRY(LOG_IPV6, "\x11\0\0\0" SITE6 "\0\x35\0\0", 7), 2,
		  "udp [2001:db8::5]:53 denied, exam.policy:12 (2 packets)" },
		{ in, ENTRY(LOG_IPV4, "\x84\0\0\0" SITE4 "\0\x50\0\0", 7), 1,
		  "sctp from 203.0.113.5 to port 80 allowed, default allow in" },
		{ in, ENTRY(LOG_IPV6, "\x06\0\0\0" SITE6 "\0\x50\0\0", 7), 1,
		  "tcp from 2001:db8::5 to port 80 allowed, default allow in" },
		{ out, ENTRY(LOG_ICMP4, SITE4 "\x08\0\0\0" "\0\0\0\0", 7), 1,
		  "icmp 203.0.113.5 type 8 code 0 denied, exam.policy:12" },
		{ in, ENTRY(LOG_ICMP6, SITE6 "\x01\0\0\0" "\x04\0\0\0", 7), 1,
		  "icmp from 2001:db8::5 type 1 code 4 allowed, default allow in" },
		/* Of GRE the bytes are no port. */
		{ out, ENTRY(LOG_IPV4, "\x2f\0\0\0" SITE4 "\x08\0\0\0", 7), 1,
		  "protocol 47 203.0.113.5 denied, exam.policy:12" },
		{ out, ENTRY(LOG_REST, "", 7), 40,
		  "other packets out denied, exam.policy:12 (40 packets)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };

		assert_string_equal(described(&arena, cases[i].rule, &cases[i].entry, cases[i].packets),
				    cases[i].text);
	}
}

static void test_log_refuses_keys_of_another_length(void **state)
{
	struct log_entry long_one = ENTRY(LOG_IPV4, "\x06\0\0\0" SITE4 "\x01\xbb\0\0" "1234", 7);
	struct log_entry short_one = ENTRY(LOG_IPV6, "\x06\0\0\0" SITE4 "\x01\xbb\0\0", 7);
	struct log_entry empty = { .set = LOG_REST };
	struct log_flow flow;

	(void)state;
	assert_false(log_read_flow(&long_one, &flow));
	assert_false(log_read_flow(&short_one, &flow));
	assert_false(log_read_flow(&empty, &flow));
}

static void test_log_refuses_comments_that_are_not_ours(void **state)
{
	static const char *const texts[] = { "", "out", "out denied", "out denied exam", "up denied exam x" };
	ARENA_CLEANUP struct arena arena = { 0 };
	struct log_rule rule;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_int_equal(log_read_rule(1, texts[i], strlen(texts[i]), &arena, &rule), -EINVAL);
}

static void test_logbook_tells_what_is_new(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct log_entry a = ENTRY(LOG_IPV4, "\x06\0\0\0" SITE4 "\x01\xbb\0\0", 7);
	struct log_entry b = ENTRY(LOG_REST, "", 7);
	struct logbook book = { 0 }, empty = { 0 };

	(void)state;
	a.packets = 5;
	b.packets = 3;
	assert_int_equal(logbook_new_packets(&empty, 1, &a), 5);
	assert_int_equal(logbook_add(&book, &arena, 2, &b), 0);
	assert_int_equal(logbook_add(&book, &arena, 1, &a), 0);
	logbook_sort(&book);
	assert_int_equal(logbook_new_packets(&book, 1, &a), 0);
	assert_int_equal(logbook_new_packets(&book, 2, &b), 0);
	/* Of another carrel, or another set. */
	assert_int_equal(logbook_new_packets(&book, 2, &a), 5);
	assert_int_equal(logbook_new_packets(&book, 1, &b), 3);
	a.packets = 9;
	assert_int_equal(logbook_new_packets(&book, 1, &a), 4);
	/* It was forgotten, and began anew. */
	a.packets = 2;
	assert_int_equal(logbook_new_packets(&book, 1, &a), 2);
}

static void test_logbook_reads_what_it_wrote(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer first = { 0 };
	BUFFER_CLEANUP struct buffer second = { 0 };
	const struct log_entry a = ENTRY(LOG_IPV6, "\x06\0\0\0" SITE6 "\x01\xbb\0\0", 0xfedcba98);
	const struct log_entry b = ENTRY(LOG_ICMP4, SITE4 "\x08\0\0\0" "\0\0\0\0", 1);
	struct logbook book = { 0 }, read;

	(void)state;
	assert_int_equal(logbook_add(&book, &arena, UINT64_MAX, &a), 0);
	assert_int_equal(logbook_add(&book, &arena, 4026531840, &b), 0);
	logbook_sort(&book);
	logbook_write(&book, &first);
	assert_int_equal(logbook_parse(first.data, first.length, &arena, &read), 0);
	logbook_write(&read, &second);
	assert_string_equal(first.data, second.data);
	assert_int_equal(logbook_new_packets(&read, UINT64_MAX, &a), 0);
	assert_int_equal(logbook_parse("", 0, &arena, &read), 0);
	assert_int_equal(read.list.count, 0);
}

static void test_logbook_refuses_other_text(void **state)
{
#define ZEROS "00000000000000000000000000000000000000000000000000000000"
	static const char *const texts[] = {
		"\n", "1", "1 log4 " ZEROS " 1", "1 log4 " ZEROS "\n", "1 log4 " ZEROS " 1 1\n",
		"1 log5 " ZEROS " 1\n", "1 log4 00" ZEROS " 1\n", "x log4 " ZEROS " 1\n",
		"1 log4 " ZEROS " -1\n", "1 log4 " ZEROS " 18446744073709551616\n",
		"1 log4 0000000000000000000000000000000000000000000000000000000G 1\n",
	};
	ARENA_CLEANUP struct arena arena = { 0 };
	struct logbook book;

	(void)state;
	assert_int_equal(logbook_parse("1 log4 " ZEROS " 1\n", strlen("1 log4 " ZEROS " 1\n"), &arena,
				       &book), 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_int_equal(logbook_parse(texts[i], strlen(texts[i]), &arena, &book), -EINVAL);
}

/* A ruleset whose rules 1 and 2 log, as @comments say. */
static void logging_ruleset(struct arena *arena, const char *const comments[2],
			    struct ruleset *ret)
{
	struct ruleset_builder builder;

	ruleset_begin(&builder, arena, "t");
	size_t set = ruleset_add_numbers(&builder, LOG_SET_RULES, FIELD_MARK);
	for (uint32_t i = 0; i < 2; i++)
		set_add_number(&builder, set, i + 1, comments[i]);
	assert_int_equal(ruleset_finish(&builder, ret), 0);
}

static void add_rule(struct log_state *state, struct arena *arena, uint32_t mark,
		     const char *comment)
{
	struct log_rule *rule = ARENA_APPEND(arena, &state->rules);

	assert_non_null(rule);
	assert_int_equal(log_read_rule(mark, comment, strlen(comment), arena, rule), 0);
}

static void add_entry(struct log_state *state, struct arena *arena, struct log_entry one)
{
	struct log_entry *kept = ARENA_APPEND(arena, &state->entries);

	assert_non_null(kept);
	*kept = one;
}

static void test_log_carry_gives_rules_the_numbers_that_they_have_now(void **state)
{
	static const char *const now[2] = { "out denied p p.policy:9", "in denied p default deny in" };
	ARENA_CLEANUP struct arena arena = { 0 };
	struct log_state before = { 0 };
	struct log_carry carry;
	struct ruleset ruleset;
	struct log_flow flow;

	(void)state;
	logging_ruleset(&arena, now, &ruleset);
	assert_true(log_is_kept(&ruleset));
	add_rule(&before, &arena, 1, "in denied p default deny in");
	add_rule(&before, &arena, 2, "out denied p p.policy:3");
	add_rule(&before, &arena, 3, "out denied p p.policy:4");
	add_entry(&before, &arena, ENTRY(LOG_REST, "", 2));
	add_entry(&before, &arena, ENTRY(LOG_IPV4, "\x06\0\0\0" SITE4 "\x01\xbb\0\0", 1));
	add_entry(&before, &arena, ENTRY(LOG_ICMP4, SITE4 "\x08\0\0\0" "\0\0\0\0", 2));
	/* Of no rule. */
	add_entry(&before, &arena, ENTRY(LOG_REST, "", 7));

	assert_int_equal(log_carry_over(&before, &ruleset, &arena, &carry), 0);
	assert_int_equal(carry.entries.count, 3);
	const uint32_t marks[] = { 3, 2, 3 };
	for (size_t i = 0; i < 3; i++) {
		assert_true(log_read_flow(&carry.entries.items[i], &flow));
		assert_int_equal(flow.mark, marks[i]);
	}
	/* Only of rules that something was noted of. */
	assert_int_equal(carry.former.count, 1);
	assert_int_equal(carry.former.items[0].mark, 3);
	assert_string_equal(carry.former.items[0].comment, "out denied p p.policy:3");
}

static void test_log_carry_is_bounded_and_nothing_where_nothing_logs(void **state)
{
	static const char *const now[2] = { "out denied p p.policy:9", "in denied p default deny in" };
	ARENA_CLEANUP struct arena arena = { 0 };
	struct log_state before = { 0 };
	struct ruleset ruleset, silent = { .table = "t" };
	struct log_carry carry;

	(void)state;
	logging_ruleset(&arena, now, &ruleset);
	add_rule(&before, &arena, 1, now[0]);
	for (unsigned i = 0; i < LOG_SIZE + 10; i++) {
		struct log_entry one = ENTRY(LOG_IPV4, "\x06\0\0\0" SITE4 "\0\0\0\0", 1);

		one.key[8] = (uint8_t)(i >> 8);
		one.key[9] = (uint8_t)i;
		add_entry(&before, &arena, one);
	}
	add_entry(&before, &arena, ENTRY(LOG_REST, "", 1));
	assert_int_equal(log_carry_over(&before, &ruleset, &arena, &carry), 0);
	assert_int_equal(carry.entries.count, LOG_SIZE + 1);
	assert_false(log_is_kept(&silent));
	assert_int_equal(log_carry_over(&before, &silent, &arena, &carry), 0);
	assert_int_equal(carry.entries.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log_describes_each_kind_of_element),
		cmocka_unit_test(test_log_refuses_keys_of_another_length),
		cmocka_unit_test(test_log_refuses_comments_that_are_not_ours),
		cmocka_unit_test(test_log_carry_gives_rules_the_numbers_that_they_have_now),
		cmocka_unit_test(test_log_carry_is_bounded_and_nothing_where_nothing_logs),
		cmocka_unit_test(test_logbook_tells_what_is_new),
		cmocka_unit_test(test_logbook_reads_what_it_wrote),
		cmocka_unit_test(test_logbook_refuses_other_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
