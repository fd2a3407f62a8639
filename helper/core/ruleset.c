/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/ruleset.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter.h>

static const struct field_info fields[] = {
	[FIELD_IIFNAME]  = { "iifname", NULL, 16, 0 },
	[FIELD_OIFNAME]  = { "oifname", NULL, 16, 0 },
	[FIELD_IIFGROUP] = { "iifgroup", "devgroup", 4, 0 },
	[FIELD_NFPROTO]  = { "meta nfproto", NULL, 1, 0 },
	[FIELD_L4PROTO]  = { "meta l4proto", "inet_proto", 1, 0 },
	[FIELD_SADDR4]   = { "ip saddr", "ipv4_addr", 4, NFPROTO_IPV4 },
	[FIELD_DADDR4]   = { "ip daddr", "ipv4_addr", 4, NFPROTO_IPV4 },
	[FIELD_SADDR6]   = { "ip6 saddr", "ipv6_addr", 16, NFPROTO_IPV6 },
	[FIELD_DADDR6]   = { "ip6 daddr", "ipv6_addr", 16, NFPROTO_IPV6 },
	[FIELD_DPORT]    = { "th dport", "inet_service", 2, 0 },
	[FIELD_ICMP_TYPE]   = { "icmp type", "icmp_type", 1, 0 },
	[FIELD_ICMPV6_TYPE] = { "icmpv6 type", "icmpv6_type", 1, 0 },
	[FIELD_ICMP_CODE]   = { "icmp code", "icmp_code", 1, 0 },
	[FIELD_ICMPV6_CODE] = { "icmpv6 code", "icmpv6_code", 1, 0 },
	[FIELD_MARK]     = { "meta mark", "mark", 4, 0 },
	[FIELD_CT_STATE] = { "ct state", NULL, 4, 0 },
	[FIELD_CT_MARK]  = { "ct mark", NULL, 4, 0 },
	[FIELD_CT_DIRECTION] = { "ct direction", NULL, 1, 0 },
	[FIELD_CT_STATUS] = { "ct status", NULL, 4, 0 },
	[FIELD_TURN]     = { "numgen inc mod", NULL, 4, 0 },
	[FIELD_FIB_SADDR_IIF_OIF] = { "fib saddr . iif oif", NULL, 4, 0 },
	[FIELD_FIB_DADDR_TYPE] = { "fib daddr type", NULL, 4, 0 },
};
static_assert(sizeof(fields) / sizeof(fields[0]) == FIELD_COUNT, "a row for each field");

const struct field_info *field_info(enum field field)
{
	return &fields[field];
}

int range_prefix_length(const struct value_range *range, size_t size_bytes)
{
	size_t length = 0, bits = size_bytes * 8;

	/* Equal up to somewhere, then zeros in the first and ones in the last. */
	while (length < bits &&
	       !((range->first[length / 8] ^ range->last[length / 8]) & (0x80 >> length % 8)))
		length++;
	for (size_t bit = length; bit < bits; bit++)
		if (range->first[bit / 8] & (0x80 >> bit % 8) ||
		    !(range->last[bit / 8] & (0x80 >> bit % 8)))
			return -1;
	return (int)length;
}

void ruleset_begin(struct ruleset_builder *builder, struct arena *arena, const char *table)
{
	*builder = (struct ruleset_builder){ .arena = arena, .ruleset.table = table };
}

int ruleset_finish(struct ruleset_builder *builder, struct ruleset *ret_ruleset)
{
	if (builder->failed)
		return -ENOMEM;
	*ret_ruleset = builder->ruleset;
	return 0;
}

/* Append @chain; its index, which means nothing once memory has run out. */
static size_t add_chain(struct ruleset_builder *builder, struct chain chain)
{
	struct chain *added = ARENA_APPEND(builder->arena, &builder->ruleset.chains);

	/* Rules are in memory of their own, but the list that leads to them may have moved. */
	builder->rule = NULL;
	if (!added) {
		builder->failed = true;
		return 0;
	}
	*added = chain;
	return builder->ruleset.chains.count - 1;
}

size_t ruleset_add_chain(struct ruleset_builder *builder, const char *name)
{
	return add_chain(builder, (struct chain){ .name = name });
}

size_t ruleset_add_hook(struct ruleset_builder *builder, const char *name, const char *type,
			uint32_t hook, int32_t priority, bool drop)
{
	return add_chain(builder, (struct chain){ .name = name, .base = true, .type = type,
						  .hook = hook, .priority = priority,
						  .drop = drop });
}

void ruleset_add_limit(struct ruleset_builder *builder, struct limit limit)
{
	struct limit *added = ARENA_APPEND(builder->arena, &builder->ruleset.limits);

	if (added)
		*added = limit;
	else
		builder->failed = true;
}

/* qsort order: by the first value; unused bytes are zero in both, so all may be compared */
static int compare_ranges(const void *a, const void *b)
{
	return memcmp(((const struct value_range *)a)->first,
		      ((const struct value_range *)b)->first, VALUE_MAX_BYTES);
}

void ruleset_add_set(struct ruleset_builder *builder, const char *name, enum field field,
		     const struct value_range *values, size_t count)
{
	struct element_set *added = ARENA_APPEND(builder->arena, &builder->ruleset.sets);
	struct value_range *kept = arena_alloc(builder->arena, count * sizeof(*kept));
	size_t kept_count = 0;

	if (!added || !kept) {
		builder->failed = true;
		return;
	}
	if (count) {
		memcpy(kept, values, count * sizeof(*kept));
		qsort(kept, count, sizeof(*kept), compare_ranges);
	}
	for (size_t i = 0; i < count; i++)
		if (i == 0 || compare_ranges(&kept[kept_count - 1], &kept[i]) != 0)
			kept[kept_count++] = kept[i];
	*added = (struct element_set){
		.name = name, .key = { { field }, 1 }, .values = { kept, kept_count, count },
	};
}

/* An empty set; its index, which means nothing once memory has run out. */
static size_t add_set(struct ruleset_builder *builder, struct element_set set)
{
	struct element_set *added = ARENA_APPEND(builder->arena, &builder->ruleset.sets);

	assert(set.key.count >= 1 && set.key.count <= KEY_MAX_FIELDS);
	if (!added) {
		builder->failed = true;
		return 0;
	}
	*added = set;
	return builder->ruleset.sets.count - 1;
}

size_t ruleset_add_numbers(struct ruleset_builder *builder, const char *name, enum field field)
{
	return add_set(builder, (struct element_set){ .name = name, .key = { { field }, 1 } });
}

size_t ruleset_add_keys(struct ruleset_builder *builder, const char *name, const struct key *key)
{
	return add_set(builder, (struct element_set){ .name = name, .key = *key });
}

void set_add_key(struct ruleset_builder *builder, size_t set, const struct element_key *key)
{
	struct element_key *added;

	if (builder->failed)
		return;
	assert(set < builder->ruleset.sets.count && builder->ruleset.sets.items[set].key.count > 1);
	added = ARENA_APPEND(builder->arena, &builder->ruleset.sets.items[set].keys);
	if (added)
		*added = *key;
	else
		builder->failed = true;
}

size_t ruleset_add_notes(struct ruleset_builder *builder, const char *name,
			 const struct key *key, uint32_t size, uint32_t timeout_s)
{
	return add_set(builder, (struct element_set){ .name = name, .key = *key, .size = size,
						      .timeout_s = timeout_s });
}

void set_add_number(struct ruleset_builder *builder, size_t set, uint32_t number,
		    const char *comment)
{
	struct element_set *target;

	if (builder->failed)
		return;
	assert(set < builder->ruleset.sets.count && strlen(comment) <= COMMENT_MAX_BYTES);
	target = &builder->ruleset.sets.items[set];
	struct value_range *value = ARENA_APPEND(builder->arena, &target->values);
	const char **kept = ARENA_APPEND(builder->arena, &target->comments);
	if (!value || !kept) {
		builder->failed = true;
		return;
	}
	memcpy(value->first, &number, sizeof(number));
	memcpy(value->last, &number, sizeof(number));
	*kept = comment;
}

void rule_begin(struct ruleset_builder *builder, size_t chain, const char *comment)
{
	builder->rule = NULL;
	if (builder->failed)
		return;
	assert(chain < builder->ruleset.chains.count);
	assert(!comment || strlen(comment) <= COMMENT_MAX_BYTES);

	builder->rule = ARENA_APPEND(builder->arena, &builder->ruleset.chains.items[chain].rules);
	if (builder->rule)
		builder->rule->comment = comment;
	else
		builder->failed = true;
}

/* A new match of the current rule, or NULL when memory has run out. */
static struct match *add_match(struct ruleset_builder *builder, enum field field)
{
	struct match *match;

	if (builder->failed)
		return NULL;
	assert(builder->rule && !builder->rule->statements.count);
	assert(builder->rule->matches.count < RULE_MAX_MATCHES);
	match = ARENA_APPEND(builder->arena, &builder->rule->matches);
	if (match)
		match->field = field;
	else
		builder->failed = true;
	return match;
}

void rule_match_ifname(struct ruleset_builder *builder, enum field field, const char *ifname,
		       bool negated)
{
	struct match *match = add_match(builder, field);

	if (!match)
		return;
	match->ifname = ifname;
	match->negated = negated;
}

void rule_match_bits(struct ruleset_builder *builder, enum field field, uint32_t mask,
		     uint32_t bits)
{
	struct match *match = add_match(builder, field);
	struct value_range *value = match ? ARENA_APPEND(builder->arena, &match->values) : NULL;

	if (!value) {
		builder->failed = true;
		return;
	}
	match->mask = mask;
	memcpy(value->first, &bits, sizeof(bits));
	memcpy(value->last, &bits, sizeof(bits));
}

void rule_match_state(struct ruleset_builder *builder, uint32_t states)
{
	struct match *match = add_match(builder, FIELD_CT_STATE);

	if (match)
		match->mask = states;
}

void rule_match_status(struct ruleset_builder *builder, uint32_t status, bool negated)
{
	struct match *match = add_match(builder, FIELD_CT_STATUS);

	if (!match)
		return;
	match->mask = status;
	match->negated = negated;
}

void rule_match_turn(struct ruleset_builder *builder, uint32_t turns)
{
	const uint32_t first = 0;

	rule_match_value(builder, FIELD_TURN, &first);
	if (!builder->failed)
		builder->rule->matches.items[builder->rule->matches.count - 1].turns = turns;
}

/* Add one to a big-endian number; false when it was the largest. */
static bool increment(uint8_t *bytes, size_t size_bytes)
{
	for (size_t i = size_bytes; i-- > 0;)
		if (++bytes[i] != 0)
			return true;
	return false;
}

/* Does @next, which does not start before @range, overlap it or begin right after its end? */
static bool range_touches(const struct value_range *range, const struct value_range *next,
			  size_t size_bytes)
{
	uint8_t after[VALUE_MAX_BYTES];

	memcpy(after, range->last, sizeof(after));
	if (!increment(after, size_bytes))
		return true;
	return memcmp(next->first, after, size_bytes) <= 0;
}

void rule_match_ranges(struct ruleset_builder *builder, enum field field, bool negated,
		       const struct value_range *ranges, size_t count)
{
	struct match *match = add_match(builder, field);
	size_t size_bytes = fields[field].size_bytes, kept = 0;
	struct value_range *values;

	assert(count);
	if (!match)
		return;
	match->negated = negated;
	values = arena_alloc(builder->arena, count * sizeof(*values));
	if (!values) {
		builder->failed = true;
		return;
	}
	memcpy(values, ranges, count * sizeof(*values));
	qsort(values, count, sizeof(*values), compare_ranges);
	for (size_t i = 1; i < count; i++) {
		if (!range_touches(&values[kept], &values[i], size_bytes))
			values[++kept] = values[i];
		else if (memcmp(values[i].last, values[kept].last, size_bytes) > 0)
			memcpy(values[kept].last, values[i].last, sizeof(values[i].last));
	}
	match->values.items = values;
	match->values.count = kept + 1;
	match->values.capacity = count;
}

void rule_match_set(struct ruleset_builder *builder, enum field field, const char *name)
{
	struct match *match = add_match(builder, field);

	if (match)
		match->set = name;
}

void rule_match_key(struct ruleset_builder *builder, const struct key *key, const char *name)
{
	enum field field = key->fields[0];

	/* The one that says of which family the packet must be, if there is one. */
	for (size_t i = 0; i < key->count; i++)
		if (fields[key->fields[i]].nfproto)
			field = key->fields[i];
	rule_match_set(builder, field, name);
	if (!builder->failed)
		builder->rule->matches.items[builder->rule->matches.count - 1].key = *key;
}

void rule_match_value(struct ruleset_builder *builder, enum field field, const void *value)
{
	struct value_range range = { 0 };

	memcpy(range.first, value, fields[field].size_bytes);
	memcpy(range.last, value, fields[field].size_bytes);
	rule_match_ranges(builder, field, false, &range, 1);
}

/* Append a statement to the current rule. */
static void add_statement(struct ruleset_builder *builder, struct statement statement)
{
	struct statement *added;

	if (builder->failed)
		return;
	assert(builder->rule && builder->rule->statements.count < RULE_MAX_STATEMENTS);
	added = ARENA_APPEND(builder->arena, &builder->rule->statements);
	if (added)
		*added = statement;
	else
		builder->failed = true;
}

void rule_add(struct ruleset_builder *builder, enum statement_kind kind)
{
	add_statement(builder, (struct statement){ .kind = kind });
}

void rule_goto(struct ruleset_builder *builder, const char *chain)
{
	add_statement(builder, (struct statement){ .kind = STATEMENT_GOTO, .name = chain });
}

void rule_jump(struct ruleset_builder *builder, const char *chain)
{
	add_statement(builder, (struct statement){ .kind = STATEMENT_JUMP, .name = chain });
}

void rule_dnat(struct ruleset_builder *builder, const struct address *address)
{
	add_statement(builder, (struct statement){ .kind = STATEMENT_DNAT, .address = *address });
}

void rule_connections_over(struct ruleset_builder *builder, uint32_t number)
{
	add_statement(builder, (struct statement){ .kind = STATEMENT_CONNECTIONS_OVER,
						   .number = number });
}

void rule_limit(struct ruleset_builder *builder, const char *name)
{
	add_statement(builder, (struct statement){ .kind = STATEMENT_LIMIT, .name = name });
}

void rule_mark(struct ruleset_builder *builder, uint32_t mark)
{
	add_statement(builder, (struct statement){ .kind = STATEMENT_MARK, .number = mark });
}

void rule_update(struct ruleset_builder *builder, const char *set, const struct key *key)
{
	add_statement(builder, (struct statement){ .kind = STATEMENT_UPDATE, .name = set,
						   .key = *key });
}
