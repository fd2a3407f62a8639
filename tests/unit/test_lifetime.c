/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/lifetime.h"

/* Idle since 1000, kept for 600. */
static struct lifetime idle_at(uint64_t now_s)
{
	return (struct lifetime){ .whole = true, .idle_since_s = 1000, .now_s = now_s,
				  .linger_s = 600 };
}

static void test_lifetime_decide_keeps_what_is_in_use(void **state)
{
	struct lifetime lifetime = { .whole = true, .now_s = 9000 };

	(void)state;
	lifetime.sessions = true;
	assert_int_equal(lifetime_decide(&lifetime), LIFETIME_KEEP);
	lifetime.processes = true;
	assert_int_equal(lifetime_decide(&lifetime), LIFETIME_KEEP);
	lifetime.sessions = false;
	assert_int_equal(lifetime_decide(&lifetime), LIFETIME_KEEP);
	lifetime.whole = false;
	assert_int_equal(lifetime_decide(&lifetime), LIFETIME_KEEP);
}

static void test_lifetime_decide_notes_the_first_sight_of_an_idle_one(void **state)
{
	struct lifetime lifetime = idle_at(9000);

	(void)state;
	lifetime.idle_since_s = 0;
	assert_int_equal(lifetime_decide(&lifetime), LIFETIME_NOTE);
	/* Also where nothing lingers: what is removed was seen idle by two scans. */
	lifetime.linger_s = 0;
	assert_int_equal(lifetime_decide(&lifetime), LIFETIME_NOTE);
	lifetime.idle_since_s = 9001;
	assert_int_equal(lifetime_decide(&lifetime), LIFETIME_NOTE);
}

static void test_lifetime_decide_removes_after_the_time_to_linger(void **state)
{
	struct lifetime lifetime = idle_at(1599);

	(void)state;
	assert_int_equal(lifetime_decide(&lifetime), LIFETIME_KEEP);
	lifetime.now_s = 1600;
	assert_int_equal(lifetime_decide(&lifetime), LIFETIME_REMOVE);
	lifetime = idle_at(1000);
	lifetime.linger_s = 0;
	assert_int_equal(lifetime_decide(&lifetime), LIFETIME_REMOVE);
	lifetime.linger_s = UINT64_MAX;
	assert_int_equal(lifetime_decide(&lifetime), LIFETIME_KEEP);
}

static void test_lifetime_decide_wakes_what_is_in_use_again(void **state)
{
	struct lifetime lifetime = idle_at(9000);

	(void)state;
	lifetime.processes = true;
	assert_int_equal(lifetime_decide(&lifetime), LIFETIME_WAKE);
	lifetime.processes = false;
	lifetime.sessions = true;
	assert_int_equal(lifetime_decide(&lifetime), LIFETIME_WAKE);
}

static void test_lifetime_decide_does_not_keep_remains(void **state)
{
	struct lifetime lifetime = { .now_s = 9000, .linger_s = 600 };

	(void)state;
	assert_int_equal(lifetime_decide(&lifetime), LIFETIME_REMOVE);
}

static void test_lifetime_cuts_only_where_told_and_nobody_is_logged_in(void **state)
{
	struct lifetime lifetime = { .whole = true, .processes = true, .cut_at_logout = true };

	(void)state;
	assert_true(lifetime_cuts(&lifetime));
	lifetime.sessions = true;
	assert_false(lifetime_cuts(&lifetime));
	lifetime.sessions = false;
	lifetime.cut_at_logout = false;
	assert_false(lifetime_cuts(&lifetime));
	lifetime.cut_at_logout = true;
	lifetime.whole = false;
	assert_false(lifetime_cuts(&lifetime));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lifetime_decide_keeps_what_is_in_use),
		cmocka_unit_test(test_lifetime_decide_notes_the_first_sight_of_an_idle_one),
		cmocka_unit_test(test_lifetime_decide_removes_after_the_time_to_linger),
		cmocka_unit_test(test_lifetime_decide_wakes_what_is_in_use_again),
		cmocka_unit_test(test_lifetime_decide_does_not_keep_remains),
		cmocka_unit_test(test_lifetime_cuts_only_where_told_and_nobody_is_logged_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
