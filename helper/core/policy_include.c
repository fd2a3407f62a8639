/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/policy_include.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/name.h"

/* Names of policies with '/' between them: what can be a path below a directory, and no other. */
static bool is_name(const struct token *token)
{
	const char *at = token->text, *end = token->text + token->length;

	if (token->kind != TOKEN_WORD)
		return false;
	for (;;) {
		const char *slash = memchr(at, '/', (size_t)(end - at));
		const char *stop = slash ? slash : end;

		if (!name_valid_policy(at, (size_t)(stop - at)))
			return false;
		if (!slash)
			return true;
		at = slash + 1;
	}
}

/* "a -> b": from the outermost file to @frame; NULL when memory ran out */
static const char *chain_text(struct arena *arena, const struct include_frame *frame)
{
	const char *text = frame->path;

	while ((frame = frame->includer) != NULL && text)
		text = arena_printf(arena, "%s -> %s", frame->path, text);
	return text;
}

/* Is @path being read already, or too much? */
static int check_frames(struct lexer *lexer, const struct token *token,
			const struct include_frame *frame, const char *path)
{
	const char *chain = chain_text(lexer->arena, frame);
	char shown[TOKEN_SHOWN_SIZE];
	unsigned depth = 0;

	if (!chain)
		return -ENOMEM;
	token_show(token, shown);
	for (const struct include_frame *at = frame; at; at = at->includer, depth++)
		if (strcmp(at->path, path) == 0)
			return lexer_error(lexer, token, "%s includes itself: %s -> %s", shown,
					   chain, path);
	if (depth > INCLUDE_DEPTH_MAX)
		return lexer_error(lexer, token, "%s is included %u files deep; expected at most %d: "
				   "%s -> %s", shown, depth, INCLUDE_DEPTH_MAX, chain, path);
	return 0;
}

int policy_include_open(struct lexer *lexer, const struct policy_context *context,
			const struct include_frame *frame, unsigned *count,
			struct source *ret_source)
{
	const struct token *token = lexer_take(lexer);
	char shown[TOKEN_SHOWN_SIZE];
	struct carrel_error err = { 0 };
	struct source source;

	if (!is_name(token))
		return lexer_refuse(lexer, token, "a name to include",
				    "names of 1 to 32 characters from a-z, 0-9, '_', '-' and '.', "
				    "with '/' between them", NULL);
	token_show(token, shown);
	if (token_is(token, POLICY_OVERRIDES))
		return lexer_error(lexer, token, "%s decides before every policy; it cannot be "
				   "included", shown);
	if (!context->include)
		return lexer_error(lexer, token, "%s cannot be included by a text that stands alone",
				   shown);
	if (*count == INCLUDE_COUNT_MAX)
		return lexer_error(lexer, token, "%s is one file too many; expected at most %d",
				   shown, INCLUDE_COUNT_MAX);

	const char *name = arena_strndup(lexer->arena, token->text, token->length);
	if (!name)
		return -ENOMEM;
	int rc = context->include(context->reader, name, &source, &err);
	if (rc == -ENOMEM)
		return rc;
	if (rc)
		return lexer_error(lexer, token, "cannot include %s: %s", shown, err.text);
	rc = check_frames(lexer, token, frame, source.path);
	if (rc)
		return rc;
	++*count;
	*ret_source = source;
	return 0;
}
