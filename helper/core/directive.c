/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/directive.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

const char *position_relative(struct arena *arena, const struct position *position,
			      const struct position *from)
{
	const char *text;

	if (strcmp(position->file, from->file) == 0)
		text = arena_printf(arena, "line %u", position->line);
	else
		text = arena_printf(arena, "%s:%u", position->file, position->line);
	return text ? text : "";
}

/* Note that the row @index was met; -EINVAL when it was met before and may not be again. */
static int note_seen(struct directives *directives, size_t index, struct lexer *lexer,
		     const struct token *keyword)
{
	struct position *seen = &directives->seen[index];

	if (!directives->rows[index].once)
		return 0;
	if (seen->line)
		return lexer_error(lexer, keyword, "a second '%s'; the first is at %s",
				   directives->rows[index].word,
				   position_relative(lexer->arena, seen, &keyword->position));
	*seen = keyword->position;
	return 0;
}

/* Understand the current line. */
static int parse_line(struct directives *directives, struct lexer *lexer, void *target)
{
	const char *words[DIRECTIVES_MAX + 1] = { NULL };
	const struct token *keyword = lexer_peek(lexer);
	size_t index;

	for (size_t i = 0; i < directives->count; i++)
		words[i] = directives->rows[i].word;
	int rc = lexer_expect(lexer, "a directive", words, &index);
	if (!rc)
		rc = note_seen(directives, index, lexer, keyword);
	if (!rc)
		rc = directives->rows[index].parse(lexer, keyword, target);
	if (!rc)
		rc = lexer_expect_end(lexer, "the end of the line", NULL);
	return rc;
}

int directive_parse(struct directives *directives, const struct source *source,
		    struct arena *arena, struct diagnostics *diagnostics, void *target)
{
	struct lexer lexer;

	assert(directives->count <= DIRECTIVES_MAX);
	int rc = lexer_open(source, arena, diagnostics, &lexer);
	if (rc)
		return rc;
	while ((rc = lexer_next_line(&lexer)) > 0) {
		rc = parse_line(directives, &lexer, target);
		if (rc == -ENOMEM)
			return rc;
	}
	return rc;
}
