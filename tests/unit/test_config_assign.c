/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is given what: the first assignment of which every condition holds. */
#include "text.h"

#include <errno.h>

#include "base/error.h"

static const struct subject_group groups[] = { { "students", true }, { "staff", false } };

/* A student's login by ssh. */
static const struct subject student = {
	.user = "ann", .uid = 1000, .service = "sshd", .tty = "ssh", .rhost = "192.0.2.9",
	.groups = groups, .group_count = 2,
};

/* Does "assign exam CONDITIONS" hold for @subject? */
static bool holds(const char *conditions, const struct subject *subject)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const struct assignment *assignment;
	struct config config;

	valid_config(arena_printf(&arena, "assign exam %s", conditions), &arena, &config);
	assert_int_equal(config_assign(&config, subject, &assignment, NULL), 0);
	return assignment != NULL;
}

static void test_config_assign_matches_each_kind_of_condition(void **state)
{
	static const struct { const char *conditions; bool holds; } cases[] = {
		{ "", true },
		{ "user ann", true }, { "user bob,ann", true }, { "user bob", false },
		{ "user !ann", false }, { "user !bob", true }, { "user ann,!bob", true },
		{ "user bob,!eve", false },
		{ "group students", true }, { "group staff", false }, { "group staff,students", true },
		{ "group !staff", true }, { "group students,!staff", true },
		{ "group students group staff", false }, { "group students group !staff", true },
		{ "uid 1000", true }, { "uid 1001", false }, { "uid 999-1001", true },
		{ "uid 0-4294967294,!1000", false }, { "uid 1000-1000", true }, { "uid 1-999", false },
		{ "uid 1-999,2-999,1-998", false },
		{ "service sshd", true }, { "service login,sshd", true }, { "service ssh", false },
		{ "from 192.0.2.0/24", true }, { "from 192.0.2.9", true }, { "from 192.0.2.8", false },
		{ "from 2001:db8::/32", false }, { "from !192.0.2.0/24", false },
		{ "tty ssh", true }, { "tty tty1", false },
		{ "user ann service sshd", true }, { "user ann service login", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (holds(cases[i].conditions, &student) != cases[i].holds)
			fail_msg("'%s' %s", cases[i].conditions,
				 cases[i].holds ? "does not hold" : "holds");
}

static void test_config_assign_understands_origins_as_daemons_write_them(void **state)
{
	static const struct { const char *rhost, *conditions; bool holds; } cases[] = {
		{ "", "from 0.0.0.0/0,::/0", false },
		{ "", "from !0.0.0.0/0,!::/0", true },
		{ "pc.example.org", "from 0.0.0.0/0,::/0", false },
		{ "2001:db8::1", "from 2001:db8::/32", true },
		{ "::ffff:192.0.2.9", "from 192.0.2.0/24", true },
		{ "fe80::1%eth0", "from fe80::/10", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct subject subject = student;
		subject.rhost = cases[i].rhost;
		if (holds(cases[i].conditions, &subject) != cases[i].holds)
			fail_msg("'%s' for '%s'", cases[i].conditions, cases[i].rhost);
	}
}

static void test_config_assign_ignores_dev_before_terminals(void **state)
{
	struct subject subject = student;

	(void)state;
	subject.tty = "/dev/pts/3";
	assert_true(holds("tty pts/3", &subject));
	assert_true(holds("tty /dev/pts/3", &subject));
	subject.tty = "";
	assert_false(holds("tty pts/3", &subject));
	assert_true(holds("tty !pts/3", &subject));
}

static void test_config_assign_takes_the_first_that_holds(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const struct assignment *assignment;
	struct config config;

	(void)state;
	valid_config("assign unconfined group staff\nassign web group students\n"
		    "assign deny user ann\n", &arena, &config);
	assert_int_equal(config_assign(&config, &student, &assignment, NULL), 0);
	assert_non_null(assignment);
	assert_string_equal(assignment->policy, "web");
}

static void test_config_assign_is_null_when_none_holds(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const struct assignment *assignment = (void *)&arena;
	struct config config;

	(void)state;
	valid_config("assign web user bob\n", &arena, &config);
	assert_int_equal(config_assign(&config, &student, &assignment, NULL), 0);
	assert_null(assignment);
}

static void test_config_assign_is_stale_when_a_group_was_not_looked_up(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const struct assignment *assignment;
	struct carrel_error err;
	struct config config;

	(void)state;
	valid_config("assign web group !night\n", &arena, &config);
	assert_int_equal(config_assign(&config, &student, &assignment, &err), -ESTALE);
	assert_string_equal(err.text,
			    "whether 'ann' is in the group 'night' was not looked up");
}

static void test_config_assign_asks_only_for_groups_that_decide(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const struct assignment *assignment;
	struct config config;

	(void)state;
	valid_config("assign web user bob group night\nassign exam\n", &arena, &config);
	assert_false(config_assigns_host(&config));
	assert_int_equal(config_assign(&config, &student, &assignment, NULL), 0);
	assert_string_equal(assignment->policy, "exam");
}

static void test_config_confines_nobody_by_unconfined_or_host(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const struct assignment *assignment;
	struct config config;

	(void)state;
	valid_config("assign host service su\nassign unconfined service cron\nassign host user ann\n"
		    "assign deny\n", &arena, &config);
	assert_int_equal(config_assign(&config, &student, &assignment, NULL), 0);
	assert_int_equal(assignment->kind, ASSIGN_HOST);
	assert_true(config_is_free(assignment));
	assert_true(config_is_free(&config.assignments.items[1]));
	assert_false(config_is_free(&config.assignments.items[3]));
	assert_true(config_is_free(NULL));
	assert_true(config_assigns_host(&config));
	assert_false(config_may_confine(&config, "su"));
	assert_false(config_may_confine(&config, "cron"));
	assert_true(config_may_confine(&config, "sshd"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config_assign_matches_each_kind_of_condition),
		cmocka_unit_test(test_config_assign_understands_origins_as_daemons_write_them),
		cmocka_unit_test(test_config_assign_ignores_dev_before_terminals),
		cmocka_unit_test(test_config_assign_takes_the_first_that_holds),
		cmocka_unit_test(test_config_assign_is_null_when_none_holds),
		cmocka_unit_test(test_config_assign_is_stale_when_a_group_was_not_looked_up),
		cmocka_unit_test(test_config_assign_asks_only_for_groups_that_decide),
		cmocka_unit_test(test_config_confines_nobody_by_unconfined_or_host),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
