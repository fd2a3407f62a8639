/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is installed; run from the top of the tree, as make does. */
#include "text.h"

#include "core/policy_parse.h"
#include "state/source.h"

static void test_packaged_configuration_confines_nobody(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { .arena = &arena };
	struct sources sources;
	struct config config;

	(void)state;
	assert_int_equal(source_read_config("conf/carrel.conf", false, &arena, &sources,
					    NULL), 0);
	assert_int_equal(config_parse(&sources, &arena, &config, &diagnostics), 0);
	assert_int_equal(diagnostics.warnings, 0);
	assert_int_equal(config.assignments.count, 0);
}

/* Its examples must be valid too: they are what people uncomment. */
static void test_packaged_configuration_has_valid_examples(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { .arena = &arena };
	struct source source;
	struct config config;

	(void)state;
	assert_int_equal(source_read("conf/carrel.conf", false, &arena, &source, NULL), 0);
	char *text = arena_strndup(&arena, source.text, source.length);
	assert_non_null(text);
	for (char *line = text; (line = strstr(line, "\n#assign")) != NULL; line++)
		line[1] = ' ';
	source.text = text;
	struct sources sources = { .list = { &source, 1, 1 } };
	config_parse(&sources, &arena, &config, &diagnostics);
	assert_string_equal(said(&arena, &diagnostics), "");
	assert_int_equal(config.assignments.count, 7);
}

static void test_packaged_policies_are_valid(void **state)
{
	static const char *const names[] = { "offline", "open", "web", "lab", "exam" };
	ARENA_CLEANUP struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct diagnostics diagnostics = { .arena = &arena };
		struct source source;
		struct policy policy;
		const char *path = arena_printf(&arena, "conf/policies/%s.policy",
						names[i]);
		assert_int_equal(source_read(path, false, &arena, &source, NULL), 0);
		policy_parse(names[i], &source, &arena, &policy, &diagnostics);
		assert_string_equal(said(&arena, &diagnostics), "");
		assert_non_null(policy.description);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packaged_configuration_confines_nobody),
		cmocka_unit_test(test_packaged_configuration_has_valid_examples),
		cmocka_unit_test(test_packaged_policies_are_valid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
