/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which open connections a new policy ends. */
#include "text.h"

#include <netinet/in.h>

#include "core/connection.h"

static const char own4[] = "10.213.0.7", own6[] = "fd42:ca44:e1::7";

static struct address parse(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(text, strlen(text), &address), 0);
	return address;
}

/* Is a connection that began from @source to @destination, answered by @replier, forbidden? */
static bool forbidden(const char *policy_text, uint8_t l4proto, const char *source,
		      const char *destination, const char *replier, uint16_t port)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { .arena = &arena };
	const struct prefix_list unknown = { 0 };
	struct config config;
	struct policy policy;
	const struct connection connection = {
		.source = parse(source), .destination = parse(destination),
		.replier = parse(replier), .l4proto = l4proto, .port = port,
	};
	const struct connection_judge judge = {
		.policy = &policy, .config = &config, .host = &unknown,
		.own = { [FAMILY_IPV4] = parse(own4), [FAMILY_IPV6] = parse(own6) },
	};

	assert_int_equal(text_policy(policy_text, &diagnostics, &config, &policy), 0);
	return connection_is_forbidden(&judge, &connection);
}

static void test_connection_out_judged_by_out_rules(void **state)
{
	static const char policy[] = "default deny out\ndefault allow in\n"
				     "allow out tcp to 203.0.113.10,2001:db8::1 port 443\n";

	(void)state;
	assert_false(forbidden(policy, IPPROTO_TCP, own4, "203.0.113.10", "203.0.113.10", 443));
	assert_true(forbidden(policy, IPPROTO_TCP, own4, "203.0.113.10", "203.0.113.10", 80));
	assert_true(forbidden(policy, IPPROTO_UDP, own4, "203.0.113.10", "203.0.113.10", 443));
	assert_true(forbidden(policy, IPPROTO_TCP, own4, "203.0.113.11", "203.0.113.11", 443));
	assert_false(forbidden(policy, IPPROTO_TCP, own6, "2001:db8::1", "2001:db8::1", 443));
	assert_true(forbidden(policy, IPPROTO_TCP, own6, "2001:db8::2", "2001:db8::2", 443));
}

static void test_connection_in_judged_by_in_rules(void **state)
{
	static const char policy[] = "default allow out\ndefault deny in\n"
				     "allow in tcp from 192.0.2.0/24 port 22\n";

	(void)state;
	assert_false(forbidden(policy, IPPROTO_TCP, "192.0.2.1", own4, own4, 22));
	assert_true(forbidden(policy, IPPROTO_TCP, "192.0.2.1", own4, own4, 23));
	assert_true(forbidden(policy, IPPROTO_TCP, "198.51.100.1", own4, own4, 22));
	assert_true(forbidden(policy, IPPROTO_ICMPV6, "2001:db8::1", own6, own6, 0));
}

static void test_connection_rejected_is_forbidden(void **state)
{
	(void)state;
	assert_true(forbidden("reject out tcp port 25\n", IPPROTO_TCP, own4, "192.0.2.1",
			      "192.0.2.1", 25));
}

static void test_connection_within_the_carrel_is_kept(void **state)
{
	static const char policy[] = "default deny out\ndefault deny in\n";

	(void)state;
	assert_false(forbidden(policy, IPPROTO_TCP, own4, own4, own4, 80));
	assert_false(forbidden(policy, IPPROTO_TCP, own6, own6, own6, 80));
	assert_false(forbidden(policy, IPPROTO_TCP, "127.0.0.1", "127.0.0.1", "127.0.0.1", 80));
	assert_false(forbidden(policy, IPPROTO_TCP, "::1", "::1", "::1", 80));
}

/* The rules saw the address that the carrel's own NAT put in. */
static void test_connection_redirected_judged_by_who_answers(void **state)
{
	static const char policy[] = "default deny out\nallow out udp to 198.51.100.53 port 53\n";

	(void)state;
	assert_false(forbidden(policy, IPPROTO_UDP, own4, "192.0.2.8", "198.51.100.53", 53));
	assert_true(forbidden(policy, IPPROTO_UDP, own4, "198.51.100.53", "192.0.2.8", 53));
}

/* A query goes on as long as it would go to the same resolver today. */
static void test_connection_of_a_query_judged_by_where_it_would_go(void **state)
{
	static const char policy[] = "dns 10.0.0.53 enforced\n";

	(void)state;
	assert_false(forbidden(policy, IPPROTO_UDP, "127.0.0.1", "127.0.0.53", "10.0.0.53", 53));
	assert_true(forbidden(policy, IPPROTO_UDP, "127.0.0.1", "127.0.0.53", "10.0.0.54", 53));
	assert_false(forbidden(policy, IPPROTO_TCP, own4, "203.0.113.1", "10.0.0.53", 53));
	assert_true(forbidden(policy, IPPROTO_TCP, own4, "203.0.113.1", "203.0.113.1", 53));
	assert_false(forbidden(policy, IPPROTO_TCP, own4, "10.0.0.53", "10.0.0.53", 53));
	assert_true(forbidden(policy, IPPROTO_UDP, own6, "2001:db8::1", "2001:db8::1", 53));
	assert_false(forbidden(policy, IPPROTO_UDP, "127.0.0.1", "127.0.0.1", "127.0.0.1", 53));
	assert_false(forbidden("dns 10.0.0.53\n", IPPROTO_UDP, own4, "203.0.113.1", "203.0.113.1",
			       53));
	/* From outside, to a server of the user's own. */
	assert_false(forbidden("default allow in\ndns 10.0.0.53 enforced\n", IPPROTO_TCP,
			       "192.0.2.1", own4, own4, 53));
}

static void test_connection_cut_is_one_bit_of_the_mark(void **state)
{
	struct connection connection = { .mark = ~CONNECTION_CUT };

	(void)state;
	assert_false(connection_is_cut(&connection));
	connection.mark = CONNECTION_CUT | 7;
	assert_true(connection_is_cut(&connection));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connection_out_judged_by_out_rules),
		cmocka_unit_test(test_connection_in_judged_by_in_rules),
		cmocka_unit_test(test_connection_rejected_is_forbidden),
		cmocka_unit_test(test_connection_within_the_carrel_is_kept),
		cmocka_unit_test(test_connection_redirected_judged_by_who_answers),
		cmocka_unit_test(test_connection_of_a_query_judged_by_where_it_would_go),
		cmocka_unit_test(test_connection_cut_is_one_bit_of_the_mark),
	};

	return cmocka_run_group_tests_name("connection", tests, NULL, NULL);
}
