/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <errno.h>

#include "base/error.h"
#include "base/paths.h"
#include "state/valid.h"

static void test_valid_path_keeps_configurations_apart(void **state)
{
	char path[VALID_PATH_SIZE], longest[NAME_MAX + 2];
	struct carrel_error err;

	(void)state;
	assert_int_equal(valid_path(PATH_CONFIG, NULL, path, NULL), 0);
	assert_string_equal(path, "valid/config");
	assert_int_equal(valid_path(PATH_CONFIG, "exam", path, NULL), 0);
	assert_string_equal(path, "valid/policy-exam");
	assert_int_equal(valid_path("/srv/a%2Fb.conf", "exam", path, NULL), 0);
	assert_string_equal(path, "valid/policy-exam:%2Fsrv%2Fa%252Fb.conf");

	memset(longest, 'a', sizeof(longest));
	longest[NAME_MAX - strlen("config:")] = '\0';
	assert_int_equal(valid_path(longest, NULL, path, NULL), 0);
	assert_int_equal(strlen(path), strlen("valid/") + NAME_MAX);
	longest[NAME_MAX - strlen("config:")] = 'a';
	longest[NAME_MAX - strlen("config:") + 1] = '\0';
	assert_int_equal(valid_path(longest, NULL, path, &err), -ENAMETOOLONG);
	assert_non_null(strstr(err.text, "is too long"));
}

static void test_valid_decode_gives_what_was_encoded(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct source files[] = { { "/a b/c 7", "x\0\ny", 4 }, { "/d", "", 0 }, { "/e", "\n", 1 } };
	struct sources sources = { .list = { files, 3, 3 } }, decoded;
	size_t length;
	char *text;

	(void)state;
	assert_int_equal(valid_encode(&sources, &arena, &text, &length, NULL), 0);
	assert_memory_equal(text, "carrel-valid 1\n/a b/c 7 4\nx", 27);
	assert_int_equal(valid_decode(text, length, &arena, &decoded, NULL), 0);
	assert_int_equal(decoded.list.count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(decoded.list.items[i].path, files[i].path);
		assert_int_equal(decoded.list.items[i].length, files[i].length);
		assert_memory_equal(decoded.list.items[i].text, files[i].text, files[i].length);
	}
}

static void test_valid_encode_refuses_a_line_break_in_a_path(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct source file = { "/a\nb", "", 0 };
	struct sources sources = { .list = { &file, 1, 1 } };
	struct carrel_error err;
	size_t length;
	char *text;

	(void)state;
	assert_int_equal(valid_encode(&sources, &arena, &text, &length, &err), -EINVAL);
	assert_string_equal(err.text, "the path of a file has a line break");
}

static void test_valid_decode_refuses_what_is_damaged(void **state)
{
	static const char *const cases[] = {
		"", "carrel-valid 1", "carrel-valid 2\n", "carrel-valid 1\n\n",
		"carrel-valid 1\n/a 1\n", "carrel-valid 1\n/a\n", "carrel-valid 1\n/a x\n",
		"carrel-valid 1\n 1\nx", "carrel-valid 1\n/a 1\nx/b", "carrel-valid 1\n/a -1\n",
		"carrel-valid 1\n/a 99999999999999999999\n",
	};
	ARENA_CLEANUP struct arena arena = { 0 };
	struct sources sources;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (valid_decode(cases[i], strlen(cases[i]), &arena, &sources, NULL) !=
		    -EBADMSG)
			fail_msg("accepted: %s", cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid_path_keeps_configurations_apart),
		cmocka_unit_test(test_valid_decode_gives_what_was_encoded),
		cmocka_unit_test(test_valid_encode_refuses_a_line_break_in_a_path),
		cmocka_unit_test(test_valid_decode_refuses_what_is_damaged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
