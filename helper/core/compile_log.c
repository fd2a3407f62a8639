/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *	log-DIRECTION-VERDICT:  jump log-DIRECTION, then the verdict
 *	log-DIRECTION:          note the packet in the set of its family and protocol, return;
 *				what no set took is counted for its rule
 *
 * A rule that notes a packet ends, like one that does not match, when the set is full; so
 * the verdict stands in a rule of its own.
 */
#include "core/compile_log.h"

#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>

#include "core/log.h"

static const char *const chain_notes[DIRECTION_COUNT] = {
	[DIRECTION_OUT] = "log-out", [DIRECTION_IN] = "log-in",
};
static const char *const chain_names[DIRECTION_COUNT][VERDICT_COUNT] = {
	[DIRECTION_OUT] = { "log-out-allow", "log-out-deny", "log-out-reject" },
	[DIRECTION_IN]  = { "log-in-allow", "log-in-deny", "log-in-reject" },
};

static const struct key mark_alone = { { FIELD_MARK }, 1 };

/* A set for each family, of what has ports (and of protocols beyond), and of ICMP. */
static const struct note {
	const char *name;
	uint8_t icmp;                           /* IPPROTO_*: the family's own ICMP */
	bool of_icmp;                           /* what the set is for; else all but that */
	struct key keys[DIRECTION_COUNT];
} notes[] = {
	{ LOG_SET_IPV4, IPPROTO_ICMP, false, {
		{ { FIELD_L4PROTO, FIELD_DADDR4, FIELD_DPORT, FIELD_MARK }, 4 },
		{ { FIELD_L4PROTO, FIELD_SADDR4, FIELD_DPORT, FIELD_MARK }, 4 } } },
	{ LOG_SET_IPV6, IPPROTO_ICMPV6, false, {
		{ { FIELD_L4PROTO, FIELD_DADDR6, FIELD_DPORT, FIELD_MARK }, 4 },
		{ { FIELD_L4PROTO, FIELD_SADDR6, FIELD_DPORT, FIELD_MARK }, 4 } } },
	{ LOG_SET_ICMP4, IPPROTO_ICMP, true, {
		{ { FIELD_DADDR4, FIELD_ICMP_TYPE, FIELD_ICMP_CODE, FIELD_MARK }, 4 },
		{ { FIELD_SADDR4, FIELD_ICMP_TYPE, FIELD_ICMP_CODE, FIELD_MARK }, 4 } } },
	{ LOG_SET_ICMP6, IPPROTO_ICMPV6, true, {
		{ { FIELD_DADDR6, FIELD_ICMPV6_TYPE, FIELD_ICMPV6_CODE, FIELD_MARK }, 4 },
		{ { FIELD_SADDR6, FIELD_ICMPV6_TYPE, FIELD_ICMPV6_CODE, FIELD_MARK }, 4 } } },
};
#define NOTE_COUNT (sizeof(notes) / sizeof(*notes))

bool log_wanted(const struct policy *policy, enum verdict verdict, bool option)
{
	return option || (policy->log_denied && verdict != VERDICT_ALLOW);
}

/* Note which kinds of chain the rules and defaults of the policy go to; whether any. */
static bool find_needed(const struct policy *policy,
			bool needed[DIRECTION_COUNT][VERDICT_COUNT])
{
	bool any = false;

	for (size_t i = 0; i < policy->rules.count; i++) {
		const struct policy_rule *rule = &policy->rules.items[i];

		if (log_wanted(policy, rule->verdict, rule->log))
			any = needed[rule->direction][rule->verdict] = true;
	}
	if (!policy->log_denied)
		return any;
	for (enum direction direction = 0; direction < DIRECTION_COUNT; direction++)
		if (policy->defaults[direction] != VERDICT_ALLOW)
			needed[direction][policy->defaults[direction]] = true;
	/* Where the host and peers are not named; and, of both directions, too many connections. */
	if (policy->defaults[DIRECTION_OUT] == VERDICT_ALLOW || policy->connections)
		needed[DIRECTION_OUT][VERDICT_DENY] = true;
	if (policy->connections)
		needed[DIRECTION_IN][VERDICT_DENY] = true;
	/* Queries that no resolver is there for. */
	if (policy->dns.own)
		needed[DIRECTION_OUT][VERDICT_REJECT] = true;
	return true;
}

static void add_sets(struct ruleset_builder *builder, struct log_compiler *log)
{
	log->rules = ruleset_add_numbers(builder, LOG_SET_RULES, FIELD_MARK);
	for (size_t i = 0; i < NOTE_COUNT; i++)
		ruleset_add_notes(builder, notes[i].name, &notes[i].keys[DIRECTION_OUT],
				  LOG_SIZE, LOG_TIMEOUT_S);
	/* Room for every rule, which log_mark() sees to, and for what is taken over. */
	log->rest = ruleset_add_notes(builder, LOG_SET_REST, &mark_alone, LOG_SIZE, LOG_TIMEOUT_S);
	ruleset_add_notes(builder, LOG_SET_BEFORE, &mark_alone, 0, LOG_TIMEOUT_S);
}

/*
 * The kernel itself tells of the multicast groups that IPv6 needs, at each login: nobody
 * wants to read that it was denied (RFC 3810, section 5.2).
 */
static void leave_out_kernel(struct ruleset_builder *builder, size_t chain)
{
	const uint8_t family = NFPROTO_IPV6, protocol = IPPROTO_ICMPV6, report = 143;

	rule_begin(builder, chain, NULL);
	rule_match_value(builder, FIELD_NFPROTO, &family);
	rule_match_value(builder, FIELD_L4PROTO, &protocol);
	rule_match_value(builder, FIELD_ICMPV6_TYPE, &report);
	rule_add(builder, STATEMENT_RETURN);
}

/*
 * Answers that reach a verdict are those of a connection that was cut: somebody began it when it
 * was allowed, and what goes on being sent the other way is no attempt of anybody's. Its port
 * would be the one that the beginner was given by chance.
 */
static void leave_out_answers(struct ruleset_builder *builder, size_t chain)
{
	const uint8_t reply = IP_CT_DIR_REPLY;

	rule_begin(builder, chain, NULL);
	rule_match_value(builder, FIELD_CT_DIRECTION, &reply);
	rule_add(builder, STATEMENT_RETURN);
}

/* The rules that note a packet. */
static void fill_notes(struct ruleset_builder *builder, size_t chain, enum direction direction)
{
	leave_out_answers(builder, chain);
	if (direction == DIRECTION_OUT)
		leave_out_kernel(builder, chain);
	for (size_t i = 0; i < NOTE_COUNT; i++) {
		const struct value_range icmp = { { notes[i].icmp }, { notes[i].icmp } };

		rule_begin(builder, chain, NULL);
		rule_match_ranges(builder, FIELD_L4PROTO, !notes[i].of_icmp, &icmp, 1);
		rule_update(builder, notes[i].name, &notes[i].keys[direction]);
		rule_add(builder, STATEMENT_RETURN);
	}
	rule_begin(builder, chain, NULL);
	rule_update(builder, LOG_SET_REST, &mark_alone);
}

/* Notes, then what @verdict says. */
static void fill_verdict(struct ruleset_builder *builder, size_t chain, enum direction direction,
			 enum verdict verdict)
{
	static const uint8_t tcp = IPPROTO_TCP;

	rule_begin(builder, chain, NULL);
	rule_jump(builder, chain_notes[direction]);
	if (verdict == VERDICT_REJECT) {
		rule_begin(builder, chain, NULL);
		rule_match_value(builder, FIELD_L4PROTO, &tcp);
		rule_add(builder, STATEMENT_REJECT_RESET);
	}
	rule_begin(builder, chain, NULL);
	switch (verdict) {
	case VERDICT_ALLOW:
		rule_add(builder, STATEMENT_ACCEPT);
		break;
	case VERDICT_DENY:
		rule_add(builder, STATEMENT_DROP);
		break;
	case VERDICT_REJECT:
		rule_add(builder, STATEMENT_REJECT);
		break;
	}
}

void log_begin(struct ruleset_builder *builder, const struct policy *policy,
	       struct log_compiler *ret)
{
	bool needed[DIRECTION_COUNT][VERDICT_COUNT] = { 0 };

	*ret = (struct log_compiler){ .policy = policy };
	if (!find_needed(policy, needed))
		return;
	add_sets(builder, ret);
	for (enum direction direction = 0; direction < DIRECTION_COUNT; direction++) {
		const bool *verdicts = needed[direction];

		if (!verdicts[VERDICT_ALLOW] && !verdicts[VERDICT_DENY] && !verdicts[VERDICT_REJECT])
			continue;
		fill_notes(builder, ruleset_add_chain(builder, chain_notes[direction]), direction);
		for (enum verdict verdict = 0; verdict < VERDICT_COUNT; verdict++)
			if (verdicts[verdict])
				fill_verdict(builder,
					     ruleset_add_chain(builder,
							       chain_names[direction][verdict]),
					     direction, verdict);
	}
}

uint32_t log_mark(struct ruleset_builder *builder, struct log_compiler *log,
		  enum direction direction, enum verdict verdict, const char *place)
{
	static const char *const done[VERDICT_COUNT] = {
		[VERDICT_ALLOW] = "allowed", [VERDICT_DENY] = "denied",
		[VERDICT_REJECT] = "rejected",
	};
	const char *text = arena_printf(builder->arena, "%s %s %s %.*s",
					direction_words[direction], done[verdict],
					log->policy->name, LOG_PLACE_MAX_BYTES, place);

	if (!text)
		builder->failed = true;
	if (builder->failed)
		return 0;
	log->last_mark++;
	set_add_number(builder, log->rules, log->last_mark, text);
	builder->ruleset.sets.items[log->rest].size = LOG_SIZE + log->last_mark;
	return log->last_mark;
}

void log_verdict(struct ruleset_builder *builder, enum direction direction,
		 enum verdict verdict, uint32_t mark)
{
	rule_mark(builder, mark);
	rule_goto(builder, chain_names[direction][verdict]);
}
