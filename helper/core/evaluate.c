/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * This is the meaning of a policy, written down a second time, as plainly as can be and
 * sharing nothing with compile.c but the parsed policy: rules in order, each asked
 * whether it matches. compile.c arranges the same for speed (chains, sets); the
 * differential test (tests/kernel/test_differential.c) drives both with the same policies
 * and packets, and the kernel with what compile.c made.
 */
#include "core/evaluate.h"

#include <netinet/in.h>

#include "core/prefixes.h"

/*
 * What the far end is to the carrel. An address of the host that lies in a pool is both;
 * outwards it is then the host's.
 */
struct remote_kind { bool host, peer, resolver; };

static const struct prefix loopback[] = {
	{ { FAMILY_IPV4, { 127 } }, 8 },
	{ { FAMILY_IPV6, { [15] = 1 } }, 128 },
};

/* What no router passes on: "this network", multicast, broadcast; unspecified, link-local. */
static const struct prefix link_only[] = {
	{ { FAMILY_IPV4, { 0 } }, 8 },
	{ { FAMILY_IPV4, { 224 } }, 4 },
	{ { FAMILY_IPV4, { 255, 255, 255, 255 } }, 32 },
	{ { FAMILY_IPV6, { 0 } }, 128 },
	{ { FAMILY_IPV6, { 0xfe, 0x80 } }, 10 },
	{ { FAMILY_IPV6, { 0xff } }, 8 },
};

/* What @remote is beside an address. */
static struct remote_kind kind_of(const struct policy *policy, const struct config *config,
				  const struct prefix_list *host, const struct address *remote)
{
	return (struct remote_kind){
		.resolver = dns_is_resolver(&policy->dns, remote),
		.host = prefixes_hold(host->items, host->count, remote),
		.peer = prefix_contains(&config->pool4, remote) ||
			prefix_contains(&config->pool6, remote),
	};
}

/* Does the rule's list of addresses hold @remote? */
static bool lists_remote(const struct policy_rule *rule, const struct address *remote)
{
	if (prefixes_hold(rule->excluded.items, rule->excluded.count, remote))
		return false;
	return rule->remote_any || prefixes_hold(rule->remotes.items, rule->remotes.count, remote);
}

/* The first name of the rule that has @remote among its addresses, as far as they are known; or NULL */
static const struct policy_name *names_remote(const struct policy *policy,
					      const struct policy_rule *rule,
					      const struct address *remote)
{
	if (!rule->names.count || !policy_believes(policy, rule, remote))
		return NULL;
	for (size_t i = 0; i < rule->names.count; i++) {
		const struct policy_name *name = &policy->names.items[rule->names.items[i]];

		for (size_t j = 0; j < name->addresses.count; j++)
			if (address_equal(&name->addresses.items[j], remote))
				return name;
	}
	return NULL;
}

/* Does the rule say @remote? Outwards the host and peers must be named to be meant. */
static bool matches_remote(const struct policy *policy, const struct policy_rule *rule,
			   struct remote_kind kind, const struct address *remote)
{
	bool resolver = rule->remote_resolver && kind.resolver;

	if (rule->direction == DIRECTION_OUT && kind.host)
		return rule->remote_host || resolver;
	if (rule->direction == DIRECTION_OUT && kind.peer)
		return rule->remote_peers;
	return (kind.host && rule->remote_host) || (kind.peer && rule->remote_peers) || resolver ||
	       lists_remote(rule, remote) || names_remote(policy, rule, remote);
}

/* ICMP means each family's own. */
static unsigned protocol_bit(const struct packet *packet)
{
	switch (packet->l4proto) {
	case IPPROTO_TCP:
		return PROTOCOL_TCP;
	case IPPROTO_UDP:
		return PROTOCOL_UDP;
	case IPPROTO_SCTP:
		return PROTOCOL_SCTP;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return PROTOCOL_ICMP;
	default:
		return 0;
	}
}

/* Rules without ports are about all of them. */
static bool matches_port(const struct policy_rule *rule, uint16_t port)
{
	if (!rule->ports.count)
		return true;
	for (size_t i = 0; i < rule->ports.count; i++)
		if (port >= rule->ports.items[i].first && port <= rule->ports.items[i].last)
			return true;
	return false;
}

/* Rules without types are about all of them. */
static bool matches_icmp_type(const struct policy_rule *rule, const struct packet *packet)
{
	if (!rule->icmp_types.count)
		return true;
	for (size_t i = 0; i < rule->icmp_types.count; i++)
		if (rule->icmp_types.items[i].family == packet->remote.family &&
		    rule->icmp_types.items[i].number == packet->icmp_type)
			return true;
	return false;
}

/* Is @rule about @packet? */
static bool matches(const struct policy *policy, const struct policy_rule *rule,
		    struct remote_kind kind, const struct packet *packet)
{
	if (rule->direction != packet->direction)
		return false;
	if (rule->protocols && !(rule->protocols & protocol_bit(packet)))
		return false;
	return matches_port(rule, packet->port) && matches_icmp_type(rule, packet) &&
	       matches_remote(policy, rule, kind, &packet->remote);
}

/* Nothing but @decider stops it. */
static struct decision stopped(enum decider decider)
{
	return (struct decision){ .verdict = VERDICT_DENY, .decider = decider };
}

/* Outwards, what no rule says to the host and to peers is "no", in the default's manner. */
static struct decision fallback(const struct policy *policy, struct remote_kind kind,
				enum direction direction)
{
	struct decision decision = {
		.verdict = policy->defaults[direction], .decider = DECIDER_DEFAULT,
	};

	if (direction == DIRECTION_IN || (!kind.host && !kind.peer))
		return decision;
	decision.decider = kind.host ? DECIDER_HOST_UNNAMED : DECIDER_PEERS_UNNAMED;
	if (decision.verdict == VERDICT_ALLOW)
		decision.verdict = VERDICT_DENY;
	return decision;
}

struct decision evaluate_arrival(const struct policy *policy, const struct config *config,
				 const struct prefix_list *host, const struct packet *packet)
{
	struct remote_kind kind = kind_of(policy, config, host, &packet->remote);
	struct decision decision = { .verdict = VERDICT_ALLOW, .decider = DECIDER_LOOPBACK };

	if (prefixes_hold(loopback, sizeof(loopback) / sizeof(loopback[0]), &packet->remote))
		return decision;
	decision = fallback(policy, kind, packet->direction);
	for (size_t i = 0; i < policy->rules.count; i++) {
		const struct policy_rule *rule = &policy->rules.items[i];

		if (!matches(policy, rule, kind, packet))
			continue;
		decision = (struct decision){
			.verdict = rule->verdict, .decider = DECIDER_RULE, .rule = rule,
			.name = lists_remote(rule, &packet->remote) ? NULL :
				names_remote(policy, rule, &packet->remote),
		};
		break;
	}
	decision.peer = kind.peer && !kind.host;
	return decision;
}

/* The same, with what the host's table and the uplink have to say. */
static struct decision evaluate_journey(const struct policy *policy, const struct config *config,
					const struct prefix_list *host,
					const struct packet *packet)
{
	const struct prefix_list unknown = { 0 };
	struct remote_kind kind = kind_of(policy, config, host, &packet->remote);

	/* A carrel whose policy does not name the host knows none of its addresses. */
	struct decision inside = evaluate_arrival(policy, config,
						  policy_names_host(policy) ? host : &unknown,
						  packet);
	if (inside.decider == DECIDER_LOOPBACK)
		return inside;
	if (policy->uplink == UPLINK_NONE)
		return stopped(DECIDER_NO_UPLINK);
	if (packet->direction == DIRECTION_IN)
		return kind.host || kind.peer ? inside : stopped(DECIDER_OUTSIDE);
	if (inside.verdict != VERDICT_ALLOW)
		return inside;
	if (kind.host && !policy_reaches_host(policy, host->items, host->count))
		return stopped(DECIDER_HOST_UNNAMED);
	if (prefixes_hold(link_only, sizeof(link_only) / sizeof(link_only[0]), &packet->remote))
		return stopped(DECIDER_LINK_ONLY);
	return inside;
}

typedef struct decision evaluation(const struct policy *policy, const struct config *config,
				   const struct prefix_list *host, const struct packet *packet);

/* @evaluate the packet, or, of a query, those that become of it: the worst that can happen. */
static struct decision follow(evaluation *evaluate, const struct policy *policy,
			      const struct config *config, const struct prefix_list *host,
			      const struct packet *packet)
{
	struct redirect redirect = { .kind = REDIRECT_NONE };
	struct packet redirected = *packet;
	struct decision decision = { 0 };
	const struct address *resolver;

	if (packet->direction == DIRECTION_OUT)
		redirect = redirect_find(&policy->dns, &packet->remote, packet->l4proto,
					 packet->port);
	switch (redirect.kind) {
	case REDIRECT_NONE:
		return evaluate(policy, config, host, packet);
	case REDIRECT_REFUSED:
		decision.verdict = VERDICT_REJECT;
		decision.decider = DECIDER_NO_RESOLVER;
		return decision;
	case REDIRECT_TO:
		break;
	}
	for (size_t at = 0; (resolver = redirect_each(&redirect, &at)) != NULL;) {
		redirected.remote = *resolver;
		decision = evaluate(policy, config, host, &redirected);
		if (decision.verdict != VERDICT_ALLOW)
			break;
	}
	decision.redirect = redirect;
	return decision;
}

struct decision evaluate_policy(const struct policy *policy, const struct config *config,
				const struct prefix_list *host, const struct packet *packet)
{
	return follow(evaluate_arrival, policy, config, host, packet);
}

struct decision evaluate_path(const struct policy *policy, const struct config *config,
			      const struct prefix_list *host, const struct packet *packet)
{
	return follow(evaluate_journey, policy, config, host, packet);
}

struct decision evaluate_own(const struct policy *policy, const struct config *config,
			     const struct prefix_list *host, const struct packet *packet)
{
	const struct decision local = { .verdict = VERDICT_ALLOW, .decider = DECIDER_LOOPBACK };
	struct decision decision = evaluate_path(policy, config, host, packet);

	return decision.redirect.kind == REDIRECT_TO ? decision : local;
}
