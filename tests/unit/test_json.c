/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/json.h"

static void assert_quoted(const char *text, const char *expected)
{
	BUFFER_CLEANUP struct buffer buffer = { 0 };

	json_quote(&buffer, text);
	assert_string_equal(buffer.data, expected);
}

static void test_json_quote_escapes_what_json_forbids(void **state)
{
	(void)state;
	assert_quoted("", "\"\"");
	assert_quoted("a \"b\" \\ c/d", "\"a \\\"b\\\" \\\\ c/d\"");
	assert_quoted("\n\t\x01\x1f", "\"\\n\\t\\u0001\\u001f\"");
}

static void test_json_quote_keeps_text_and_escapes_terminal_controls(void **state)
{
	(void)state;
	assert_quoted("J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x93\x9a",
		      "\"J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x93\x9a\"");
	assert_quoted("\x7f\xc2\x9b", "\"\\u007f\\u009b\"");
}

static void test_json_quote_replaces_what_is_not_utf8(void **state)
{
	(void)state;
	assert_quoted("a\xff" "b", "\"a\\ufffdb\"");
	assert_quoted("\xc3", "\"\\ufffd\"");
	assert_quoted("\xc0\xaf", "\"\\ufffd\\ufffd\"");
}

static void test_json_members_are_parted_by_commas(void **state)
{
	BUFFER_CLEANUP struct buffer buffer = { 0 };

	(void)state;
	buffer_puts(&buffer, "{");
	json_string(&buffer, "a", "x\"y");
	json_number(&buffer, "b", UINT64_MAX);
	json_bool(&buffer, "c", true);
	json_bool(&buffer, "d", false);
	json_null(&buffer, "e");
	json_key(&buffer, "f");
	buffer_puts(&buffer, "[{");
	json_null(&buffer, "g");
	buffer_puts(&buffer, "}],\n ");
	json_number(&buffer, "h", 0);
	buffer_puts(&buffer, "}");
	assert_string_equal(buffer.data,
			    "{\"a\": \"x\\\"y\", \"b\": 18446744073709551615, \"c\": true, "
			    "\"d\": false, \"e\": null, \"f\": [{\"g\": null}],\n \"h\": 0}");
}

static void test_json_string_is_null_for_nothing(void **state)
{
	BUFFER_CLEANUP struct buffer buffer = { 0 };

	(void)state;
	json_string(&buffer, "a", NULL);
	json_string(&buffer, "b", "");
	assert_string_equal(buffer.data, "\"a\": null, \"b\": null");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_quote_escapes_what_json_forbids),
		cmocka_unit_test(test_json_quote_keeps_text_and_escapes_terminal_controls),
		cmocka_unit_test(test_json_quote_replaces_what_is_not_utf8),
		cmocka_unit_test(test_json_members_are_parted_by_commas),
		cmocka_unit_test(test_json_string_is_null_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
