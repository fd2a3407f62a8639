/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cli/check.h"

static const struct position here = { .file = "/c/x.policy", .line = 3, .column = 7 };

static void test_findings_put_text_says_what_is_valid(void **state)
{
	const struct findings findings = {
		.files = 2, .policies = 1, .assignments = 0, .trust_checked = true,
	};
	BUFFER_CLEANUP struct buffer text = { 0 };

	(void)state;
	findings_put_text(&findings, &text);
	assert_string_equal(text.data,
			    "2 configuration files, 1 policy, 0 assignments: valid\n");
}

static void test_findings_put_text_says_when_trust_was_not_checked(void **state)
{
	const struct findings findings = { .files = 1, .policies = 2, .assignments = 1 };
	BUFFER_CLEANUP struct buffer text = { 0 };

	(void)state;
	findings_put_text(&findings, &text);
	assert_string_equal(text.data, "1 configuration file, 2 policies, 1 assignment: valid "
				       "(owners and modes were not checked)\n");
}

static void test_findings_put_text_says_when_policies_were_not_checked(void **state)
{
	const struct findings findings = {
		.files = 1, .errors = 1, .trust_checked = true, .unchecked = "a valid configuration",
	};
	BUFFER_CLEANUP struct buffer text = { 0 };

	(void)state;
	findings_put_text(&findings, &text);
	assert_string_equal(text.data, "1 configuration file, 0 policies, 0 assignments: 1 error "
				       "(policies were not checked, which takes a valid configuration)\n");
	findings_put_json(&findings, &text);
	assert_non_null(strstr(text.data, "\"policies_checked\": false"));
}

/* One finding of each kind. */
static void fill(struct findings *findings, struct arena *arena)
{
	struct diagnostics diagnostics = { .arena = arena };

	findings->trust_checked = true;
	findings->policies = 1;
	diagnostic_add(&diagnostics, SEVERITY_ERROR, &here, "'tpc' is not a protocol");
	diagnostic_add(&diagnostics, SEVERITY_WARNING, &here, "never reached");
	assert_int_equal(findings_add_file(findings, arena, "/c/y", "cannot open /c/y"), 0);
	assert_int_equal(findings_add(findings, arena, here.file, &diagnostics), 0);
}

static void test_findings_put_text_points_at_each_finding(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct findings findings = { 0 };

	(void)state;
	fill(&findings, &arena);
	findings_put_text(&findings, &text);
	assert_string_equal(text.data,
		"/c/y: error: cannot open /c/y\n"
		"/c/x.policy:3:7: error: 'tpc' is not a protocol\n"
		"/c/x.policy:3:7: warning: never reached\n"
		"0 configuration files, 1 policy, 0 assignments: 2 errors, 1 warning\n");
}

static void test_findings_put_json_has_all_of_it(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct findings findings = { 0 };

	(void)state;
	fill(&findings, &arena);
	findings_put_json(&findings, &text);
	assert_string_equal(text.data,
		"{\"valid\": false, \"files\": 0, \"policies\": 1, \"assignments\": 0, "
		"\"errors\": 2, \"warnings\": 1, \"trust_checked\": true, "
		"\"policies_checked\": true,\n"
		" \"findings\": [{\"severity\": \"error\", \"file\": \"/c/y\", \"line\": null, "
		"\"column\": null, \"message\": \"cannot open /c/y\"},\n"
		"  {\"severity\": \"error\", \"file\": \"/c/x.policy\", "
		"\"line\": 3, \"column\": 7, \"message\": \"'tpc' is not a protocol\"},\n"
		"  {\"severity\": \"warning\", \"file\": \"/c/x.policy\", \"line\": 3, "
		"\"column\": 7, \"message\": \"never reached\"}]}\n");
}

static void test_findings_add_counts_what_was_not_kept(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct diagnostics diagnostics = { .arena = &arena };
	struct findings findings = { 0 };

	(void)state;
	for (unsigned i = 0; i < DIAGNOSTICS_MAX + 5; i++)
		diagnostic_add(&diagnostics, SEVERITY_ERROR, &here, "wrong %u", i);
	assert_int_equal(findings_add(&findings, &arena, here.file, &diagnostics), 0);
	assert_int_equal(findings.errors, DIAGNOSTICS_MAX + 5);
	assert_int_equal(findings.list.count, DIAGNOSTICS_MAX + 1);
	findings_put_text(&findings, &text);
	assert_non_null(strstr(text.data,
			       "\n/c/x.policy: error: 5 more findings are not shown\n"));
}

/* What is wrong with a text that two policies include is said once. */
static void test_findings_add_counts_once_what_was_said_already(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { .arena = &arena };
	struct findings findings = { 0 };

	(void)state;
	diagnostic_add(&diagnostics, SEVERITY_ERROR, &here, "wrong");
	diagnostic_add(&diagnostics, SEVERITY_WARNING, &here, "wrong");
	diagnostic_add(&diagnostics, SEVERITY_WARNING, &here, "odd");
	for (int i = 0; i < 2; i++)
		assert_int_equal(findings_add(&findings, &arena, here.file, &diagnostics), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(findings_add_file(&findings, &arena, here.file, "empty"), 0);
	assert_int_equal(findings.list.count, 4);
	assert_int_equal(findings.errors, 2);
	assert_int_equal(findings.warnings, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_findings_put_text_says_what_is_valid),
		cmocka_unit_test(test_findings_add_counts_once_what_was_said_already),
		cmocka_unit_test(test_findings_put_text_says_when_trust_was_not_checked),
		cmocka_unit_test(test_findings_put_text_says_when_policies_were_not_checked),
		cmocka_unit_test(test_findings_put_text_points_at_each_finding),
		cmocka_unit_test(test_findings_put_json_has_all_of_it),
		cmocka_unit_test(test_findings_add_counts_what_was_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
