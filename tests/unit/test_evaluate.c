/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a policy does to a packet. tests/kernel/test_differential.c holds the rules inside
 * the carrel against the kernel; here stands what it cannot see: who decided, and the host.
 */
#include "text.h"

#include <netinet/in.h>

#include "core/evaluate.h"
#include "core/policy_dns.h"
#include "tests/unit/known.h"
#include "tests/unit/resolvers.h"

static const struct prefix host_addresses[] = {
	{ { FAMILY_IPV4, { 192, 0, 2, 1 } }, 32 },
	{ { FAMILY_IPV4, { 10, 213, 0, 1 } }, 32 },     /* in the pool, too */
	{ { FAMILY_IPV6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } }, 128 },
};

/* "allow rule 2", "reject default", ... of @policy for a packet; from @arena */
static const char *decide(struct arena *arena, const char *policy_text, bool path,
			  enum direction direction, uint8_t l4proto, const char *remote,
			  uint16_t port)
{
	static const char *const deciders[DECIDER_COUNT] = {
		[DECIDER_RULE] = "rule", [DECIDER_DEFAULT] = "default",
		[DECIDER_HOST_UNNAMED] = "host", [DECIDER_PEERS_UNNAMED] = "peers",
		[DECIDER_LOOPBACK] = "loopback", [DECIDER_NO_UPLINK] = "no uplink",
		[DECIDER_OUTSIDE] = "outside", [DECIDER_LINK_ONLY] = "link only",
		[DECIDER_NO_RESOLVER] = "no resolver",
	};
	const struct prefix_list host = { host_addresses, 3 };
	struct diagnostics diagnostics = { .arena = arena };
	bool icmp = l4proto == IPPROTO_ICMP || l4proto == IPPROTO_ICMPV6;
	struct packet packet = {
		.direction = direction, .l4proto = l4proto, .port = icmp ? 0 : port,
		.icmp_type = icmp ? (uint8_t)port : 0,
	};
	struct config config;
	struct policy policy;

	assert_int_equal(address_parse(remote, strlen(remote), &packet.remote), 0);
	text_policy(policy_text, &diagnostics, &config, &policy);
	assert_string_equal(said(arena, &diagnostics), "");
	struct known_names known = known_names(arena);
	assert_int_equal(names_bind(&policy, &known, arena), 0);
	/* A stub on the loopback; its servers are the host itself and others. */
	const struct host_resolvers resolvers = resolvers_of(arena, "nameserver 127.0.0.53\n",
		"nameserver 192.0.2.1\nnameserver 10.0.0.54\nnameserver 2001:db8::54\n");
	policy_dns_settle(&policy, &resolvers);

	struct decision decision = (path ? evaluate_path : evaluate_policy)(&policy, &config,
									   &host, &packet);
	assert_int_equal(decision.rule != NULL, decision.decider == DECIDER_RULE);
	if (decision.rule)
		return arena_printf(arena, "%s rule %u", verdict_name(decision.verdict),
				    decision.rule->position.line);
	return arena_printf(arena, "%s %s", verdict_name(decision.verdict),
			    deciders[decision.decider]);
}

struct evaluate_case {
	const char *policy;
	enum direction direction;
	uint8_t l4proto;
	const char *remote;
	uint16_t port;                  /* of ICMP its type */
	const char *expected;
};

static void check(const struct evaluate_case *cases, size_t count, bool path)
{
	for (size_t i = 0; i < count; i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		const struct evaluate_case *one = &cases[i];
		const char *found = decide(&arena, one->policy, path, one->direction,
					   one->l4proto, one->remote, one->port);

		if (strcmp(found, one->expected) != 0)
			fail_msg("case %zu: %s, not %s", i, found, one->expected);
	}
}
#define CHECK(cases, path) check(cases, sizeof(cases) / sizeof((cases)[0]), path)

#define OUT DIRECTION_OUT
#define IN DIRECTION_IN
#define TCP IPPROTO_TCP
#define UDP IPPROTO_UDP

static void test_evaluate_policy_says_who_decides(void **state)
{
	static const char web[] = "default reject out\nallow out tcp to 203.0.113.0/24 port 80-90\n"
				  "deny out to 203.0.113.0/24\n";
	static const char ping[] = "deny out icmp type echo-request";
	static const struct evaluate_case cases[] = {
		{ web, OUT, TCP, "203.0.113.7", 90, "allow rule 2" },
		{ web, OUT, TCP, "203.0.113.7", 91, "deny rule 3" },
		{ web, OUT, UDP, "203.0.113.7", 90, "deny rule 3" },
		{ web, OUT, TCP, "203.0.114.0", 80, "reject default" },
		{ web, IN, TCP, "203.0.113.7", 80, "deny default" },
		{ "", OUT, TCP, "2001:db8:80::1", 80, "allow default" },
		{ "deny out icmp", OUT, IPPROTO_ICMP, "203.0.113.7", 0, "deny rule 1" },
		{ "deny out icmp", OUT, IPPROTO_ICMPV6, "2001:db8:80::1", 0, "deny rule 1" },
		{ ping, OUT, IPPROTO_ICMP, "203.0.113.7", 8, "deny rule 1" },
		{ ping, OUT, IPPROTO_ICMPV6, "2001:db8:80::1", 128, "deny rule 1" },
		{ ping, OUT, IPPROTO_ICMP, "203.0.113.7", 128, "allow default" },
		{ ping, OUT, IPPROTO_ICMPV6, "2001:db8:80::1", 8, "allow default" },
		{ "deny out icmp", OUT, 253, "2001:db8:80::1", 0, "allow default" },
		{ "deny out to internet", OUT, 253, "10.1.2.3", 0, "allow default" },
		{ "deny out to internet", OUT, 253, "203.0.113.7", 0, "deny rule 1" },
		{ "deny out to private", OUT, TCP, "127.0.0.1", 80, "allow loopback" },
		{ "deny in", IN, TCP, "::1", 80, "allow loopback" },
	};

	(void)state;
	CHECK(cases, false);
}

static void test_evaluate_policy_reaches_host_and_peers_by_name_only(void **state)
{
	static const struct evaluate_case cases[] = {
		{ "allow out", OUT, TCP, "192.0.2.1", 80, "deny host" },
		{ "allow out to 192.0.2.1", OUT, TCP, "192.0.2.1", 80, "deny host" },
		{ "default reject out", OUT, TCP, "10.213.4.4", 80, "reject peers" },
		{ "allow out to host", OUT, TCP, "2001:db8::1", 80, "allow rule 1" },
		{ "allow out to host", OUT, TCP, "10.213.4.4", 80, "deny peers" },
		{ "allow out to peers", OUT, TCP, "10.213.4.4", 80, "allow rule 1" },
		/* The host's own, although in the pool. */
		{ "allow out to peers", OUT, TCP, "10.213.0.1", 80, "deny host" },
		{ "allow out to host", OUT, TCP, "10.213.0.1", 80, "allow rule 1" },
		/* Inwards they are addresses like others. */
		{ "allow in", IN, TCP, "192.0.2.1", 80, "allow rule 1" },
		{ "allow in from 10.0.0.0/8", IN, TCP, "10.213.4.4", 80, "allow rule 1" },
		{ "allow in from peers", IN, TCP, "10.213.0.1", 80, "allow rule 1" },
		{ "allow in from host", IN, TCP, "10.213.0.1", 80, "allow rule 1" },
	};

	(void)state;
	CHECK(cases, false);
}

static void test_evaluate_path_knows_what_the_host_stops(void **state)
{
	static const struct evaluate_case cases[] = {
		{ "allow out", OUT, TCP, "203.0.113.7", 80, "allow rule 1" },
		{ "uplink none\nallow out", OUT, TCP, "203.0.113.7", 80, "deny no uplink" },
		{ "uplink none", OUT, TCP, "127.0.0.1", 80, "allow loopback" },
		{ "allow in", IN, TCP, "203.0.113.7", 80, "deny outside" },
		{ "allow in", IN, TCP, "192.0.2.1", 80, "allow rule 1" },
		{ "allow in", IN, TCP, "10.213.4.4", 80, "allow rule 1" },
		{ "", IN, TCP, "192.0.2.1", 80, "deny default" },
		/* Rules that do not name the host say nothing about it, but for a refusal. */
		{ "allow out", OUT, TCP, "192.0.2.1", 80, "deny host" },
		{ "reject out tcp port 25", OUT, TCP, "192.0.2.1", 25, "reject rule 1" },
		{ "allow out to peers", OUT, TCP, "10.213.0.1", 80, "deny host" },
		{ "allow out tcp to host port 53", OUT, TCP, "192.0.2.1", 53, "allow rule 1" },
		{ "allow out tcp to host port 53", OUT, TCP, "192.0.2.1", 54, "deny host" },
		{ "allow in from host", OUT, TCP, "192.0.2.1", 54, "deny host" },
		/* No router passes these on. */
		{ "allow out", OUT, UDP, "224.0.0.251", 5353, "deny link only" },
		{ "allow out", OUT, UDP, "255.255.255.255", 67, "deny link only" },
		{ "allow out", OUT, UDP, "ff02::fb", 5353, "deny link only" },
		{ "allow out", OUT, UDP, "fe80::1", 53, "deny link only" },
		{ "allow out", OUT, UDP, "0.0.0.0", 53, "deny link only" },
		{ "deny out udp", OUT, UDP, "224.0.0.251", 5353, "deny rule 1" },
	};

	(void)state;
	CHECK(cases, true);
}

static void test_evaluate_tells_when_another_carrel_must_agree(void **state)
{
	static const struct { const char *remote; bool peer; } cases[] = {
		{ "10.213.4.4", true }, { "fd42:ca44:e1::7", true },
		{ "10.213.0.1", false }, { "203.0.113.7", false },
	};
	const struct prefix_list host = { host_addresses, 3 };
	const struct policy policy = { .defaults = { VERDICT_ALLOW, VERDICT_ALLOW } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		struct packet packet = { .direction = DIRECTION_IN, .l4proto = TCP, .port = 80 };
		struct config config;

		built_in_config(&arena, &config);
		assert_int_equal(address_parse(cases[i].remote, strlen(cases[i].remote),
					       &packet.remote), 0);
		assert_int_equal(evaluate_policy(&policy, &config, &host, &packet).peer,
				 cases[i].peer);
	}
}

static void test_evaluate_names_have_the_addresses_that_are_known(void **state)
{
	static const struct evaluate_case cases[] = {
#define NAMES "default deny out\nallow out tcp to www.example,192.0.2.9 port 443\n"
		{ NAMES, OUT, IPPROTO_TCP, "203.0.113.80", 443, "allow rule 2" },
		{ NAMES, OUT, IPPROTO_TCP, "2001:db8:80::80", 443, "allow rule 2" },
		{ NAMES, OUT, IPPROTO_TCP, "203.0.113.81", 443, "allow rule 2" },
		{ NAMES, OUT, IPPROTO_TCP, "192.0.2.9", 443, "allow rule 2" },
		{ NAMES, OUT, IPPROTO_TCP, "203.0.113.80", 80, "deny default" },
		{ NAMES, OUT, IPPROTO_UDP, "203.0.113.80", 443, "deny default" },
		{ NAMES, OUT, IPPROTO_TCP, "203.0.113.82", 443, "deny default" },
		/* What it answers beside them is refused, unless the policy says otherwise. */
		{ NAMES, OUT, IPPROTO_TCP, "10.9.9.9", 443, "deny default" },
		{ NAMES, OUT, IPPROTO_TCP, "169.254.169.254", 443, "deny default" },
		{ NAMES "rebind ok\n", OUT, IPPROTO_TCP, "10.9.9.9", 443, "allow rule 2" },
		{ NAMES "rebind refuse\n", OUT, IPPROTO_TCP, "10.9.9.9", 443, "deny default" },
		/* Never the host or a peer, who have words of their own. */
		{ NAMES "rebind ok\n", OUT, IPPROTO_TCP, "10.213.0.7", 443, "deny peers" },
		{ NAMES "rebind ok\n", OUT, IPPROTO_TCP, "192.0.2.1", 443, "deny host" },
		/* Nothing is known of it. */
		{ "default deny out\nallow out to new.example\n", OUT, IPPROTO_TCP, "203.0.113.80",
		  443, "deny default" },
		{ "allow out to www.example\n", IN, IPPROTO_TCP, "203.0.113.80", 443,
		  "deny default" },
	};

	(void)state;
	CHECK(cases, false);
}

static void test_evaluate_queries_where_they_end_up(void **state)
{
	static const struct evaluate_case cases[] = {
#define ASK "default deny out\nallow out tcp,udp to resolver port 53\n"
		{ ASK, OUT, UDP, "127.0.0.53", 53, "allow rule 2" },
		{ ASK, OUT, TCP, "::1", 53, "allow rule 2" },
		{ ASK, OUT, UDP, "127.0.0.53", 54, "allow loopback" },
		{ ASK, OUT, UDP, "192.0.2.1", 53, "allow rule 2" },
		{ ASK, OUT, UDP, "192.0.2.1", 54, "deny host" },
		{ ASK, OUT, UDP, "10.213.0.1", 53, "deny host" },
		{ ASK, OUT, UDP, "10.0.0.54", 53, "allow rule 2" },
		{ ASK, OUT, UDP, "10.0.0.55", 53, "deny default" },
		{ "allow in from resolver\n", IN, UDP, "10.0.0.54", 9, "allow rule 1" },
		{ "allow in from resolver\n", IN, UDP, "192.0.2.1", 9, "allow rule 1" },
		{ "allow in from resolver\n", IN, UDP, "10.0.0.55", 9, "deny default" },
		{ "default deny out\n", OUT, UDP, "127.0.0.53", 53, "deny host" },
		/* The worse of two resolvers counts. */
		{ "default deny out\nallow out to 10.0.0.54\n", OUT, UDP, "127.0.0.53", 53,
		  "deny host" },
		{ "deny out to 10.0.0.54\nallow out to resolver\n", OUT, UDP, "127.0.0.53", 53,
		  "deny rule 1" },
		/* The policy's own are permitted, before its rules. */
		{ "deny out\ndns 10.0.0.1\n", OUT, UDP, "127.0.0.53", 53, "allow rule 2" },
		{ "deny out\ndns 10.0.0.1\n", OUT, UDP, "10.0.0.1", 53, "allow rule 2" },
		{ "deny out\ndns 10.0.0.1\n", OUT, UDP, "10.0.0.1", 54, "deny rule 1" },
		{ "deny out\ndns 10.0.0.1\n", OUT, UDP, "10.0.0.54", 53, "deny rule 1" },
		{ "deny out\ndns 192.0.2.1\n", OUT, UDP, "127.0.0.1", 53, "allow rule 2" },
		{ "deny out\ndns 10.213.0.9\n", OUT, UDP, "127.0.0.1", 53, "deny peers" },
		{ "deny out\ndns 10.0.0.1\n", OUT, UDP, "::1", 53, "allow loopback" },
		{ "dns 10.0.0.1\n", OUT, UDP, "2001:db8::9", 53, "allow default" },
		{ "dns 10.0.0.1 enforced\n", OUT, UDP, "203.0.113.1", 53, "allow rule 1" },
		{ "dns 10.0.0.1 enforced\n", OUT, TCP, "2001:db8::9", 53, "reject no resolver" },
		{ "dns 10.0.0.1 enforced\n", OUT, TCP, "2001:db8::9", 54, "allow default" },
		{ "dns 10.0.0.1 enforced\n", IN, TCP, "2001:db8::9", 53, "deny default" },
	};
	static const struct evaluate_case paths[] = {
		{ ASK, OUT, UDP, "127.0.0.53", 53, "allow rule 2" },
		{ ASK, OUT, UDP, "192.0.2.1", 53, "allow rule 2" },
		{ ASK "uplink none\n", OUT, UDP, "127.0.0.53", 53, "allow loopback" },
		{ "dns 192.0.2.1 enforced\n", OUT, UDP, "203.0.113.1", 53, "allow rule 1" },
	};

	(void)state;
	CHECK(cases, false);
	CHECK(paths, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_evaluate_policy_says_who_decides),
		cmocka_unit_test(test_evaluate_policy_reaches_host_and_peers_by_name_only),
		cmocka_unit_test(test_evaluate_path_knows_what_the_host_stops),
		cmocka_unit_test(test_evaluate_tells_when_another_carrel_must_agree),
		cmocka_unit_test(test_evaluate_names_have_the_addresses_that_are_known),
		cmocka_unit_test(test_evaluate_queries_where_they_end_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
