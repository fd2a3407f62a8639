/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/value.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

/* Report a prefix with host bits: say which prefix the address is in. */
static int refuse_host_bits(struct lexer *lexer, const struct token *token)
{
	char shown[TOKEN_SHOWN_SIZE], text[PREFIX_TEXT_SIZE];
	const char *slash = memchr(token->text, '/', token->length);
	size_t address_length = (size_t)(slash - token->text);
	uint64_t length;
	struct prefix prefix;

	int rc = address_parse(token->text, address_length, &prefix.address);
	if (!rc)
		rc = number_parse(slash + 1, token->length - address_length - 1, 128, &length);
	/* prefix_parse() understood both a moment ago. */
	assert(!rc);
	(void)rc;

	prefix.length = (uint8_t)length;
	for (unsigned bit = prefix.length; bit < address_bits(prefix.address.family); bit++)
		prefix.address.bytes[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
	prefix_format(&prefix, text);
	return lexer_error(lexer, token,
			   "%s has bits set behind the first %u; expected a prefix "
			   "(did you mean '%s'?)", token_show(token, shown), prefix.length, text);
}

int value_prefix(struct lexer *lexer, const struct token *token, const char *what,
		 const char *expected, const char *const *words, struct prefix *ret)
{
	char shown[TOKEN_SHOWN_SIZE];

	if (token->kind != TOKEN_WORD)
		return lexer_refuse(lexer, token, what, expected, words);
	switch (prefix_parse(token->text, token->length, ret)) {
	case 0:
		return 0;
	case -ERANGE:
		return lexer_error(lexer, token,
				   "the prefix length of %s is too large; expected at most %d",
				   token_show(token, shown),
				   memchr(token->text, ':', token->length) ? 128 : 32);
	case -EADDRNOTAVAIL:
		return refuse_host_bits(lexer, token);
	default:
		return lexer_refuse(lexer, token, what, expected, words);
	}
}

int value_range(struct lexer *lexer, const struct token *token, const char *what, uint32_t min,
		uint32_t max, uint32_t *ret_first, uint32_t *ret_last)
{
	char expected[64], shown[TOKEN_SHOWN_SIZE];
	const char *dash = memchr(token->text, '-', token->length);
	size_t first_length = dash ? (size_t)(dash - token->text) : token->length;
	uint64_t first, last;

	int rc = token->kind == TOKEN_WORD ? number_parse(token->text, first_length, max, &first) :
					     -EINVAL;
	if (!rc && dash)
		rc = number_parse(dash + 1, token->length - first_length - 1, max, &last);
	else if (!rc)
		last = first;
	if (rc || first < min || last < min) {
		snprintf(expected, sizeof(expected), "a number or a range from %u to %u", min, max);
		return lexer_refuse(lexer, token, what, expected, NULL);
	}
	if (first > last)
		return lexer_error(lexer, token, "the range %s ends before it begins",
				   token_show(token, shown));
	*ret_first = (uint32_t)first;
	*ret_last = (uint32_t)last;
	return 0;
}

int value_number(struct lexer *lexer, const struct token *token, const char *what, uint32_t min,
		 uint32_t max, uint32_t *ret)
{
	char expected[64];
	uint64_t number;

	if (token->kind != TOKEN_WORD || number_parse(token->text, token->length, max, &number) ||
	    number < min) {
		snprintf(expected, sizeof(expected), "a number from %u to %u", min, max);
		return lexer_refuse(lexer, token, what, expected, NULL);
	}
	*ret = (uint32_t)number;
	return 0;
}

int value_duration(struct lexer *lexer, const struct token *token, const char *what,
		   uint64_t max_s, uint64_t *ret_s)
{
	char shown[TOKEN_SHOWN_SIZE];
	int rc = token->kind == TOKEN_WORD ?
		 number_parse_duration(token->text, token->length, max_s, ret_s) : -EINVAL;

	if (rc == -ERANGE)
		return lexer_error(lexer, token, "%s is too long for %s; expected at most %ju seconds",
				   token_show(token, shown), what, (uintmax_t)max_s);
	if (rc)
		return lexer_refuse(lexer, token, what, "a number of seconds, or of minutes, hours or "
				    "days such as 10m, 2h, 1d", NULL);
	return 0;
}

int value_text(struct lexer *lexer, const struct token *token, const char *what,
	       const char **ret)
{
	if (token->kind != TOKEN_WORD && token->kind != TOKEN_STRING)
		return lexer_refuse(lexer, token, what, NULL, NULL);
	const char *text = arena_strndup(lexer->arena, token->text, token->length);
	if (!text)
		return -ENOMEM;
	*ret = text;
	return 0;
}
