/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be done to a carrel, by what it is and what it should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/course.h"
#include "tests/unit/given.h"

struct fixture {
	struct given given;
	struct standing standing;
};

/* A carrel that is as it should be; the tests change what they are about. */
static int set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){
		.standing = { .user = "alice", .policy = "exam", .uplink = "nat" },
	};
	given_carrel(&fixture.given);
	fixture.given.policy.digest = 7;
	fixture.standing.rules_digest = course_digest(&fixture.given.input);
	*state = &fixture;
	return 0;
}

static enum course choose(struct fixture *fixture)
{
	return course_choose(&fixture->standing, &fixture->given.input);
}

static void test_course_builds_where_there_is_none(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(course_choose(NULL, &fixture->given.input), COURSE_BUILD);
}

static void test_course_joins_what_is_as_it_should_be(void **state)
{
	assert_int_equal(choose(*state), COURSE_JOIN);
}

static void test_course_updates_when_the_rules_are_made_from_something_else(void **state)
{
	struct address resolver = { FAMILY_IPV4, { 192, 0, 2, 53 } };
	const struct resolver_list resolvers = { .list = { &resolver, 1, 1 } };
	struct fixture *fixture = *state;

	fixture->given.policy.digest++;
	assert_int_equal(choose(fixture), COURSE_UPDATE);
	fixture->given.policy.digest--;
	fixture->given.config.pool4.length--;
	assert_int_equal(choose(fixture), COURSE_UPDATE);
	fixture->given.config.pool4.length++;
	fixture->given.config.pool6.address.bytes[1]++;
	assert_int_equal(choose(fixture), COURSE_UPDATE);
	fixture->given.config.pool6.address.bytes[1]--;
	fixture->given.policy.dns.named[FAMILY_IPV4] = resolvers;
	assert_int_equal(choose(fixture), COURSE_UPDATE);
	fixture->given.policy.dns.named[FAMILY_IPV4].list.count = 0;
	fixture->given.policy.dns.resolvers[FAMILY_IPV4] = resolvers;
	assert_int_equal(choose(fixture), COURSE_UPDATE);
	fixture->given.policy.dns.resolvers[FAMILY_IPV4].list.count = 0;
	assert_int_equal(choose(fixture), COURSE_JOIN);
}

/* The host's addresses come and go in sets that rules look into; but for those of resolvers. */
static void test_course_joins_when_the_host_has_another_address(void **state)
{
	static const struct prefix addresses[] = {
		{ { FAMILY_IPV4, { 192, 0, 2, 1 } }, 32 }, { { FAMILY_IPV4, { 192, 0, 2, 53 } }, 32 },
	};
	struct address resolver = { FAMILY_IPV4, { 192, 0, 2, 53 } };
	struct fixture *fixture = *state;

	fixture->given.policy.dns.resolvers[FAMILY_IPV4] = (struct resolver_list){
		.list = { &resolver, 1, 1 },
	};
	fixture->standing.rules_digest = course_digest(&fixture->given.input);
	fixture->given.facts.host = (struct prefix_list){ addresses, 1 };
	fixture->given.facts.edition = 7;
	assert_int_equal(choose(fixture), COURSE_JOIN);
	fixture->given.facts.host.count = 2;
	assert_int_equal(choose(fixture), COURSE_UPDATE);
}

static void test_course_updates_for_another_policy_or_user_and_after_logout(void **state)
{
	struct fixture *fixture = *state;

	fixture->standing.policy = "lab";
	assert_int_equal(choose(fixture), COURSE_UPDATE);
	fixture->standing.policy = "exam";
	fixture->standing.user = "bob";
	assert_int_equal(choose(fixture), COURSE_UPDATE);
	fixture->standing.user = "alice";
	fixture->standing.cut = true;
	assert_int_equal(choose(fixture), COURSE_UPDATE);
}

static void test_course_rebuilds_for_another_uplink(void **state)
{
	struct fixture *fixture = *state;

	fixture->given.policy.uplink = UPLINK_NONE;
	assert_int_equal(choose(fixture), COURSE_REBUILD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_course_builds_where_there_is_none, set_up),
		cmocka_unit_test_setup(test_course_joins_what_is_as_it_should_be, set_up),
		cmocka_unit_test_setup(
			test_course_updates_when_the_rules_are_made_from_something_else, set_up),
		cmocka_unit_test_setup(test_course_joins_when_the_host_has_another_address, set_up),
		cmocka_unit_test_setup(
			test_course_updates_for_another_policy_or_user_and_after_logout, set_up),
		cmocka_unit_test_setup(test_course_rebuilds_for_another_uplink, set_up),
	};

	return cmocka_run_group_tests_name("course", tests, NULL, NULL);
}
