/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * A rule is a list of expressions that work on registers: one loads a field, the next
 * compares it. What nft makes of the same text is what is made here, so that it can
 * read it back, but for one thing: a range is one "range" expression, where nft makes
 * two comparisons. The kernel's time for a rule is mostly looking up expression types.
 *
 * A field of IPv4 or IPv6 is only there in packets of that family, so the family is
 * matched before the first of them.
 */
#include "kernel/nft_encode.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>

#include "kernel/nft_field.h"
#include "kernel/nft_set.h"

/*
 * The most that one message of these can become: RULE_MAX_MATCHES of 400 bytes (family,
 * load, mask and comparison of a 16-byte value), RULE_MAX_STATEMENTS of 600 (a chain's or
 * set's name is at most 255 bytes; a key is KEY_MAX_FIELDS loads of 60), three names, a comment.
 */
#define ROOM_BYTES 8192

/* An attribute that is a string of bytes. @expression: NULL when memory ran out */
static void set_data(struct rule_writer *writer, struct nftnl_expr *expression, uint16_t attribute,
		     const void *data, size_t size_bytes)
{
	if (expression && nftnl_expr_set(expression, attribute, data, (uint32_t)size_bytes) < 0)
		writer->failed = true;
}

/* Likewise, the name of a set, a chain or a limit. */
static void set_name(struct rule_writer *writer, struct nftnl_expr *expression, uint16_t attribute,
		     const char *name)
{
	if (expression && nftnl_expr_set_str(expression, attribute, name) < 0)
		writer->failed = true;
}

/* Is what was loaded equal to @data, or, @negated, is it not? */
static void compare(struct rule_writer *writer, bool negated, const void *data, size_t size_bytes)
{
	struct nftnl_expr *cmp =
		NFT_ADD(writer, "cmp", { NFTNL_EXPR_CMP_SREG, NFT_REG_1 },
			{ NFTNL_EXPR_CMP_OP, negated ? NFT_CMP_NEQ : NFT_CMP_EQ });

	set_data(writer, cmp, NFTNL_EXPR_CMP_DATA, data, size_bytes);
}

/* Likewise, is it within @range? */
static void compare_range(struct rule_writer *writer, bool negated,
			  const struct value_range *range, size_t size_bytes)
{
	struct nftnl_expr *expression =
		NFT_ADD(writer, "range", { NFTNL_EXPR_RANGE_SREG, NFT_REG_1 },
			{ NFTNL_EXPR_RANGE_OP, negated ? NFT_RANGE_NEQ : NFT_RANGE_EQ });

	set_data(writer, expression, NFTNL_EXPR_RANGE_FROM_DATA, range->first, size_bytes);
	set_data(writer, expression, NFTNL_EXPR_RANGE_TO_DATA, range->last, size_bytes);
}

/* Go on only with packets of @family, NFPROTO_*. */
static void match_family(struct rule_writer *writer, uint8_t family)
{
	nft_load_field(writer, FIELD_NFPROTO, sizeof(family));
	compare(writer, false, &family, sizeof(family));
}

/* Every packet that comes by takes the next number below @turns. */
static void load_turn(struct rule_writer *writer, uint32_t turns)
{
	NFT_ADD(writer, "numgen", { NFTNL_EXPR_NG_DREG, NFT_REG_1 },
		{ NFTNL_EXPR_NG_MODULUS, turns }, { NFTNL_EXPR_NG_TYPE, NFT_NG_INCREMENTAL });
}

/* Keep of what was loaded what @mask has. */
static void apply_mask(struct rule_writer *writer, const void *mask, size_t size_bytes)
{
	static const uint8_t zero[VALUE_MAX_BYTES];
	struct nftnl_expr *bitwise =
		NFT_ADD(writer, "bitwise", { NFTNL_EXPR_BITWISE_SREG, NFT_REG_1 },
			{ NFTNL_EXPR_BITWISE_DREG, NFT_REG_1 },
			{ NFTNL_EXPR_BITWISE_LEN, (uint32_t)size_bytes });

	set_data(writer, bitwise, NFTNL_EXPR_BITWISE_MASK, mask, size_bytes);
	set_data(writer, bitwise, NFTNL_EXPR_BITWISE_XOR, zero, size_bytes);
}

/* @set: the name of the set; @set_id: its number in the transaction, of one without a name */
static void look_up(struct rule_writer *writer, bool negated, const char *set, uint32_t set_id)
{
	struct nftnl_expr *lookup =
		NFT_ADD(writer, "lookup", { NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1 });

	if (!lookup)
		return;
	set_name(writer, lookup, NFTNL_EXPR_LOOKUP_SET, set);
	if (set_id)
		nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_SET_ID, set_id);
	if (negated)
		nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
}

/* "eth0" to the last byte of a name's room, "cr-*" only as far as it goes. */
static void match_ifname(struct rule_writer *writer, const struct match *match)
{
	char name[IFNAMSIZ] = "";
	size_t length = strnlen(match->ifname, sizeof(name) - 1);

	memcpy(name, match->ifname, length);
	nft_load_field(writer, match->field, sizeof(name));
	if (length > 0 && name[length - 1] == '*')
		compare(writer, match->negated, name, length - 1);
	else
		compare(writer, match->negated, name, sizeof(name));
}

/* A prefix that is no whole number of bytes: mask, then compare. */
static void compare_prefix(struct rule_writer *writer, const struct match *match, size_t size_bytes,
			   unsigned length_bits)
{
	uint8_t mask[VALUE_MAX_BYTES] = { 0 };

	for (unsigned bit = 0; bit < length_bits; bit++)
		mask[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	apply_mask(writer, mask, size_bytes);
	compare(writer, match->negated, match->values.items[0].first, size_bytes);
}

/* One value, prefix or range: no set. */
static void match_single(struct rule_writer *writer, const struct match *match)
{
	const struct value_range *value = &match->values.items[0];
	size_t size_bytes = field_info(match->field)->size_bytes;
	bool is_address = field_info(match->field)->nfproto != 0;
	int prefix = is_address ? range_prefix_length(value, size_bytes) : -1;

	/* Whole bytes of a prefix are compared alone: no mask. */
	if (prefix > 0 && prefix % 8 == 0)
		size_bytes = (size_t)prefix / 8;
	nft_load_field(writer, match->field, size_bytes);
	if (match->mask)
		apply_mask(writer, &match->mask, sizeof(match->mask));

	if (memcmp(value->first, value->last, size_bytes) == 0)
		compare(writer, match->negated, value->first, size_bytes);
	else if (prefix > 0)
		compare_prefix(writer, match, size_bytes, (unsigned)prefix);
	else
		compare_range(writer, match->negated, value, size_bytes);
}

/* Load the parts of @key side by side, each in whole registers of 4 bytes. */
static void load_key(struct rule_writer *writer, const struct key *key)
{
	uint32_t word = 0;

	for (size_t i = 0; i < key->count; i++) {
		size_t size_bytes = field_info(key->fields[i])->size_bytes;

		writer->reg = word ? NFT_REG32_00 + word : NFT_REG_1;
		nft_load_field(writer, key->fields[i], size_bytes);
		word += (uint32_t)(size_bytes + 3) / 4;
	}
	writer->reg = NFT_REG_1;
}

/* @set_id: of the set that was made for the match, if it needed one */
static void encode_match(struct rule_writer *writer, const struct match *match, uint32_t set_id)
{
	static const uint32_t no_bits = 0;

	if (match->ifname) {
		match_ifname(writer, match);
	} else if (match->field == FIELD_CT_STATE || match->field == FIELD_CT_STATUS) {
		nft_load_field(writer, match->field, sizeof(match->mask));
		apply_mask(writer, &match->mask, sizeof(match->mask));
		compare(writer, !match->negated, &no_bits, sizeof(no_bits));
	} else if (match->field == FIELD_TURN) {
		load_turn(writer, match->turns);
		compare(writer, false, match->values.items[0].first, sizeof(match->turns));
	} else if (match->key.count) {
		load_key(writer, &match->key);
		look_up(writer, match->negated, match->set, 0);
	} else if (match->set) {
		nft_load_field(writer, match->field, field_info(match->field)->size_bytes);
		look_up(writer, match->negated, match->set, 0);
	} else if (match->values.count > 1) {
		nft_load_field(writer, match->field, field_info(match->field)->size_bytes);
		look_up(writer, match->negated, NFT_SET_NAME, set_id);
	} else {
		match_single(writer, match);
	}
}

/* @verdict is NF_* or NFT_*; @chain: where a jump goes, or NULL. */
static void add_verdict(struct rule_writer *writer, int verdict, const char *chain)
{
	struct nftnl_expr *immediate =
		NFT_ADD(writer, "immediate", { NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT },
			{ NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict });

	if (chain)
		set_name(writer, immediate, NFTNL_EXPR_IMM_CHAIN, chain);
}

/* @type is NFT_REJECT_*. */
static void add_reject(struct rule_writer *writer, uint32_t type, uint8_t code)
{
	struct nftnl_expr *reject =
		NFT_ADD(writer, "reject", { NFTNL_EXPR_REJECT_TYPE, type });

	if (reject)
		nftnl_expr_set_u8(reject, NFTNL_EXPR_REJECT_CODE, code);
}

/* The limit called @name, which the rules of it share. */
static void refer_to_limit(struct rule_writer *writer, const char *name)
{
	struct nftnl_expr *reference =
		NFT_ADD(writer, "objref", { NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_LIMIT });

	set_name(writer, reference, NFTNL_EXPR_OBJREF_IMM_NAME, name);
}

/* Every connection that comes by is counted here; go on only when there are more than @most. */
static void count_connections(struct rule_writer *writer, uint32_t most)
{
	NFT_ADD(writer, "connlimit", { NFTNL_EXPR_CONNLIMIT_COUNT, most },
		{ NFTNL_EXPR_CONNLIMIT_FLAGS, NFT_CONNLIMIT_F_INV });
}

/* Load what does not come from the packet. */
static void load_value(struct rule_writer *writer, const void *value, size_t size_bytes)
{
	struct nftnl_expr *immediate =
		NFT_ADD(writer, "immediate", { NFTNL_EXPR_IMM_DREG, NFT_REG_1 });

	set_data(writer, immediate, NFTNL_EXPR_IMM_DATA, value, size_bytes);
}

/* @key: NFT_META_*, of @size_bytes */
static void set_meta(struct rule_writer *writer, uint32_t key, const void *value,
		     size_t size_bytes)
{
	load_value(writer, value, size_bytes);
	NFT_ADD(writer, "meta", { NFTNL_EXPR_META_KEY, key },
		{ NFTNL_EXPR_META_SREG, NFT_REG_1 });
}

/* The family that a packet must have to have the parts of @key, or 0. */
static uint8_t key_family(const struct key *key)
{
	for (size_t i = 0; i < key->count; i++)
		if (field_info(key->fields[i])->nfproto)
			return field_info(key->fields[i])->nfproto;
	return 0;
}

/* Note the packet under its key. */
static void update_set(struct rule_writer *writer, const struct statement *statement)
{
	load_key(writer, &statement->key);

	struct nftnl_expr *dynset =
		NFT_ADD(writer, "dynset", { NFTNL_EXPR_DYNSET_SREG_KEY, NFT_REG_1 },
			{ NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_UPDATE });
	struct nftnl_expr *counter = dynset ? nftnl_expr_alloc("counter") : NULL;
	if (!counter) {
		writer->failed = true;
		return;
	}
	nftnl_expr_add_expr(dynset, NFTNL_EXPR_DYNSET_EXPRESSIONS, counter);
	set_name(writer, dynset, NFTNL_EXPR_DYNSET_SET_NAME, statement->name);
}

/* Send the connection to @address. */
static void add_dnat(struct rule_writer *writer, const struct address *address)
{
	uint32_t family = address->family == FAMILY_IPV4 ? NFPROTO_IPV4 : NFPROTO_IPV6;

	load_value(writer, address->bytes, address_size(address->family));
	NFT_ADD(writer, "nat", { NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT },
		{ NFTNL_EXPR_NAT_FAMILY, family }, { NFTNL_EXPR_NAT_REG_ADDR_MIN, NFT_REG_1 });
}

/* What is not a match. */
static void encode_statement(struct rule_writer *writer, const struct statement *statement)
{
	static const uint8_t trace = 1;

	switch (statement->kind) {
	case STATEMENT_LIMIT:
		refer_to_limit(writer, statement->name);
		return;
	case STATEMENT_COUNTER:
		nft_add_expression(writer, "counter");
		return;
	case STATEMENT_TRACE:
		set_meta(writer, NFT_META_NFTRACE, &trace, sizeof(trace));
		return;
	case STATEMENT_ACCEPT:
		add_verdict(writer, NF_ACCEPT, NULL);
		return;
	case STATEMENT_DROP:
		add_verdict(writer, NF_DROP, NULL);
		return;
	case STATEMENT_REJECT_RESET:
		add_reject(writer, NFT_REJECT_TCP_RST, 0);
		return;
	case STATEMENT_REJECT:
		add_reject(writer, NFT_REJECT_ICMPX_UNREACH, NFT_REJECT_ICMPX_ADMIN_PROHIBITED);
		return;
	case STATEMENT_GOTO:
		add_verdict(writer, NFT_GOTO, statement->name);
		return;
	case STATEMENT_JUMP:
		add_verdict(writer, NFT_JUMP, statement->name);
		return;
	case STATEMENT_RETURN:
		add_verdict(writer, NFT_RETURN, NULL);
		return;
	case STATEMENT_MARK:
		set_meta(writer, NFT_META_MARK, &statement->number, sizeof(statement->number));
		return;
	case STATEMENT_UPDATE:
		update_set(writer, statement);
		return;
	case STATEMENT_CONNECTIONS_OVER:
		count_connections(writer, statement->number);
		return;
	case STATEMENT_MASQUERADE:
		nft_add_expression(writer, "masq");
		return;
	case STATEMENT_DNAT:
		add_dnat(writer, &statement->address);
		return;
	}
}

/* As nft(8) keeps it beside a rule. */
static void encode_comment(struct rule_writer *writer, const char *comment)
{
	struct nftnl_udata_buf *notes = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);

	if (!notes || !nftnl_udata_put_strz(notes, NFTNL_UDATA_RULE_COMMENT, comment) ||
	    nftnl_rule_set_data(writer->rule, NFTNL_RULE_USERDATA, nftnl_udata_buf_data(notes),
				nftnl_udata_buf_len(notes)) < 0)
		writer->failed = true;
	if (notes)
		nftnl_udata_buf_free(notes);
}

/* Everything of the rule; @first_set_id: of the first match that has a set */
static void encode_expressions(struct rule_writer *writer, const struct rule *rule,
			       uint32_t first_set_id)
{
	uint8_t known = 0;      /* the family that was matched */

	for (size_t i = 0; i < rule->matches.count; i++) {
		const struct match *match = &rule->matches.items[i];
		uint8_t family = field_info(match->field)->nfproto;

		if (family && family != known) {
			match_family(writer, family);
			known = family;
		}
		encode_match(writer, match, first_set_id);
		if (match->values.count > 1)
			first_set_id++;
	}
	for (size_t i = 0; i < rule->statements.count; i++) {
		const struct statement *statement = &rule->statements.items[i];
		uint8_t family = key_family(&statement->key);

		if (family && family != known)
			match_family(writer, family);
		encode_statement(writer, statement);
	}
	if (rule->comment)
		encode_comment(writer, rule->comment);
}

int nft_encode_rule(struct nft_batch *batch, const char *table, const struct chain *chain,
		    const struct rule *rule, uint32_t *set_id)
{
	struct rule_writer writer = { .reg = NFT_REG_1 };
	uint32_t first_set_id = *set_id + 1;
	struct nlmsghdr *message;

	for (size_t i = 0; i < rule->matches.count; i++)
		if (rule->matches.items[i].values.count > 1 &&
		    nft_encode_set(batch, table, &rule->matches.items[i], ++*set_id) < 0)
			return -ENOMEM;

	writer.rule = nftnl_rule_alloc();
	if (!writer.rule)
		return -ENOMEM;
	nftnl_rule_set_u32(writer.rule, NFTNL_RULE_FAMILY, NFPROTO_INET);
	if (nftnl_rule_set_str(writer.rule, NFTNL_RULE_TABLE, table) < 0 ||
	    nftnl_rule_set_str(writer.rule, NFTNL_RULE_CHAIN, chain->name) < 0)
		writer.failed = true;
	encode_expressions(&writer, rule, first_set_id);

	message = writer.failed ? NULL : nft_batch_message(batch, NFT_MSG_NEWRULE,
							   NLM_F_CREATE | NLM_F_APPEND,
							   ROOM_BYTES);
	if (message) {
		nftnl_rule_nlmsg_build_payload(message, writer.rule);
		nft_batch_end(batch, message);
	}
	nftnl_rule_free(writer.rule);
	return message ? 0 : -ENOMEM;
}
