/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `carrel doctor` makes of programs that it runs, and of those that do not end. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/error.h"
#include "doctor/program.h"

/* Much more than a shell needs, and little to wait for. */
#define PATIENCE_MS 30000
#define SOON_MS     200

/* Run the shell's @script; what program_output_within() returned */
static int run(const char *script, unsigned deadline_ms, struct arena *arena, const char **ret_text,
	       int *ret_status, struct carrel_error *err)
{
	const char *const argv[] = { "sh", "-c", script, NULL };

	return program_output_within(argv, deadline_ms, arena, ret_text, ret_status, err);
}

static void test_program_output_has_both_outputs_and_the_status(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct carrel_error err = { 0 };
	const char *text;
	int status;

	(void)state;
	assert_int_equal(run("echo out; echo err >&2; exit 3", PATIENCE_MS, &arena, &text, &status,
			     &err), 0);
	assert_string_equal(text, "out\nerr\n");
	assert_int_equal(status, 3);
	assert_int_equal(run("kill -9 $$", PATIENCE_MS, &arena, &text, &status, &err), 0);
	assert_int_equal(status, 128 + 9);
	/* It may end long after it has said the last word. */
	assert_int_equal(run("exec >&- 2>&-; sleep 0.3; exit 4", PATIENCE_MS, &arena, &text, &status,
			     &err), 0);
	assert_int_equal(status, 4);
}

static void test_program_output_of_what_is_not_there_fails(void **state)
{
	const char *const argv[] = { "no-program-of-this-name", NULL };
	ARENA_CLEANUP struct arena arena = { 0 };
	struct carrel_error err = { 0 };
	const char *text;
	int status;

	(void)state;
	assert_int_equal(program_output(argv, &arena, &text, &status, &err), -ENOENT);
	assert_string_equal(err.text, "there is no program no-program-of-this-name");
}

/* Whether it says nothing, closes its output, or ignores who asks it to end. */
static void test_program_output_waits_for_no_program_that_hangs(void **state)
{
	static const char *const scripts[] = {
		"exec sleep 1000", "exec sleep 1000 >&- 2>&-",
		"trap '' TERM HUP; exec >&- 2>&-; while :; do sleep 1; done",
	};
	ARENA_CLEANUP struct arena arena = { 0 };
	struct carrel_error err = { 0 };
	const char *text;
	int status;

	(void)state;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		assert_int_equal(run(scripts[i], SOON_MS, &arena, &text, &status, &err), -ETIME);
		assert_non_null(strstr(err.text, "sh had not ended after "));
		/* Nothing of it is left to be waited for. */
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
		assert_int_equal(errno, ECHILD);
	}
}

static void test_program_output_of_what_never_stops_talking_fails(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct carrel_error err = { 0 };
	const char *text;
	int status;

	(void)state;
	assert_int_equal(run("exec yes", PATIENCE_MS, &arena, &text, &status, &err), -E2BIG);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program_output_has_both_outputs_and_the_status),
		cmocka_unit_test(test_program_output_of_what_is_not_there_fails),
		cmocka_unit_test(test_program_output_waits_for_no_program_that_hangs),
		cmocka_unit_test(test_program_output_of_what_never_stops_talking_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
