/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes, told apart by when they started. */
#include "scratch.h"

#include "state/process.h"

static void test_process_start_ticks_reads_past_an_odd_program_name(void **state)
{
	uint64_t plain, odd;

	(void)state;
	assert_int_equal(process_start_ticks(getpid(), &plain), 0);
	assert_int_equal(prctl(PR_SET_NAME, "a) Z 1 (b) 2"), 0);
	assert_int_equal(process_start_ticks(getpid(), &odd), 0);
	assert_int_equal(prctl(PR_SET_NAME, "test_process"), 0);
	assert_true(plain > 0);
	assert_int_equal(odd, plain);
}

static void test_process_start_ticks_knows_no_process_that_is_gone(void **state)
{
	pid_t pid = scratch_sleeper();
	uint64_t ticks = 7;

	(void)state;
	scratch_kill(pid);
	assert_int_equal(process_start_ticks(pid, &ticks), -ESRCH);
	assert_int_equal(process_start_ticks(-1, &ticks), -ESRCH);
	assert_int_equal(ticks, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_process_start_ticks_reads_past_an_odd_program_name),
		cmocka_unit_test(test_process_start_ticks_knows_no_process_that_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
