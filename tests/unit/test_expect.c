/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <errno.h>

#include "core/expect.h"

/* What is said about the policy @text, and of what it expects. */
static const char *check(struct arena *arena, const char *text)
{
	struct diagnostics diagnostics = { .arena = arena };
	struct config config;
	struct policy policy;

	int rc = text_policy(text, &diagnostics, &config, &policy);
	if (rc == 0)
		rc = expect_test(&policy, &config, &diagnostics);
	assert_int_equal(rc, diagnostics.errors ? -EINVAL : 0);
	return said(arena, &diagnostics);
}

static void check_all(const struct text_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		ARENA_CLEANUP struct arena arena = { 0 };

		assert_string_equal(check(&arena, cases[i].text), cases[i].said);
	}
}
#define CHECK(cases) check_all(cases, sizeof(cases) / sizeof((cases)[0]))

static void test_expect_parse_reports_every_error(void **state)
{
	static const struct text_case cases[] = {
		{ "expect", "1:7: missing a verdict; expected allow or deny" },
		{ "expect reject tcp host:1", "1:8: 'reject' is not a verdict; expected allow or "
		  "deny" },
		{ "expect alow tcp host:1", "1:8: 'alow' is not a verdict; expected allow or deny "
		  "(did you mean 'allow'?)" },
		{ "expect allow tpc host:1", "1:14: 'tpc' is not a protocol; expected tcp, udp, "
		  "sctp or icmp (did you mean 'tcp'?)" },
		{ "expect allow tcp host:1 now", "1:25: unexpected 'now'; expected the end of the "
		  "line" },
	};

	(void)state;
	CHECK(cases);
}

static void test_expect_test_is_silent_about_what_is_true(void **state)
{
	static const struct text_case cases[] = {
		{ "default deny out\nallow out tcp to 203.0.113.10 port 443\n"
		  "expect allow tcp 203.0.113.10:443\nexpect deny out tcp 203.0.113.10:80\n"
		  "expect deny icmp 203.0.113.10\nexpect deny tcp [2001:db8::1]:443", "" },
		{ "default reject out\nexpect deny udp 203.0.113.10:53", "" },
		{ "expect deny tcp host:22\nexpect deny tcp peers:22\n"
		  "expect deny tcp 10.213.7.7:22\nexpect deny in tcp host:22", "" },
		{ "allow out tcp to host,peers port 22\nallow in icmp\n"
		  "expect allow tcp host:22\nexpect allow tcp peers:22\nexpect allow in icmp host",
		  "" },
		{ "uplink none\nexpect deny tcp 203.0.113.10:443", "" },
		{ "allow in\nexpect deny in tcp 203.0.113.10:443", "" },
		{ "default deny out\nallow out tcp to www.example port 443\n"
		  "deny out to other.example\n"
		  "expect allow tcp www.example:443\nexpect deny tcp www.example:80\n"
		  "expect deny tcp other.example:443\nexpect deny tcp else.example:443\n"
		  "expect deny in tcp www.example:443", "" },
		/* A name is of the internet. */
		{ "default deny out\nallow out tcp to internet port 443\ndeny out to www.example\n"
		  "expect allow tcp else.example:443\nexpect allow tcp www.example:443", "" },
		{ "default deny out\nallow out udp to resolver port 53\n"
		  "expect allow udp resolver:53\nexpect deny tcp resolver:53\n"
		  "expect deny udp host:53", "" },
		{ "default deny out\ndns 203.0.113.53\nexpect allow udp resolver:53", "" },
		{ "uplink none\nexpect deny udp resolver:53\nexpect deny tcp www.example:80", "" },
		/* The rules decide, wherever they stand. */
		{ "expect deny udp 203.0.113.10:53\ndeny out udp", "" },
	};

	(void)state;
	CHECK(cases);
}

static void test_expect_test_says_what_is_true_instead(void **state)
{
	static const struct text_case cases[] = {
		{ "allow out tcp\nexpect deny tcp 203.0.113.10:443",
		  "2:1: 'expect deny tcp 203.0.113.10:443' is not true: 203.0.113.10 is allowed; "
		  "x.conf:1: allow out tcp" },
		{ "default reject out\nexpect  allow tcp 203.0.113.10:443 # why\n\n"
		  "expect allow udp 203.0.113.10:1",
		  "2:1: 'expect allow tcp 203.0.113.10:443' is not true: 203.0.113.10 is "
		  "rejected; no rule of policy 'x' matches: default reject out\n"
		  "4:1: 'expect allow udp 203.0.113.10:1' is not true: 203.0.113.10 is rejected; "
		  "no rule of policy 'x' matches: default reject out" },
		/* In one family only. */
		{ "allow out to peers\ndeny in from 10.0.0.0/8\ndefault allow in\n"
		  "expect allow in tcp peers:80",
		  "4:1: 'expect allow in tcp peers:80' is not true: 10.213.0.0 is denied; "
		  "x.conf:2: deny in from 10.0.0.0/8" },
		{ "default deny out\nallow out tcp to 203.0.113.80,www.example port 443\n"
		  "expect deny tcp www.example:443\nexpect allow tcp www.example:80",
		  "3:1: 'expect deny tcp www.example:443' is not true: an IPv4 address of "
		  "www.example is allowed; x.conf:2: allow out tcp to 203.0.113.80,www.example port "
		  "443 (an address of www.example)\n"
		  "4:1: 'expect allow tcp www.example:80' is not true: an IPv4 address of "
		  "www.example is denied; no rule of policy 'x' matches: default deny out" },
		{ "default deny out\nexpect allow udp resolver:53\nexpect allow tcp host:22",
		  "2:1: 'expect allow udp resolver:53' is not true: an IPv4 resolver is denied; no "
		  "rule of policy 'x' matches: default deny out\n"
		  "3:1: 'expect allow tcp host:22' is not true: an IPv4 address of the host is "
		  "denied; no rule of policy 'x' matches: default deny out" },
		{ "dns 2001:db8::53\nallow out udp to resolver\nexpect deny udp resolver:53",
		  "3:1: 'expect deny udp resolver:53' is not true: 2001:db8::53 is allowed; "
		  "x.conf:1: dns 2001:db8::53" },
		{ "uplink none\nallow out\nexpect allow tcp 203.0.113.10:443",
		  "3:1: 'expect allow tcp 203.0.113.10:443' is not true: 203.0.113.10 is denied; "
		  "policy 'x' has 'uplink none'" },
	};

	(void)state;
	CHECK(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expect_parse_reports_every_error),
		cmocka_unit_test(test_expect_test_is_silent_about_what_is_true),
		cmocka_unit_test(test_expect_test_says_what_is_true_instead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
