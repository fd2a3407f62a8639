/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/table.h"

#include <assert.h>
#include <errno.h>

#include "cli/cli.h"

#define GAP_BLANKS 2

int table_add_row(struct table *table, struct arena *arena, const char *const *cells)
{
	size_t count = table->cells.count;

	for (size_t i = 0; i < table->columns; i++) {
		const char **cell = ARENA_APPEND(arena, &table->cells);

		if (!cell) {
			table->cells.count = count;
			return -ENOMEM;
		}
		*cell = cells[i];
	}
	return 0;
}

/** width_of() - characters of @text: every byte but UTF-8's continuation bytes (10xxxxxx) */
static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

/** measure() - the width of each column's widest cell */
static void measure(const struct table *table, size_t widths[TABLE_COLUMNS_MAX])
{
	for (size_t i = 0; i < table->cells.count; i++) {
		size_t width = width_of(table->cells.items[i]), column = i % table->columns;

		if (width > widths[column])
			widths[column] = width;
	}
}

/** pad() - append @count blanks */
static void pad(struct buffer *buffer, size_t count)
{
	while (count--)
		buffer_puts(buffer, " ");
}

/** row_length() - cells of the row at @cells up to its last that is not empty */
static size_t row_length(const char *const *cells, size_t columns)
{
	while (columns && !*cells[columns - 1])
		columns--;
	return columns;
}

void table_write(const struct table *table, unsigned indent, struct buffer *buffer)
{
	size_t widths[TABLE_COLUMNS_MAX] = { 0 };

	assert(table->columns > 0 && table->columns <= TABLE_COLUMNS_MAX);
	measure(table, widths);
	for (size_t row = 0; row < table->cells.count; row += table->columns) {
		const char *const *cells = table->cells.items + row;
		size_t length = row_length(cells, table->columns);

		pad(buffer, length ? indent : 0);
		for (size_t i = 0; i < length; i++) {
			cli_put_printable(buffer, cells[i]);
			if (i + 1 < length)
				pad(buffer, widths[i] - width_of(cells[i]) + GAP_BLANKS);
		}
		buffer_puts(buffer, "\n");
	}
}
