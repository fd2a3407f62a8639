/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/error.h"

static void test_error_set_returns_negative_errno(void **state)
{
	struct carrel_error err = { 0 };

	(void)state;
	assert_int_equal(error_set(&err, EPERM, "%s is not %s", "a", "b"), -EPERM);
	assert_int_equal(err.errnum, EPERM);
	assert_string_equal(err.text, "a is not b");
}

static void test_error_set_works_without_an_error_object(void **state)
{
	(void)state;
	assert_int_equal(error_set(NULL, EPERM, "x"), -EPERM);
	assert_int_equal(error_set_errno(NULL, ENOENT, "x"), -ENOENT);
	assert_int_equal(error_wrap(NULL, -EIO, "x"), -EIO);
}

static void test_error_set_errno_appends_the_reason(void **state)
{
	struct carrel_error err = { 0 };

	(void)state;
	assert_int_equal(error_set_errno(&err, ENOENT, "cannot open %s", "/x"), -ENOENT);
	assert_string_equal(err.text, "cannot open /x: No such file or directory");
}

static void test_error_wrap_puts_context_first(void **state)
{
	struct carrel_error err = { 0 };

	(void)state;
	int rc = error_set(&err, EBADMSG, "line 3 does not end");
	assert_int_equal(error_wrap(&err, rc, "record %d", 7), -EBADMSG);
	assert_string_equal(err.text, "record 7: line 3 does not end");
	assert_int_equal(err.errnum, EBADMSG);
}

static void test_error_wrap_explains_errno_when_callee_said_nothing(void **state)
{
	struct carrel_error err = { 0 };

	(void)state;
	assert_int_equal(error_wrap(&err, -EACCES, "opening"), -EACCES);
	assert_string_equal(err.text, "opening: Permission denied");
	assert_int_equal(err.errnum, EACCES);
}

static void test_error_set_replaces_control_characters(void **state)
{
	struct carrel_error err = { 0 };

	(void)state;
	error_set(&err, EINVAL, "user '%s'", "a\nb\x1b[31m\x7f");
	assert_string_equal(err.text, "user 'a?b?[31m?'");
	error_wrap(&err, -EINVAL, "c\rd");
	assert_string_equal(err.text, "c?d: user 'a?b?[31m?'");
}

/* A text of @length bytes and its terminator. */
static void fill(char *text, size_t length, char letter)
{
	memset(text, letter, length);
	text[length] = '\0';
}

static void test_error_set_cuts_the_end_when_too_long(void **state)
{
	char letters[2 * ERROR_TEXT_SIZE];
	struct carrel_error err = { 0 };

	(void)state;
	for (size_t length = ERROR_TEXT_SIZE - 4; length <= ERROR_TEXT_SIZE + 4; length++) {
		size_t kept = length < ERROR_TEXT_SIZE ? length : ERROR_TEXT_SIZE - 1;

		fill(letters, length, 'a');
		error_set(&err, EINVAL, "%s", letters);
		assert_int_equal(strlen(err.text), kept);
		error_set_errno(&err, ENOENT, "%s", letters);
		assert_int_equal(strlen(err.text), ERROR_TEXT_SIZE - 1);
		assert_memory_equal(err.text, letters, kept);
	}
}

static void test_error_wrap_cuts_the_end_when_too_long(void **state)
{
	char letters[2 * ERROR_TEXT_SIZE];
	struct carrel_error err = { 0 };

	(void)state;
	fill(letters, ERROR_TEXT_SIZE - 1, 'a');
	error_set(&err, EINVAL, "%s", letters);
	error_wrap(&err, -EINVAL, "context");
	assert_int_equal(strlen(err.text), ERROR_TEXT_SIZE - 1);
	assert_memory_equal(err.text, "context: aaa", 12);

	fill(letters, sizeof(letters) - 1, 'b');
	error_wrap(&err, -EINVAL, "%s", letters);
	assert_int_equal(strlen(err.text), ERROR_TEXT_SIZE - 1);
	assert_int_equal(err.text[ERROR_TEXT_SIZE - 2], 'b');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error_set_returns_negative_errno),
		cmocka_unit_test(test_error_set_works_without_an_error_object),
		cmocka_unit_test(test_error_set_errno_appends_the_reason),
		cmocka_unit_test(test_error_wrap_puts_context_first),
		cmocka_unit_test(test_error_wrap_explains_errno_when_callee_said_nothing),
		cmocka_unit_test(test_error_set_replaces_control_characters),
		cmocka_unit_test(test_error_set_cuts_the_end_when_too_long),
		cmocka_unit_test(test_error_wrap_cuts_the_end_when_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
