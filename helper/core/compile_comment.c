/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/compile_comment.h"

#include <string.h>

#include "core/ruleset.h"

/* The longest start of @text that fits into a comment and divides no UTF-8 character. */
static size_t comment_length(const char *text)
{
	size_t length = strlen(text);

	if (length <= COMMENT_MAX_BYTES)
		return length;
	length = COMMENT_MAX_BYTES;
	while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	return length;
}

const char *compile_place(const struct policy_rule *rule, struct arena *arena)
{
	const char *file = strrchr(rule->position.file, '/');

	return arena_printf(arena, "%s:%u", file ? file + 1 : rule->position.file,
			    rule->position.line);
}

const char *compile_comment(const struct policy_rule *rule, struct arena *arena)
{
	const char *place = compile_place(rule, arena);
	char *comment = NULL;

	if (rule->comment)
		comment = arena_strdup(arena, rule->comment);
	else if (place)
		comment = arena_printf(arena, "%s: %s", place, rule->text);
	if (!comment)
		return NULL;
	comment[comment_length(comment)] = '\0';
	/* nft's language has no way to write a double quote within quotes. */
	for (char *c = comment; *c; c++)
		if (*c == '"')
			*c = '\'';
	return comment;
}
