/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/utf8.h"

static void test_buffer_appends_in_order(void **state)
{
	BUFFER_CLEANUP struct buffer buffer = { 0 };

	(void)state;
	assert_null(buffer.data);
	buffer_puts(&buffer, "one ");
	buffer_append(&buffer, "two!", 3);
	buffer_printf(&buffer, " %d", 3);
	assert_string_equal(buffer.data, "one two 3");
	assert_int_equal(buffer.length, 9);
	assert_false(buffer.failed);
}

static void test_buffer_grows_past_any_capacity(void **state)
{
	BUFFER_CLEANUP struct buffer buffer = { 0 };

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		buffer_printf(&buffer, "%04u", i);
		assert_int_equal(buffer.length, 4 * (i + 1));
		assert_true(buffer.length < buffer.capacity);
		assert_int_equal(buffer.data[buffer.length], '\0');
	}
	assert_memory_equal(buffer.data + 4 * 4321, "4321", 4);
}

static void test_buffer_remembers_a_failure(void **state)
{
	BUFFER_CLEANUP struct buffer buffer = { 0 };

	(void)state;
	buffer_puts(&buffer, "whole");
	buffer_append(&buffer, "x", SIZE_MAX - 3);
	assert_true(buffer.failed);
	buffer_puts(&buffer, "more");
	buffer_printf(&buffer, "%d", 1);
	assert_string_equal(buffer.data, "whole");
}

static void test_buffer_free_leaves_it_usable(void **state)
{
	struct buffer buffer = { 0 };

	(void)state;
	buffer_puts(&buffer, "one");
	buffer_free(&buffer);
	assert_null(buffer.data);
	assert_int_equal(buffer.length, 0);
	buffer_puts(&buffer, "two");
	assert_string_equal(buffer.data, "two");
	buffer_free(&buffer);
}

static void test_buffer_put_printable_shows_nothing_that_a_terminal_obeys(void **state)
{
	BUFFER_CLEANUP struct buffer buffer = { 0 };
	static const char text[] = "J\xc3\xbcrgen\x1b[2J\xc2\x9b\n\xff\xc3";

	(void)state;
	buffer_put_printable(&buffer, text, strlen(text));
	assert_string_equal(buffer.data, "J\xc3\xbcrgen?[2J????");
	buffer_put_printable(&buffer, "beyond", 2);
	assert_string_equal(buffer.data, "J\xc3\xbcrgen?[2J????be");
}

static void test_utf8_decode_refuses_malformed_sequences(void **state)
{
	static const char *const malformed[] = {
		"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
		"\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xc3(", "\xe2\x82(",
		"\xe2\x82", "\xf0\x9f\x93",
	};
	uint32_t character;

	(void)state;
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		assert_int_equal(utf8_decode(malformed[i], strlen(malformed[i]), &character), 0);
	/* The rest of the character is there, but beyond the text. */
	assert_int_equal(utf8_decode("\xc3\xbc", 1, &character), 0);
}

static void test_utf8_decode_accepts_the_ends_of_each_length(void **state)
{
	static const struct { const char *text; uint32_t character; } ends[] = {
		{ "\x7f", 0x7f }, { "\xc2\x80", 0x80 }, { "\xdf\xbf", 0x7ff },
		{ "\xe0\xa0\x80", 0x800 }, { "\xed\x9f\xbf", 0xd7ff }, { "\xee\x80\x80", 0xe000 },
		{ "\xef\xbf\xbf", 0xffff }, { "\xf0\x90\x80\x80", 0x10000 },
		{ "\xf4\x8f\xbf\xbf", 0x10ffff },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		uint32_t character = 0;

		assert_int_equal(utf8_decode(ends[i].text, strlen(ends[i].text), &character),
				 strlen(ends[i].text));
		assert_int_equal(character, ends[i].character);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buffer_appends_in_order),
		cmocka_unit_test(test_buffer_grows_past_any_capacity),
		cmocka_unit_test(test_buffer_remembers_a_failure),
		cmocka_unit_test(test_buffer_free_leaves_it_usable),
		cmocka_unit_test(test_buffer_put_printable_shows_nothing_that_a_terminal_obeys),
		cmocka_unit_test(test_utf8_decode_refuses_malformed_sequences),
		cmocka_unit_test(test_utf8_decode_accepts_the_ends_of_each_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
