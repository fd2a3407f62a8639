/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * The text is what "nft --stateless list ruleset" prints of a loaded ruleset, to the
 * byte: tests/kernel/test_nft.c compares them. nft leaves out what another word
 * implies: "ip daddr" says IPv4, "tcp dport" says TCP; here the second is done by
 * looking one match back.
 */
#include "core/nfttext.h"

#include <inttypes.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include "core/nftword.h"

/* A 32-bit value in host order. */
static uint32_t value_u32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

/* One end of a range. */
static void write_value(struct buffer *buffer, enum field field, const uint8_t *bytes)
{
	char text[ADDRESS_TEXT_SIZE];
	struct address address = { .family = FAMILY_IPV4 };

	switch (field) {
	case FIELD_SADDR6:
	case FIELD_DADDR6:
		address.family = FAMILY_IPV6;
		/* fall through */
	case FIELD_SADDR4:
	case FIELD_DADDR4:
		memcpy(address.bytes, bytes, address_size(address.family));
		address_format(&address, text);
		buffer_puts(buffer, text);
		return;
	case FIELD_L4PROTO:
		nft_write_word(buffer, nft_protocols, bytes[0]);
		return;
	case FIELD_NFPROTO:
		nft_write_word(buffer, nft_families, bytes[0]);
		return;
	case FIELD_DPORT:
		buffer_printf(buffer, "%u", (unsigned)(bytes[0] << 8 | bytes[1]));
		return;
	case FIELD_ICMP_TYPE:
		nft_write_word(buffer, nft_icmp_types, bytes[0]);
		return;
	case FIELD_ICMPV6_TYPE:
		nft_write_word(buffer, nft_icmpv6_types, bytes[0]);
		return;
	case FIELD_ICMP_CODE:
	case FIELD_ICMPV6_CODE:
		buffer_printf(buffer, "%u", bytes[0]);
		return;
	case FIELD_FIB_DADDR_TYPE:
		nft_write_word(buffer, nft_address_types, value_u32(bytes));
		return;
	case FIELD_FIB_SADDR_IIF_OIF:
		if (value_u32(bytes) == 0) {
			buffer_puts(buffer, "missing");
			return;
		}
		/* fall through */
	case FIELD_IIFGROUP:
	case FIELD_TURN:
		buffer_printf(buffer, "%" PRIu32, value_u32(bytes));
		return;
	case FIELD_CT_DIRECTION:
		nft_write_word(buffer, nft_directions, bytes[0]);
		return;
	case FIELD_CT_MARK:
	case FIELD_MARK:
		buffer_printf(buffer, "0x%08" PRIx32, value_u32(bytes));
		return;
	case FIELD_IIFNAME:
	case FIELD_OIFNAME:
	case FIELD_CT_STATE:
	case FIELD_CT_STATUS:
		return; /* no values: write_match() */
	}
}

static bool field_is_address(enum field field)
{
	return field_info(field)->nfproto != 0;
}

/* nft has names for single types, and numbers for the ends of a range of them. */
static bool field_is_type(enum field field)
{
	return field == FIELD_ICMP_TYPE || field == FIELD_ICMPV6_TYPE;
}

/* "80", "8000-8099", "192.0.2.0/24" */
static void write_range(struct buffer *buffer, enum field field, const struct value_range *range)
{
	size_t size_bytes = field_info(field)->size_bytes;
	bool single = memcmp(range->first, range->last, size_bytes) == 0;

	if (!single && field_is_type(field)) {
		buffer_printf(buffer, "%u-%u", range->first[0], range->last[0]);
		return;
	}
	write_value(buffer, field, range->first);
	if (single)
		return;
	int length = field_is_address(field) ? range_prefix_length(range, size_bytes) : -1;
	if (length >= 0) {
		buffer_printf(buffer, "/%d", length);
		return;
	}
	buffer_puts(buffer, "-");
	write_value(buffer, field, range->last);
}

/* "80", "{ 80, 443 }" */
static void write_values(struct buffer *buffer, const struct match *match)
{
	bool set = match->values.count > 1;

	buffer_puts(buffer, set ? " { " : " ");
	for (size_t i = 0; i < match->values.count; i++) {
		if (i > 0)
			buffer_puts(buffer, ", ");
		write_range(buffer, match->field, &match->values.items[i]);
	}
	if (set)
		buffer_puts(buffer, " }");
}

/* "established,related" */
static void write_bits(struct buffer *buffer, const struct word *words, uint32_t mask)
{
	const char *comma = " ";

	for (const struct word *word = words; word->text; word++) {
		if (!(mask & word->value))
			continue;
		buffer_printf(buffer, "%s%s", comma, word->text);
		comma = ",";
	}
}

/* The one transport protocol that @match asks for, by name; or NULL. */
static const char *match_transport(const struct match *match)
{
	if (match->field != FIELD_L4PROTO || match->values.count != 1)
		return NULL;
	return nft_word_of(nft_protocols, match->values.items[0].first[0]);
}

/* "meta l4proto . ip daddr" */
static void write_key(struct buffer *buffer, const struct key *key)
{
	for (size_t i = 0; i < key->count; i++)
		buffer_printf(buffer, "%s%s", i > 0 ? " . " : "", field_info(key->fields[i])->words);
}

/* A field and its values; @before: the match before it, or NULL. */
static void write_match(struct buffer *buffer, const struct match *match,
			const struct match *before)
{
	const char *transport = before && match->field == FIELD_DPORT ? match_transport(before)
								      : NULL;

	if (transport)
		buffer_printf(buffer, "%s dport", transport);
	else if (match->key.count)
		write_key(buffer, &match->key);
	else
		buffer_puts(buffer, field_info(match->field)->words);

	if (match->field == FIELD_CT_STATE) {
		write_bits(buffer, nft_states, match->mask);
		return;
	}
	if (match->field == FIELD_CT_STATUS) {
		buffer_puts(buffer, match->negated ? " !" : "");
		write_bits(buffer, nft_statuses, match->mask);
		return;
	}
	if (match->turns)
		buffer_printf(buffer, " %" PRIu32, match->turns);
	if (match->mask) {
		buffer_puts(buffer, " & ");
		write_value(buffer, match->field, (const uint8_t *)&match->mask);
	}
	if (match->negated)
		buffer_puts(buffer, " !=");
	else if (match->mask)
		buffer_puts(buffer, " ==");
	if (match->ifname)
		buffer_printf(buffer, " \"%s\"", match->ifname);
	else if (match->set)
		buffer_printf(buffer, " @%s", match->set);
	else
		write_values(buffer, match);
}

/* "dnat ip to 192.0.2.1" */
static void write_dnat(struct buffer *buffer, const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	address_format(address, text);
	buffer_printf(buffer, "dnat %s to %s", address->family == FAMILY_IPV4 ? "ip" : "ip6", text);
}

/* What is not a match. */
static void write_statement(struct buffer *buffer, const struct statement *statement)
{
	switch (statement->kind) {
	case STATEMENT_LIMIT:
		buffer_printf(buffer, "limit name \"%s\"", statement->name);
		return;
	case STATEMENT_COUNTER:
		buffer_puts(buffer, "counter");
		return;
	case STATEMENT_TRACE:
		buffer_puts(buffer, "meta nftrace set 1");
		return;
	case STATEMENT_ACCEPT:
		buffer_puts(buffer, "accept");
		return;
	case STATEMENT_DROP:
		buffer_puts(buffer, "drop");
		return;
	case STATEMENT_REJECT_RESET:
		buffer_puts(buffer, "reject with tcp reset");
		return;
	case STATEMENT_REJECT:
		buffer_puts(buffer, "reject with icmpx admin-prohibited");
		return;
	case STATEMENT_GOTO:
		buffer_printf(buffer, "goto %s", statement->name);
		return;
	case STATEMENT_JUMP:
		buffer_printf(buffer, "jump %s", statement->name);
		return;
	case STATEMENT_RETURN:
		buffer_puts(buffer, "return");
		return;
	case STATEMENT_MARK:
		buffer_printf(buffer, "meta mark set 0x%08" PRIx32, statement->number);
		return;
	case STATEMENT_UPDATE:
		buffer_printf(buffer, "update @%s { ", statement->name);
		write_key(buffer, &statement->key);
		buffer_puts(buffer, " counter }");
		return;
	case STATEMENT_CONNECTIONS_OVER:
		buffer_printf(buffer, "ct count over %" PRIu32, statement->number);
		return;
	case STATEMENT_MASQUERADE:
		buffer_puts(buffer, "masquerade");
		return;
	case STATEMENT_DNAT:
		write_dnat(buffer, &statement->address);
		return;
	}
}

/* Does the rule note a type of ICMP? */
static bool updates_type(const struct rule *rule)
{
	const struct statement *first = rule->statements.items;

	if (!rule->statements.count || first->kind != STATEMENT_UPDATE)
		return false;
	for (size_t i = 0; i < first->key.count; i++)
		if (field_is_type(first->key.fields[i]))
			return true;
	return false;
}

/* Does a later part of the rule say the same in nft's words? */
static bool is_implied(const struct rule *rule, size_t index)
{
	const struct match *match = &rule->matches.items[index];
	size_t left = rule->matches.count - index - 1;

	if (match->field == FIELD_L4PROTO && !left)
		return updates_type(rule);
	/* "tcp dport", "icmp type" */
	if (match->field == FIELD_L4PROTO && left >= 1)
		return field_is_type(match[1].field) ||
		       (match[1].field == FIELD_DPORT && match_transport(match));
	/* "icmp type" is about IPv4 alone. */
	return match->field == FIELD_NFPROTO && left >= 2 && field_is_type(match[2].field);
}

void nfttext_write_rule(struct buffer *buffer, const struct rule *rule)
{
	const char *blank = "";

	for (size_t i = 0; i < rule->matches.count; i++) {
		const struct match *match = &rule->matches.items[i];

		if (is_implied(rule, i))
			continue;
		buffer_puts(buffer, blank);
		write_match(buffer, match, i > 0 ? match - 1 : NULL);
		blank = " ";
	}
	for (size_t i = 0; i < rule->statements.count; i++) {
		buffer_puts(buffer, blank);
		write_statement(buffer, &rule->statements.items[i]);
		blank = " ";
	}
	if (rule->comment)
		buffer_printf(buffer, " comment \"%s\"", rule->comment);
}

static void write_rule_line(struct buffer *buffer, const struct rule *rule)
{
	buffer_puts(buffer, "\t\t");
	nfttext_write_rule(buffer, rule);
	buffer_puts(buffer, "\n");
}

/* "type filter hook input priority filter; policy drop;" */
static void write_hook(struct buffer *buffer, const struct chain *chain)
{
	buffer_printf(buffer, "\t\ttype %s hook ", chain->type);
	nft_write_word(buffer, nft_hooks, chain->hook);
	buffer_puts(buffer, " priority ");
	switch (chain->priority) {
	case PRIORITY_RAW:
		buffer_puts(buffer, "raw");
		break;
	case PRIORITY_FILTER:
		buffer_puts(buffer, "filter");
		break;
	case PRIORITY_SRCNAT:
		buffer_puts(buffer, "srcnat");
		break;
	default:
		buffer_printf(buffer, "%" PRId32, chain->priority);
		break;
	}
	buffer_printf(buffer, "; policy %s;\n", chain->drop ? "drop" : "accept");
}

/* A limit, as nft lists it: its default burst is not said. */
static void write_limit(struct buffer *buffer, const struct limit *limit)
{
	static const struct word units[] = {
		{ 1, "second" }, { 60, "minute" }, { 60 * 60, "hour" }, { 24 * 60 * 60, "day" },
		{ 0, NULL },
	};
	const uint32_t default_burst = 5;

	buffer_printf(buffer, "\tlimit %s {\n\t\trate %" PRIu32 "/", limit->name, limit->packets);
	nft_write_word(buffer, units, limit->per_s);
	if (limit->burst != default_burst)
		buffer_printf(buffer, " burst %" PRIu32 " packets", limit->burst);
	buffer_puts(buffer, "\n\t}\n\n");
}

/* After how many elements nft breaks a line. */
static size_t elements_per_line(enum field field)
{
	if (field == FIELD_MARK)
		return 5;
	return field_info(field)->nfproto == NFPROTO_IPV4 ? 2 : 1;
}

/* What stands in a set from the beginning. */
static void write_elements(struct buffer *buffer, const struct element_set *set)
{
	enum field field = set->key.fields[0];

	for (size_t i = 0; i < set->values.count; i++) {
		const char *separator = i == 0 ? "\t\telements = { " :
					i % elements_per_line(field) ? ", " : ",\n\t\t\t     ";

		buffer_puts(buffer, separator);
		write_value(buffer, field, set->values.items[i].first);
		if (i < set->comments.count)
			buffer_printf(buffer, " comment \"%s\"", set->comments.items[i]);
	}
	if (set->values.count)
		buffer_puts(buffer, " }\n");
}

/* The same in a set of keys: "7 . 192.0.2.1". */
static void write_keys(struct buffer *buffer, const struct element_set *set)
{
	for (size_t i = 0; i < set->keys.count; i++) {
		const uint8_t *bytes = set->keys.items[i].bytes;

		buffer_puts(buffer, i == 0 ? "\t\telements = { " : ",\n\t\t\t     ");
		for (size_t j = 0; j < set->key.count; j++) {
			buffer_puts(buffer, j > 0 ? " . " : "");
			write_value(buffer, set->key.fields[j], bytes);
			bytes += (field_info(set->key.fields[j])->size_bytes + 3U) & ~3U;
		}
	}
	if (set->keys.count)
		buffer_puts(buffer, " }\n");
}

/* "1h", "1h30m": nft leaves out what is zero. */
static void write_duration(struct buffer *buffer, uint32_t s)
{
	static const struct { uint32_t s; char letter; } units[] = {
		{ 24 * 60 * 60, 'd' }, { 60 * 60, 'h' }, { 60, 'm' }, { 1, 's' },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (s >= units[i].s)
			buffer_printf(buffer, "%" PRIu32 "%c", s / units[i].s, units[i].letter);
		s %= units[i].s;
	}
}

/* A named set with its elements, as a block. */
static void write_set(struct buffer *buffer, const struct element_set *set)
{
	buffer_printf(buffer, "\tset %s {\n\t\ttype ", set->name);
	for (size_t i = 0; i < set->key.count; i++)
		buffer_printf(buffer, "%s%s", i > 0 ? " . " : "",
			      field_info(set->key.fields[i])->type);
	buffer_puts(buffer, "\n");
	/* A timeout alone says that there are such. */
	if (set->size)
		buffer_printf(buffer, "\t\tsize %" PRIu32 "\n\t\tflags dynamic,timeout\n", set->size);
	if (set->timeout_s) {
		buffer_puts(buffer, "\t\ttimeout ");
		write_duration(buffer, set->timeout_s);
		buffer_puts(buffer, "\n");
	}
	write_elements(buffer, set);
	write_keys(buffer, set);
	buffer_puts(buffer, "\t}\n\n");
}

void nfttext_write(const struct ruleset *ruleset, struct buffer *buffer)
{
	buffer_printf(buffer, "table inet %s {\n", ruleset->table);
	for (size_t i = 0; i < ruleset->limits.count; i++)
		write_limit(buffer, &ruleset->limits.items[i]);
	for (size_t i = 0; i < ruleset->sets.count; i++)
		write_set(buffer, &ruleset->sets.items[i]);
	for (size_t i = 0; i < ruleset->chains.count; i++) {
		const struct chain *chain = &ruleset->chains.items[i];

		buffer_printf(buffer, "%s\tchain %s {\n", i > 0 ? "\n" : "", chain->name);
		if (chain->base)
			write_hook(buffer, chain);
		for (size_t j = 0; j < chain->rules.count; j++)
			write_rule_line(buffer, &chain->rules.items[j]);
		buffer_puts(buffer, "\t}\n");
	}
	buffer_puts(buffer, "}\n");
}
