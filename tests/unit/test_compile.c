/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policies to rulesets: read as nft text, which says most in the fewest lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/golden/golden.h"

/* Compile @policy to text; fail unless each of the NULL-ended @expected is in it. */
static void check(const char *policy, const char *const *expected, const char *unexpected)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct ruleset ruleset;

	golden_compile_text("p", policy, &arena, &ruleset);
	const char *text = golden_text(&ruleset, &arena);
	for (; *expected; expected++)
		if (!strstr(text, *expected))
			fail_msg("no \"%s\" in\n%s", *expected, text);
	if (unexpected && strstr(text, unexpected))
		fail_msg("\"%s\" in\n%s", unexpected, text);
}
#define CHECK(policy, unexpected, ...) \
	check(policy, (const char *const []){ __VA_ARGS__, NULL }, unexpected)

static void test_compile_policies_equal_golden_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < GOLDEN_COUNT; i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		struct ruleset ruleset;

		golden_compile(golden_names[i], &arena, &ruleset);
		assert_string_equal(golden_text(&ruleset, &arena),
				    golden_read(golden_names[i], "nft", &arena));
	}
}

static void test_compile_peers_denied_when_no_rule_names_them(void **state)
{
	(void)state;
	CHECK("default allow out\nallow out to 10.0.0.0/8\n", "peers\"\n\t\tcounter accept",
	      "ip daddr 10.213.0.0/16 goto out-peers",
	      "ip6 daddr fd42:ca44:e1::/64 goto out-peers",
	      "chain out-peers {\n\t\tcounter drop comment \"default deny out to peers\"\n");
}

static void test_compile_host_left_out_when_no_rule_names_it(void **state)
{
	(void)state;
	CHECK("default allow out\n", "out-host", "counter accept comment \"default allow out\"");
}

static void test_compile_host_denied_outwards_when_only_reached_inwards(void **state)
{
	(void)state;
	CHECK("default allow out\nallow in tcp from host port 80\n", NULL,
	      "ip daddr @host4 goto out-host", "ip6 daddr @host6 goto out-host",
	      "chain out-host {\n\t\tcounter drop comment \"default deny out to host\"\n",
	      "ip saddr @host4 tcp dport 80 counter accept",
	      "ip6 saddr @host6 tcp dport 80 counter accept");
}

static void test_compile_rule_naming_host_and_prefix_goes_to_both_chains(void **state)
{
	(void)state;
	CHECK("default deny out\nallow out tcp to host,203.0.113.1 port 22 \"both\"\n", NULL,
	      "\t\tip daddr 203.0.113.1 tcp dport 22 counter accept comment \"both\"\n",
	      "chain out-host {\n\t\ttcp dport 22 counter accept comment \"both\"\n");
}

static void test_compile_internet_and_peers_keeps_exclusions_out_of_peers(void **state)
{
	(void)state;
	CHECK("default deny out\nallow out to internet,peers \"x\"\n", NULL,
	      "ip daddr != { 10.0.0.0/8, ",
	      "chain out-peers {\n\t\tcounter accept comment \"x\"\n");
}

static void test_compile_in_without_from_matches_every_source(void **state)
{
	(void)state;
	CHECK("allow in tcp port 80 \"web\"\n", "saddr",
	      "iifname \"lo\" accept\n\t\ttcp dport 80 counter accept comment \"web\"\n");
}

static void test_compile_icmp_is_the_family_of_the_addresses(void **state)
{
	(void)state;
	CHECK("allow in icmp from 192.0.2.0/24,2001:db8::/32 \"x\"\nallow in icmp \"y\"\n", NULL,
	      "ip saddr 192.0.2.0/24 meta l4proto icmp counter accept comment \"x\"\n",
	      "ip6 saddr 2001:db8::/32 meta l4proto ipv6-icmp counter accept comment \"x\"\n",
	      "\t\tmeta l4proto { icmp, ipv6-icmp } counter accept comment \"y\"\n");
}

static void test_compile_reject_resets_tcp_only(void **state)
{
	(void)state;
	CHECK("reject out udp port 53 \"u\"\nreject out tcp port 25 \"t\"\n"
	      "reject out tcp,udp,icmp to 192.0.2.1 \"all\"\n", NULL,
	      "\t\tudp dport 53 counter reject with icmpx admin-prohibited comment \"u\"\n"
	      "\t\ttcp dport 25 counter reject with tcp reset comment \"t\"\n"
	      "\t\tip daddr 192.0.2.1 meta l4proto tcp counter reject with tcp reset "
	      "comment \"all\"\n"
	      "\t\tip daddr 192.0.2.1 meta l4proto { icmp, udp } counter reject with icmpx "
	      "admin-prohibited comment \"all\"\n");
}

/* The comment on what @rule, alone in its policy, becomes. */
static const char *comment_of(struct policy_rule *rule, struct arena *arena)
{
	const struct policy policy = { .rules = { rule, 1, 1 } };
	const struct prefix_list host = { 0 };
	struct ruleset ruleset;
	struct config config;

	built_in_config(arena, &config);
	assert_int_equal(compile_policy(&policy, &config, &host, arena, &ruleset, NULL), 0);
	return ruleset.chains.items[1].rules.items[4].comment;
}

/* A comment is a prefix of the line, of at most 127 bytes, and whole characters. */
static void test_compile_comment_cut_at_a_character_when_long(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const uint16_t lengths[] = { 126, 127, 128, 129 };
	struct policy_rule rule = { .remote_any = true, .position = { .file = "p" } };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		char comment[256];

		memset(comment, 'x', sizeof(comment));
		memcpy(comment + lengths[i] - 2, "\xc3\xa9\0", 3);
		rule.comment = comment;
		const char *cut = comment_of(&rule, &arena);
		assert_int_equal(strlen(cut), lengths[i] <= 127 ? lengths[i] :
				 lengths[i] == 128 ? 126 : 127);
		assert_memory_equal(cut, comment, strlen(cut));
	}
}

static void test_compile_comment_without_double_quotes(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct policy_rule rule = { .remote_any = true, .text = "deny out \"x\"",
				    .position = { .file = "/dir/p", .line = 3 } };

	(void)state;
	assert_string_equal(comment_of(&rule, &arena), "p:3: deny out 'x'");
}

static void test_compile_rules_in_order_of_the_policy(void **state)
{
	(void)state;
	CHECK("deny out to 192.0.2.1 \"1\"\nallow out to 192.0.2.0/24 \"2\"\ndeny out \"3\"\n", NULL,
	      "\t\tip daddr 192.0.2.1 counter drop comment \"1\"\n"
	      "\t\tip daddr 192.0.2.0/24 counter accept comment \"2\"\n"
	      "\t\tcounter drop comment \"3\"\n"
	      "\t\tcounter accept comment \"default allow out\"\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compile_policies_equal_golden_files),
		cmocka_unit_test(test_compile_peers_denied_when_no_rule_names_them),
		cmocka_unit_test(test_compile_host_left_out_when_no_rule_names_it),
		cmocka_unit_test(test_compile_host_denied_outwards_when_only_reached_inwards),
		cmocka_unit_test(test_compile_rule_naming_host_and_prefix_goes_to_both_chains),
		cmocka_unit_test(test_compile_internet_and_peers_keeps_exclusions_out_of_peers),
		cmocka_unit_test(test_compile_in_without_from_matches_every_source),
		cmocka_unit_test(test_compile_icmp_is_the_family_of_the_addresses),
		cmocka_unit_test(test_compile_reject_resets_tcp_only),
		cmocka_unit_test(test_compile_comment_cut_at_a_character_when_long),
		cmocka_unit_test(test_compile_comment_without_double_quotes),
		cmocka_unit_test(test_compile_rules_in_order_of_the_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
