/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "core/group.h"
#include "core/plan.h"
#include "tests/unit/given.h"

struct fixture {
	struct given given;
	struct plan plan;
};

/* A carrel of uid 1000 under an empty policy; the tests change what they are about. */
static int set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){ .given = { .arena = { 0 } } };
	given_carrel(&fixture.given);
	*state = &fixture;
	return 0;
}

static void build(struct fixture *fixture)
{
	struct carrel_error err = { 0 };

	assert_int_equal(plan_build(&fixture->given.input, &fixture->given.arena,
				    &fixture->plan, &err), 0);
}

static void update(struct fixture *fixture)
{
	struct carrel_error err = { 0 };

	assert_int_equal(plan_update(&fixture->given.input, &fixture->given.arena,
				     &fixture->plan, &err), 0);
}

/* Position of the only operation of a kind at a link, or -1. */
static int find(const struct plan *plan, enum plan_kind kind, enum plan_link link)
{
	int found = -1;

	for (size_t i = 0; i < plan->operations.count; i++) {
		if (plan->operations.items[i].kind != kind ||
		    plan->operations.items[i].link != link)
			continue;
		assert_int_equal(found, -1);
		found = (int)i;
	}
	return found;
}

static unsigned count(const struct plan *plan, enum plan_kind kind)
{
	unsigned found = 0;

	for (size_t i = 0; i < plan->operations.count; i++)
		found += plan->operations.items[i].kind == kind;
	return found;
}

static void test_plan_build_orders_namespace_rules_links_pin(void **state)
{
	struct fixture *fixture = *state;
	int rules, pair, quiet, up, host_up;

	build(fixture);
	rules = find(&fixture->plan, PLAN_RULES, LINK_LOOPBACK);
	pair = find(&fixture->plan, PLAN_LINK_PAIR, LINK_HOST_END);
	quiet = find(&fixture->plan, PLAN_LINK_QUIET, LINK_UPLINK);
	up = find(&fixture->plan, PLAN_LINK_UP, LINK_UPLINK);
	host_up = find(&fixture->plan, PLAN_LINK_UP, LINK_HOST_END);

	assert_int_equal(find(&fixture->plan, PLAN_NETNS, LINK_LOOPBACK), 0);
	assert_true(rules > 0);
	assert_true(pair > rules);
	assert_true(find(&fixture->plan, PLAN_LINK_QUIET, LINK_HOST_END) > pair);
	assert_true(host_up > find(&fixture->plan, PLAN_LINK_QUIET, LINK_HOST_END));
	assert_true(up > host_up);
	assert_true(up > quiet);
	assert_int_equal(find(&fixture->plan, PLAN_PIN, LINK_LOOPBACK),
			 (int)fixture->plan.operations.count - 1);
}

static void test_plan_build_has_both_families_with_ipv6(void **state)
{
	struct fixture *fixture = *state;

	build(fixture);
	assert_int_equal(count(&fixture->plan, PLAN_ADDRESS), 2);
	assert_int_equal(count(&fixture->plan, PLAN_ROUTE), 4);
	assert_int_equal(count(&fixture->plan, PLAN_NEIGHBOUR), 4);
}

static void test_plan_build_has_no_ipv6_operation_without_ipv6(void **state)
{
	struct fixture *fixture = *state;

	fixture->given.facts.ipv6 = false;
	build(fixture);
	assert_int_equal(count(&fixture->plan, PLAN_ADDRESS), 1);
	assert_int_equal(count(&fixture->plan, PLAN_ROUTE), 2);
	assert_int_equal(count(&fixture->plan, PLAN_NEIGHBOUR), 2);
	for (size_t i = 0; i < fixture->plan.operations.count; i++) {
		const struct plan_operation *operation = &fixture->plan.operations.items[i];

		if (operation->kind == PLAN_SYSCTL)
			assert_null(strstr(operation->sysctl.path, "ipv6"));
		if (operation->kind == PLAN_LINK_QUIET)
			assert_false(operation->quiet.ipv6);
	}
}

static void test_plan_build_has_only_loopback_without_uplink(void **state)
{
	struct fixture *fixture = *state;

	fixture->given.policy.uplink = UPLINK_NONE;
	build(fixture);
	assert_int_equal(count(&fixture->plan, PLAN_LINK_PAIR), 0);
	assert_int_equal(count(&fixture->plan, PLAN_ADDRESS), 0);
	assert_int_equal(count(&fixture->plan, PLAN_LINK_UP), 1);
	assert_int_equal(count(&fixture->plan, PLAN_RULES), 1);
	assert_int_equal(count(&fixture->plan, PLAN_PIN), 1);
}

static void test_plan_build_names_link_and_pin_after_the_largest_uid(void **state)
{
	struct fixture *fixture = *state;
	const struct plan_operation *operations;

	fixture->given.input.uid = 4294967294U;
	build(fixture);
	operations = fixture->plan.operations.items;
	assert_string_equal(operations[find(&fixture->plan, PLAN_LINK_PAIR, LINK_HOST_END)]
				    .pair.host_name, "cr-4294967294");
	assert_string_equal(operations[find(&fixture->plan, PLAN_PIN, LINK_LOOPBACK)].pin.name,
			    "carrel-4294967294");
}

static void test_plan_group_tells_uplink_and_named_remotes(void **state)
{
	struct fixture *fixture = *state;
	struct policy_rule *rule;

	assert_int_equal(plan_group(&fixture->given.policy, &fixture->given.facts.host),
			 GROUP_BASE | GROUP_NAT);
	fixture->given.policy.uplink = UPLINK_NONE;
	assert_int_equal(plan_group(&fixture->given.policy, &fixture->given.facts.host),
			 GROUP_BASE);

	rule = ARENA_APPEND(&fixture->given.arena, &fixture->given.policy.rules);
	rule->direction = DIRECTION_OUT;
	rule->verdict = VERDICT_ALLOW;
	rule->remote_host = true;
	assert_int_equal(plan_group(&fixture->given.policy, &fixture->given.facts.host),
			 GROUP_BASE | GROUP_HOST);
	rule->remote_host = false;
	rule->remote_peers = true;
	assert_int_equal(plan_group(&fixture->given.policy, &fixture->given.facts.host),
			 GROUP_BASE | GROUP_PEERS);
}

static void test_plan_update_replaces_rules_then_judges_connections_then_tells_the_host(void **state)
{
	struct fixture *fixture = *state;
	const struct plan_operation *operations;

	update(fixture);
	assert_int_equal(fixture->plan.operations.count, 5);
	operations = fixture->plan.operations.items;
	assert_int_equal(operations[0].kind, PLAN_SYSCTL);
	assert_string_equal(operations[0].sysctl.value, "1024");
	assert_int_equal(operations[1].kind, PLAN_SYSCTL);
	assert_string_equal(operations[1].sysctl.value, "0");
	assert_int_equal(operations[2].kind, PLAN_RULES);
	assert_true(operations[2].rules.replace);
	assert_int_equal(operations[3].kind, PLAN_CONNECTIONS);
	assert_ptr_equal(operations[3].connections.policy, &fixture->given.policy);
	assert_true(address_equal(&operations[3].connections.own[FAMILY_IPV6],
				  &fixture->given.input.address6));
	assert_int_equal(operations[4].kind, PLAN_LINK_GROUP);
	assert_int_equal(operations[4].group,
			 plan_group(&fixture->given.policy, &fixture->given.facts.host));
}

/* A resolver of each family, as a policy says it. */
static void add_resolvers(struct fixture *fixture)
{
	struct dns *dns = &fixture->given.policy.dns;

	dns->own = true;
	dns->position = (struct position){ "exam.policy", 1, 1 };
	*ARENA_APPEND(&fixture->given.arena, &dns->resolvers[FAMILY_IPV4].list) =
		(struct address){ FAMILY_IPV4, { 10, 0, 0, 53 } };
	*ARENA_APPEND(&fixture->given.arena, &dns->resolvers[FAMILY_IPV6].list) =
		(struct address){ FAMILY_IPV6, { 0x20, 1, [15] = 53 } };
}

static void test_plan_lets_answers_in_where_queries_to_the_loopback_are_redirected(void **state)
{
	struct fixture *fixture = *state;

	build(fixture);
	assert_int_equal(count(&fixture->plan, PLAN_SYSCTL), 2);
	assert_int_equal(count(&fixture->plan, PLAN_ANSWERS), 0);
	add_resolvers(fixture);
	build(fixture);
	assert_int_equal(count(&fixture->plan, PLAN_SYSCTL), 3);
	assert_true(find(&fixture->plan, PLAN_ANSWERS, LINK_UPLINK) >
		    find(&fixture->plan, PLAN_LINK_UP, LINK_UPLINK));
	update(fixture);
	assert_string_equal(fixture->plan.operations.items[1].sysctl.value, "1");
	assert_int_equal(count(&fixture->plan, PLAN_ANSWERS), 1);
	fixture->given.facts.ipv6 = false;
	build(fixture);
	assert_int_equal(count(&fixture->plan, PLAN_ANSWERS), 0);
}

static void test_plan_group_tells_of_a_resolver_that_is_the_host(void **state)
{
	static const struct prefix host[] = { { { FAMILY_IPV4, { 10, 0, 0, 53 } }, 32 },
					      { { FAMILY_IPV4, { 10, 0, 0, 54 } }, 32 } };
	struct fixture *fixture = *state;
	struct given *given = &fixture->given;
	struct policy_rule *rule = ARENA_APPEND(&given->arena, &given->policy.rules);
	const struct prefix_list with = { host, 2 }, without = { host + 1, 1 };

	add_resolvers(fixture);
	rule->direction = DIRECTION_OUT;
	rule->remote_resolver = true;
	assert_int_equal(plan_group(&fixture->given.policy, &with),
			 GROUP_BASE | GROUP_NAT | GROUP_HOST);
	assert_int_equal(plan_group(&fixture->given.policy, &without), GROUP_BASE | GROUP_NAT);
	rule->verdict = VERDICT_DENY;
	assert_int_equal(plan_group(&fixture->given.policy, &with), GROUP_BASE | GROUP_NAT);
}

static void test_plan_update_brings_up_again_what_logout_cut(void **state)
{
	static const char expected[] =
		"carrel  set net/ipv4/ip_unprivileged_port_start = 1024\n"
		"carrel  set net/ipv4/conf/all/route_localnet = 0\n"
		"carrel  replace table inet carrel\n"
		"carrel  cut open connections that the policy forbids\n"
		"host    set group 0xca40004 on the host's end\n"
		"host    set the host's end down\n"
		"host    set the host's end up\n"
		"host    route 10.213.0.7 dev the host's end\n"
		"host    permanent neighbour 10.213.0.7 dev the host's end\n"
		"host    route fd42::3e8 dev the host's end\n"
		"host    permanent neighbour fd42::3e8 dev the host's end\n";
	struct fixture *fixture = *state;
	BUFFER_CLEANUP struct buffer text = { 0 };

	fixture->given.input.reconnect = true;
	update(fixture);
	for (size_t i = 0; i < fixture->plan.operations.count; i++) {
		const struct plan_operation *operation = &fixture->plan.operations.items[i];

		buffer_printf(&text, "%-8s", plan_place_name(operation->place));
		plan_describe(operation, &text);
		buffer_puts(&text, "\n");
	}
	assert_string_equal(text.data, expected);

	fixture->given.policy.uplink = UPLINK_NONE;
	update(fixture);
	assert_int_equal(fixture->plan.operations.count, 4);
}

/* A new namespace has none for everybody; one that is there may have been under another policy. */
static void test_plan_sets_low_ports_where_they_are_not_so_already(void **state)
{
	static const char path[] = "net/ipv4/ip_unprivileged_port_start";
	struct fixture *fixture = *state;

	for (int yes = 0; yes < 2; yes++) {
		const char *value = NULL;

		fixture->given.policy.low_ports = yes;
		build(fixture);
		for (size_t i = 0; i < fixture->plan.operations.count; i++) {
			const struct plan_operation *one = &fixture->plan.operations.items[i];

			if (one->kind == PLAN_SYSCTL && strcmp(one->sysctl.path, path) == 0)
				value = one->sysctl.value;
		}
		if (yes)
			assert_string_equal(value, "0");
		else
			assert_null(value);
		update(fixture);
		assert_string_equal(fixture->plan.operations.items[0].sysctl.path, path);
		assert_string_equal(fixture->plan.operations.items[0].sysctl.value,
				    yes ? "0" : "1024");
	}
}

static void test_plan_describe_says_each_operation(void **state)
{
	static const char expected[] =
		"carrel  make a network namespace\n"
		"carrel  set net/ipv4/ping_group_range = 0 2147483647\n"
		"carrel  load table inet carrel\n"
		"host    make veth cr-1000 <-> uplink0, group 0xca40004, mtu 1500\n"
		"host    the host's end: no automatic address, forwarding on\n"
		"host    set the host's end up\n"
		"host    route 10.213.0.7 dev the host's end\n"
		"host    permanent neighbour 10.213.0.7 dev the host's end\n"
		"carrel  set lo up\n"
		"carrel  uplink0: no automatic address\n"
		"carrel  uplink0: address 10.213.0.7\n"
		"carrel  permanent neighbour 169.254.0.1 dev uplink0\n"
		"carrel  set uplink0 up\n"
		"carrel  route 0.0.0.0/0 dev uplink0 via 169.254.0.1\n"
		"host    pin it as carrel-1000\n";
	struct fixture *fixture = *state;
	BUFFER_CLEANUP struct buffer text = { 0 };

	fixture->given.facts.ipv6 = false;
	build(fixture);
	for (size_t i = 0; i < fixture->plan.operations.count; i++) {
		const struct plan_operation *operation = &fixture->plan.operations.items[i];

		buffer_printf(&text, "%-8s", plan_place_name(operation->place));
		plan_describe(operation, &text);
		buffer_puts(&text, "\n");
	}
	assert_false(text.failed);
	assert_string_equal(text.data, expected);
}

int main(void)
{
#define PLAN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, given_tear_down)
	const struct CMUnitTest tests[] = {
		PLAN_TEST(test_plan_build_orders_namespace_rules_links_pin),
		PLAN_TEST(test_plan_build_has_both_families_with_ipv6),
		PLAN_TEST(test_plan_build_has_no_ipv6_operation_without_ipv6),
		PLAN_TEST(test_plan_build_has_only_loopback_without_uplink),
		PLAN_TEST(test_plan_build_names_link_and_pin_after_the_largest_uid),
		PLAN_TEST(test_plan_group_tells_uplink_and_named_remotes),
		PLAN_TEST(test_plan_group_tells_of_a_resolver_that_is_the_host),
		PLAN_TEST(test_plan_lets_answers_in_where_queries_to_the_loopback_are_redirected),
		PLAN_TEST(test_plan_update_replaces_rules_then_judges_connections_then_tells_the_host),
		PLAN_TEST(test_plan_update_brings_up_again_what_logout_cut),
		PLAN_TEST(test_plan_sets_low_ports_where_they_are_not_so_already),
		PLAN_TEST(test_plan_describe_says_each_operation),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
