/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * VERDICT DIRECTION [PROTOCOL,...] [type TYPE,...] [to|from REMOTE,...] [port PORT,...]
 *	[limit RATE [burst PACKETS]] [log] ["COMMENT"]
 *
 * Each part is read by one function, in this order, into a rule on the stack; lists become
 * sorted lists without overlap at the end, and only then is the rule added to the policy.
 * The remote ends of a rule are a union. "internet" is everything but the private
 * prefixes, so in a list with prefixes these are taken out of what it excludes.
 */
#include "core/policy_rule.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/digest.h"
#include "base/hostname.h"
#include "base/number.h"
#include "core/policy_icmp.h"
#include "core/policy_limit.h"
#include "core/policy_name.h"
#include "core/prefixes.h"
#include "core/value.h"

/* What nft can keep: NFTNL_UDATA_COMMENT_MAXLEN (128) with its terminator. */
#define COMMENT_MAX 127

/* In the order of the bits of enum protocol. */
static const char *const protocol_words[] = { "tcp", "udp", "icmp", "sctp", NULL };
static_assert(PROTOCOL_TCP == 1 << 0 && PROTOCOL_UDP == 1 << 1 && PROTOCOL_ICMP == 1 << 2 &&
	      PROTOCOL_SCTP == 1 << 3, "protocol_words is in the order of the bits");

/* What may follow the protocols, and what a misspelt protocol may have been meant to be. */
static const char *const part_words[] = { "type", "to", "from", "port", "limit", "log",
					  NULL };
static const char *const protocol_or_part_words[] = {
	"tcp", "udp", "icmp", "sctp", "type", "to", "from", "port", "limit", "log", NULL,
};

enum remote_word {
	WORD_ANY, WORD_HOST, WORD_PEERS, WORD_RESOLVER, WORD_PRIVATE, WORD_METADATA, WORD_INTERNET,
	WORD_SET,
};
static const char *const remote_words[] = {
	"any", "host", "peers", "resolver", "private", "metadata", "internet", "set", NULL,
};
static_assert(sizeof(remote_words) / sizeof(*remote_words) == WORD_SET + 2,
	      "one word for each enum remote_word");

/* A rule while its line is read. */
struct rule_parser {
	struct policy_rule rule;
	const struct config *config;            /* whose sets it may name; or NULL */
	uint64_t digest;                        /* of the policy, and of the sets that are named */
	unsigned words;                         /* 1 << enum remote_word: seen */
	struct policy_name_list names;          /* of hosts, as they were written */
	const struct token *other;              /* a destination that "any" has in it already */
};

static const char remote_what[] = "an address";
static const char remote_expected[] =
	"any, host, peers, resolver, private, metadata, internet, set NAME, an address, a prefix or a "
	"host name";

/* The word that stands before the remote ends of a rule: a packet's destination or source. */
static const char *remote_keyword(const struct policy_rule *rule)
{
	return rule->direction == DIRECTION_OUT ? "to" : "from";
}

/* [PROTOCOL,...] */
static int parse_protocols(struct lexer *lexer, struct policy_rule *rule)
{
	char shown[TOKEN_SHOWN_SIZE];

	do {
		const struct token *token = lexer_take(lexer);
		int index = token_find(token, protocol_words);
		if (index < 0)
			return lexer_refuse(lexer, token, "a protocol", "tcp, udp, icmp or sctp",
					    protocol_or_part_words);
		if (rule->protocols & 1U << index)
			return lexer_error(lexer, token, "%s stands twice in the list",
					   token_show(token, shown));
		rule->protocols |= 1U << index;
	} while (lexer_accept(lexer, TOKEN_COMMA));
	return 0;
}

/* Append @prefixes to what the rule is about; 0 or -ENOMEM. */
static int append_remotes(struct lexer *lexer, const struct prefix *prefixes, size_t count,
			  struct policy_rule *rule)
{
	for (size_t i = 0; i < count; i++) {
		struct prefix *remote = ARENA_APPEND(lexer->arena, &rule->remotes);
		if (!remote)
			return -ENOMEM;
		*remote = prefixes[i];
	}
	return 0;
}

/* Append the prefixes of a class word; 0 or -ENOMEM. */
static int append_class(struct lexer *lexer, const char *word, struct policy_rule *rule)
{
	size_t count;
	const struct prefix *prefixes = policy_class_prefixes(word, strlen(word), &count);

	return append_remotes(lexer, prefixes, count, rule);
}

/* Report a set that there is not. */
static int refuse_set(struct lexer *lexer, const struct token *token, const struct config *config)
{
	size_t count = config ? config->sets.count : 0;
	const char **words = arena_alloc(lexer->arena, (count + 1) * sizeof(*words));

	if (!words)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		words[i] = config->sets.items[i].name;
	return lexer_refuse(lexer, token, "a set", "one that carrel.conf defines", words);
}

/* NAME, behind "set" */
static int parse_set(struct lexer *lexer, struct rule_parser *parser)
{
	const struct token *token = lexer_take(lexer);
	const struct named_set *set = parser->config && token->kind == TOKEN_WORD
		? config_find_set(parser->config, token->text, token->length) : NULL;

	if (!set)
		return refuse_set(lexer, token, parser->config);
	for (size_t i = 0; i < set->prefixes.count; i++)
		parser->digest = digest_add_prefix(parser->digest, &set->prefixes.items[i]);
	return append_remotes(lexer, set->prefixes.items, set->prefixes.count, &parser->rule);
}

/* Take note of one of remote_words. */
static int note_remote_word(struct lexer *lexer, const struct token *token,
			    enum remote_word word, struct rule_parser *parser)
{
	char shown[TOKEN_SHOWN_SIZE];

	if (parser->words & 1U << word && word != WORD_SET)
		return lexer_error(lexer, token, "%s stands twice in the list",
				   token_show(token, shown));
	parser->words |= 1U << word;

	switch (word) {
	case WORD_ANY:
		parser->rule.remote_any = true;
		return 0;
	case WORD_HOST:
		parser->rule.remote_host = true;
		return 0;
	case WORD_PEERS:
		parser->rule.remote_peers = true;
		return 0;
	case WORD_RESOLVER:
		parser->rule.remote_resolver = true;
		return 0;
	case WORD_PRIVATE:
	case WORD_METADATA:
		parser->other = token;
		return append_class(lexer, remote_words[word], &parser->rule);
	case WORD_INTERNET:
		parser->other = token;
		parser->rule.remote_any = true;
		return 0;
	case WORD_SET:
		parser->other = token;
		return parse_set(lexer, parser);
	}
	return 0;
}

/*
 * Is @token a remote end with a port behind a colon, as other tools write it? @ret_remote is what
 * stands before that, without brackets.
 */
static bool has_port(const struct token *token, struct token *ret_remote)
{
	const char *end = token->text + token->length;
	const char *colon = token->kind == TOKEN_WORD ? memrchr(token->text, ':', token->length) : NULL;
	struct token remote = *token;
	struct address address;
	uint64_t port;

	if (!colon || number_parse(colon + 1, (size_t)(end - colon) - 1, UINT16_MAX, &port) < 0)
		return false;
	remote.length = (size_t)(colon - token->text);
	bool bracket = remote.length > 2 && remote.text[0] == '[' && colon[-1] == ']';
	if (bracket) {
		remote.text++;
		remote.length -= 2;
	}
	*ret_remote = remote;
	/* "1::2:3" is an address, and its last colon not one before a port. */
	if (address_parse(remote.text, remote.length, &address) == 0)
		return bracket || address.family == FAMILY_IPV4;
	return hostname_is_meant(remote.text, remote.length) || token_find(&remote, remote_words) >= 0;
}

/* One item of a list of remote ends. */
static int parse_remote(struct lexer *lexer, struct rule_parser *parser)
{
	const struct token *token = lexer_take(lexer);
	char shown[TOKEN_SHOWN_SIZE], shown_end[TOKEN_SHOWN_SIZE];
	struct prefix prefix;
	struct token end;

	int word = token_find(token, remote_words);
	if (word >= 0)
		return note_remote_word(lexer, token, (enum remote_word)word, parser);
	if (token->kind == TOKEN_WORD && hostname_is_meant(token->text, token->length)) {
		parser->other = token;
		return policy_name_parse(lexer, token, parser->rule.direction, &parser->names);
	}
	if (has_port(token, &end))
		return lexer_error(lexer, token, "%s has a port in it; expected %s, and 'port' with the "
				   "ports behind the whole list", token_show(token, shown),
				   token_show(&end, shown_end));
	int rc = value_prefix(lexer, token, remote_what, remote_expected, remote_words, &prefix);
	if (rc)
		return rc;

	parser->other = token;
	struct prefix *remote = ARENA_APPEND(lexer->arena, &parser->rule.remotes);
	if (!remote)
		return -ENOMEM;
	*remote = prefix;
	return 0;
}

/* [to|from REMOTE,...]; nothing is the same as "any". */
static int parse_remotes(struct lexer *lexer, struct rule_parser *parser)
{
	const struct token *keyword = lexer_peek(lexer);
	struct policy_rule *rule = &parser->rule;
	char shown[TOKEN_SHOWN_SIZE];

	if (!token_is(keyword, "to") && !token_is(keyword, "from")) {
		rule->remote_any = true;
		return 0;
	}
	if (!lexer_accept_word(lexer, remote_keyword(rule)))
		return lexer_error(lexer, keyword, "an '%s' rule takes '%s', not %s",
				   direction_words[rule->direction], remote_keyword(rule),
				   token_show(keyword, shown));
	do {
		int rc = parse_remote(lexer, parser);
		if (rc)
			return rc;
	} while (lexer_accept(lexer, TOKEN_COMMA));

	if (parser->words & 1U << WORD_ANY && parser->other)
		return lexer_error(lexer, parser->other, "%s in one list with 'any', which has it "
				   "already", token_show(parser->other, shown));
	return 0;
}

/* [port PORT,...]: without a protocol those are TCP's and UDP's. */
static int parse_ports(struct lexer *lexer, struct policy_rule *rule)
{
	const struct token *keyword = lexer_peek(lexer);

	if (!lexer_accept_word(lexer, "port"))
		return 0;
	if (rule->protocols & PROTOCOL_ICMP)
		return lexer_error(lexer, keyword,
				   "'port' in a rule about icmp, which has none; expected a rule "
				   "of its own for icmp");
	if (!rule->protocols)
		rule->protocols = PROTOCOL_TCP | PROTOCOL_UDP;
	do {
		uint32_t first, last;
		int rc = value_range(lexer, lexer_take(lexer), "a port", 1, UINT16_MAX, &first,
				     &last);
		if (rc)
			return rc;
		struct port_range *range = ARENA_APPEND(lexer->arena, &rule->ports);
		if (!range)
			return -ENOMEM;
		range->first = (uint16_t)first;
		range->last = (uint16_t)last;
	} while (lexer_accept(lexer, TOKEN_COMMA));
	return 0;
}

/* ["COMMENT"] */
static int parse_comment(struct lexer *lexer, struct policy_rule *rule)
{
	const struct token *token = lexer_peek(lexer);

	if (token->kind != TOKEN_STRING)
		return 0;
	lexer_take(lexer);
	if (token->length == 0 || token->length > COMMENT_MAX)
		return lexer_error(lexer, token, "a comment of %zu bytes; expected 1 to %d",
				   token->length, COMMENT_MAX);
	rule->comment = arena_strndup(lexer->arena, token->text, token->length);
	return rule->comment ? 0 : -ENOMEM;
}

/* What could have followed the last part that was read. */
static int expect_end(struct lexer *lexer, const struct rule_parser *parser)
{
	const struct policy_rule *rule = &parser->rule;
	bool icmp = rule->protocols & PROTOCOL_ICMP;
	bool has_remotes = parser->words || rule->remotes.count || parser->names.list.count;
	const char *words[sizeof(part_words) / sizeof(*part_words)] = { NULL }, *text = "";
	size_t count = 0;

	if (rule->comment)
		return lexer_expect_end(lexer, "the end of the line", NULL);
	if (rule->limit.packets && !rule->limit.burst && !rule->log)
		words[count++] = "burst";
	if (!rule->limit.packets && !rule->log) {
		if (rule->protocols == PROTOCOL_ICMP && !rule->icmp_types.count && !has_remotes)
			words[count++] = "type";
		if (!has_remotes && !rule->ports.count)
			words[count++] = remote_keyword(rule);
		if (!rule->ports.count && !icmp)
			words[count++] = "port";
		words[count++] = "limit";
	}
	if (!rule->log)
		words[count++] = "log";
	for (size_t i = 0; i < count && text; i++)
		text = arena_printf(lexer->arena, "%s%s, ", text, words[i]);
	text = text ? arena_printf(lexer->arena, "%sa comment in quotes or the end of the line", text)
		    : NULL;
	return text ? lexer_expect_end(lexer, text, words) : -ENOMEM;
}

static bool overlap(const struct prefix *a, const struct prefix *b)
{
	return prefix_covers(a, b) || prefix_covers(b, a);
}

/*
 * Append to what @rule excludes what is left of @from without @keep, a normalised list: sorted, and
 * without overlap. 0 or -ENOMEM
 */
static int exclude(struct arena *arena, const struct prefix *from, const struct prefix *keep,
		   size_t keep_count, struct policy_rule *rule)
{
	/* Those that concern @from stand together, as @keep is sorted. */
	while (keep_count && !overlap(from, &keep[0])) {
		keep++;
		keep_count--;
	}
	while (keep_count && !overlap(from, &keep[keep_count - 1]))
		keep_count--;

	if (keep_count == 0) {
		struct prefix *excluded = ARENA_APPEND(arena, &rule->excluded);
		if (!excluded)
			return -ENOMEM;
		*excluded = *from;
		return 0;
	}
	if (prefix_covers(&keep[0], from))
		return 0;

	/* Longer prefixes are inside it: so it has two halves, and at most 128 levels of them. */
	struct prefix low = *from, high = *from;
	low.length++;
	high.length++;
	high.address.bytes[from->length / 8] |= (uint8_t)(0x80 >> from->length % 8);
	int rc = exclude(arena, &low, keep, keep_count, rule);
	if (!rc)
		rc = exclude(arena, &high, keep, keep_count, rule);
	return rc;
}

/* Bring the lists into the form that struct policy_rule promises; 0 or -ENOMEM. */
static int normalise(struct lexer *lexer, struct rule_parser *parser)
{
	struct policy_rule *rule = &parser->rule;

	if (rule->limit.packets && !rule->limit.burst)
		rule->limit.burst = LIMIT_BURST_DEFAULT;
	rule->ports.count = ports_normalise(rule->ports.items, rule->ports.count);
	rule->remotes.count = prefixes_normalise(rule->remotes.items, rule->remotes.count);
	if (!(parser->words & 1U << WORD_INTERNET))
		return 0;

	static const char word[] = "private";
	size_t count;
	const struct prefix *private = policy_class_prefixes(word, strlen(word), &count);
	for (size_t i = 0; i < count; i++) {
		int rc = exclude(lexer->arena, &private[i], rule->remotes.items,
				 rule->remotes.count, rule);
		if (rc)
			return rc;
	}
	rule->remotes.count = 0;
	return 0;
}

/* Read the whole rule, its verdict excepted, into @parser. */
static int parse_parts(struct lexer *lexer, struct rule_parser *parser)
{
	struct policy_rule *rule = &parser->rule;
	size_t direction;

	int rc = lexer_expect(lexer, "a direction", direction_words, &direction);
	if (rc)
		return rc;
	rule->direction = (enum direction)direction;

	const struct token *token = lexer_peek(lexer);
	if (token->kind != TOKEN_END && token->kind != TOKEN_STRING &&
	    token_find(token, part_words) < 0)
		rc = parse_protocols(lexer, rule);
	if (!rc)
		rc = policy_icmp_parse(lexer, rule);
	if (!rc)
		rc = parse_remotes(lexer, parser);
	if (!rc)
		rc = parse_ports(lexer, rule);
	if (!rc)
		rc = policy_limit_parse(lexer, rule);
	if (!rc)
		rule->log = lexer_accept_word(lexer, "log");
	if (!rc)
		rc = parse_comment(lexer, rule);
	if (!rc)
		rc = expect_end(lexer, parser);
	return rc;
}

int policy_rule_parse(struct lexer *lexer, const struct token *keyword,
		      const struct config *config, struct policy *policy)
{
	struct rule_parser parser = {
		.rule.position = keyword->position, .config = config, .digest = policy->digest,
	};
	int verdict = token_find(keyword, verdict_words);

	assert(verdict >= 0);
	parser.rule.verdict = (enum verdict)verdict;
	int rc = parse_parts(lexer, &parser);
	if (!rc)
		rc = normalise(lexer, &parser);
	if (rc)
		return rc;
	parser.rule.text = lexer_line_text(lexer);
	if (!parser.rule.text)
		return -ENOMEM;
	rc = policy_name_add(lexer, &parser.names, policy, &parser.rule);
	if (rc)
		return rc;

	struct policy_rule *kept = ARENA_APPEND(lexer->arena, &policy->rules);
	if (!kept)
		return -ENOMEM;
	*kept = parser.rule;
	policy->digest = parser.digest;
	return 0;
}
