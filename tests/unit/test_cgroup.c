/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "pam/cgroup.h"

static void assert_path(const char *text, const char *expected)
{
	char copy[256];

	strcpy(copy, text);
	const char *path = cgroup_find_path(copy);
	if (!expected)
		assert_null(path);
	else
		assert_string_equal(path, expected);
}

static void test_cgroup_finds_the_path_of_version_2(void **state)
{
	(void)state;
	assert_path("0::/\n", "/");
	assert_path("0::/user.slice/user-1000.slice/session-1.scope\n",
		    "/user.slice/user-1000.slice/session-1.scope");
	assert_path("9:name=systemd:/a\n4:memory:/b\n0::/c d\n", "/c d");
	assert_path("0::/cut", "/cut");
}

static void test_cgroup_finds_none_of_version_1(void **state)
{
	(void)state;
	assert_path("", NULL);
	assert_path("\n", NULL);
	assert_path("9:name=systemd:/a\n10::/b\n", NULL);
	assert_path("0::relative\n", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cgroup_finds_the_path_of_version_2),
		cmocka_unit_test(test_cgroup_finds_none_of_version_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
