/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cuts carrel.conf and policies into lines of tokens, and words what is wrong with them.
 *
 * A directive is one line. Words end at blanks, commas, double quotes and '#'; "..." is a
 * string in which \" and \\ stand for a quote and a backslash; '#' outside of a string
 * begins a comment. Text is UTF-8 without control characters.
 */
#ifndef CARREL_CORE_LEXER_H
#define CARREL_CORE_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "core/diagnostic.h"
#include "core/source.h"

/* A thousand IPv6 prefixes fit; what is longer is no line that a person or a tool means. */
#define LEXER_LINE_MAX 65536

enum token_kind {
	TOKEN_WORD,
	TOKEN_STRING,
	TOKEN_COMMA,
	TOKEN_NOT,              /* '!' at the beginning of a word or string */
	TOKEN_END,              /* of the line: always the last token */
};

struct token {
	enum token_kind kind;
	const char *text;       /* word: part of the source; string: without quotes and escapes */
	size_t length;          /* of text; it is not terminated */
	struct position position;
};

struct lexer {
	struct arena *arena;                    /* borrowed */
	struct diagnostics *diagnostics;        /* borrowed */
	const char *path;                       /* from arena */
	const char *text, *text_end;            /* what is still to be read; borrowed */
	unsigned line;                          /* number of the current line */
	const char *begin, *end;                /* the current line, without its comment */
	ARENA_LIST(struct token) tokens;        /* of the current line */
	size_t next;                            /* index of the token to take */
};

/**
 * lexer_open() - begin with @source
 * @source:	its text must outlive @ret
 * @arena:	strings, tokens and the file name of positions live here
 * @diagnostics: gets what is wrong
 *
 * Return: 0; -ENOMEM
 */
int lexer_open(const struct source *source, struct arena *arena,
	       struct diagnostics *diagnostics, struct lexer *ret);

/**
 * lexer_next_line() - go to the next line that has a token
 *
 * Lines that cannot be cut into tokens are reported and skipped. Tokens of the line before
 * are invalid afterwards.
 *
 * Return: 1; 0 at the end of the text; -ENOMEM
 */
int lexer_next_line(struct lexer *lexer);

/** lexer_peek() - the token to come; TOKEN_END is never passed */
const struct token *lexer_peek(const struct lexer *lexer);

/** lexer_take() - the token to come, and step over it */
const struct token *lexer_take(struct lexer *lexer);

/** lexer_accept() - step over the token to come when it is of @kind; whether it was */
bool lexer_accept(struct lexer *lexer, enum token_kind kind);

/** lexer_accept_word() - step over the token to come when it is the word @word */
bool lexer_accept_word(struct lexer *lexer, const char *word);

/** token_is() - is @token the word @word, outside of quotes? */
bool token_is(const struct token *token, const char *word);

/** token_find() - index of @token among the NULL-terminated @words, or -1 */
int token_find(const struct token *token, const char *const *words);

/**
 * lexer_expect() - take one of @words
 * @what:	what they are, with its article: "a protocol"
 * @words:	NULL-terminated
 *
 * Return: 0 with the index of the word; -EINVAL after reporting
 */
int lexer_expect(struct lexer *lexer, const char *what, const char *const *words,
		 size_t *ret_index);

/**
 * lexer_expect_end() - is the whole line taken?
 * @expected:	what could stand here: "a comment or the end of the line"
 * @words:	candidates for "did you mean", NULL-terminated; or NULL
 *
 * Return: 0; -EINVAL after reporting
 */
int lexer_expect_end(struct lexer *lexer, const char *expected, const char *const *words);

/**
 * lexer_unexpected() - report "unexpected 'now'; expected the end of the line"
 * @token:	what was found
 * @expected:	as of lexer_expect_end(), and @words
 *
 * Return: -EINVAL
 */
int lexer_unexpected(struct lexer *lexer, const struct token *token, const char *expected,
		     const char *const *words);

/**
 * lexer_refuse() - report "'tpc' is not a protocol; expected ... (did you mean 'tcp'?)"
 * @token:	what was found; at the end of the line the message is "missing a protocol; ..."
 * @what:	what was looked for, with its article
 * @expected:	what to write instead; NULL: the @words
 * @words:	candidates for "did you mean", NULL-terminated; or NULL
 *
 * Return: -EINVAL
 */
int lexer_refuse(struct lexer *lexer, const struct token *token, const char *what,
		 const char *expected, const char *const *words);

/**
 * lexer_error() - report any other error
 * @token:	where
 *
 * Return: -EINVAL
 */
int lexer_error(struct lexer *lexer, const struct token *token, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Longest piece of a file that a message repeats; the rest becomes "...". */
#define TOKEN_SHOWN_MAX  64
#define TOKEN_SHOWN_SIZE (TOKEN_SHOWN_MAX + sizeof("'...'"))

/** token_show() - @token as messages show it, in its quotes; returns @text */
const char *token_show(const struct token *token, char text[TOKEN_SHOWN_SIZE]);

/**
 * lexer_line_text() - the current line as written: without its comment, blanks folded to one
 *		       (not those in quotes)
 * Return: the text, from the lexer's arena; NULL on ENOMEM
 */
const char *lexer_line_text(const struct lexer *lexer);

#endif
