/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>

#include "base/error.h"
#include "base/paths.h"
#include "pam/options.h"

/* Parse one argument. */
static int parse(const char *argument, struct options *options, struct carrel_error *err)
{
	return options_parse(1, &argument, options, err);
}

static void test_options_parse_gives_defaults_without_arguments(void **state)
{
	struct options options;

	(void)state;
	assert_int_equal(options_parse(0, NULL, &options, NULL), 0);
	assert_false(options.debug);
	assert_false(options.quiet);
	assert_string_equal(options.helper, PATH_HELPER);
	assert_null(options.config);
	assert_int_equal(options.timeout_s, OPTIONS_TIMEOUT_DEFAULT_S);
}

static void test_options_parse_understands_every_option(void **state)
{
	static const char *const arguments[] = {
		"debug", "quiet", "exempt=sudo,wheel", "helper=/opt/helper", "config=/opt/carrel.conf",
		"timeout=120",
	};
	struct options options;

	(void)state;
	assert_int_equal(options_parse(6, arguments, &options, NULL), 0);
	assert_true(options.debug);
	assert_true(options.quiet);
	assert_string_equal(options.helper, "/opt/helper");
	assert_string_equal(options.config, "/opt/carrel.conf");
	assert_int_equal(options.timeout_s, 120);
}

static void test_options_parse_refuses_what_it_does_not_know(void **state)
{
	static const char *const wrong[] = {
		"", "=", "verbose", "debug=1", "Debug", "helper", "exempt", "exempt=", "helper=bin/x",
		"helper=", "config=x", "timeout=", "timeout=0", "timeout=121", "timeout=-1",
		"timeout=1s", "timeout=99999999999999999999",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct options options = { .timeout_s = 77 };
		struct carrel_error err = { 0 };

		assert_int_equal(parse(wrong[i], &options, &err), -EINVAL);
		assert_non_null(strstr(err.text, wrong[i]));
		assert_int_equal(options.timeout_s, 77);
	}
}

static void test_options_parse_names_the_nearest_option(void **state)
{
	struct options options;
	struct carrel_error err = { 0 };

	(void)state;
	assert_int_equal(parse("quite", &options, &err), -EINVAL);
	assert_non_null(strstr(err.text, "did you mean 'quiet'?"));
	assert_int_equal(parse("timout=5", &options, &err), -EINVAL);
	assert_non_null(strstr(err.text, "did you mean 'timeout='?"));
}

static void test_options_parse_refuses_an_option_that_stands_twice(void **state)
{
	static const char *const arguments[] = { "timeout=5", "timeout=6" };
	struct options options;
	struct carrel_error err = { 0 };

	(void)state;
	assert_int_equal(options_parse(2, arguments, &options, &err), -EINVAL);
	assert_non_null(strstr(err.text, "twice"));
}

static void test_options_exempt_finds_the_groups_and_nothing_else(void **state)
{
	(void)state;
	assert_string_equal(options_exempt("exempt=sudo,wheel"), "sudo,wheel");
	assert_string_equal(options_exempt("exempt="), "");
	assert_null(options_exempt("exempt"));
	assert_null(options_exempt("exempts=x"));
	assert_null(options_exempt("quiet"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_parse_gives_defaults_without_arguments),
		cmocka_unit_test(test_options_parse_understands_every_option),
		cmocka_unit_test(test_options_parse_refuses_what_it_does_not_know),
		cmocka_unit_test(test_options_parse_names_the_nearest_option),
		cmocka_unit_test(test_options_parse_refuses_an_option_that_stands_twice),
		cmocka_unit_test(test_options_exempt_finds_the_groups_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
