/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/scratch.h"

#include "state/hoststate.h"

static void test_hoststate_reads_what_was_written(void **state)
{
	const struct host_state written = { true, 77, true, false };
	const struct scratch *scratch = *state;
	struct host_state read;

	assert_int_equal(hoststate_write(scratch->fd, &written, NULL), 0);
	assert_int_equal(hoststate_read(scratch->fd, &read, NULL), 0);
	assert_true(read.known);
	assert_int_equal(read.generation, 77);
	assert_true(read.guard4);
	assert_false(read.guard6);
}

static void test_hoststate_is_unknown_where_nothing_can_be_read(void **state)
{
	const struct scratch *scratch = *state;
	struct host_state read = { .known = true };

	assert_int_equal(hoststate_read(scratch->fd, &read, NULL), 0);
	assert_false(read.known);
	read.known = true;
	scratch_write(scratch, "host", "carrel-host 1\nversion 0\ngeneration 77\nguard4 2\nguard6 0\n");
	assert_int_equal(hoststate_read(scratch->fd, &read, NULL), 0);
	assert_false(read.known);
}

/* A guard that was recorded must not be forgotten because it could not be read once. */
static void test_hoststate_that_cannot_be_read_is_an_error(void **state)
{
	const struct scratch *scratch = *state;
	struct host_state read;

	assert_int_equal(mkdirat(scratch->fd, "host", 0755), 0);
	assert_int_equal(hoststate_read(scratch->fd, &read, NULL), -EISDIR);
	assert_int_equal(unlinkat(scratch->fd, "host", AT_REMOVEDIR), 0);
}

/* Its table is another one; that IPv6 forwarding was off before it came stays true. */
static void test_hoststate_of_another_version_keeps_the_guards_only(void **state)
{
	const struct scratch *scratch = *state;
	struct host_state read;

	scratch_write(scratch, "host",
		      "carrel-host 1\nversion another\ngeneration 77\nguard4 0\nguard6 1\n");
	assert_int_equal(hoststate_read(scratch->fd, &read, NULL), 0);
	assert_true(read.known);
	assert_int_equal(read.generation, HOST_UNPREPARED);
	assert_false(read.guard4);
	assert_true(read.guard6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_hoststate_reads_what_was_written),
		scratch_test(test_hoststate_that_cannot_be_read_is_an_error),
		scratch_test(test_hoststate_is_unknown_where_nothing_can_be_read),
		scratch_test(test_hoststate_of_another_version_keeps_the_guards_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
