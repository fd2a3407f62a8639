/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of configuration and policies share: texts, and what is said about them. */
#ifndef CARREL_TESTS_UNIT_TEXT_H
#define CARREL_TESTS_UNIT_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/config.h"

/* A text and all that is said about it, a line for each: "LINE:COLUMN: message". */
struct text_case {
	const char *text;
	const char *said;
};

/* The findings as one text; warnings begin with "warning ". */
static inline const char *said(struct arena *arena, const struct diagnostics *diagnostics)
{
	const char *text = "";

	for (size_t i = 0; i < diagnostics->list.count; i++) {
		const struct diagnostic *one = &diagnostics->list.items[i];
		text = arena_printf(arena, "%s%s%s%u:%u: %s", text, i ? "\n" : "",
				    one->severity == SEVERITY_WARNING ? "warning " : "",
				    one->position.line, one->position.column, one->message);
		assert_non_null(text);
	}
	return text;
}

/* @text as the file "x.conf". */
static inline struct source text_source(const char *text)
{
	return (struct source){ .path = "x.conf", .text = text, .length = strlen(text) };
}

#endif
