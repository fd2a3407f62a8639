/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks that are as intended but for one thing, which is found, and mended by just that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "core/compare.h"
#include "tests/unit/given.h"

/* Interface indices, as a kernel could have given them. */
enum { LOOPBACK = 1, UPLINK = 2, HOST_END = 7 };

struct fixture {
	struct given given;
	struct plan intent, mend;
	struct network host, carrel;
	struct compare_input compare;
	struct differences differences;
};

#define ADD(fixture, list, ...)                                                                 \
	do {                                                                                    \
		__typeof__((list)->items) item = ARENA_APPEND(&(fixture)->given.arena, (list)); \
		assert_non_null(item);                                                          \
		*item = (__typeof__(*item)){ __VA_ARGS__ };                                     \
	} while (0)

static struct network *network_at(struct fixture *fixture, enum place place)
{
	return place == PLACE_HOST ? &fixture->host : &fixture->carrel;
}

/* What @operation leaves in the kernel, but for links. */
static void take_effect(struct fixture *fixture, const struct plan_operation *operation)
{
	struct network *network = network_at(fixture, operation->place);
	int link = operation->link == LINK_HOST_END ? HOST_END : UPLINK;

	if (operation->kind == PLAN_SYSCTL) {
		ADD(fixture, &network->sysctls, operation->sysctl.path, operation->sysctl.value);
	} else if (operation->kind == PLAN_ADDRESS) {
		ADD(fixture, &network->addresses, link, operation->address);
	} else if (operation->kind == PLAN_ROUTE) {
		ADD(fixture, &network->routes, link, operation->route.destination,
		    operation->route.has_gateway, operation->route.gateway);
	} else if (operation->kind == PLAN_NEIGHBOUR) {
		ADD(fixture, &network->neighbours, link, operation->neighbour.address, true, { 0 });
		memcpy(network->neighbours.items[network->neighbours.count - 1].mac,
		       operation->neighbour.mac, MAC_SIZE);
	} else if (operation->kind == PLAN_ANSWERS) {
		network->links.items[1].answers6 = true;
	}
}

static void make_links(struct fixture *fixture)
{
	struct network_link *link;

	ADD(fixture, &fixture->carrel.links, .index = LOOPBACK, .name = "lo",
	    .alias = "carrel-1000", .up = true);
	ADD(fixture, &fixture->carrel.links, .index = UPLINK, .name = CARREL_UPLINK, .up = true,
	    .quiet6 = true, .peer = HOST_END, .mtu_bytes = 1500);
	link = &fixture->carrel.links.items[1];
	memcpy(link->mac, plan_mac_carrel, MAC_SIZE);
	ADD(fixture, &fixture->host.links, .index = HOST_END, .name = "cr-1000", .alias = "alice",
	    .up = true, .noarp = true, .quiet6 = true, .forwards4 = true, .peer = UPLINK,
	    .group = plan_group(&fixture->given.policy, &fixture->given.facts.host),
	    .mtu_bytes = 1500);
	memcpy(fixture->host.links.items[0].mac, plan_mac_host, MAC_SIZE);
}

/* Everything is there that the intent of @fixture asks for. */
static void realize(struct fixture *fixture)
{
	assert_int_equal(plan_intend(&fixture->given.input, true, &fixture->given.arena,
				     &fixture->intent, NULL), 0);
	fixture->host = fixture->carrel = (struct network){ 0 };
	make_links(fixture);
	for (size_t i = 0; i < fixture->intent.operations.count; i++)
		take_effect(fixture, &fixture->intent.operations.items[i]);
}

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){ .given = { .arena = { 0 } } };
	given_carrel(&fixture.given);
	fixture.compare = (struct compare_input){
		.intent = &fixture.intent, .host_link = "cr-1000",
		.host = &fixture.host, .carrel = &fixture.carrel,
	};
	realize(&fixture);
	*state = &fixture;
	return 0;
}

static void compare(struct fixture *fixture)
{
	struct carrel_error err = { 0 };

	fixture->differences = (struct differences){ 0 };
	if (compare_networks(&fixture->compare, &fixture->given.arena, &fixture->differences,
			     &fixture->mend, &err) < 0)
		fail_msg("%s", err.text);
}

/* Every difference in words, a line each. */
static const char *words(struct fixture *fixture)
{
	BUFFER_CLEANUP struct buffer buffer = { 0 };

	for (size_t i = 0; i < fixture->differences.list.count; i++) {
		const struct difference *difference = &fixture->differences.list.items[i];

		buffer_printf(&buffer, "%s ", plan_place_name(difference->place));
		difference_describe(difference, &buffer);
		buffer_puts(&buffer, "\n");
	}
	return buffer.data ? arena_strdup(&fixture->given.arena, buffer.data) : "";
}

static const struct plan_operation *only_mend(const struct fixture *fixture, enum plan_kind kind)
{
	assert_int_equal(fixture->mend.operations.count, 1);
	assert_int_equal(fixture->mend.operations.items[0].kind, kind);
	return &fixture->mend.operations.items[0];
}

static void test_compare_finds_nothing_where_all_is_there(void **state)
{
	struct fixture *fixture = *state;

	compare(fixture);
	assert_string_equal(words(fixture), "");
	assert_int_equal(fixture->mend.operations.count, 0);
	fixture->given.facts.ipv6 = false;
	realize(fixture);
	compare(fixture);
	assert_string_equal(words(fixture), "");
	fixture->given.policy.uplink = UPLINK_NONE;
	realize(fixture);
	fixture->carrel.links.count = 1;
	compare(fixture);
	assert_string_equal(words(fixture), "");
}

/* Each operation's effect taken away alone: it is found, and is what is done. */
static void test_compare_mends_each_thing_that_is_missing(void **state)
{
	struct fixture *fixture = *state;
	unsigned tried = 0;

	for (size_t i = 0; i < fixture->intent.operations.count; i++) {
		const struct plan_operation without = fixture->intent.operations.items[i];

		if (without.kind != PLAN_SYSCTL && without.kind != PLAN_ADDRESS &&
		    without.kind != PLAN_ROUTE && without.kind != PLAN_NEIGHBOUR)
			continue;
		fixture->host = fixture->carrel = (struct network){ 0 };
		make_links(fixture);
		for (size_t j = 0; j < fixture->intent.operations.count; j++)
			if (j != i)
				take_effect(fixture, &fixture->intent.operations.items[j]);
		compare(fixture);
		assert_memory_equal(only_mend(fixture, without.kind), &without, sizeof(without));
		assert_int_equal(fixture->differences.list.count, 1);
		assert_int_equal(fixture->differences.list.items[0].kind, DIFFERENCE_MISSING);
		tried++;
	}
	/* 4 settings; 2 families of route and neighbour on both sides, and an address. */
	assert_int_equal(tried, 4 + 2 * (2 * 2 + 1));
}

static void test_compare_makes_a_deleted_uplink_anew_with_all_that_stood_on_it(void **state)
{
	struct fixture *fixture = *state;
	unsigned links = 0;

	fixture->host = (struct network){ 0 };
	fixture->carrel.links.count = 1;
	fixture->carrel.addresses.count = fixture->carrel.routes.count = 0;
	fixture->carrel.neighbours.count = 0;
	compare(fixture);
	for (size_t i = 0; i < fixture->intent.operations.count; i++)
		links += fixture->intent.operations.items[i].link != LINK_LOOPBACK;
	assert_int_equal(fixture->mend.operations.count, 1 + links);
	assert_int_equal(fixture->mend.operations.items[0].kind, PLAN_SYSCTL);
	assert_int_equal(fixture->mend.operations.items[1].kind, PLAN_LINK_PAIR);
	assert_non_null(strstr(words(fixture), "host link cr-1000: missing: make veth"));
}

/* Two links that have the right names, and are ends of different veths. */
static void test_compare_clears_the_way_for_a_new_uplink(void **state)
{
	struct fixture *fixture = *state;

	fixture->host.links.items[0].peer = 99;
	compare(fixture);
	assert_int_equal(fixture->mend.operations.items[1].kind, PLAN_LINK_DELETE);
	assert_int_equal(fixture->mend.operations.items[1].link, LINK_UPLINK);
	assert_int_equal(fixture->mend.operations.items[2].kind, PLAN_LINK_PAIR);
	assert_non_null(strstr(words(fixture), "cr-1000: not the other end of uplink0"));
}

/* No address can be given to it, and no route leads there: that is not for one to try. */
static void test_compare_makes_an_uplink_anew_that_lost_ipv6(void **state)
{
	struct fixture *fixture = *state;
	struct network_link *ends[] = {
		&fixture->host.links.items[0], &fixture->carrel.links.items[1],
	};

	for (size_t i = 0; i < 2; i++) {
		ends[i]->without6 = true;
		compare(fixture);
		assert_int_equal(fixture->mend.operations.items[0].kind, PLAN_SYSCTL);
		assert_int_equal(fixture->mend.operations.items[1].kind, PLAN_LINK_DELETE);
		assert_int_equal(fixture->mend.operations.items[2].kind, PLAN_LINK_PAIR);
		assert_non_null(strstr(words(fixture), "cr-1000: without IPv6, at one of its ends"));
		ends[i]->without6 = false;
	}
	fixture->given.facts.ipv6 = false;
	realize(fixture);
	fixture->host.links.items[0].without6 = fixture->carrel.links.items[1].without6 = true;
	compare(fixture);
	assert_int_equal(fixture->mend.operations.count, 0);
}

/* An end that is given a MAC address forgets its neighbours: they are added again. */
static void check_reset(struct fixture *fixture, enum plan_link link, const char *said)
{
	const struct plan_operation *operations;

	compare(fixture);
	operations = fixture->mend.operations.items;
	assert_int_equal(fixture->mend.operations.count, 1 + FAMILY_COUNT);
	assert_int_equal(operations[0].kind, PLAN_LINK_RESET);
	assert_int_equal(operations[0].link, link);
	assert_int_equal(operations[0].reset.group,
			 plan_group(&fixture->given.policy, &fixture->given.facts.host));
	for (size_t i = 1; i <= FAMILY_COUNT; i++) {
		assert_int_equal(operations[i].kind, PLAN_NEIGHBOUR);
		assert_int_equal(operations[i].link, link);
	}
	assert_int_equal(fixture->differences.list.count, 1);
	assert_non_null(strstr(words(fixture), said));
	realize(fixture);
}

/* Which edition of the host's addresses the carrel knows is not for the intent to say. */
static void test_compare_keeps_the_edition_that_a_link_says(void **state)
{
	struct fixture *fixture = *state;
	struct network_link *link;
	const uint32_t edition = 7 << GROUP_EDITION_SHIFT;

	fixture->given.facts.edition = 3;
	realize(fixture);
	link = &fixture->host.links.items[0];
	link->group |= edition;
	compare(fixture);
	assert_string_equal(words(fixture), "");
	link->group ^= GROUP_NAT;
	compare(fixture);
	assert_int_equal(fixture->mend.operations.items[0].kind, PLAN_LINK_RESET);
	assert_int_equal(fixture->mend.operations.items[0].reset.group,
			 plan_group(&fixture->given.policy, &fixture->given.facts.host) | edition);
}

static void test_compare_resets_an_end_that_was_altered(void **state)
{
	struct fixture *fixture = *state;

	fixture->host.links.items[0].group = 5;
	check_reset(fixture, LINK_HOST_END, "link cr-1000: of group 0x5");
	fixture->host.links.items[0].master = 9;
	check_reset(fixture, LINK_HOST_END, "part of another link");
	fixture->host.links.items[0].noarp = false;
	check_reset(fixture, LINK_HOST_END, "with ARP");
	fixture->host.links.items[0].mac[5]++;
	check_reset(fixture, LINK_HOST_END, "another MAC");
	fixture->carrel.links.items[1].mac[5]++;
	check_reset(fixture, LINK_UPLINK, "link uplink0: of another MAC");
	fixture->carrel.links.items[1].mtu_bytes = 1300;
	check_reset(fixture, LINK_UPLINK, "of mtu 1300");
	/* A login that joins does not know the MTU of the way out. */
	fixture->given.facts.mtu_bytes = 0;
	realize(fixture);
	fixture->carrel.links.items[1].mtu_bytes = 1300;
	compare(fixture);
	assert_string_equal(words(fixture), "");
}

static void test_compare_sets_links_up_and_settings_right(void **state)
{
	struct fixture *fixture = *state;

	fixture->host.links.items[0].up = false;
	compare(fixture);
	assert_int_equal(only_mend(fixture, PLAN_LINK_UP)->link, LINK_HOST_END);
	realize(fixture);
	fixture->carrel.links.items[0].up = false;
	compare(fixture);
	assert_int_equal(only_mend(fixture, PLAN_LINK_UP)->link, LINK_LOOPBACK);
	realize(fixture);
	fixture->carrel.links.items[0].alias[0] = '\0';
	compare(fixture);
	assert_int_equal(only_mend(fixture, PLAN_LINK_UP)->link, LINK_LOOPBACK);
	realize(fixture);
	fixture->host.links.items[0].forwards4 = false;
	compare(fixture);
	assert_int_equal(only_mend(fixture, PLAN_LINK_QUIET)->link, LINK_HOST_END);
	realize(fixture);
	fixture->carrel.links.items[1].quiet6 = false;
	compare(fixture);
	assert_int_equal(only_mend(fixture, PLAN_LINK_QUIET)->link, LINK_UPLINK);
}

/* By a route on the link, which goes with it. */
static void test_compare_lets_answers_in_again(void **state)
{
	struct fixture *fixture = *state;

	compare(fixture);
	assert_int_equal(fixture->mend.operations.count, 0);
	fixture->given.policy.dns.own = true;
	fixture->given.policy.dns.position = (struct position){ "exam.policy", 1, 1 };
	*ARENA_APPEND(&fixture->given.arena, &fixture->given.policy.dns.resolvers[FAMILY_IPV6].list) =
		(struct address){ FAMILY_IPV6, { 0x20, 1, [15] = 53 } };
	realize(fixture);
	compare(fixture);
	assert_string_equal(words(fixture), "");
	fixture->carrel.links.items[1].answers6 = false;
	compare(fixture);
	assert_int_equal(only_mend(fixture, PLAN_ANSWERS)->link, LINK_UPLINK);
	assert_string_equal(words(fixture), "carrel route of answers: missing: "
					    "uplink0: let answers to queries from ::1 in\n");
	/* Of what stands on a link that is down, this is no news. */
	fixture->carrel.links.items[1].up = false;
	compare(fixture);
	assert_int_equal(fixture->mend.operations.count, 2);
	assert_int_equal(fixture->mend.operations.items[1].kind, PLAN_ANSWERS);
	assert_string_equal(words(fixture), "carrel link uplink0: down (should be: set uplink0 up)\n");
}

static void test_compare_leaves_what_was_cut_at_logout_cut(void **state)
{
	struct fixture *fixture = *state;

	fixture->given.input.cut = true;
	realize(fixture);
	compare(fixture);
	assert_int_equal(only_mend(fixture, PLAN_LINK_DOWN)->link, LINK_HOST_END);
	fixture->host.links.items[0].up = false;
	compare(fixture);
	assert_string_equal(words(fixture), "");
}

static void test_compare_mends_another_neighbour_or_route(void **state)
{
	struct fixture *fixture = *state;

	fixture->host.neighbours.items[0].permanent = false;
	compare(fixture);
	(void)only_mend(fixture, PLAN_NEIGHBOUR);
	realize(fixture);
	fixture->carrel.neighbours.items[1].mac[0]++;
	compare(fixture);
	(void)only_mend(fixture, PLAN_NEIGHBOUR);
	realize(fixture);
	fixture->carrel.routes.items[0].gateway.bytes[3]++;
	compare(fixture);
	assert_true(only_mend(fixture, PLAN_ROUTE)->route.replace);
}

static void test_compare_loads_rules_and_judges_connections(void **state)
{
	struct fixture *fixture = *state;

	fixture->compare.rules_differ = true;
	compare(fixture);
	assert_int_equal(fixture->mend.operations.count, 2);
	assert_int_equal(fixture->mend.operations.items[0].kind, PLAN_RULES);
	assert_true(fixture->mend.operations.items[0].rules.replace);
	assert_int_equal(fixture->mend.operations.items[1].kind, PLAN_CONNECTIONS);
}

/* Somebody's experiments are told of, and stay. */
static void test_compare_tells_of_what_is_there_besides(void **state)
{
	struct fixture *fixture = *state;
	const struct address address = { FAMILY_IPV4, { 192, 0, 2, 9 } };
	const struct prefix prefix = { address, 32 };

	ADD(fixture, &fixture->carrel.links, .index = 9, .name = "tun0", .up = true);
	ADD(fixture, &fixture->carrel.links, .index = 10, .name = "sit0");
	ADD(fixture, &fixture->carrel.addresses, 9, address);
	ADD(fixture, &fixture->carrel.routes, .link = 9, .destination = prefix);
	compare(fixture);
	assert_string_equal(words(fixture),
			    "carrel link tun0: not carrel's: someone made it\n"
			    "carrel address 192.0.2.9 of tun0: not carrel's: someone made it\n"
			    "carrel route to 192.0.2.9 by tun0: not carrel's: someone made it\n");
	assert_int_equal(fixture->differences.list.items[0].remedy, REMEDY_OTHERS);
	assert_int_equal(fixture->mend.operations.count, 0);
}

/* One that leads elsewhere, beside the intended one. */
static void test_compare_tells_of_another_route_to_the_same_place(void **state)
{
	struct fixture *fixture = *state;
	struct network_route other = fixture->carrel.routes.items[0];

	other.link = LOOPBACK;
	ADD(fixture, &fixture->carrel.routes, .link = other.link, .destination = other.destination);
	compare(fixture);
	assert_non_null(strstr(words(fixture), "0.0.0.0/0 by lo: not carrel's: someone made it\n"));
	assert_int_equal(fixture->mend.operations.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, given_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compare_finds_nothing_where_all_is_there),
		TEST(test_compare_mends_each_thing_that_is_missing),
		TEST(test_compare_makes_a_deleted_uplink_anew_with_all_that_stood_on_it),
		TEST(test_compare_clears_the_way_for_a_new_uplink),
		TEST(test_compare_makes_an_uplink_anew_that_lost_ipv6),
		TEST(test_compare_keeps_the_edition_that_a_link_says),
		TEST(test_compare_resets_an_end_that_was_altered),
		TEST(test_compare_sets_links_up_and_settings_right),
		TEST(test_compare_lets_answers_in_again),
		TEST(test_compare_leaves_what_was_cut_at_logout_cut),
		TEST(test_compare_mends_another_neighbour_or_route),
		TEST(test_compare_loads_rules_and_judges_connections),
		TEST(test_compare_tells_of_what_is_there_besides),
		TEST(test_compare_tells_of_another_route_to_the_same_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
