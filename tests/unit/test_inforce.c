/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stays in force when a configuration or a policy breaks: the last valid text. */
#include "place.h"

#include <errno.h>

#include "base/error.h"
#include "base/paths.h"
#include "state/source.h"
#include "state/valid.h"

/* source_config_in_force(), keeping what is valid; the number of assignments, or -errno. */
static int config_in_force(struct place *place, const char **ret_warning,
			   struct carrel_error *err)
{
	struct config config;

	*ret_warning = "not written";
	int rc = source_config_in_force(place->config, place->state_fd, true, &place->arena,
					&config, ret_warning, err);
	return rc ? rc : (int)config.assignments.count;
}

/* The configuration in force has @count assignments; what is said of it has @part, NULL: nothing. */
static void check_config(struct place *place, int count, const char *part)
{
	const char *warning;

	assert_int_equal(config_in_force(place, &warning, NULL), count);
	if (part) {
		assert_non_null(warning);
		assert_non_null(strstr(neutral(place, warning), part));
	} else {
		assert_null(warning);
	}
}

static void test_source_config_in_force_keeps_the_last_valid_text(void **state)
{
	struct place *place = *state;
	const char *warning;

	NEEDS_ROOT();
	make_directory(place, "etc/carrel.conf.d");
	write_file(place, "etc/carrel.conf", "assign web user a\n", 0644);
	write_file(place, "etc/carrel.conf.d/x.conf", "assign web user b\n", 0644);
	check_config(place, 2, NULL);

	write_file(place, "etc/carrel.conf", "asign web user a\n", 0644);
	assert_int_equal(config_in_force(place, &warning, NULL), 2);
	assert_string_equal(neutral(place, warning),
			    "ROOT/etc/carrel.conf:1:1: 'asign' is not a directive; expected pool4, "
			    "pool6, linger, pins, set or assign (did you mean 'assign'?); the last valid version "
			    "stays in force");

	write_file(place, "etc/carrel.conf", "assign web user a\n", 0666);
	check_config(place, 2, "chmod go-w");

	remove_file(place, "etc/carrel.conf");
	check_config(place, 2, "No such file");

	/* Valid again: what it says now. */
	write_file(place, "etc/carrel.conf", "# nothing\n", 0644);
	check_config(place, 1, NULL);
}

static void test_source_config_in_force_fails_without_a_valid_text(void **state)
{
	struct place *place = *state;
	struct carrel_error err;
	const char *warning;
	struct config config;

	NEEDS_ROOT();
	write_file(place, "etc/carrel.conf", "pool4\nx\n", 0644);
	assert_int_equal(config_in_force(place, &warning, &err), -EINVAL);
	assert_string_equal(neutral(place, err.text),
			    "ROOT/etc/carrel.conf:1:6: missing a pool; expected an IPv4 prefix such "
			    "as 10.213.0.0/16 (and 1 more)");
	assert_string_equal(warning, "not written");
	assert_int_equal(source_config_in_force(place->config, -1, true, &place->arena, &config,
						&warning, NULL), -EINVAL);
	assert_int_equal(source_config_in_force("carrel.conf", -1, true, &place->arena, &config,
						&warning, &err), -EINVAL);
	assert_string_equal(err.text, "'carrel.conf' is not an absolute path");
}

static void test_source_config_in_force_keeps_nothing_unasked(void **state)
{
	struct place *place = *state;
	struct config config;
	const char *warning;

	NEEDS_ROOT();
	write_file(place, "etc/carrel.conf", "#\n", 0644);
	assert_int_equal(source_config_in_force(place->config, place->state_fd, false,
						&place->arena, &config, &warning, NULL), 0);
	remove_file(place, "etc/carrel.conf");
	assert_int_equal(config_in_force(place, &warning, NULL), -ENOENT);
}

static void test_source_config_in_force_warns_when_it_cannot_keep_the_text(void **state)
{
	struct place *place = *state;
	char path[128];

	NEEDS_ROOT();
	write_file(place, "etc/carrel.conf", "#\n", 0644);
	snprintf(path, sizeof(path), "%s/state/valid", place->root);
	assert_int_equal(rmdir(path), 0);
	check_config(place, 0, "this version cannot be kept against a later one that is invalid: "
		     "cannot write /run/carrel/valid/config:");
}

/* The kept bundle of the test's configuration, below the test's directory. */
static const char *bundle_path(struct place *place)
{
	char path[VALID_PATH_SIZE];

	assert_int_equal(valid_path(place->config, NULL, path, NULL), 0);
	return arena_printf(&place->arena, "%s/state/%s", place->root, path);
}

static void test_source_config_in_force_distrusts_a_bundle_of_others(void **state)
{
	struct place *place = *state;
	const char *warning;

	NEEDS_ROOT();
	write_file(place, "etc/carrel.conf", "#\n", 0644);
	assert_int_equal(config_in_force(place, &warning, NULL), 0);
	remove_file(place, "etc/carrel.conf");
	assert_int_equal(config_in_force(place, &warning, NULL), 0);

	const char *bundle = bundle_path(place);
	assert_int_equal(chmod(bundle, 0622), 0);
	assert_int_equal(config_in_force(place, &warning, NULL), -ENOENT);
	assert_int_equal(chmod(bundle, 0600), 0);
	assert_int_equal(chown(bundle, 1234, 0), 0);
	assert_int_equal(config_in_force(place, &warning, NULL), -ENOENT);
	/* The account that owns /run/carrel is the helper's. */
	assert_int_equal(fchownat(place->state_fd, "", 1234, 0, AT_EMPTY_PATH), 0);
	assert_int_equal(config_in_force(place, &warning, NULL), 0);
}

static void test_source_config_in_force_writes_only_what_is_new(void **state)
{
	struct place *place = *state;
	struct stat first, again, other;
	const char *warning;

	NEEDS_ROOT();
	write_file(place, "etc/carrel.conf", "#\n", 0644);
	assert_int_equal(config_in_force(place, &warning, NULL), 0);
	assert_int_equal(stat(bundle_path(place), &first), 0);
	assert_int_equal(first.st_mode & 07777, 0600);
	assert_int_equal(config_in_force(place, &warning, NULL), 0);
	assert_int_equal(stat(bundle_path(place), &again), 0);
	assert_int_equal(first.st_ino, again.st_ino);
	write_file(place, "etc/carrel.conf", "# new\n", 0644);
	assert_int_equal(config_in_force(place, &warning, NULL), 0);
	assert_int_equal(stat(bundle_path(place), &other), 0);
	assert_true(first.st_ino != other.st_ino);
}

/* source_policy_in_force(), keeping what is valid; the number of rules, or -errno. */
static int policy_in_force(struct place *place, const char *name, const char **ret_warning,
			   struct carrel_error *err)
{
	struct config config;
	struct policy policy;

	valid_config(place->sets, &place->arena, &config);
	*ret_warning = "not written";
	int rc = source_policy_in_force(place->config, &config, name, place->state_fd, true,
					&place->arena, &policy, ret_warning, err);
	return rc ? rc : (int)policy.rules.count;
}

/* Policy "t" in force has @count rules; what is said of it has @part, NULL: nothing. */
static void check_policy(struct place *place, int count, const char *part)
{
	struct carrel_error err = { 0 };
	const char *warning;

	int found = policy_in_force(place, "t", &warning, &err);
	if (found < 0)
		fail_msg("%s", err.text);
	assert_int_equal(found, count);
	if (part) {
		assert_non_null(warning);
		assert_non_null(strstr(neutral(place, warning), part));
	} else {
		assert_null(warning);
	}
}

static void write_policy(const struct place *place, const char *name, const char *text)
{
	char path[96];

	snprintf(path, sizeof(path), "etc/policies/%s.policy", name);
	write_file(place, path, text, 0644);
}

static int policies_setup(void **state)
{
	int rc = place_setup(state);

	make_directory(*state, "etc/policies");
	return rc;
}

#define POLICY_TEST(name) cmocka_unit_test_setup_teardown(name, policies_setup, place_teardown)

static void test_source_policy_in_force_keeps_the_last_valid_text(void **state)
{
	struct place *place = *state;

	NEEDS_ROOT();
	write_policy(place, "t", "allow out\ndeny out\n");
	check_policy(place, 2, NULL);
	write_policy(place, "t", "alow out\n");
	check_policy(place, 2, "t.policy:1:1: 'alow' is not a directive");
	remove_file(place, "etc/policies/t.policy");
	check_policy(place, 2, "there is no policy 't'");
	check_policy(place, 2, "; the last valid version stays in force");
}

static void test_source_policy_in_force_refuses_what_is_not_as_it_expects(void **state)
{
	struct place *place = *state;
	struct carrel_error err;
	const char *warning;

	NEEDS_ROOT();
	write_policy(place, "t", "allow out\nexpect deny tcp 192.0.2.1:80\n");
	assert_int_equal(policy_in_force(place, "t", &warning, &err), -EINVAL);
	assert_string_equal(neutral(place, err.text), "ROOT/etc/policies/t.policy:2:1: 'expect deny "
			    "tcp 192.0.2.1:80' is not true: 192.0.2.1 is allowed; "
			    "ROOT/etc/policies/t.policy:1: allow out");
	/* A valid version stays in force when an edit makes untrue what it expects. */
	write_policy(place, "t", "deny out\nexpect deny tcp 192.0.2.1:80\n");
	check_policy(place, 1, NULL);
	write_policy(place, "t", "allow out\ndeny out\nexpect deny tcp 192.0.2.1:80\n");
	check_policy(place, 1, "is not true");
}

static void test_source_policy_in_force_reads_what_it_includes(void **state)
{
	struct place *place = *state;
	const char *warning;
	char directory[128];

	NEEDS_ROOT();
	make_directory(place, "etc/policies/common");
	write_policy(place, "t", "include common/a\nallow out\n");
	write_policy(place, "common/a", "include b\ndeny in\n");
	write_policy(place, "b", "deny in tcp\n");
	check_policy(place, 3, NULL);

	/* Each of them is kept, wherever the error is. */
	write_policy(place, "b", "dany in tcp\n");
	check_policy(place, 3, "/b.policy:1:1: 'dany' is not a directive");
	write_policy(place, "b", "deny in tcp\n");
	remove_file(place, "etc/policies/common/a.policy");
	assert_int_equal(policy_in_force(place, "t", &warning, NULL), 3);
	assert_string_equal(neutral(place, warning), "ROOT/etc/policies/t.policy:1:9: cannot include "
			    "'common/a': there is no policy 'common/a': neither "
			    "ROOT/etc/policies/common/a.policy nor " PATH_PACKAGED_POLICIES
			    "/common/a.policy; the last valid version stays in force");

	/* A file that is included is as trusted as the policy must be. */
	write_file(place, "etc/policies/common/a.policy", "deny in\n", 0666);
	check_policy(place, 3, "chmod go-w");
	write_policy(place, "common/a", "deny in\n");
	snprintf(directory, sizeof(directory), "%s/etc/policies/common", place->root);
	assert_int_equal(chmod(directory, 0777), 0);
	check_policy(place, 3, "chmod go-w");
	assert_int_equal(chmod(directory, 0755), 0);
	check_policy(place, 2, NULL);
}

static void test_source_policy_in_force_puts_overrides_first(void **state)
{
	struct place *place = *state;
	struct carrel_error err;
	const char *warning;

	NEEDS_ROOT();
	write_policy(place, "t", "allow out\n");
	write_policy(place, "overrides", "deny out tcp\ndeny out udp\n");
	check_policy(place, 3, NULL);
	/* Broken overrides leave all policies as they were; overrides are no policy. */
	write_policy(place, "overrides", "uplink none\n");
	check_policy(place, 3, "overrides.policy:1:1: 'uplink' is not a directive");
	write_file(place, "etc/policies/overrides.policy", "deny out\n", 0666);
	check_policy(place, 3, "overrides.policy may be written by others");
	assert_int_equal(policy_in_force(place, "overrides", &warning, &err), -ENOENT);
	assert_string_equal(err.text, "'overrides' is not the name of a policy");
	remove_file(place, "etc/policies/overrides.policy");
	check_policy(place, 1, NULL);

	/* The last valid version is all of one moment: without what came later. */
	write_policy(place, "t", "alow out\n");
	write_policy(place, "overrides", "deny out\n");
	check_policy(place, 1, "t.policy:1:1: 'alow' is not a directive");
}

static void test_source_policy_in_force_keeps_the_sets_it_was_valid_with(void **state)
{
	struct place *place = *state;
	struct carrel_error err;
	const char *warning;

	NEEDS_ROOT();
	write_policy(place, "t", "deny out to set a\nallow out\n");
	assert_int_equal(policy_in_force(place, "t", &warning, &err), -EINVAL);
	place->sets = "set a 192.0.2.1\nset b 2001:db8::/32\n";
	check_policy(place, 2, NULL);
	place->sets = "set b 192.0.2.1\n";
	check_policy(place, 2, "t.policy:1:17: 'a' is not a set; expected one that carrel.conf defines "
		     "(did you mean 'b'?); the last valid");
}

static void test_source_policy_in_force_names_both_paths_of_a_missing_one(void **state)
{
	struct place *place = *state;
	struct carrel_error err;
	const char *warning;

	assert_int_equal(policy_in_force(place, "no-such", &warning, &err), -ENOENT);
	assert_string_equal(neutral(place, err.text), "there is no policy 'no-such': neither "
			    "ROOT/etc/policies/no-such.policy nor "
			    PATH_PACKAGED_POLICIES "/no-such.policy");
}

static void test_source_policy_in_force_refuses_names_that_are_paths(void **state)
{
	struct place *place = *state;
	struct carrel_error err;
	const char *warning;

	assert_int_equal(policy_in_force(place, "../t", &warning, &err), -ENOENT);
	assert_string_equal(err.text, "'../t' is not the name of a policy");
}

static void test_source_policy_in_force_distrusts_a_directory_that_others_write(void **state)
{
	struct place *place = *state;
	struct carrel_error err;
	const char *warning;
	char directory[128];

	NEEDS_ROOT();
	write_policy(place, "t", "#\n");
	snprintf(directory, sizeof(directory), "%s/etc/policies", place->root);
	assert_int_equal(chmod(directory, 0775), 0);
	assert_int_equal(policy_in_force(place, "t", &warning, &err), -EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_source_config_in_force_keeps_the_last_valid_text),
		TEST(test_source_config_in_force_fails_without_a_valid_text),
		TEST(test_source_config_in_force_keeps_nothing_unasked),
		TEST(test_source_config_in_force_warns_when_it_cannot_keep_the_text),
		TEST(test_source_config_in_force_distrusts_a_bundle_of_others),
		TEST(test_source_config_in_force_writes_only_what_is_new),
		POLICY_TEST(test_source_policy_in_force_keeps_the_last_valid_text),
		POLICY_TEST(test_source_policy_in_force_refuses_what_is_not_as_it_expects),
		POLICY_TEST(test_source_policy_in_force_reads_what_it_includes),
		POLICY_TEST(test_source_policy_in_force_puts_overrides_first),
		POLICY_TEST(test_source_policy_in_force_keeps_the_sets_it_was_valid_with),
		TEST(test_source_policy_in_force_names_both_paths_of_a_missing_one),
		TEST(test_source_policy_in_force_refuses_names_that_are_paths),
		POLICY_TEST(test_source_policy_in_force_distrusts_a_directory_that_others_write),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
