/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/policy_icmp.h"

#include <errno.h>
#include <stdbool.h>

#include "base/number.h"

#define NO_TYPE (-1)

/* RFC 792, RFC 4443. One word is what both families call so, where both have it. */
static const struct icmp_word {
	const char *word;
	int numbers[FAMILY_COUNT];
} icmp_words[] = {
	{ "echo-request",            { [FAMILY_IPV4] = 8,  [FAMILY_IPV6] = 128 } },
	{ "echo-reply",              { [FAMILY_IPV4] = 0,  [FAMILY_IPV6] = 129 } },
	{ "destination-unreachable", { [FAMILY_IPV4] = 3,  [FAMILY_IPV6] = 1 } },
	{ "packet-too-big",          { [FAMILY_IPV4] = NO_TYPE, [FAMILY_IPV6] = 2 } },
	{ "time-exceeded",           { [FAMILY_IPV4] = 11, [FAMILY_IPV6] = 3 } },
	{ "parameter-problem",       { [FAMILY_IPV4] = 12, [FAMILY_IPV6] = 4 } },
	{ "timestamp-request",       { [FAMILY_IPV4] = 13, [FAMILY_IPV6] = NO_TYPE } },
	{ "timestamp-reply",         { [FAMILY_IPV4] = 14, [FAMILY_IPV6] = NO_TYPE } },
};
#define ICMP_WORD_COUNT (sizeof(icmp_words) / sizeof(*icmp_words))

/* The row of @token's word; NULL, with the words for a message, when it is none of them. */
static const struct icmp_word *find_word(const struct token *token,
					 const char *words[ICMP_WORD_COUNT + 1])
{
	for (size_t i = 0; i < ICMP_WORD_COUNT; i++)
		words[i] = icmp_words[i].word;
	words[ICMP_WORD_COUNT] = NULL;

	int index = token_find(token, words);
	return index < 0 ? NULL : &icmp_words[index];
}

static bool has_type(const struct policy_rule *rule, const struct icmp_type *type)
{
	for (size_t i = 0; i < rule->icmp_types.count; i++)
		if (rule->icmp_types.items[i].family == type->family &&
		    rule->icmp_types.items[i].number == type->number)
			return true;
	return false;
}

/* Add what one item of the list stands for in each family, where that is not in it yet. */
static int add_types(struct lexer *lexer, const struct token *token,
		     const int numbers[FAMILY_COUNT], struct policy_rule *rule)
{
	size_t before = rule->icmp_types.count;
	char shown[TOKEN_SHOWN_SIZE];

	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		struct icmp_type type = { family, (uint8_t)numbers[family] };

		if (numbers[family] == NO_TYPE || has_type(rule, &type))
			continue;
		struct icmp_type *added = ARENA_APPEND(lexer->arena, &rule->icmp_types);
		if (!added)
			return -ENOMEM;
		*added = type;
	}
	if (rule->icmp_types.count == before)
		return lexer_error(lexer, token, "%s is in the list already",
				   token_show(token, shown));
	return 0;
}

/* TYPE: a word, or a number, which is a type of both families */
static int parse_type(struct lexer *lexer, struct policy_rule *rule)
{
	static const char expected[] = "echo-request, echo-reply, destination-unreachable, "
		"packet-too-big, time-exceeded, parameter-problem, timestamp-request, "
		"timestamp-reply or a number from 0 to 255";
	const struct token *token = lexer_take(lexer);
	const char *words[ICMP_WORD_COUNT + 1];
	uint64_t number;

	const struct icmp_word *word = find_word(token, words);
	if (word)
		return add_types(lexer, token, word->numbers, rule);
	if (token->kind != TOKEN_WORD ||
	    number_parse(token->text, token->length, UINT8_MAX, &number))
		return lexer_refuse(lexer, token, "a type of icmp", expected, words);
	const int numbers[FAMILY_COUNT] = { (int)number, (int)number };
	return add_types(lexer, token, numbers, rule);
}

int policy_icmp_parse(struct lexer *lexer, struct policy_rule *rule)
{
	const struct token *keyword = lexer_peek(lexer);

	if (!lexer_accept_word(lexer, "type"))
		return 0;
	if (rule->protocols != PROTOCOL_ICMP)
		return lexer_error(lexer, keyword,
				   "'type' in a rule that is not about icmp alone; expected "
				   "'icmp type'");
	do {
		int rc = parse_type(lexer, rule);
		if (rc)
			return rc;
	} while (lexer_accept(lexer, TOKEN_COMMA));
	return 0;
}
