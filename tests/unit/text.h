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
#include "core/policy_parse.h"

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

/* @text as a configuration; config_parse()'s result. */
static inline int text_config(const char *text, struct diagnostics *diagnostics,
			      struct config *ret)
{
	struct source source = text_source(text);
	const struct sources sources = { .list = { &source, 1, 1 } };

	return config_parse(&sources, diagnostics->arena, ret, diagnostics);
}

/* Likewise, a text of which nothing is to be said. */
static inline void valid_config(const char *text, struct arena *arena, struct config *ret)
{
	struct diagnostics diagnostics = { .arena = arena };

	assert_int_equal(text_config(text, &diagnostics, ret), 0);
	assert_string_equal(said(arena, &diagnostics), "");
}

/* The built-in configuration: its pools. */
static inline void built_in_config(struct arena *arena, struct config *ret)
{
	valid_config("", arena, ret);
}

/* @text as the policy "x" of that configuration; policy_parse()'s result. */
static inline int text_policy(const char *text, struct diagnostics *diagnostics,
			      struct config *ret_config, struct policy *ret)
{
	const struct source source = text_source(text);

	built_in_config(diagnostics->arena, ret_config);
	return policy_parse("x", &source, diagnostics->arena, ret, diagnostics);
}

#endif
