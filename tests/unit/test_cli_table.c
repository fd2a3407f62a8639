/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/table.h"

/* Write a table of @columns from @cells, row by row, as text. */
static void check(size_t columns, const char *const *cells, size_t rows, unsigned indent,
		  const char *expected)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct table table = { .columns = columns };

	for (size_t i = 0; i < rows; i++)
		assert_int_equal(table_add_row(&table, &arena, cells + i * columns), 0);
	table_write(&table, indent, &text);
	assert_false(text.failed);
	assert_string_equal(text.data ? text.data : "", expected);
}

static void test_table_write_fits_columns_to_the_longest_cell(void **state)
{
	static const char *const cells[] = { "USER", "UID", "SINCE",
					     "a", "4294967294", "now",
					     "longest-of-all", "7", "then" };

	(void)state;
	check(3, cells, 3, 0, "USER            UID         SINCE\n"
			      "a               4294967294  now\n"
			      "longest-of-all  7           then\n");
}

static void test_table_write_counts_characters_not_bytes(void **state)
{
	static const char *const cells[] = { "J\xc3\xb6rg", "x", "Anna", "y" };

	(void)state;
	check(2, cells, 2, 0, "J\xc3\xb6rg  x\nAnna  y\n");
}

static void test_table_write_ends_lines_without_blanks(void **state)
{
	static const char *const cells[] = { "a", "", "", "b", "c", "ddd", "", "", "" };

	(void)state;
	check(3, cells, 3, 2, "  a\n  b  c  ddd\n\n");
}

static void test_table_write_shows_no_control_character(void **state)
{
	/* An escape sequence, a C1 control in UTF-8, and a byte that is no UTF-8. */
	static const char *const cells[] = { "\x1b[2J", "\302\2331m", "\xff" };

	(void)state;
	check(1, cells, 3, 0, "?[2J\n?1m\n?\n");
}

static void test_table_write_writes_nothing_without_rows(void **state)
{
	(void)state;
	check(2, NULL, 0, 4, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_write_fits_columns_to_the_longest_cell),
		cmocka_unit_test(test_table_write_counts_characters_not_bytes),
		cmocka_unit_test(test_table_write_ends_lines_without_blanks),
		cmocka_unit_test(test_table_write_shows_no_control_character),
		cmocka_unit_test(test_table_write_writes_nothing_without_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
