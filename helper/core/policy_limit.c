/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/policy_limit.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "core/value.h"

/*
 * The kernel counts time in tokens of a nanosecond: a day's worth of these for each packet of
 * a burst still fits into 64 bits.
 */
#define PACKETS_MAX 1000000
#define BURST_MAX   65535

/* UNIT: what may stand behind the slash; its seconds, or 0 */
static uint32_t unit_s(const char *text, size_t length)
{
	static const struct { const char *word; uint32_t seconds; } units[] = {
		{ "second", 1 }, { "minute", 60 }, { "hour", 60 * 60 }, { "day", 24 * 60 * 60 },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strlen(units[i].word) == length && memcmp(units[i].word, text, length) == 0)
			return units[i].seconds;
	return 0;
}

/* PACKETS/UNIT */
static int parse_rate(struct lexer *lexer, struct rate_limit *limit)
{
	const struct token *token = lexer_take(lexer);
	const char *slash = token->kind == TOKEN_WORD ? memchr(token->text, '/', token->length)
						      : NULL;
	char expected[96];
	uint64_t packets = 0;

	if (slash) {
		size_t length = (size_t)(slash - token->text);

		limit->per_s = unit_s(slash + 1, token->length - length - 1);
		if (number_parse(token->text, length, PACKETS_MAX, &packets))
			packets = 0;
	}
	if (!packets || !limit->per_s) {
		snprintf(expected, sizeof(expected),
			 "a number from 1 to %d with /second, /minute, /hour or /day", PACKETS_MAX);
		return lexer_refuse(lexer, token, "a rate", expected, NULL);
	}
	limit->packets = (uint32_t)packets;
	return 0;
}

/* [burst PACKETS] */
static int parse_burst(struct lexer *lexer, struct rate_limit *limit)
{
	if (!lexer_accept_word(lexer, "burst"))
		return 0;
	return value_number(lexer, lexer_take(lexer), "a burst", 1, BURST_MAX, &limit->burst);
}

int policy_limit_parse(struct lexer *lexer, struct policy_rule *rule)
{
	struct rate_limit limit = { 0 };

	if (!lexer_accept_word(lexer, "limit"))
		return 0;
	int rc = parse_rate(lexer, &limit);
	if (!rc)
		rc = parse_burst(lexer, &limit);
	if (!rc)
		rule->limit = limit;
	return rc;
}
