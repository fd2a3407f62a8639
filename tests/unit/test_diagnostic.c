/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <errno.h>

#include "base/error.h"

static const struct position here = { .file = "x.conf", .line = 3, .column = 7 };

static void test_diagnostic_to_error_names_the_place(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { .arena = &arena };
	struct carrel_error err;

	(void)state;
	diagnostic_add(&diagnostics, SEVERITY_ERROR, &here, "'%s' is wrong", "it");
	assert_int_equal(diagnostic_to_error(&diagnostics, &err), -EINVAL);
	assert_int_equal(err.errnum, EINVAL);
	assert_string_equal(err.text, "x.conf:3:7: 'it' is wrong");
}

static void test_diagnostic_to_error_counts_the_others(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { .arena = &arena };
	struct carrel_error err;

	(void)state;
	diagnostic_add(&diagnostics, SEVERITY_WARNING, &here, "odd");
	diagnostic_add(&diagnostics, SEVERITY_ERROR, &here, "first");
	diagnostic_add(&diagnostics, SEVERITY_ERROR, &here, "second");
	diagnostic_add(&diagnostics, SEVERITY_ERROR, &here, "third");
	assert_int_equal(diagnostic_to_error(&diagnostics, &err), -EINVAL);
	assert_string_equal(err.text, "x.conf:3:7: first (and 2 more)");
}

static void test_diagnostic_add_keeps_a_bounded_number(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { .arena = &arena };

	(void)state;
	for (unsigned i = 0; i < 10 * DIAGNOSTICS_MAX; i++)
		diagnostic_add(&diagnostics, SEVERITY_ERROR, &here, "error %u", i);
	assert_int_equal(diagnostics.errors, 10 * DIAGNOSTICS_MAX);
	assert_int_equal(diagnostics.list.count, DIAGNOSTICS_MAX);
	assert_string_equal(diagnostics.list.items[DIAGNOSTICS_MAX - 1].message, "error 99");
}

static void test_diagnostic_add_keeps_the_first_error_behind_many_warnings(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { .arena = &arena };
	struct carrel_error err;

	(void)state;
	for (unsigned i = 0; i < 2 * DIAGNOSTICS_MAX; i++)
		diagnostic_add(&diagnostics, SEVERITY_WARNING, &here, "warning");
	diagnostic_add(&diagnostics, SEVERITY_ERROR, &here, "error");
	diagnostic_to_error(&diagnostics, &err);
	assert_string_equal(err.text, "x.conf:3:7: error");
	assert_int_equal(diagnostics.warnings, 2 * DIAGNOSTICS_MAX);
}

static void test_diagnostic_to_error_says_invalid_without_a_kept_message(void **state)
{
	struct diagnostics diagnostics = { .errors = 2 };
	struct carrel_error err;

	(void)state;
	assert_int_equal(diagnostic_to_error(&diagnostics, &err), -EINVAL);
	assert_string_equal(err.text, "invalid: 2 errors");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_diagnostic_to_error_names_the_place),
		cmocka_unit_test(test_diagnostic_to_error_counts_the_others),
		cmocka_unit_test(test_diagnostic_add_keeps_a_bounded_number),
		cmocka_unit_test(test_diagnostic_add_keeps_the_first_error_behind_many_warnings),
		cmocka_unit_test(test_diagnostic_to_error_says_invalid_without_a_kept_message),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
