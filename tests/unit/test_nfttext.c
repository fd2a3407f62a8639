/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rulesets, and the builder's promises about their values, as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <linux/netfilter.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "core/nfttext.h"

/* One rule that matches @field in @ranges: its line. */
static void check_ranges(enum field field, bool negated, const struct value_range *ranges,
			 size_t count, const char *expected)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct ruleset_builder builder;
	struct ruleset ruleset;

	ruleset_begin(&builder, &arena, "t");
	rule_begin(&builder, ruleset_add_chain(&builder, "c"), NULL);
	rule_match_ranges(&builder, field, negated, ranges, count);
	rule_add(&builder, STATEMENT_ACCEPT);
	assert_int_equal(ruleset_finish(&builder, &ruleset), 0);
	nfttext_write(&ruleset, &text);

	char line[256];
	snprintf(line, sizeof(line), "table inet t {\n\tchain c {\n\t\t%s accept\n\t}\n}\n", expected);
	assert_string_equal(text.data, line);
}

#define PORTS(first, last) { { (first) >> 8, (first) & 0xff }, { (last) >> 8, (last) & 0xff } }

static void test_nfttext_ranges_sorted_and_merged_when_they_touch(void **state)
{
	const struct value_range ranges[] = {
		PORTS(100, 200), PORTS(53, 53), PORTS(150, 160), PORTS(54, 60), PORTS(201, 201),
	};

	(void)state;
	check_ranges(FIELD_DPORT, false, ranges, 5, "th dport { 53-60, 100-201 }");
}

static void test_nfttext_ranges_kept_apart_when_one_is_between(void **state)
{
	const struct value_range ranges[] = { PORTS(53, 53), PORTS(55, 55) };

	(void)state;
	check_ranges(FIELD_DPORT, true, ranges, 2, "th dport != { 53, 55 }");
}

static void test_nfttext_ranges_merged_at_the_largest_value(void **state)
{
	const struct value_range ranges[] = { PORTS(60000, 65535), PORTS(65535, 65535) };

	(void)state;
	check_ranges(FIELD_DPORT, false, ranges, 2, "th dport 60000-65535");
}

static void test_nfttext_range_written_as_prefix_when_it_is_one(void **state)
{
	const struct value_range prefix = { { 192, 0, 2, 128 }, { 192, 0, 2, 255 } };
	const struct value_range range = { { 192, 0, 2, 127 }, { 192, 0, 2, 255 } };
	const struct value_range six = { { 0x20, 1, 0xd, 0xb8 },
					 { 0x20, 1, 0xd, 0xb8, 255, 255, 255, 255, 255, 255, 255, 255,
					   255, 255, 255, 255 } };

	(void)state;
	check_ranges(FIELD_DADDR4, false, &prefix, 1, "ip daddr 192.0.2.128/25");
	check_ranges(FIELD_SADDR4, true, &range, 1, "ip saddr != 192.0.2.127-192.0.2.255");
	check_ranges(FIELD_SADDR6, false, &six, 1, "ip6 saddr 2001:db8::/32");
}

static void test_nfttext_prefix_length_of_ranges(void **state)
{
	const struct value_range all = { { 0 }, { 255, 255, 255, 255 } };
	const struct value_range one = { { 1, 2, 3, 4 }, { 1, 2, 3, 4 } };
	const struct value_range low = { { 0, 0, 0, 1 }, { 0, 0, 0, 3 } };
	const struct value_range high = { { 0, 0, 0, 0 }, { 0, 0, 0, 2 } };

	(void)state;
	assert_int_equal(range_prefix_length(&all, 4), 0);
	assert_int_equal(range_prefix_length(&one, 4), 32);
	assert_int_equal(range_prefix_length(&low, 4), -1);
	assert_int_equal(range_prefix_length(&high, 4), -1);
}

static void test_nfttext_port_named_by_protocol_when_it_is_one(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };
	const uint8_t udp = 17, port[] = { 0, 53 };
	struct ruleset_builder builder;
	struct ruleset ruleset;

	(void)state;
	ruleset_begin(&builder, &arena, "t");
	rule_begin(&builder, ruleset_add_hook(&builder, "c", "filter", NF_INET_FORWARD, -7, true),
		   "why");
	rule_match_value(&builder, FIELD_L4PROTO, &udp);
	rule_match_value(&builder, FIELD_DPORT, port);
	rule_add(&builder, STATEMENT_COUNTER);
	rule_goto(&builder, "elsewhere");
	assert_int_equal(ruleset_finish(&builder, &ruleset), 0);
	nfttext_write(&ruleset, &text);
	assert_string_equal(text.data,
			    "table inet t {\n\tchain c {\n"
			    "\t\ttype filter hook forward priority -7; policy drop;\n"
			    "\t\tudp dport 53 counter goto elsewhere comment \"why\"\n\t}\n}\n");
}

static void test_nfttext_named_sets_list_their_values_sorted_and_once(void **state)
{
	const struct value_range values4[] = { { { 192, 0, 2, 9 }, { 192, 0, 2, 9 } },
					       { { 192, 0, 2, 1 }, { 192, 0, 2, 1 } },
					       { { 192, 0, 2, 9 }, { 192, 0, 2, 9 } },
					       { { 192, 0, 2, 3 }, { 192, 0, 2, 3 } } };
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct ruleset_builder builder;
	struct ruleset ruleset;

	(void)state;
	ruleset_begin(&builder, &arena, "t");
	ruleset_add_set(&builder, "some", FIELD_DADDR4, values4, 4);
	ruleset_add_set(&builder, "none", FIELD_DADDR6, NULL, 0);
	rule_begin(&builder, ruleset_add_chain(&builder, "c"), NULL);
	rule_match_set(&builder, FIELD_DADDR4, "some");
	rule_add(&builder, STATEMENT_ACCEPT);
	assert_int_equal(ruleset_finish(&builder, &ruleset), 0);
	nfttext_write(&ruleset, &text);
	assert_string_equal(text.data,
			    "table inet t {\n\tset some {\n\t\ttype ipv4_addr\n"
			    "\t\telements = { 192.0.2.1, 192.0.2.3,\n\t\t\t     192.0.2.9 }\n"
			    "\t}\n\n\tset none {\n\t\ttype ipv6_addr\n\t}\n\n"
			    "\tchain c {\n\t\tip daddr @some accept\n\t}\n}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nfttext_ranges_sorted_and_merged_when_they_touch),
		cmocka_unit_test(test_nfttext_ranges_kept_apart_when_one_is_between),
		cmocka_unit_test(test_nfttext_ranges_merged_at_the_largest_value),
		cmocka_unit_test(test_nfttext_range_written_as_prefix_when_it_is_one),
		cmocka_unit_test(test_nfttext_prefix_length_of_ranges),
		cmocka_unit_test(test_nfttext_port_named_by_protocol_when_it_is_one),
		cmocka_unit_test(test_nfttext_named_sets_list_their_values_sorted_and_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
