/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values that several directives take: from a token, or with an error reported. */
#ifndef CARREL_CORE_VALUE_H
#define CARREL_CORE_VALUE_H

#include <stdint.h>
#include "base/address.h"
#include "core/lexer.h"

/**
 * value_prefix() - an address or a prefix
 * @what:	what is looked for: "a pool"
 * @expected:	what to write instead, when @token is no prefix at all
 * @words:	candidates for "did you mean", or NULL
 *
 * Return: 0; -EINVAL after reporting
 */
int value_prefix(struct lexer *lexer, const struct token *token, const char *what,
		 const char *expected, const char *const *words, struct prefix *ret);

/**
 * value_range() - "80" or "8000-8099"; both ends from @min to @max
 * @what:	what is looked for: "a port"
 *
 * Return: 0; -EINVAL after reporting
 */
int value_range(struct lexer *lexer, const struct token *token, const char *what, uint32_t min,
		uint32_t max, uint32_t *ret_first, uint32_t *ret_last);

/**
 * value_number() - from @min to @max
 * @what:	what is looked for: "a burst"
 *
 * Return: 0; -EINVAL after reporting
 */
int value_number(struct lexer *lexer, const struct token *token, const char *what, uint32_t min,
		 uint32_t max, uint32_t *ret);

/**
 * value_duration() - "30s", "10m", "2h", "1d" or plain seconds
 * @what:	what is looked for: "a time"
 * @max_s:	the longest that makes sense
 *
 * Return: 0; -EINVAL after reporting
 */
int value_duration(struct lexer *lexer, const struct token *token, const char *what,
		   uint64_t max_s, uint64_t *ret_s);

/**
 * value_text() - a terminated copy of a word's or string's text
 * Return: 0; -EINVAL after reporting that @what is missing; -ENOMEM
 */
int value_text(struct lexer *lexer, const struct token *token, const char *what,
	       const char **ret);

#endif
