/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * A policy's rule becomes rules of one or more "parts": a part is a chain, a family and
 * the remote addresses of it. Outwards, what is for the host or for the peers was sent
 * to chains of their own by the first rules of "output", so in those chains no address
 * is looked at again, and no rule about "any" or about a prefix that happens to cover
 * the pools can open them. Inwards the host and the peers are addresses like others.
 *
 *	output:      replies, lo, (queries without a resolver,) (connections,) host -> out-host,
 *		     pools -> out-peers, rules, default
 *	out-host:    the rules that name the host, then deny
 *	out-peers:   the rules that name peers, then deny
 *	input:       replies, lo, (connections,) rules, default
 *	connections: of a policy that limits their number: those above it
 *	forward:     nothing: a carrel routes for nobody
 *	dns, dns-source: see core/compile_dns.c
 *
 * Within a part protocols, ports and types of ICMP are matched by at most one set each.
 * Types are the family's own, so a rule with types has a part for each. Only "reject"
 * needs two rules where a rule is about TCP and something else, because TCP is refused
 * by a reset and the rest by an ICMP error.
 */
#include "core/compile.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include "base/error.h"
#include "core/compile_comment.h"
#include "core/compile_connections.h"
#include "core/compile_dns.h"
#include "core/compile_log.h"
#include "core/compile_match.h"
#include "core/compile_name.h"
#include "core/connection.h"

#define CHAIN_OUT_HOST  "out-host"
#define CHAIN_OUT_PEERS "out-peers"

struct compiler {
	struct ruleset_builder builder;
	const struct policy *policy;
	const struct config *config;
	const struct prefix_list *host;
	size_t input, output, out_host, out_peers;
	struct connection_chains connections;
	struct dns_chains dns_chains;
	struct log_compiler log;
	uint32_t mark;                  /* of the rule being compiled, if it logs; or 0 */
	const char *limit;              /* name of that of the rule being compiled, if it has one */
};

/* Where the rules of a part go, and which remote addresses they are about. */
struct part {
	size_t chain;
	int family;             /* enum family, or FAMILIES_BOTH: no address is looked at */
	bool negated;           /* every address but these */
	const char *set;        /* its remote addresses are those in the set of this name; or NULL */
	range_list remotes;     /* empty, without a set: every address of the family */
};

static const enum field remote_fields[DIRECTION_COUNT][FAMILY_COUNT] = {
	[DIRECTION_OUT] = { FIELD_DADDR4, FIELD_DADDR6 },
	[DIRECTION_IN]  = { FIELD_SADDR4, FIELD_SADDR6 },
};

static const uint8_t nfprotos[FAMILY_COUNT] = { NFPROTO_IPV4, NFPROTO_IPV6 };

/* Append those of @prefixes that are of @family. */
static void add_prefixes(struct compiler *compiler, range_list *list, enum family family,
			 const struct prefix *prefixes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct address last;

		if (prefixes[i].address.family != family)
			continue;
		prefix_last(&prefixes[i], &last);
		range_add(&compiler->builder, list, prefixes[i].address.bytes, last.bytes,
			  address_size(family));
	}
}

/* Append the resolvers in force; @host: only those that are the host. */
static void add_resolvers(struct compiler *compiler, range_list *list, enum family family,
			  bool host)
{
	const struct resolver_list *resolvers = &compiler->policy->dns.resolvers[family];

	for (size_t i = 0; i < resolvers->list.count; i++) {
		const struct address *address = &resolvers->list.items[i];

		if (!host || prefix_list_holds(compiler->host, address))
			range_add(&compiler->builder, list, address->bytes, address->bytes,
				  address_size(family));
	}
}

/* Does one of @ranges hold every address of @family? */
static bool covers_family(const range_list *ranges, enum family family)
{
	for (size_t i = 0; i < ranges->count; i++)
		if (range_prefix_length(&ranges->items[i], address_size(family)) == 0)
			return true;
	return false;
}

/* Match the part's family and remote addresses. */
static void match_remotes(struct compiler *compiler, const struct part *part,
			  enum direction direction)
{
	struct ruleset_builder *builder = &compiler->builder;

	if (part->family == FAMILIES_BOTH)
		return;
	if (part->set)
		rule_match_set(builder, remote_fields[direction][part->family], part->set);
	else if (part->remotes.count)
		rule_match_ranges(builder, remote_fields[direction][part->family], part->negated,
				  part->remotes.items, part->remotes.count);
	else
		rule_match_value(builder, FIELD_NFPROTO, &nfprotos[part->family]);
}

/* One rule of the table: the part, of it @protocols, then what is done. */
static void add_rule(struct compiler *compiler, const struct policy_rule *rule,
		     const struct part *part, unsigned protocols, enum statement_kind what,
		     const char *comment)
{
	rule_begin(&compiler->builder, part->chain, comment);
	match_remotes(compiler, part, rule->direction);
	match_protocols(&compiler->builder, protocols, part->family);
	match_ports(&compiler->builder, rule);
	match_icmp_types(&compiler->builder, rule, part->family);
	if (rule->limit.packets)
		rule_limit(&compiler->builder, compiler->limit);
	rule_add(&compiler->builder, STATEMENT_COUNTER);
	if (compiler->mark)
		log_verdict(&compiler->builder, rule->direction, rule->verdict, compiler->mark);
	else
		rule_add(&compiler->builder, what);
}

/* Can a packet of @family be one of the rule's types of ICMP, if it has such? */
static bool has_types_of(const struct policy_rule *rule, int family)
{
	for (size_t i = 0; i < rule->icmp_types.count; i++)
		if ((int)rule->icmp_types.items[i].family == family)
			return true;
	return !rule->icmp_types.count;
}

/* The rules for one part of a policy's rule. */
static void add_part(struct compiler *compiler, const struct policy_rule *rule,
		     const struct part *part, const char *comment)
{
	unsigned protocols = rule->protocols;

	/* What is looked for is only looked for where it is; policy_parse() sees to it. */
	assert(!rule->ports.count || (protocols && !(protocols & PROTOCOL_ICMP)));
	assert(!rule->icmp_types.count || protocols == PROTOCOL_ICMP);
	if (!has_types_of(rule, part->family))
		return;

	switch (rule->verdict) {
	case VERDICT_ALLOW:
		add_rule(compiler, rule, part, protocols, STATEMENT_ACCEPT, comment);
		return;
	case VERDICT_DENY:
		add_rule(compiler, rule, part, protocols, STATEMENT_DROP, comment);
		return;
	case VERDICT_REJECT:
		/* The two answers of a rule that logs are in the chain that it goes to. */
		if (compiler->mark) {
			add_rule(compiler, rule, part, protocols, STATEMENT_REJECT, comment);
			return;
		}
		if (!protocols || protocols & PROTOCOL_TCP)
			add_rule(compiler, rule, part, PROTOCOL_TCP, STATEMENT_REJECT_RESET,
				 comment);
		/* Every protocol but TCP, which the rule before has dealt with. */
		if (protocols != PROTOCOL_TCP)
			add_rule(compiler, rule, part, protocols & ~(unsigned)PROTOCOL_TCP,
				 STATEMENT_REJECT, comment);
		return;
	}
}

/* Every address of both families. */
static void add_everything(struct compiler *compiler, const struct policy_rule *rule,
			   size_t chain, const char *comment)
{
	struct part part = { .chain = chain, .family = FAMILIES_BOTH };

	if (!rule->icmp_types.count) {
		add_part(compiler, rule, &part, comment);
		return;
	}
	for (part.family = 0; part.family < FAMILY_COUNT; part.family++)
		add_part(compiler, rule, &part, comment);
}

/* "any", less what is excluded. */
static void add_any(struct compiler *compiler, const struct policy_rule *rule, size_t chain,
		    const char *comment)
{
	if (!rule->excluded.count) {
		add_everything(compiler, rule, chain, comment);
		return;
	}
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		struct part part = { .chain = chain, .family = (int)family, .negated = true };

		add_prefixes(compiler, &part.remotes, family, rule->excluded.items,
			     rule->excluded.count);
		if (!covers_family(&part.remotes, family))
			add_part(compiler, rule, &part, comment);
	}
}

/* The prefixes of a rule; inwards also the pools that it names. */
static void add_listed(struct compiler *compiler, const struct policy_rule *rule, size_t chain,
		       const char *comment)
{
	const struct prefix pools[] = { compiler->config->pool4, compiler->config->pool6 };

	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		struct part part = { .chain = chain, .family = (int)family };

		add_prefixes(compiler, &part.remotes, family, rule->remotes.items,
			     rule->remotes.count);
		if (rule->direction == DIRECTION_IN && rule->remote_peers)
			add_prefixes(compiler, &part.remotes, family, pools,
				     sizeof(pools) / sizeof(pools[0]));
		/* "any" has those in it already, unless something is excluded. */
		if (rule->remote_resolver && (!rule->remote_any || rule->excluded.count))
			add_resolvers(compiler, &part.remotes, family, false);
		if (!part.remotes.count)
			continue;
		/* Then the family alone says it, without a look at an address. */
		if (covers_family(&part.remotes, family))
			part.remotes.count = 0;
		add_part(compiler, rule, &part, comment);
	}
}

/* The addresses of a host, as far as they are known, and those that will be. @name: NULL: our own */
static void add_name(struct compiler *compiler, const struct policy_rule *rule,
		     const struct policy_name *name, size_t chain, const char *comment)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const struct part part = {
			.chain = chain, .family = (int)family,
			.set = name ? compile_name(&compiler->builder, compiler->policy, rule,
						   name, family)
				    : compile_host_set(&compiler->builder, family),
		};

		/* Without it the part would be the whole family. */
		if (part.set)
			add_part(compiler, rule, &part, comment);
	}
}

/* Outwards, resolvers that are the host. */
static void add_host_resolvers(struct compiler *compiler, const struct policy_rule *rule,
			       const char *comment)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		struct part part = { .chain = compiler->out_host, .family = (int)family };

		add_resolvers(compiler, &part.remotes, family, true);
		if (part.remotes.count)
			add_part(compiler, rule, &part, comment);
	}
}

/* Make the limit that all parts of @rule share, if it has one. */
static void add_limit(struct compiler *compiler, const struct policy_rule *rule)
{
	struct ruleset_builder *builder = &compiler->builder;

	if (!rule->limit.packets)
		return;
	compiler->limit = arena_printf(builder->arena, "limit-%zu", builder->ruleset.limits.count + 1);
	if (!compiler->limit) {
		builder->failed = true;
		return;
	}
	ruleset_add_limit(builder, (struct limit){
		.name = compiler->limit, .packets = rule->limit.packets,
		.per_s = rule->limit.per_s, .burst = rule->limit.burst,
	});
}

/* Give what is compiled next a number for the log, if it is logged. */
static void add_mark(struct compiler *compiler, enum direction direction, enum verdict verdict,
		     bool option, const char *place)
{
	compiler->mark = 0;
	if (place && log_wanted(compiler->log.policy, verdict, option))
		compiler->mark = log_mark(&compiler->builder, &compiler->log, direction, verdict,
					  place);
}

static void compile_rule(struct compiler *compiler, const struct policy_rule *rule)
{
	bool out = rule->direction == DIRECTION_OUT;
	size_t chain = out ? compiler->output : compiler->input;
	const char *comment = compile_comment(rule, compiler->builder.arena);
	const char *place = compile_place(rule, compiler->builder.arena);

	if (!comment || !place)
		compiler->builder.failed = true;
	add_limit(compiler, rule);
	add_mark(compiler, rule->direction, rule->verdict, rule->log, place);
	if (out && rule->remote_host)
		add_everything(compiler, rule, compiler->out_host, comment);
	else if (out && rule->remote_resolver)
		add_host_resolvers(compiler, rule, comment);
	if (out && rule->remote_peers)
		add_everything(compiler, rule, compiler->out_peers, comment);
	if (rule->remote_any)
		add_any(compiler, rule, chain, comment);
	if (!out && rule->remote_host)
		add_name(compiler, rule, NULL, chain, comment);
	add_listed(compiler, rule, chain, comment);
	for (size_t i = 0; i < rule->names.count; i++)
		add_name(compiler, rule, &compiler->policy->names.items[rule->names.items[i]], chain,
			 comment);
}

/* What a chain does with what no rule decided. @where goes into the comment. */
static void add_default(struct compiler *compiler, size_t chain, enum verdict verdict,
			const char *where)
{
	static const char *const words[] = {
		[VERDICT_ALLOW] = "allow", [VERDICT_DENY] = "deny", [VERDICT_REJECT] = "reject",
	};
	const enum direction direction = chain == compiler->input ? DIRECTION_IN : DIRECTION_OUT;
	const struct policy_rule everything = { .direction = direction, .verdict = verdict };
	const struct part both = { .chain = chain, .family = FAMILIES_BOTH };
	const char *comment = arena_printf(compiler->builder.arena, "default %s %s",
					   words[verdict], where);

	if (!comment)
		compiler->builder.failed = true;
	add_mark(compiler, direction, verdict, false, comment);
	add_part(compiler, &everything, &both, comment);
}

/*
 * Replies to what was allowed, errors about it, and the loopback. Connections that began under
 * an older policy which today's would not let begin are looked at packet by packet.
 */
static void add_preamble(struct compiler *compiler, size_t chain, enum field link)
{
	struct ruleset_builder *builder = &compiler->builder;

	rule_begin(builder, chain, NULL);
	rule_match_state(builder, NF_CT_STATE_BIT(IP_CT_ESTABLISHED) |
			 NF_CT_STATE_BIT(IP_CT_RELATED));
	rule_match_bits(builder, FIELD_CT_MARK, CONNECTION_CUT, 0);
	rule_add(builder, STATEMENT_ACCEPT);

	rule_begin(builder, chain, NULL);
	rule_match_ifname(builder, link, "lo", false);
	/* What was redirected leaves by another link than it was sent to. */
	if (link == FIELD_OIFNAME && dns_redirects(&compiler->policy->dns))
		rule_match_status(builder, IPS_DST_NAT, true);
	rule_add(builder, STATEMENT_ACCEPT);
}

/* Queries that are to go to a resolver, and for whose family the policy has none. */
static void refuse_queries(struct compiler *compiler)
{
	const struct dns *dns = &compiler->policy->dns;
	struct port_range port = { DNS_PORT, DNS_PORT };
	const struct policy_rule rule = {
		.direction = DIRECTION_OUT, .verdict = VERDICT_REJECT,
		.protocols = PROTOCOL_TCP | PROTOCOL_UDP, .ports = { &port, 1, 1 },
		.position = dns->position,
	};

	if (!dns->own)
		return;
	const char *place = compile_place(&rule, compiler->builder.arena);
	if (!place)
		compiler->builder.failed = true;
	add_mark(compiler, rule.direction, rule.verdict, false, place);
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		struct part part = {
			.chain = compiler->output, .family = (int)family, .negated = dns->enforced,
		};

		if (compile_dns_refused(&compiler->builder, dns, family, &part.remotes))
			add_part(compiler, &rule, &part, "queries for names go to no other");
	}
}

/* Send what is for the host, or for other carrels, to a chain of its own. */
static void add_dispatch(struct compiler *compiler, bool host)
{
	struct ruleset_builder *builder = &compiler->builder;
	const struct prefix pools[] = { compiler->config->pool4, compiler->config->pool6 };

	for (enum family family = 0; host && family < FAMILY_COUNT; family++) {
		rule_begin(builder, compiler->output, NULL);
		rule_match_set(builder, remote_fields[DIRECTION_OUT][family],
			       compile_host_set(builder, family));
		rule_goto(builder, CHAIN_OUT_HOST);
	}
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		range_list ranges = { 0 };

		add_prefixes(compiler, &ranges, family, pools, sizeof(pools) / sizeof(pools[0]));
		rule_begin(builder, compiler->output, NULL);
		rule_match_ranges(builder, remote_fields[DIRECTION_OUT][family], false,
				  ranges.items, ranges.count);
		rule_goto(builder, CHAIN_OUT_PEERS);
	}
}

/* Every chain, in the order in which nft lists them; rules can then go to any. */
static void add_chains(struct compiler *compiler, const struct policy *policy, bool host)
{
	struct ruleset_builder *builder = &compiler->builder;

	compiler->input = ruleset_add_hook(builder, "input", "filter", NF_INET_LOCAL_IN,
					   PRIORITY_FILTER, true);
	compiler->output = ruleset_add_hook(builder, "output", "filter", NF_INET_LOCAL_OUT,
					    PRIORITY_FILTER, true);
	ruleset_add_hook(builder, "forward", "filter", NF_INET_FORWARD, PRIORITY_FILTER, true);
	compile_dns_add_chains(builder, &policy->dns, &compiler->dns_chains);
	if (policy->connections)
		connections_begin(builder, policy, &compiler->connections);
	if (host)
		compiler->out_host = ruleset_add_chain(builder, CHAIN_OUT_HOST);
	compiler->out_peers = ruleset_add_chain(builder, CHAIN_OUT_PEERS);
	log_begin(builder, policy, &compiler->log);
}

int compile_policy(const struct policy *policy, const struct config *config,
		   const struct prefix_list *host, struct arena *arena,
		   struct ruleset *ret_ruleset, struct carrel_error *err)
{
	struct compiler compiler = { .policy = policy, .config = config, .host = host };
	const enum verdict *defaults = policy->defaults;
	enum verdict deny = defaults[DIRECTION_OUT] == VERDICT_REJECT ? VERDICT_REJECT
								      : VERDICT_DENY;
	/* Known only when a rule names the host; then only such a rule may reach it. */
	bool has_host = policy_names_host(policy) || host->count;

	ruleset_begin(&compiler.builder, arena, CARREL_TABLE);
	if (has_host)
		compile_host(&compiler.builder, host);
	add_chains(&compiler, policy, has_host);

	add_preamble(&compiler, compiler.input, FIELD_IIFNAME);
	add_preamble(&compiler, compiler.output, FIELD_OIFNAME);
	compile_dns_redirect(&compiler.builder, &policy->dns, &compiler.dns_chains);
	refuse_queries(&compiler);
	if (policy->connections)
		connections_limit(&compiler.builder, &compiler.connections, compiler.input,
				  compiler.output, &compiler.log);
	add_dispatch(&compiler, has_host);

	for (size_t i = 0; i < policy->rules.count; i++)
		compile_rule(&compiler, &policy->rules.items[i]);

	add_default(&compiler, compiler.input, defaults[DIRECTION_IN], "in");
	add_default(&compiler, compiler.output, defaults[DIRECTION_OUT], "out");
	if (has_host)
		add_default(&compiler, compiler.out_host, deny, "out to host");
	add_default(&compiler, compiler.out_peers, deny, "out to peers");

	if (ruleset_finish(&compiler.builder, ret_ruleset) < 0)
		return error_set(err, ENOMEM, "out of memory");
	return 0;
}
