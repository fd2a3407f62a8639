/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the host finds names, what a policy makes of it, and where queries end up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <netinet/in.h>
#include <cmocka.h>

#include "core/policy_dns.h"
#include "core/redirect.h"
#include "tests/unit/resolvers.h"
#include "tests/unit/text.h"

/* The addresses of both families, as text. */
static const char *list_text(struct arena *arena, const struct resolver_list lists[FAMILY_COUNT])
{
	const char *text = "";

	for (enum family family = 0; family < FAMILY_COUNT; family++)
		for (size_t i = 0; i < lists[family].list.count; i++) {
			char one[ADDRESS_TEXT_SIZE];

			address_format(&lists[family].list.items[i], one);
			text = arena_printf(arena, "%s%s%s", text, *text ? " " : "", one);
		}
	return text;
}

static void test_resolvconf_parse_reads_what_the_c_library_reads(void **state)
{
	static const struct { const char *text, *named, *servers; bool stub; } cases[] = {
		{ "", "", "", false },
		{ "# nameserver 192.0.2.1\nsearch example\noptions edns0\n", "", "", false },
		{ "nameserver 192.0.2.1\nnameserver 2001:db8::1\nnameserver\t192.0.2.2",
		  "192.0.2.1 192.0.2.2 2001:db8::1", "192.0.2.1 192.0.2.2 2001:db8::1", false },
		{ "nameserver   192.0.2.1 # office\r\n nameserver 192.0.2.2\nnameservers 192.0.2.3\n"
		  "nameserver\nnameserver example\nnameserver 192.0.2.1\n",
		  "192.0.2.1", "192.0.2.1", false },
		{ "nameserver 127.0.0.53\noptions edns0 trust-ad\n", "127.0.0.53", "", true },
		{ "nameserver ::1\nnameserver 192.0.2.1\n", "192.0.2.1 ::1", "192.0.2.1", true },
		{ "nameserver fe80::1%eth0\nnameserver fe80::1\nnameserver 0.0.0.0\nnameserver ff02::fb\n"
		  "nameserver 255.255.255.255\nnameserver 2001:db8::1\n", "2001:db8::1", "2001:db8::1",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		struct host_resolvers host = resolvers_of(&arena, cases[i].text, NULL);

		assert_string_equal(list_text(&arena, host.named), cases[i].named);
		assert_string_equal(list_text(&arena, host.servers), cases[i].servers);
		assert_int_equal(host.stub, cases[i].stub);
	}
}

static void test_resolvconf_look_behind_takes_servers_where_there_are_some(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct host_resolvers host;

	(void)state;
	host = resolvers_of(&arena, "nameserver 127.0.0.53\n", "nameserver 192.0.2.9\n");
	assert_string_equal(list_text(&arena, host.named), "127.0.0.53");
	assert_string_equal(list_text(&arena, host.servers), "192.0.2.9");
	host = resolvers_of(&arena, "nameserver 127.0.0.1\nnameserver 192.0.2.1\n",
			    "nameserver 127.0.0.53\n");
	assert_string_equal(list_text(&arena, host.servers), "192.0.2.1");
}

/* A policy of @text on a host with such files. */
static struct policy settled(struct arena *arena, const char *text, const char *named,
			     const char *behind)
{
	const struct source source = text_source(text);
	struct diagnostics diagnostics = { .arena = arena };
	const struct host_resolvers host = resolvers_of(arena, named, behind);
	struct policy policy;

	policy_parse("x", &source, arena, &policy, &diagnostics);
	assert_string_equal(said(arena, &diagnostics), "");
	policy_dns_settle(&policy, &host);
	return policy;
}

#define STUB "nameserver 127.0.0.53\n"
#define BEHIND "nameserver 192.0.2.9\nnameserver 2001:db8::9\n"
#define THREE "nameserver 127.0.0.53\nnameserver 198.51.100.1\nnameserver 198.51.100.2\n"

static void test_dns_settle_prefers_what_the_policy_says(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct policy policy;

	(void)state;
	policy = settled(&arena, "dns 10.0.0.53\n", STUB, BEHIND);
	assert_string_equal(list_text(&arena, policy.dns.resolvers), "10.0.0.53");
	policy = settled(&arena, "", STUB, BEHIND);
	assert_string_equal(list_text(&arena, policy.dns.resolvers), "192.0.2.9 2001:db8::9");
	assert_true(dns_redirects(&policy.dns));
	policy = settled(&arena, "", "nameserver 192.0.2.9\n", NULL);
	assert_string_equal(list_text(&arena, policy.dns.resolvers), "192.0.2.9");
	assert_false(dns_redirects(&policy.dns));
	policy = settled(&arena, "uplink none\n", STUB, BEHIND);
	assert_false(dns_redirects(&policy.dns));
}

static void test_dns_is_lost_where_nobody_who_is_asked_answers(void **state)
{
	static const struct { const char *policy, *named, *behind; bool lost; } cases[] = {
		{ "", "", NULL, false },
		{ "", STUB, BEHIND, false },
		{ "", STUB, NULL, true },
		{ "", STUB, "nameserver 2001:db8::9\n", true },
		{ "", STUB "nameserver ::1\n", "nameserver 2001:db8::9\n", false },
		{ "", STUB "nameserver 192.0.2.1\n", NULL, false },
		{ "uplink none\n", STUB, NULL, false },
		{ "dns 10.0.0.53\n", STUB, NULL, false },
		{ "dns 2001:db8::53\n", STUB, NULL, true },
		{ "dns 2001:db8::53\n", "nameserver 192.0.2.1\n", NULL, true },
		{ "dns 2001:db8::53,10.0.0.53\n", "nameserver 192.0.2.1\n", NULL, false },
		{ "dns 2001:db8::53\n", "", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		const struct policy policy = settled(&arena, cases[i].policy, cases[i].named,
						     cases[i].behind);

		if (dns_is_lost(&policy.dns) != cases[i].lost)
			fail_msg("case %zu", i);
	}
}

static void test_redirect_find_deals_resolvers_out_to_names(void **state)
{
	static const struct {
		const char *policy, *named, *behind, *destination, *expected;
	} cases[] = {
		/* What the host uses: only the loopback, and only with a stub. */
		{ "", STUB, BEHIND, "127.0.0.53", "192.0.2.9" },
		{ "", STUB, BEHIND, "127.3.2.1", "192.0.2.9" },
		{ "", STUB, BEHIND, "::1", "2001:db8::9" },
		{ "", STUB, BEHIND, "198.51.100.1", "-" },
		{ "", "nameserver 192.0.2.9\n", NULL, "127.0.0.1", "-" },
		{ "", STUB, NULL, "127.0.0.53", "-" },
		{ "", THREE, "nameserver 192.0.2.9\n", "198.51.100.1", "-" },
		/* The policy's: whom resolv.conf names, too. */
		{ "dns 10.0.0.1", STUB, BEHIND, "127.0.0.53", "10.0.0.1" },
		{ "dns 10.0.0.1", "", NULL, "127.0.0.1", "10.0.0.1" },
		{ "dns 10.0.0.1", THREE, NULL, "198.51.100.2", "10.0.0.1" },
		{ "dns 10.0.0.1", THREE, NULL, "198.51.100.3", "-" },
		{ "dns 10.0.0.1", THREE, NULL, "10.0.0.1", "-" },
		/* A name of the other family is refused, the loopback left to itself. */
		{ "dns 10.0.0.1", "nameserver 2001:db8::1\n", NULL, "2001:db8::1", "refused" },
		{ "dns 10.0.0.1", "nameserver 2001:db8::1\n", NULL, "2001:db8::2", "-" },
		{ "dns 10.0.0.1", STUB, NULL, "::1", "-" },
		/* Several: one for each name, and all for who is not named. */
		{ "dns 10.0.0.1,10.0.0.2", STUB, NULL, "127.0.0.53", "10.0.0.1 10.0.0.2" },
		{ "dns 10.0.0.1,10.0.0.2", THREE, NULL, "127.0.0.53", "10.0.0.1" },
		{ "dns 10.0.0.1,10.0.0.2", THREE, NULL, "198.51.100.1", "10.0.0.2" },
		{ "dns 10.0.0.1,10.0.0.2", THREE, NULL, "198.51.100.2", "10.0.0.1" },
		{ "dns 10.0.0.1,10.0.0.2", THREE, NULL, "127.0.0.1", "10.0.0.1 10.0.0.2" },
		{ "dns 10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4", THREE, NULL, "127.0.0.53",
		  "10.0.0.1 10.0.0.4" },
		{ "dns 10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4", THREE, NULL, "198.51.100.2",
		  "10.0.0.3" },
		/* A name that is a resolver stays what it is, and the next one gets another. */
		{ "dns 198.51.100.1,10.0.0.2", THREE, NULL, "198.51.100.1", "-" },
		/* Enforced: whomever it was sent to. */
		{ "dns 10.0.0.1 enforced", THREE, NULL, "203.0.113.1", "10.0.0.1" },
		{ "dns 10.0.0.1 enforced", "", NULL, "10.0.0.1", "-" },
		{ "dns 10.0.0.1 enforced", "", NULL, "2001:db8::2", "refused" },
		{ "dns 10.0.0.1,10.0.0.2 enforced", THREE, NULL, "198.51.100.1", "10.0.0.2" },
		{ "dns 10.0.0.1,10.0.0.2 enforced", THREE, NULL, "203.0.113.1",
		  "10.0.0.1 10.0.0.2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		const struct policy policy = settled(&arena, cases[i].policy, cases[i].named,
						     cases[i].behind);
		const char *found = "";
		struct address destination;
		const struct address *resolver;

		assert_int_equal(address_parse(cases[i].destination, strlen(cases[i].destination),
					       &destination), 0);
		struct redirect redirect = redirect_find(&policy.dns, &destination, IPPROTO_UDP, 53);
		for (size_t at = 0; (resolver = redirect_each(&redirect, &at)) != NULL;) {
			char text[ADDRESS_TEXT_SIZE];

			address_format(resolver, text);
			found = arena_printf(&arena, "%s%s%s", found, *found ? " " : "", text);
			assert_true(redirect_leads_to(&redirect, resolver));
		}
		if (redirect.kind != REDIRECT_TO)
			found = redirect.kind == REDIRECT_NONE ? "-" : "refused";
		if (strcmp(found, cases[i].expected) != 0)
			fail_msg("case %zu: %s, not %s", i, found, cases[i].expected);
	}
}

static void test_redirect_find_is_about_port_53_of_tcp_and_udp(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const struct policy policy = settled(&arena, "dns 10.0.0.1 enforced\n", STUB, NULL);
	const struct address destination = { FAMILY_IPV4, { 203, 0, 113, 1 } };

	(void)state;
	assert_int_equal(redirect_find(&policy.dns, &destination, IPPROTO_TCP, 53).kind,
			 REDIRECT_TO);
	assert_int_equal(redirect_find(&policy.dns, &destination, IPPROTO_UDP, 54).kind,
			 REDIRECT_NONE);
	assert_int_equal(redirect_find(&policy.dns, &destination, IPPROTO_SCTP, 53).kind,
			 REDIRECT_NONE);
}

static void test_policy_dns_permits_its_queries_after_the_overrides(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const struct source overrides = { "o", "deny out to 10.0.0.9\n", 21 };
	const struct policy_context context = { .overrides = &overrides };
	const struct source source = text_source("deny out\ndns 10.0.0.53 enforced # all\nallow in");
	struct diagnostics diagnostics = { .arena = &arena };
	struct policy policy;

	(void)state;
	assert_int_equal(policy_parse_within(&context, "x", &source, &arena, &policy, &diagnostics), 0);
	assert_int_equal(policy.rules.count, 4);
	assert_true(policy.rules.items[0].override);
	assert_string_equal(policy.rules.items[1].text, "dns 10.0.0.53 enforced");
	assert_int_equal(policy.rules.items[1].position.line, 2);
	assert_false(policy.rules.items[1].override);
	assert_true(policy.rules.items[1].remote_resolver);
	assert_string_equal(policy.rules.items[2].text, "deny out");
	assert_string_equal(policy.rules.items[3].text, "allow in");
	assert_true(policy.dns.enforced);
	assert_int_equal(policy.dns.position.line, 2);
}

static void test_policy_dns_reports_errors(void **state)
{
#define EXPECTED "; expected the address of a resolver that a carrel can reach"
	static const struct text_case cases[] = {
		{ "dns", "1:4: missing an address; expected an IPv4 or IPv6 address of a resolver" },
		{ "dns enforced", "1:5: 'enforced' is not an address; expected an IPv4 or IPv6 address "
		  "of a resolver" },
		{ "dns 10.0.0.0/8", "1:5: '10.0.0.0/8' is not an address; expected an IPv4 or IPv6 "
		  "address of a resolver" },
		{ "dns 10.0.0.1,", "1:14: missing an address; expected an IPv4 or IPv6 address of a "
		  "resolver" },
		{ "dns 127.0.0.53", "1:5: '127.0.0.53' is the loopback, which in a carrel is the "
		  "carrel's own" EXPECTED },
		{ "dns 10.0.0.1,::1", "1:14: '::1' is the loopback, which in a carrel is the carrel's "
		  "own" EXPECTED },
		{ "dns fe80::1", "1:5: 'fe80::1' is an address of one link alone" EXPECTED },
		{ "dns 224.0.0.251", "1:5: '224.0.0.251' is no address of a machine" EXPECTED },
		{ "dns 10.0.0.1,10.0.0.1", "1:14: '10.0.0.1' stands twice in the list" },
		{ "dns 10.0.0.1 enforce", "1:14: unexpected 'enforce'; expected a comma, 'enforced' or "
		  "the end of the line (did you mean 'enforced'?)" },
		{ "dns 10.0.0.1 enforced x", "1:23: unexpected 'x'; expected the end of the line" },
		{ "dns 10.0.0.1\ndns 10.0.0.2", "2:1: a second 'dns'; the first is at line 1" },
		{ "dns 10.0.0.1\nuplink none", "1:1: 'dns' in a policy with 'uplink none', whose "
		  "carrels reach nobody; expected another uplink, or no 'dns'" },
		{ "allow out to resolver,resolver", "1:23: 'resolver' stands twice in the list" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		struct diagnostics diagnostics = { .arena = &arena };
		const struct source source = text_source(cases[i].text);
		struct policy policy;

		assert_int_equal(policy_parse("x", &source, &arena, &policy, &diagnostics), -EINVAL);
		assert_string_equal(said(&arena, &diagnostics), cases[i].said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolvconf_parse_reads_what_the_c_library_reads),
		cmocka_unit_test(test_resolvconf_look_behind_takes_servers_where_there_are_some),
		cmocka_unit_test(test_dns_settle_prefers_what_the_policy_says),
		cmocka_unit_test(test_dns_is_lost_where_nobody_who_is_asked_answers),
		cmocka_unit_test(test_redirect_find_deals_resolvers_out_to_names),
		cmocka_unit_test(test_redirect_find_is_about_port_53_of_tcp_and_udp),
		cmocka_unit_test(test_policy_dns_permits_its_queries_after_the_overrides),
		cmocka_unit_test(test_policy_dns_reports_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
