/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/name.h"

static void test_name_valid_user_accepts_what_directories_use(void **state)
{
	char longest[USER_NAME_SIZE];

	(void)state;
	assert_true(name_valid_user("student1"));
	assert_true(name_valid_user("LAB\\student"));
	assert_true(name_valid_user("student@example.com"));
	assert_true(name_valid_user("host$"));
	assert_true(name_valid_user("j\xc3\xbcrgen"));
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_true(name_valid_user(longest));
}

static void test_name_valid_user_refuses_what_breaks_lines_and_paths(void **state)
{
	static const char *const wrong[] = { "", "a b", "a\tb", "a\nb", "a/b", "a:b", "a\x7f",
					     "a\x1b[0m", "a\xff", "\xc2\x9b" };
	char too_long[USER_NAME_SIZE + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(name_valid_user(wrong[i]));
	memset(too_long, 'a', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	assert_false(name_valid_user(too_long));
}

static bool valid_policy(const char *name)
{
	return name_valid_policy(name, strlen(name));
}

static void test_name_valid_policy_accepts_file_names(void **state)
{
	(void)state;
	assert_true(valid_policy("exam"));
	assert_true(valid_policy("_x"));
	assert_true(valid_policy("2026-spring.final_1"));
	assert_true(valid_policy("abcdefghijklmnopqrstuvwxyz012345"));
	assert_true(valid_policy("deny-all"));
	assert_true(name_valid_policy("exam/../..", 4));
}

static void test_name_valid_policy_refuses_paths_and_built_in_words(void **state)
{
	static const char *const wrong[] = { "", ".", "..", ".exam", "-exam", "a/b", "Exam", "a b",
					     "ex\xc3\xa4m", "abcdefghijklmnopqrstuvwxyz0123456",
					     "unconfined", "host", "deny" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(valid_policy(wrong[i]));
	assert_false(name_valid_policy("a\0b", 3));
}

static void test_name_of_links_fit_for_every_uid(void **state)
{
	char netns[NETNS_NAME_SIZE], link[LINK_NAME_SIZE];

	(void)state;
	name_of_netns(1000, netns);
	name_of_host_link(1000, link);
	assert_string_equal(netns, "carrel-1000");
	assert_string_equal(link, "cr-1000");
	name_of_netns(4294967294U, netns);
	name_of_host_link(4294967294U, link);
	assert_string_equal(netns, "carrel-4294967294");
	assert_string_equal(link, "cr-4294967294");
}

static const char *const words[] = { "allow", "deny", "reject", "default", "description",
				     "uplink", "in", "out", NULL };

static void assert_nearest(const char *word, const char *expected)
{
	const char *nearest = name_nearest(word, strlen(word), words);

	if (expected)
		assert_string_equal(nearest, expected);
	else
		assert_null(nearest);
}

static void test_name_nearest_finds_one_slip(void **state)
{
	(void)state;
	assert_nearest("alow", "allow");
	assert_nearest("alloww", "allow");
	assert_nearest("allaw", "allow");
	assert_nearest("alolw", "allow");
	assert_nearest("dney", "deny");
	assert_nearest("ot", "out");
	assert_nearest("allow", "allow");
	assert_nearest("ALLOW", "allow");
}

static void test_name_nearest_allows_a_third_of_the_word(void **state)
{
	(void)state;
	assert_nearest("rejetc", "reject");
	assert_nearest("rejjekt", "reject");
	assert_nearest("desciptoin", "description");
	assert_nearest("xeyect", "reject");
	assert_nearest("xeyexx", NULL);
	assert_nearest("xxny", NULL);
	assert_nearest("permit", NULL);
	assert_nearest("", NULL);
}

static void test_name_nearest_prefers_the_nearest_then_the_first(void **state)
{
	static const char *const close[] = { "abcdxx", "abcdex", "abcdey", NULL };

	(void)state;
	assert_string_equal(name_nearest("abcdef", 6, close), "abcdex");
	assert_string_equal(name_nearest("abcdeyZZ", 6, close), "abcdey");
}

static void test_name_nearest_ignores_words_too_long_to_compare(void **state)
{
	char word[201];
	const char *const candidates[] = { word, NULL };

	(void)state;
	memset(word, 'a', 200);
	word[200] = '\0';
	assert_null(name_nearest(word, 200, candidates));
	assert_null(name_nearest(word, 63, candidates));
	word[63] = '\0';
	assert_ptr_equal(name_nearest(word, 63, candidates), word);
	assert_null(name_nearest("x", 1, (const char *const[]){ NULL }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name_valid_user_accepts_what_directories_use),
		cmocka_unit_test(test_name_valid_user_refuses_what_breaks_lines_and_paths),
		cmocka_unit_test(test_name_valid_policy_accepts_file_names),
		cmocka_unit_test(test_name_valid_policy_refuses_paths_and_built_in_words),
		cmocka_unit_test(test_name_of_links_fit_for_every_uid),
		cmocka_unit_test(test_name_nearest_finds_one_slip),
		cmocka_unit_test(test_name_nearest_allows_a_third_of_the_word),
		cmocka_unit_test(test_name_nearest_prefers_the_nearest_then_the_first),
		cmocka_unit_test(test_name_nearest_ignores_words_too_long_to_compare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
