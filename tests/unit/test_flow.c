/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <errno.h>
#include <netinet/in.h>

#include "core/flow.h"

/* Parse one line; what was said about it, "" when it is valid. */
static const char *parse(struct arena *arena, const char *text, struct flow *ret)
{
	struct diagnostics diagnostics = { .arena = arena };
	const struct source source = text_source(text);
	struct lexer lexer;

	assert_int_equal(lexer_open(&source, arena, &diagnostics, &lexer), 0);
	assert_int_equal(lexer_next_line(&lexer), 1);
	int rc = flow_parse(&lexer, ret);
	assert_int_equal(rc, diagnostics.errors ? -EINVAL : 0);
	return said(arena, &diagnostics);
}

#define REMOTES "; expected host, peers, resolver, a host name, an address, or [ADDRESS]:PORT " \
		"in IPv6"

static void test_flow_parse_reports_every_error(void **state)
{
	static const struct text_case cases[] = {
		{ "tpc 192.0.2.1:80", "1:1: 'tpc' is not a protocol; expected tcp, udp, sctp or icmp "
		  "(did you mean 'tcp'?)" },
		{ "in", "1:3: missing a protocol; expected tcp, udp, sctp or icmp" },
		{ "tcp", "1:4: missing an address" REMOTES },
		{ "tcp hots:80", "1:5: 'hots' is not an address" REMOTES
		  " (did you mean 'host'?)" },
		{ "tcp 192.0.2.0/24:80", "1:5: '192.0.2.0/24' is not an address" REMOTES },
		{ "tcp \"host\":80", "1:5: \"host\" is not an address" REMOTES },
		{ "tcp [2001:db8::1", "1:5: '[2001:db8::1' is not an address" REMOTES },
		{ "tcp [2001:db8::1]80", "1:5: '[2001:db8::1]80' is not an address" REMOTES },
		{ "tcp []:80", "1:6: '' is not an address" REMOTES },
		{ "tcp :80", "1:5: '' is not an address" REMOTES },
		{ "tcp 192.0.2.1", "1:5: '192.0.2.1' is without a port; expected "
		  "'192.0.2.1:PORT'" },
		{ "tcp 2001:db8::1:443", "1:5: '2001:db8::1:443' is without a port; expected "
		  "'[2001:db8::1:443]:PORT': what follows a colon in an IPv6 address is no port" },
		{ "tcp [2001:db8::1]", "1:5: '[2001:db8::1]' is without a port; expected "
		  "'[2001:db8::1]:PORT'" },
		{ "udp host", "1:5: 'host' is without a port; expected 'host:PORT'" },
		{ "tcp a_b.example:80", "1:5: 'a_b.example' is not a host name: it has other "
		  "characters than letters, digits, hyphens and dots" },
		{ "tcp www.example", "1:5: 'www.example' is without a port; expected "
		  "'www.example:PORT'" },
		{ "udp host:", "1:10: '' is not a port; expected a number from 1 to 65535" },
		{ "udp host:0", "1:10: '0' is not a port; expected a number from 1 to 65535" },
		{ "sctp [::1]:65536", "1:12: '65536' is not a port; expected a number from 1 to "
		  "65535" },
		{ "icmp host:7", "1:11: a port behind icmp, which has none" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		struct flow flow;

		assert_string_equal(parse(&arena, cases[i].text, &flow), cases[i].said);
	}
}

/* "out 6 192.0.2.1 80", a line for each packet of the flow */
static const char *packets(struct arena *arena, const char *text, const struct prefix_list *host)
{
	static struct address addresses[] = {
		{ FAMILY_IPV4, { 203, 0, 113, 80 } }, { FAMILY_IPV4, { 203, 0, 113, 81 } },
		{ FAMILY_IPV6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x80 } },
	};
	static struct policy_name name = {
		.name = "www.example", .addresses = { .items = addresses, .count = 3 },
	};
	const struct policy policy = {
		.names = { .items = &name, .count = 1 },
		.dns.resolvers = { [FAMILY_IPV4].list = { .items = addresses, .count = 2 },
				   [FAMILY_IPV6].list = { .items = addresses + 2, .count = 1 } },
	};
	struct config config;
	const struct flow_ends ends = { &config, host, &policy };
	struct packet packet;
	struct flow flow;
	const char *written = "";
	size_t at = 0;

	built_in_config(arena, &config);
	assert_string_equal(parse(arena, text, &flow), "");
	while (flow_packet(&flow, &ends, &at, &packet)) {
		char address[ADDRESS_TEXT_SIZE];

		address_format(&packet.remote, address);
		written = arena_printf(arena, "%s%s%s %u %s %u", written, at > 1 ? "\n" : "",
				       packet.direction == DIRECTION_OUT ? "out" : "in",
				       packet.l4proto, address, packet.port);
		assert_non_null(written);
	}
	return written;
}

static void test_flow_packet_is_for_each_address_that_is_meant(void **state)
{
	static const struct prefix addresses[] = {
		{ { FAMILY_IPV6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } }, 128 },
		{ { FAMILY_IPV4, { 192, 0, 2, 1 } }, 32 },
		{ { FAMILY_IPV4, { 192, 0, 2, 2 } }, 32 },
	};
	static const struct { const char *text; size_t host_count; const char *expected; } cases[] = {
		{ "tcp 203.0.113.1:80", 0, "out 6 203.0.113.1 80" },
		{ "out udp [2001:db8::7]:65535", 0, "out 17 2001:db8::7 65535" },
		{ "in sctp 203.0.113.1:80", 0, "in 132 203.0.113.1 80" },
		{ "icmp 203.0.113.1", 0, "out 1 203.0.113.1 0" },
		{ "icmp 2001:db8::7", 0, "out 58 2001:db8::7 0" },
		{ "icmp [2001:db8::7]", 0, "out 58 2001:db8::7 0" },
		{ "in icmp peers", 0, "in 1 10.213.0.0 0\nin 58 fd42:ca44:e1:: 0" },
		{ "udp host:53", 3, "out 17 192.0.2.1 53\nout 17 2001:db8::1 53" },
		{ "udp host:53", 1, "out 17 2001:db8::1 53" },
		{ "udp host:53", 0, "" },
		{ "udp resolver:53", 0, "out 17 203.0.113.80 53\nout 17 203.0.113.81 53\n"
		  "out 17 2001:db8::80 53" },
		{ "tcp WWW.example.:443", 0, "out 6 203.0.113.80 443\nout 6 203.0.113.81 443\n"
		  "out 6 2001:db8::80 443" },
		{ "icmp www.example", 0, "out 1 203.0.113.80 0\nout 1 203.0.113.81 0\n"
		  "out 58 2001:db8::80 0" },
		{ "tcp other.example:443", 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		const struct prefix_list host = { addresses, cases[i].host_count };

		assert_string_equal(packets(&arena, cases[i].text, &host), cases[i].expected);
	}
}

static void test_flow_protocol_name_is_one_for_both_families_of_icmp(void **state)
{
	(void)state;
	assert_string_equal(flow_protocol_name(IPPROTO_SCTP), "sctp");
	assert_string_equal(flow_protocol_name(IPPROTO_ICMP), "icmp");
	assert_string_equal(flow_protocol_name(IPPROTO_ICMPV6), "icmp");
	assert_null(flow_protocol_name(253));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flow_parse_reports_every_error),
		cmocka_unit_test(test_flow_packet_is_for_each_address_that_is_meant),
		cmocka_unit_test(test_flow_protocol_name_is_one_for_both_families_of_icmp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
