/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *	dns:         what programs send to port 53 of whom they know, to a resolver
 *	dns-source:  a query that began on the loopback has a loopback address to come from:
 *	             it takes the carrel's own
 *
 * "dns" stands before the rules, which therefore see where a query really goes. The kernel
 * still calls the link of a query to the loopback "lo" there, so add_preamble() of
 * core/compile.c lets on the loopback pass only what was not redirected.
 *
 * Which query goes to which resolver is told in core/redirect.c. Here the names of
 * resolv.conf are put into groups that share their resolvers; the last rules are about all
 * others. A group that has several resolvers has a rule for each: the first takes every
 * n-th query, the second every (n-1)-th of those that are left, and so on.
 */
#include "core/compile_dns.h"

#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include "base/name.h"

/* Who is asked. */
struct asked {
	enum family family;
	bool negated;                   /* everybody but these */
	range_list addresses;
};

static const enum field destinations[FAMILY_COUNT] = { FIELD_DADDR4, FIELD_DADDR6 };
static const enum field sources[FAMILY_COUNT] = { FIELD_SADDR4, FIELD_SADDR6 };

/* 127.0.0.0/8, ::1 */
static const struct value_range loopback[FAMILY_COUNT] = {
	[FAMILY_IPV4] = { { 127 }, { 127, 255, 255, 255 } },
	[FAMILY_IPV6] = { { [15] = 1 }, { [15] = 1 } },
};

static const char comment_redirect[] = "queries for names go to a resolver";

static void add_range(struct ruleset_builder *builder, range_list *list, enum family family,
		      const struct value_range *range)
{
	range_add(builder, list, range->first, range->last, address_size(family));
}

static void add_address(struct ruleset_builder *builder, range_list *list,
			const struct address *address)
{
	range_add(builder, list, address->bytes, address->bytes, address_size(address->family));
}

static void add_list(struct ruleset_builder *builder, range_list *ranges,
		     const struct resolver_list *addresses)
{
	for (size_t i = 0; i < addresses->list.count; i++)
		add_address(builder, ranges, &addresses->list.items[i]);
}

static void match_query(struct ruleset_builder *builder)
{
	const uint16_t port = htons(DNS_PORT);

	match_protocols(builder, PROTOCOL_TCP | PROTOCOL_UDP, FAMILIES_BOTH);
	rule_match_value(builder, FIELD_DPORT, &port);
}

/* Send what @asked says to number @first of the resolvers and every @step-th after it. */
static void add_turns(struct ruleset_builder *builder, const struct dns *dns, size_t chain,
		      const struct asked *asked, size_t first, size_t step)
{
	const struct resolver_list *resolvers = &dns->resolvers[asked->family];

	for (size_t i = first; i < resolvers->list.count; i += step) {
		size_t left = (resolvers->list.count - 1 - i) / step + 1;

		rule_begin(builder, chain, comment_redirect);
		rule_match_ranges(builder, destinations[asked->family], asked->negated,
				  asked->addresses.items, asked->addresses.count);
		match_query(builder);
		if (left > 1)
			rule_match_turn(builder, (uint32_t)left);
		rule_add(builder, STATEMENT_COUNTER);
		rule_dnat(builder, &resolvers->list.items[i]);
	}
}

/* Does what is sent to the one whom resolv.conf names go elsewhere? */
static bool is_redirected(const struct dns *dns, const struct address *named)
{
	return !dns_is_resolver(dns, named) && (dns->own || address_is_loopback(named));
}

/* The names whose number leaves @group when it is divided by @groups. */
static void add_group(struct ruleset_builder *builder, const struct dns *dns, size_t chain,
		      enum family family, size_t group, size_t groups)
{
	const struct resolver_list *named = &dns->named[family];
	struct asked asked = { .family = family };

	for (size_t i = group; i < named->list.count; i += groups)
		if (is_redirected(dns, &named->list.items[i]))
			add_address(builder, &asked.addresses, &named->list.items[i]);
	if (asked.addresses.count)
		add_turns(builder, dns, chain, &asked, group, groups);
}

/* Everybody else who is asked; and, where all of them share the resolvers, the names. */
static void add_rest(struct ruleset_builder *builder, const struct dns *dns, size_t chain,
		     enum family family, bool names)
{
	const struct resolver_list *named = &dns->named[family];
	struct asked asked = { .family = family, .negated = dns->enforced };

	if (dns->enforced)
		add_list(builder, &asked.addresses, &dns->resolvers[family]);
	else
		add_range(builder, &asked.addresses, family, &loopback[family]);
	for (size_t i = 0; i < named->list.count && names && !dns->enforced; i++)
		if (is_redirected(dns, &named->list.items[i]))
			add_address(builder, &asked.addresses, &named->list.items[i]);
	add_turns(builder, dns, chain, &asked, 0, 1);
}

static void redirect_family(struct ruleset_builder *builder, const struct dns *dns,
			    const struct dns_chains *chains, enum family family)
{
	size_t resolvers = dns->resolvers[family].list.count;
	size_t named = dns->named[family].list.count;
	size_t groups = named < resolvers ? named : resolvers;

	for (size_t i = 0; i < groups && groups > 1; i++)
		add_group(builder, dns, chains->queries, family, i, groups);
	add_rest(builder, dns, chains->queries, family, groups <= 1);

	rule_begin(builder, chains->sources, "they come from the carrel's own address");
	rule_match_ifname(builder, FIELD_OIFNAME, CARREL_UPLINK, false);
	rule_match_ranges(builder, sources[family], false, &loopback[family], 1);
	match_query(builder);
	rule_add(builder, STATEMENT_MASQUERADE);
}

void compile_dns_add_chains(struct ruleset_builder *builder, const struct dns *dns,
			    struct dns_chains *ret)
{
	if (!dns_redirects(dns))
		return;
	ret->queries = ruleset_add_hook(builder, "dns", "nat", NF_INET_LOCAL_OUT,
					PRIORITY_DSTNAT, false);
	ret->sources = ruleset_add_hook(builder, "dns-source", "nat", NF_INET_POST_ROUTING,
					PRIORITY_SRCNAT, false);
}

void compile_dns_redirect(struct ruleset_builder *builder, const struct dns *dns,
			  const struct dns_chains *chains)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		if (dns_redirects_loopback(dns, family))
			redirect_family(builder, dns, chains, family);
}

bool compile_dns_refused(struct ruleset_builder *builder, const struct dns *dns,
			 enum family family, range_list *ret)
{
	const struct resolver_list *resolvers = &dns->resolvers[family];
	const struct resolver_list *named = &dns->named[family];

	if (!dns->own)
		return false;
	if (dns->enforced) {
		add_list(builder, ret, resolvers);
		return true;
	}
	for (size_t i = 0; i < named->list.count && !resolvers->list.count; i++)
		if (!address_is_loopback(&named->list.items[i]))
			add_address(builder, ret, &named->list.items[i]);
	return ret->count > 0;
}
