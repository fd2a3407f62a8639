/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/lexer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* Editors of other systems begin UTF-8 files with it. */
static const char byte_order_mark[] = "\xef\xbb\xbf";

int lexer_open(const struct source *source, struct arena *arena,
	       struct diagnostics *diagnostics, struct lexer *ret)
{
	const char *path = arena_strdup(arena, source->path);
	if (!path)
		return -ENOMEM;

	size_t skip = strlen(byte_order_mark);
	if (source->length < skip || memcmp(source->text, byte_order_mark, skip) != 0)
		skip = 0;

	*ret = (struct lexer){
		.arena = arena,
		.diagnostics = diagnostics,
		.path = path,
		.text = source->text + skip,
		.text_end = source->text + source->length,
	};
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Where in the file @at, a place in the current line, is. */
static struct position position_of(const struct lexer *lexer, const char *at)
{
	return (struct position){
		.file = lexer->path,
		.line = lexer->line,
		.column = (unsigned)(at - lexer->begin) + 1,
	};
}

/* Report what is wrong at @at; -EINVAL. */
__attribute__((format(printf, 3, 4)))
static int error_at(struct lexer *lexer, const char *at, const char *format, ...)
{
	struct position position = position_of(lexer, at);
	va_list arguments;

	va_start(arguments, format);
	diagnostic_vadd(lexer->diagnostics, SEVERITY_ERROR, &position, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

/* Append a token that began at @at; 0 or -ENOMEM. */
static int push(struct lexer *lexer, enum token_kind kind, const char *at, const char *text,
		size_t length)
{
	struct token *token = ARENA_APPEND(lexer->arena, &lexer->tokens);
	if (!token)
		return -ENOMEM;
	*token = (struct token){
		.kind = kind,
		.text = text,
		.length = length,
		.position = position_of(lexer, at),
	};
	return 0;
}

/* Cut the string whose opening quote is at *@at; *@at moves behind the closing one. */
static int scan_string(struct lexer *lexer, const char **at)
{
	const char *open = *at;
	/* Escapes only shorten it. */
	char *text = arena_alloc(lexer->arena, (size_t)(lexer->end - open));
	if (!text)
		return -ENOMEM;

	size_t length = 0;
	for (const char *p = open + 1; p < lexer->end; p++) {
		if (*p == '"') {
			*at = p + 1;
			return push(lexer, TOKEN_STRING, open, text, length);
		}
		if (*p == '\t')
			return error_at(lexer, p, "a tab in quotes; expected a blank");
		if (*p == '\\') {
			if (p + 1 < lexer->end && p[1] != '"' && p[1] != '\\')
				return error_at(lexer, p,
						"a backslash before neither '\"' nor '\\'; "
						"expected \\\" or \\\\ in quotes");
			p++;
			if (p == lexer->end)
				break;
		}
		text[length++] = *p;
	}
	return error_at(lexer, open,
			"the quotes opened here are not closed; expected '\"' before the end of "
			"the line");
}

/* Does a word end before @c? */
static bool ends_word(char c)
{
	return is_blank(c) || c == ',' || c == '"' || c == '#';
}

/* Cut the word at *@at; *@at moves behind it. */
static int scan_word(struct lexer *lexer, const char **at)
{
	const char *begin = *at, *p = begin;

	while (p < lexer->end && !ends_word(*p))
		p++;
	*at = p;
	return push(lexer, TOKEN_WORD, begin, begin, (size_t)(p - begin));
}

/* Cut the current line; 0, -EINVAL after reporting, -ENOMEM. */
static int scan_line(struct lexer *lexer)
{
	const char *p = lexer->begin, *behind_last = p;
	int rc = 0;

	while (p < lexer->end && *p != '#') {
		if (is_blank(*p)) {
			p++;
			continue;
		}
		if (*p == '"') {
			rc = scan_string(lexer, &p);
		} else if (*p == ',') {
			rc = push(lexer, TOKEN_COMMA, p, p, 1);
			p++;
		} else if (*p == '!') {
			rc = push(lexer, TOKEN_NOT, p, p, 1);
			p++;
		} else {
			rc = scan_word(lexer, &p);
		}
		if (rc)
			return rc;
		behind_last = p;
	}
	lexer->end = behind_last;
	return push(lexer, TOKEN_END, behind_last, behind_last, 0);
}

/* Is every character of the current line text? 0, or -EINVAL after reporting. */
static int check_text(struct lexer *lexer)
{
	size_t length = (size_t)(lexer->end - lexer->begin);
	if (length > LEXER_LINE_MAX)
		return error_at(lexer, lexer->begin + LEXER_LINE_MAX,
				"a line of %zu bytes; expected at most %d", length, LEXER_LINE_MAX);

	for (const char *p = lexer->begin; p < lexer->end;) {
		uint32_t character;
		size_t size = utf8_decode(p, (size_t)(lexer->end - p), &character);
		if (!size || (utf8_is_control(character) && character != '\t'))
			return error_at(lexer, p, "the byte 0x%02x; expected text in UTF-8 "
					"without control characters", (unsigned)(uint8_t)*p);
		p += size;
	}
	return 0;
}

/* Step to the next line, whatever is on it. */
static void take_line(struct lexer *lexer)
{
	const char *newline =
		memchr(lexer->text, '\n', (size_t)(lexer->text_end - lexer->text));

	lexer->begin = lexer->text;
	lexer->end = newline ? newline : lexer->text_end;
	lexer->text = newline ? newline + 1 : lexer->text_end;
	lexer->line++;
	lexer->tokens.count = 0;
	lexer->next = 0;
	if (lexer->end > lexer->begin && lexer->end[-1] == '\r')
		lexer->end--;
}

int lexer_next_line(struct lexer *lexer)
{
	while (lexer->text < lexer->text_end) {
		take_line(lexer);
		int rc = check_text(lexer);
		if (!rc)
			rc = scan_line(lexer);
		if (rc == -ENOMEM)
			return rc;
		if (!rc && lexer->tokens.count > 1)
			return 1;
	}
	return 0;
}

const struct token *lexer_peek(const struct lexer *lexer)
{
	return &lexer->tokens.items[lexer->next];
}

const struct token *lexer_take(struct lexer *lexer)
{
	const struct token *token = lexer_peek(lexer);

	if (token->kind != TOKEN_END)
		lexer->next++;
	return token;
}

bool lexer_accept(struct lexer *lexer, enum token_kind kind)
{
	if (lexer_peek(lexer)->kind != kind)
		return false;
	lexer_take(lexer);
	return true;
}

bool lexer_accept_word(struct lexer *lexer, const char *word)
{
	if (!token_is(lexer_peek(lexer), word))
		return false;
	lexer_take(lexer);
	return true;
}

bool token_is(const struct token *token, const char *word)
{
	return token->kind == TOKEN_WORD && token->length == strlen(word) &&
	       memcmp(token->text, word, token->length) == 0;
}

int token_find(const struct token *token, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (token_is(token, words[i]))
			return i;
	return -1;
}

int lexer_expect(struct lexer *lexer, const char *what, const char *const *words,
		 size_t *ret_index)
{
	const struct token *token = lexer_take(lexer);
	int index = token_find(token, words);

	if (index < 0)
		return lexer_refuse(lexer, token, what, NULL, words);
	*ret_index = (size_t)index;
	return 0;
}

int lexer_expect_end(struct lexer *lexer, const char *expected, const char *const *words)
{
	const struct token *token = lexer_peek(lexer);

	return token->kind == TOKEN_END ? 0 : lexer_unexpected(lexer, token, expected, words);
}

const char *lexer_line_text(const struct lexer *lexer)
{
	char *text = arena_alloc(lexer->arena, (size_t)(lexer->end - lexer->begin) + 1);
	if (!text)
		return NULL;

	size_t length = 0;
	bool quoted = false;
	for (const char *p = lexer->begin; p < lexer->end; p++) {
		if (!quoted && is_blank(*p)) {
			if (length > 0 && text[length - 1] != ' ')
				text[length++] = ' ';
			continue;
		}
		text[length++] = *p;
		if (*p == '"')
			quoted = !quoted;
		else if (quoted && *p == '\\')
			text[length++] = *++p;
	}
	text[length] = '\0';
	return text;
}
