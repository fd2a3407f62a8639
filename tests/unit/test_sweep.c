/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scratch.h"

#include <time.h>

#include "state/sweep.h"

/* Let @path look as if it had been written @age_s ago. */
static void make_older(const struct scratch *scratch, const char *path, time_t age_s)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = time(NULL) - age_s } };

	assert_int_equal(utimensat(scratch->fd, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static size_t sweep(const struct scratch *scratch, bool remove)
{
	struct carrel_error err = { 0 };
	size_t count = 99;

	if (sweep_temporaries(scratch->fd, remove, &count, &err))
		fail_msg("%s", err.text);
	return count;
}

static void test_sweep_temporaries_removes_what_nobody_writes_any_more(void **state)
{
	static const char *const old[] = {
		".tmp-host-12", "carrels/.tmp-1000", "locks/.tmp-77", "valid/.tmp-77",
	};
	struct scratch *scratch = *state;

	for (size_t i = 0; i < sizeof(old) / sizeof(*old); i++) {
		scratch_write(scratch, old[i], "half");
		make_older(scratch, old[i], 3600);
	}
	assert_int_equal(symlinkat("1000", scratch->fd, "addresses/.tmp-1000"), 0);
	make_older(scratch, "addresses/.tmp-1000", 3600);

	assert_int_equal(sweep(scratch, false), 5);
	assert_int_equal(sweep(scratch, true), 5);
	assert_int_equal(sweep(scratch, true), 0);
	assert_false(scratch_exists(scratch, ".tmp-host-12"));
	assert_false(scratch_exists(scratch, "addresses/.tmp-1000"));
}

static void test_sweep_temporaries_keeps_what_is_written_now_and_all_else(void **state)
{
	struct scratch *scratch = *state;

	scratch_write(scratch, "carrels/.tmp-1000", "half");
	make_older(scratch, "carrels/.tmp-1000", 200);
	scratch_write(scratch, "carrels/1000", "whole");
	make_older(scratch, "carrels/1000", 3600);
	assert_int_equal(sweep(scratch, true), 0);
	assert_true(scratch_exists(scratch, "carrels/.tmp-1000"));
	assert_true(scratch_exists(scratch, "carrels/1000"));
}

static void test_sweep_temporaries_needs_no_directory(void **state)
{
	struct scratch *scratch = *state;

	assert_int_equal(unlinkat(scratch->fd, "valid", AT_REMOVEDIR), 0);
	assert_int_equal(sweep(scratch, true), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_sweep_temporaries_removes_what_nobody_writes_any_more),
		scratch_test(test_sweep_temporaries_keeps_what_is_written_now_and_all_else),
		scratch_test(test_sweep_temporaries_needs_no_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
