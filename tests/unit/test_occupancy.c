/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In a tree that looks like procfs; procfs itself is looked at by tests/login/lifetime.sh. */
#include "scratch.h"

#include "state/occupancy.h"

/* Add thread @tid of process @pid, which is in the namespace that @link names. */
static void add_thread(const struct scratch *scratch, int pid, int tid, const char *link)
{
	char path[64];

	snprintf(path, sizeof(path), "%d", pid);
	mkdirat(scratch->fd, path, 0755);
	snprintf(path, sizeof(path), "%d/task", pid);
	mkdirat(scratch->fd, path, 0755);
	snprintf(path, sizeof(path), "%d/task/%d", pid, tid);
	assert_int_equal(mkdirat(scratch->fd, path, 0755), 0);
	snprintf(path, sizeof(path), "%d/task/%d/ns", pid, tid);
	assert_int_equal(mkdirat(scratch->fd, path, 0755), 0);
	snprintf(path, sizeof(path), "%d/task/%d/ns/net", pid, tid);
	if (link)
		assert_int_equal(symlinkat(link, scratch->fd, path), 0);
}

static int scan(const struct scratch *scratch, struct arena *arena, struct occupancy *ret,
		struct carrel_error *err)
{
	return occupancy_scan(scratch->path, arena, ret, err);
}

static void test_occupancy_scan_finds_every_thread(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct scratch *scratch = *state;
	struct occupancy occupancy;

	scratch_write(scratch, "loadavg", "0.20 0.18 0.12 1/80 11206\n");
	add_thread(scratch, 1, 1, "net:[4026531840]");
	add_thread(scratch, 70, 70, "net:[4026531840]");
	add_thread(scratch, 70, 71, "net:[4026532999]");
	add_thread(scratch, 80, 80, NULL);
	add_thread(scratch, 80, 81, "net:[7]");
	add_thread(scratch, 90, 90, NULL);
	assert_int_equal(scan(scratch, &arena, &occupancy, NULL), 0);
	assert_int_equal(occupancy.inodes.count, 3);
	assert_true(occupancy_has(&occupancy, 7));
	assert_true(occupancy_has(&occupancy, 4026531840));
	assert_true(occupancy_has(&occupancy, 4026532999));
	assert_false(occupancy_has(&occupancy, 4026532000));
}

static void test_occupancy_scan_of_nobody_has_none(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct scratch *scratch = *state;
	struct occupancy occupancy;

	scratch_write(scratch, "loadavg", "0.20 0.18 0.12 1/80 11206\n");
	assert_int_equal(scan(scratch, &arena, &occupancy, NULL), 0);
	assert_false(occupancy_has(&occupancy, 0));
}

static void test_occupancy_scan_fails_where_it_cannot_know(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct scratch *scratch = *state;
	struct carrel_error err = { 0 };
	struct occupancy occupancy;

	assert_int_equal(scan(scratch, &arena, &occupancy, &err), -ENOENT);
	scratch_write(scratch, "loadavg", "rubbish");
	assert_int_equal(scan(scratch, &arena, &occupancy, &err), -EBADMSG);
	scratch_write(scratch, "loadavg", "0.20 0.18 0.12 1/80 11206\n");
	add_thread(scratch, 5, 5, "mnt:[4026531840]");
	assert_int_equal(scan(scratch, &arena, &occupancy, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "process 5"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_occupancy_scan_finds_every_thread),
		scratch_test(test_occupancy_scan_of_nobody_has_none),
		scratch_test(test_occupancy_scan_fails_where_it_cannot_know),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
