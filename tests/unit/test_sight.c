/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scratch.h"

#include "sight.h"

/* Nobody's carrel: no pin has this number. */
#define UID 4294967293U

static void test_sight_take_sees_what_the_record_says(void **state)
{
	struct record record = { .uid = UID, .user = "ann", .policy = "lab", .uplink = "nat",
				 .netns_inode = 4026532345, .idle_since_s = 4711 };
	struct scratch *scratch = *state;
	struct sight sight;

	assert_int_equal(sight_take(scratch->fd, UID, &sight, NULL), 0);
	assert_int_equal(sight.seen.uid, UID);
	assert_false(sight.recorded);
	assert_int_equal(sight.seen.recorded_inode, 0);

	assert_int_equal(record_write(scratch->fd, &record, NULL), 0);
	assert_int_equal(sight_take(scratch->fd, UID, &sight, NULL), 0);
	assert_true(sight.recorded);
	assert_int_equal(sight.seen.recorded_inode, 4026532345);
	assert_int_equal(sight.seen.pinned_inode, 0);
	assert_int_equal(sight.seen.idle_since_s, 4711);
	assert_false(sight.whole);

	/* One that cannot be read is none, and no error: it is to be cleared up. */
	scratch_write(scratch, "carrels/4294967293", "rubbish");
	assert_int_equal(sight_take(scratch->fd, UID, &sight, NULL), 0);
	assert_false(sight.recorded);
	assert_int_equal(sight.seen.idle_since_s, 0);
}

/* A login in between makes a new namespace, or takes back that the carrel is idle. */
static void test_sight_same_sees_every_change(void **state)
{
	const struct wire_carrel seen = { .uid = 1, .recorded_inode = 2, .pinned_inode = 3,
					  .idle_since_s = 4, .processes = true };
	struct wire_carrel now = seen;

	(void)state;
	now.processes = false;
	assert_true(sight_same(&seen, &now));
	now.uid++;
	assert_false(sight_same(&seen, &now));
	now = seen;
	now.recorded_inode++;
	assert_false(sight_same(&seen, &now));
	now = seen;
	now.pinned_inode = 0;
	assert_false(sight_same(&seen, &now));
	now = seen;
	now.idle_since_s = 0;
	assert_false(sight_same(&seen, &now));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_sight_take_sees_what_the_record_says),
		cmocka_unit_test(test_sight_same_sees_every_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
