/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kind of file is a table: one row a directive. */
#ifndef CARREL_CORE_DIRECTIVE_H
#define CARREL_CORE_DIRECTIVE_H

#include <stdbool.h>
#include "core/lexer.h"

struct directive {
	const char *word;
	bool once;              /* a second one is an error */
	/*
	 * Understands the rest of the line (what it leaves is an error).
	 * @keyword is the directive's word, @target what the caller of directive_parse() gave.
	 * Return: 0; -EINVAL after reporting; -ENOMEM
	 */
	int (*parse)(struct lexer *lexer, const struct token *keyword, void *target);
};

/* Rows that a table may have. */
#define DIRECTIVES_MAX 16

struct directives {
	const struct directive *rows;
	size_t count;
	/* Where a directive that may stand only once was seen; line 0: not yet. */
	struct position seen[DIRECTIVES_MAX];
};

/**
 * directive_parse() - understand every line of one file
 * @directives:	remembers what was seen, so that several files can be one text
 * @target:	given to the rows' functions
 *
 * Lines with an error are reported and skipped.
 *
 * Return: 0 (look at diagnostics->errors), -ENOMEM
 */
int directive_parse(struct directives *directives, const struct source *source,
		    struct arena *arena, struct diagnostics *diagnostics, void *target);

/**
 * position_relative() - "line 3", or "FILE:3" when @position is in another file than @from
 * Return: the text, from @arena; "" when there is no memory
 */
const char *position_relative(struct arena *arena, const struct position *position,
			      const struct position *from);

#endif
