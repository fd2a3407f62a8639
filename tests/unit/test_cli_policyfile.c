/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/policyfile.h"

static void test_policyfile_name_is_what_stands_before_the_suffix(void **state)
{
	static const struct { const char *path, *name; } cases[] = {
		{ "exam.policy", "exam" },
		{ "/etc/carrel/policies/exam.policy", "exam" },
		{ "a.b.policy", "a.b" },
		{ "/x.policy/carrel.conf", NULL },
		{ "exam.policy~", NULL },
		{ "exam.POLICY", NULL },
		{ ".policy", NULL },
		{ "/p/.exam.policy", NULL },
		{ "", NULL },
	};
	ARENA_CLEANUP struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *name;

		assert_int_equal(policyfile_name(cases[i].path, &arena, &name), 0);
		if (cases[i].name)
			assert_string_equal(name, cases[i].name);
		else
			assert_null(name);
	}
}

/* A directory of the test's own, with a configuration's policies. */
struct place { char path[32], config[64]; };

static const char *const files[] = { "web2.policy", "exam2.policy", "notes.txt", ".x.policy" };

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	char path[128];

	snprintf(place->path, sizeof(place->path), "/tmp/test-XXXXXX");
	if (!mkdtemp(place->path))
		return -1;
	snprintf(place->config, sizeof(place->config), "%s/carrel.conf", place->path);
	snprintf(path, sizeof(path), "%s/policies", place->path);
	if (mkdir(path, 0700))
		return -1;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/policies/%s", place->path, files[i]);
		int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		if (fd < 0 || close(fd))
			return -1;
	}
	*state = place;
	return 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;
	char path[128];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/policies/%s", place->path, files[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/policies", place->path);
	int rc = rmdir(path) || rmdir(place->path);
	free(place);
	return rc;
}

static void test_policyfile_find_lists_policies_by_name(void **state)
{
	const struct place *place = *state;
	ARENA_CLEANUP struct arena arena = { 0 };
	struct policy_files found;
	char path[128];

	assert_int_equal(policyfile_find(place->config, &arena, &found, NULL), 0);
	const struct policy_file *exam = policyfile_get(&found, "exam2");
	assert_non_null(exam);
	snprintf(path, sizeof(path), "%s/policies/exam2.policy", place->path);
	assert_string_equal(exam->path, path);
	assert_non_null(policyfile_get(&found, "web2"));
	assert_true(exam < policyfile_get(&found, "web2"));
	assert_null(policyfile_get(&found, "notes"));
	assert_null(policyfile_get(&found, ".x"));
}

static void test_policyfile_find_takes_a_missing_directory_for_empty(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct policy_files found;

	(void)state;
	assert_int_equal(policyfile_find("/nonexistent/carrel.conf", &arena, &found, NULL), 0);
	assert_null(policyfile_get(&found, "exam2"));
}

static void test_policyfile_find_reports_what_is_no_directory(void **state)
{
	const struct place *place = *state;
	ARENA_CLEANUP struct arena arena = { 0 };
	struct carrel_error err = { 0 };
	struct policy_files found;
	char config[128];

	/* Below a file nothing can be: not the same as a directory that is missing. */
	snprintf(config, sizeof(config), "%s/policies/web2.policy/carrel.conf", place->path);
	assert_int_equal(policyfile_find(config, &arena, &found, &err), -ENOTDIR);
	assert_int_equal(err.errnum, ENOTDIR);
}

static void test_policyfile_nearest_suggests_a_name(void **state)
{
	struct policy_file items[] = { { "exam", "" }, { "web", "" } };
	const struct policy_files known = { .list = { .items = items, .count = 2 } };
	ARENA_CLEANUP struct arena arena = { 0 };

	(void)state;
	assert_string_equal(policyfile_nearest(&known, "exma", &arena), "exam");
	assert_null(policyfile_nearest(&known, "offline", &arena));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policyfile_name_is_what_stands_before_the_suffix),
		cmocka_unit_test_setup_teardown(test_policyfile_find_lists_policies_by_name,
						make_place, remove_place),
		cmocka_unit_test(test_policyfile_find_takes_a_missing_directory_for_empty),
		cmocka_unit_test_setup_teardown(test_policyfile_find_reports_what_is_no_directory,
						make_place, remove_place),
		cmocka_unit_test(test_policyfile_nearest_suggests_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
