/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/compile_connections.h"

#include <linux/netfilter/nf_conntrack_common.h>

#include "base/name.h"

#define CHAIN_ALL  "connections"
#define CHAIN_OVER "connections-over"

void connections_begin(struct ruleset_builder *builder, const struct policy *policy,
		       struct connection_chains *ret)
{
	ret->policy = policy;
	ret->all = ruleset_add_chain(builder, CHAIN_ALL);
	if (log_wanted(policy, VERDICT_DENY, false))
		ret->over = ruleset_add_chain(builder, CHAIN_OVER);
}

/* Log what is over, then drop it: which way it goes only the link tells here. */
static void log_over(struct ruleset_builder *builder, size_t chain, const char *comment,
		     struct log_compiler *log)
{
	uint32_t out = log_mark(builder, log, DIRECTION_OUT, VERDICT_DENY, comment);
	uint32_t in = log_mark(builder, log, DIRECTION_IN, VERDICT_DENY, comment);

	rule_begin(builder, chain, comment);
	rule_match_ifname(builder, FIELD_OIFNAME, CARREL_UPLINK, false);
	log_verdict(builder, DIRECTION_OUT, VERDICT_DENY, out);
	rule_begin(builder, chain, comment);
	log_verdict(builder, DIRECTION_IN, VERDICT_DENY, in);
}

void connections_limit(struct ruleset_builder *builder, const struct connection_chains *chains,
		       size_t input, size_t output, struct log_compiler *log)
{
	const struct policy *policy = chains->policy;
	const size_t from[] = { input, output };
	bool logged = log_wanted(policy, VERDICT_DENY, false);

	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		rule_begin(builder, from[i], NULL);
		rule_match_state(builder, NF_CT_STATE_BIT(IP_CT_NEW));
		rule_jump(builder, CHAIN_ALL);
	}
	const char *comment = arena_printf(builder->arena, "connections %u", policy->connections);
	if (!comment) {
		builder->failed = true;
		return;
	}
	rule_begin(builder, chains->all, comment);
	rule_connections_over(builder, policy->connections);
	rule_add(builder, STATEMENT_COUNTER);
	if (logged) {
		rule_goto(builder, CHAIN_OVER);
		log_over(builder, chains->over, comment, log);
	} else {
		rule_add(builder, STATEMENT_DROP);
	}
}
