/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text in columns, each as wide as its longest cell. */
#ifndef CARREL_CLI_TABLE_H
#define CARREL_CLI_TABLE_H

#include <stddef.h>
#include "base/arena.h"
#include "base/buffer.h"

/* The widest table, of `carrel list`. */
#define TABLE_COLUMNS_MAX 8

struct table {
	size_t columns;                 /* set by the caller, 1 to TABLE_COLUMNS_MAX */
	ARENA_LIST(const char *) cells; /* row by row */
};

/**
 * table_add_row() - append one row
 * @cells:	table->columns strings, borrowed until the table was written
 * Return: 0 or -ENOMEM; then the table is as it was
 */
int table_add_row(struct table *table, struct arena *arena, const char *const *cells);

/**
 * table_write() - append every row to @buffer, two blanks between columns
 * @indent:	blanks before each row
 *
 * Width is counted in characters of UTF-8; no blanks at the end of lines; control
 * characters come out as '?'.
 */
void table_write(const struct table *table, unsigned indent, struct buffer *buffer);

#endif
