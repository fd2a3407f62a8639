/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the lexer words errors: the part of lexer.h that makes sentences. */
#include "core/lexer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/name.h"

/* How much of @token messages repeat: TOKEN_SHOWN_MAX bytes, or less not to cut a character. */
static size_t shown_length(const struct token *token)
{
	size_t cut = TOKEN_SHOWN_MAX;

	if (token->length <= cut)
		return token->length;
	while (cut > 0 && ((unsigned char)token->text[cut] & 0xc0) == 0x80)
		cut--;
	return cut;
}

const char *token_show(const struct token *token, char text[TOKEN_SHOWN_SIZE])
{
	char quote = token->kind == TOKEN_STRING ? '"' : '\'';
	size_t shown = shown_length(token);

	snprintf(text, TOKEN_SHOWN_SIZE, "%c%.*s%s%c", quote, (int)shown, token->text,
		 shown < token->length ? "..." : "", quote);
	return text;
}

int lexer_error(struct lexer *lexer, const struct token *token, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	diagnostic_vadd(lexer->diagnostics, SEVERITY_ERROR, &token->position, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

/* " (did you mean 'tcp'?)", or "" */
static const char *hint(struct lexer *lexer, const struct token *token,
			const char *const *words)
{
	if (!words || token->kind != TOKEN_WORD)
		return "";
	const char *nearest = name_nearest(token->text, token->length, words);
	if (!nearest)
		return "";
	const char *text = arena_printf(lexer->arena, " (did you mean '%s'?)", nearest);
	return text ? text : "";
}

/* "tcp, udp, icmp or sctp" */
static const char *join(struct lexer *lexer, const char *const *words)
{
	const char *text = words[0];

	for (size_t i = 1; text && words[i]; i++)
		text = arena_printf(lexer->arena, "%s%s%s", text, words[i + 1] ? ", " : " or ",
				    words[i]);
	return text ? text : "another word";
}

int lexer_refuse(struct lexer *lexer, const struct token *token, const char *what,
		 const char *expected, const char *const *words)
{
	char shown[TOKEN_SHOWN_SIZE];

	if (!expected && words)
		expected = join(lexer, words);
	const char *separator = expected ? "; expected " : "";
	if (!expected)
		expected = "";
	if (token->kind == TOKEN_END)
		return lexer_error(lexer, token, "missing %s%s%s", what, separator, expected);
	return lexer_error(lexer, token, "%s is not %s%s%s%s", token_show(token, shown), what,
			   separator, expected, hint(lexer, token, words));
}

int lexer_unexpected(struct lexer *lexer, const struct token *token, const char *expected,
		     const char *const *words)
{
	char shown[TOKEN_SHOWN_SIZE];

	return lexer_error(lexer, token, "unexpected %s; expected %s%s", token_show(token, shown),
			   expected, hint(lexer, token, words));
}
