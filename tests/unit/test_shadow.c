/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules that can never match. That no rule is called so which does match is tried with
 * random policies by tests/kernel/test_differential.c.
 */
#include "text.h"

#include "base/buffer.h"
#include "base/paths.h"
#include "core/shadow.h"

/* What is said about the policy @text. */
static const char *check(struct arena *arena, const char *text)
{
	struct diagnostics diagnostics = { .arena = arena };
	struct config config;
	struct policy policy;

	text_policy(text, &diagnostics, &config, &policy);
	assert_string_equal(said(arena, &diagnostics), "");
	assert_int_equal(shadow_check(&policy, &config, arena, &diagnostics), 0);
	return said(arena, &diagnostics);
}

#define NEVER(line, by) "warning " line ":1: this rule can never match: " by " before it"
#define NEVER_ASKED(line) "warning " line ":1: this rule can never match: such queries go to the " \
	"resolvers of 'dns' instead"
#define ONLY_PEERS(line) "warning " line ":1: this rule can never match: these are other " \
	"carrels' addresses, which only 'peers' lets out"

static void test_shadow_check_finds_what_earlier_rules_cover(void **state)
{
	static const struct text_case cases[] = {
		{ "allow out\ndeny out tcp to 203.0.113.1 port 25", "warning 2:1: this rule can never match: "
		  "line 1 decides before it" },
		{ "allow out tcp port 80\ndeny out tcp port 80", NEVER("2", "line 1 decides") },
		{ "allow out tcp,udp port 1-1023\ndeny out udp to 2001:db8::/32 port 53,123",
		  NEVER("2", "line 1 decides") },
		{ "deny out to 10.0.0.0/8\nallow out to 10.1.0.0/16,10.2.0.0/16",
		  NEVER("2", "line 1 decides") },
		/* Several together: by address, by port, by protocol. */
		{ "deny out to 10.0.0.0/9\ndeny out to 10.128.0.0/9\nallow out to 10.0.0.0/8",
		  NEVER("3", "line 1 and others decide") },
		{ "deny out tcp port 1-79\ndeny out tcp port 80-1023\nallow out tcp port 22-443",
		  NEVER("3", "line 1 and others decide") },
		{ "deny out tcp\ndeny out udp\nallow out to any port 53",
		  NEVER("3", "line 1 and others decide") },
		{ "deny out to 0.0.0.0/0\ndeny out to ::/0\nallow out sctp",
		  NEVER("3", "line 1 and others decide") },
		{ "deny out to private\ndeny out to internet\nallow out icmp",
		  NEVER("3", "line 1 and others decide") },
		{ "deny out to 10.0.0.0/9\ndeny out tcp to 10.0.0.0/8 port 1-99\n"
		  "deny out tcp to 10.128.0.0/9 port 90-200\nallow out tcp to 10.0.0.0/8 port 80-120",
		  NEVER("4", "line 1 and others decide") },
		{ "deny out to internet\nallow out to 203.0.113.1", NEVER("2", "line 1 decides") },
		{ "deny out to internet\nallow out tcp to internet", NEVER("2", "line 1 decides") },
		{ "deny out to private\nallow out to metadata", NEVER("2", "line 1 decides") },
		{ "deny out icmp\nallow out icmp type echo-request", NEVER("2", "line 1 decides") },
		{ "deny out icmp type echo-request,9\nallow out icmp type echo-request to 10.0.0.0/8",
		  NEVER("2", "line 1 decides") },
		{ "allow out icmp type echo-request to host\ndeny out icmp type 8,128 to host",
		  "" },
		/* Queries that go elsewhere. */
		{ "dns 10.0.0.53 enforced\nallow out udp to 10.0.0.0/24 port 53\n", "" },
		{ "allow out udp to 10.0.0.54 port 53\ndns 10.0.0.53 enforced\n",
		  NEVER_ASKED("1") },
		{ "deny out tcp,udp to 2001:db8::/32 port 53\ndns 10.0.0.53,2001:db9::1 enforced\n",
		  NEVER_ASKED("1") },
		{ "deny out to 10.0.0.54 port 53\ndns 10.0.0.53\n", "" },
		{ "deny out sctp to 10.0.0.54 port 53\ndns 10.0.0.53 enforced\n", "" },
		{ "deny out to host,10.0.0.54 port 53\ndns 10.0.0.53 enforced\n", "" },
		{ "allow out\nallow out to resolver\n", "" },
		/* The host and peers. */
		{ "allow out to host\ndeny out tcp to host port 22", NEVER("2", "line 1 decides") },
		{ "allow out to peers\ndeny out tcp to peers", NEVER("2", "line 1 decides") },
		{ "deny in\nallow in from host", NEVER("2", "line 1 decides") },
		{ "deny in\nallow in tcp from peers port 80", NEVER("2", "line 1 decides") },
		{ "deny in from internet,peers\nallow in from peers,internet",
		  NEVER("2", "line 1 decides") },
		{ "deny in from peers\nallow in from 10.213.4.0/24", NEVER("2", "line 1 decides") },
		{ "deny in from 10.0.0.0/8,fd42::/16\nallow in from peers",
		  NEVER("2", "line 1 decides") },
		{ "allow out to 10.213.7.0/24,fd42:ca44:e1::7", ONLY_PEERS("1") },
		{ "allow out icmp type packet-too-big to 10.0.0.0/8",
		  "warning 1:1: this rule can never match: the addresses are of one family, the "
		  "types of ICMP of the other" },
		/* Names: at any address that is believed. */
		{ "allow out to a.example port 80-99\ndeny out tcp to b.example,a.example\n"
		  "allow out tcp to a.example port 85", NEVER("3", "line 1 decides") },
		{ "deny out tcp\nallow out tcp to a.example port 443", NEVER("2", "line 1 decides") },
		{ "deny out to internet\nallow out to a.example", NEVER("2", "line 1 decides") },
		/* Each of them. */
		{ "deny out\nallow out tcp\nallow out udp",
		  NEVER("2", "line 1 decides") "\n" NEVER("3", "line 1 decides") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };

		assert_string_equal(check(&arena, cases[i].text), cases[i].said);
	}
}

/* What is said about the policy @text in the file @path under @overrides. */
static const char *check_under(struct arena *arena, const char *overrides_text, const char *path,
			       const char *text)
{
	const struct source source = { path, text, strlen(text) };
	const struct source overrides = {
		"/etc/carrel/policies/overrides.policy", overrides_text, strlen(overrides_text),
	};
	struct diagnostics diagnostics = { .arena = arena };
	struct config config;
	struct policy policy;

	built_in_config(arena, &config);
	const struct policy_context context = { .config = &config, .overrides = &overrides };
	assert_int_equal(policy_parse_within(&context, "x", &source, arena, &policy, &diagnostics), 0);
	assert_int_equal(shadow_check(&policy, &config, arena, &diagnostics), 0);
	return said(arena, &diagnostics);
}

static void test_shadow_check_tells_of_overrides_where_it_is_a_mistake(void **state)
{
	static const char own[] = "/etc/carrel/policies/x.policy";
	static const char packaged[] = PATH_PACKAGED_POLICIES "/x.policy";
	static const struct { const char *overrides, *path, *text, *said; } cases[] = {
		/* What overrides are for. */
		{ "deny out tcp port 25", packaged, "allow out tcp port 25", "" },
		{ "deny out tcp port 25", packaged, "allow out tcp port 26\nallow out tcp port 25-26", "" },
		/* The same said twice. */
		{ "deny out tcp port 25", own, "reject out tcp port 25", "" },
		{ "allow out udp port 53", own, "allow out udp port 53", "" },
		/* Somebody wrote what cannot be. */
		{ "deny out tcp port 25", own, "allow out tcp port 25",
		  NEVER("1", "/etc/carrel/policies/overrides.policy:1 decides") },
		{ "allow out udp port 53", own, "deny out udp port 53",
		  NEVER("1", "/etc/carrel/policies/overrides.policy:1 decides") },
		{ "deny out tcp port 25", own, "allow out tcp port 26\nallow out tcp port 25-26",
		  NEVER("2", "/etc/carrel/policies/overrides.policy:1 and others decide") },
		/* Not of the overrides' doing. */
		{ "deny out sctp", packaged, "allow out tcp\ndeny out tcp port 25",
		  NEVER("2", "line 1 decides") },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(check_under(&arena, cases[i].overrides, cases[i].path,
						cases[i].text), cases[i].said);
	/* The overrides themselves. */
	assert_string_equal(check_under(&arena, "allow out tcp\ndeny out tcp port 25", own, ""),
			    NEVER("2", "line 1 decides"));
	arena_free(&arena);
}

static void test_shadow_check_is_silent_when_anything_is_left(void **state)
{
	static const char *const policies[] = {
		"", "allow out\nallow in",
		"deny out tcp to 203.0.113.1 port 25\nallow out",
		"deny out to 10.0.0.0/9\ndeny out to 10.128.0.0/10\nallow out to 10.0.0.0/8",
		"deny out tcp port 1-79\ndeny out tcp port 81-1023\nallow out tcp port 22-443",
		"deny out tcp port 1-65535\nallow out tcp",     /* port 0 */
		"deny out tcp\nallow out tcp,udp port 53",
		"deny out tcp\ndeny out udp\ndeny out icmp\ndeny out sctp\nallow out",
		"deny out to 0.0.0.0/0\nallow out tcp port 80",
		"deny out icmp type echo-request\nallow out icmp",
		"deny out icmp type 8 to 0.0.0.0/0\nallow out icmp type echo-request",
		"deny out to internet\nallow out to 203.0.113.1,10.0.0.1",
		"deny out to private\nallow out to internet",
		"allow out\ndeny out to host\nreject out to peers",
		"allow out to host\ndeny out to peers\ndeny out",
		"deny out to 10.0.0.0/8\nallow out to peers",
		"deny in from 10.0.0.0/8\nallow in from peers", /* they have IPv6, too */
		"deny in from internet\nallow in from host",    /* where is it? */
		"deny out limit 1/second\nallow out",
		"deny in from host\nallow in",
		"deny in from internet\nallow in from internet,peers",
		"allow out to 10.0.0.0/8",                      /* more than the pool */
		"deny out to a.example\nallow out to b.example\nallow out to 203.0.113.1",
		"deny out to 203.0.113.0/24\nallow out to a.example",
		"deny out to a.example limit 1/day\nallow out to a.example",
		"deny out tcp to a.example\nallow out to a.example",
		"rebind ok\ndeny out to internet\nallow out to a.example",
		"deny out to 128.0.0.0/1\ndeny out to 0.0.0.0/2\nallow out to 0.0.0.0/0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };

		assert_string_equal(check(&arena, policies[i]), "");
	}
}

/* 65,536 halves and quarters: as fast as few, or this takes minutes. */
static void test_shadow_check_takes_no_long_time(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };

	(void)state;
	for (unsigned i = 0; i < 3000; i++)
		buffer_printf(&text, "allow out tcp,udp to 198.%u.%u.%u port %u\n", 18 + i % 2,
			      i % 256, i / 256, i + 1);
	buffer_puts(&text, "allow out\ndeny out tcp to 198.18.0.0 port 1\n");
	assert_string_equal(check(&arena, text.data), NEVER("3002", "line 1 decides"));
}

static void test_shadow_check_says_when_it_gives_up(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };

	(void)state;
	for (unsigned i = 0; i < 8000; i++)
		buffer_printf(&text, "allow out tcp,udp to 198.%u.%u.%u\n", 18 + i % 2, i % 256,
			      i / 256);
	const char *found = check(&arena, text.data);
	assert_non_null(strstr(found, ":1: too much to compare: whether the rules from here on "
				      "can match was not looked at"));
	assert_null(strchr(found, '\n'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shadow_check_finds_what_earlier_rules_cover),
		cmocka_unit_test(test_shadow_check_tells_of_overrides_where_it_is_a_mistake),
		cmocka_unit_test(test_shadow_check_is_silent_when_anything_is_left),
		cmocka_unit_test(test_shadow_check_takes_no_long_time),
		cmocka_unit_test(test_shadow_check_says_when_it_gives_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
