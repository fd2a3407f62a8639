/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Every packet that a carrel sends comes in through a link named cr-*, whose name and
 * group only root on the host can change. So the name says "a carrel", the group says
 * what its policy permits, and no rule here knows a user.
 *
 *   spoof        before connection tracking, so that a forged source costs no entry: the
 *                route back to the source must lead through the link it came from. Nor does
 *                any link carry what is for a loopback, which hosts take for their own where
 *                route_localnet is on (kube-proxy turns it on);
 *   input        to the host: replies, but no ICMP errors, which can be made about anybody's
 *                connection; and carrels whose group says so, those to
 *                addresses alone that their own rules know for the host's: the sets hold each
 *                group that there can be with each address of the edition in it (core/edition.h);
 *   forward      to the chains of carrels; and, where the host forwarded nothing before
 *                carrel had to switch it on, whatever else would now be forwarded;
 *   from-carrel  out of a carrel: to peers or out of the host, as the group says, where
 *                only what begins or belongs to a connection goes out: NAT leaves all else
 *                as it is, with the carrel's own address. Errors about connections that have
 *                the host's address are dropped: those about others' are as easily made as
 *                those about one's own;
 *   to-carrel    into a carrel from outside: replies only. (The host's own packets are
 *                not forwarded and therefore not stopped here.)
 *   postrouting  NAT for what leaves the host, and only for that: peers see each other's
 *                own addresses.
 *
 * A packet that is not a carrel's costs one comparison in each hook.
 */
#include "core/hosttable.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/rtnetlink.h>

#include "base/name.h"
#include "core/group.h"

#define CARREL_LINKS "cr-*"

/* Replies, and errors about what was allowed, pass. */
static void add_replies(struct ruleset_builder *builder, size_t chain)
{
	rule_begin(builder, chain, NULL);
	rule_match_state(builder, NF_CT_STATE_BIT(IP_CT_ESTABLISHED) |
			 NF_CT_STATE_BIT(IP_CT_RELATED));
	rule_add(builder, STATEMENT_ACCEPT);
}

/* The packet comes from a link that is a carrel's and whose policy permits @bit. */
static void match_group(struct ruleset_builder *builder, enum group_bit bit)
{
	rule_match_bits(builder, FIELD_IIFGROUP, GROUP_BASE_MASK | bit, GROUP_BASE | bit);
}

static void add_drop(struct ruleset_builder *builder, size_t chain, const char *comment)
{
	rule_begin(builder, chain, comment);
	rule_add(builder, STATEMENT_COUNTER);
	rule_add(builder, STATEMENT_DROP);
}

/* What the rest of a chain is not about. */
static void add_others(struct ruleset_builder *builder, size_t chain)
{
	rule_begin(builder, chain, "not from a carrel");
	rule_match_ifname(builder, FIELD_IIFNAME, CARREL_LINKS, true);
	rule_add(builder, STATEMENT_ACCEPT);
}

static void fill_spoof(struct ruleset_builder *builder, size_t chain)
{
	static const struct value_range loopback = { { 127 }, { 127, 255, 255, 255 } };
	static const uint32_t missing = 0;

	add_others(builder, chain);

	rule_begin(builder, chain, "a carrel's packet is for a loopback");
	rule_match_ranges(builder, FIELD_DADDR4, false, &loopback, 1);
	rule_add(builder, STATEMENT_COUNTER);
	rule_add(builder, STATEMENT_DROP);

	rule_begin(builder, chain, "a carrel's source address is not its own");
	rule_match_value(builder, FIELD_FIB_SADDR_IIF_OIF, &missing);
	rule_add(builder, STATEMENT_COUNTER);
	rule_add(builder, STATEMENT_DROP);
}

/* By family: what is known, by whom. */
static const struct { const char *name; struct key key; } known_sets[FAMILY_COUNT] = {
	[FAMILY_IPV4] = { "known4", { { FIELD_IIFGROUP, FIELD_DADDR4 }, 2 } },
	[FAMILY_IPV6] = { "known6", { { FIELD_IIFGROUP, FIELD_DADDR6 }, 2 } },
};

/* An address that the rules of carrels with this group number know. */
static void add_known(struct ruleset_builder *builder, size_t set, uint32_t group,
		      const struct address *address)
{
	struct element_key key = { { 0 } };

	static_assert(sizeof(group) + sizeof(address->bytes) <= sizeof(key.bytes), "both fit");
	memcpy(key.bytes, &group, sizeof(group));
	memcpy(key.bytes + sizeof(group), address->bytes, address_size(address->family));
	set_add_key(builder, set, &key);
}

/* For qsort(): in the order in which nft lists them, by address and then by group. */
static int compare_keys(const void *a, const void *b)
{
	const struct element_key *first = a, *second = b;
	uint32_t group, other;
	int order = memcmp(first->bytes + sizeof(group), second->bytes + sizeof(group),
			   sizeof(first->bytes) - sizeof(group));

	memcpy(&group, first->bytes, sizeof(group));
	memcpy(&other, second->bytes, sizeof(other));
	return order ? order : (group > other) - (group < other);
}

/* The sets of known_sets[], with one key for each group that may reach the host. */
static void add_known_sets(struct ruleset_builder *builder, const struct editions *editions)
{
	static const uint32_t others[] = {
		0, GROUP_NAT, GROUP_PEERS, GROUP_NAT | GROUP_PEERS,
	};
	size_t sets[FAMILY_COUNT];

	for (enum family family = 0; family < FAMILY_COUNT; family++)
		sets[family] = ruleset_add_keys(builder, known_sets[family].name,
						&known_sets[family].key);
	for (size_t i = 0; i < editions->list.count; i++) {
		const struct edition *edition = &editions->list.items[i];

		for (size_t j = 0; j < edition->addresses.count; j++) {
			const struct address *address = &edition->addresses.items[j].address;

			for (size_t k = 0; k < sizeof(others) / sizeof(others[0]); k++)
				add_known(builder, sets[address->family],
					  edition_in_group(GROUP_BASE | GROUP_HOST | others[k],
							   edition->number), address);
		}
	}
	for (size_t i = 0; i < builder->ruleset.sets.count; i++) {
		struct element_set *set = &builder->ruleset.sets.items[i];

		if (set->keys.count)
			qsort(set->keys.items, set->keys.count, sizeof(*set->keys.items),
			      compare_keys);
	}
}

static void fill_input(struct ruleset_builder *builder, size_t chain)
{
	static const uint32_t local = RTN_LOCAL;

	add_others(builder, chain);

	rule_begin(builder, chain, NULL);
	rule_match_state(builder, NF_CT_STATE_BIT(IP_CT_ESTABLISHED));
	rule_add(builder, STATEMENT_ACCEPT);

	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		rule_begin(builder, chain, "policies that name the host");
		rule_match_key(builder, &known_sets[family].key, known_sets[family].name);
		rule_match_value(builder, FIELD_FIB_DADDR_TYPE, &local);
		rule_add(builder, STATEMENT_ACCEPT);
	}

	add_drop(builder, chain, "carrel to host");
}

static void fill_forward(struct ruleset_builder *builder, size_t chain, bool guard4, bool guard6)
{
	static const uint8_t ipv4 = NFPROTO_IPV4, ipv6 = NFPROTO_IPV6;

	rule_begin(builder, chain, NULL);
	rule_match_ifname(builder, FIELD_IIFNAME, CARREL_LINKS, false);
	rule_goto(builder, "from-carrel");

	rule_begin(builder, chain, NULL);
	rule_match_ifname(builder, FIELD_OIFNAME, CARREL_LINKS, false);
	rule_goto(builder, "to-carrel");

	if (!guard4 && !guard6)
		return;
	rule_begin(builder, chain, "the host itself is no router");
	if (!guard4 || !guard6)
		rule_match_value(builder, FIELD_NFPROTO, guard4 ? &ipv4 : &ipv6);
	rule_add(builder, STATEMENT_COUNTER);
	rule_add(builder, STATEMENT_DROP);
}

static void fill_from_carrel(struct ruleset_builder *builder, size_t chain)
{
	rule_begin(builder, chain, "a carrel's error about a connection under the host's address");
	rule_match_state(builder, NF_CT_STATE_BIT(IP_CT_RELATED));
	rule_match_status(builder, IPS_SRC_NAT, false);
	rule_add(builder, STATEMENT_COUNTER);
	rule_add(builder, STATEMENT_DROP);

	add_replies(builder, chain);

	rule_begin(builder, chain, "policies that name peers");
	rule_match_ifname(builder, FIELD_OIFNAME, CARREL_LINKS, false);
	match_group(builder, GROUP_PEERS);
	rule_add(builder, STATEMENT_ACCEPT);

	rule_begin(builder, chain, "carrel to carrel");
	rule_match_ifname(builder, FIELD_OIFNAME, CARREL_LINKS, false);
	rule_add(builder, STATEMENT_COUNTER);
	rule_add(builder, STATEMENT_DROP);

	rule_begin(builder, chain, "policies with uplink nat");
	rule_match_state(builder, NF_CT_STATE_BIT(IP_CT_NEW));
	match_group(builder, GROUP_NAT);
	rule_add(builder, STATEMENT_ACCEPT);

	add_drop(builder, chain, "no uplink, or no connection");
}

static void fill_to_carrel(struct ruleset_builder *builder, size_t chain)
{
	add_replies(builder, chain);
	add_drop(builder, chain, "new from outside");
}

static void fill_postrouting(struct ruleset_builder *builder, size_t chain)
{
	rule_begin(builder, chain, "policies with uplink nat");
	rule_match_ifname(builder, FIELD_IIFNAME, CARREL_LINKS, false);
	rule_match_ifname(builder, FIELD_OIFNAME, CARREL_LINKS, true);
	match_group(builder, GROUP_NAT);
	rule_add(builder, STATEMENT_MASQUERADE);
}

int hosttable_build(bool guard4, bool guard6, const struct editions *editions,
		    struct arena *arena, struct ruleset *ret_ruleset)
{
	struct ruleset_builder builder;
	size_t spoof, input, forward, from_carrel, to_carrel, postrouting;

	ruleset_begin(&builder, arena, CARREL_TABLE);
	add_known_sets(&builder, editions);
	spoof = ruleset_add_hook(&builder, "spoof", "filter", NF_INET_PRE_ROUTING,
				 PRIORITY_RAW, false);
	input = ruleset_add_hook(&builder, "input", "filter", NF_INET_LOCAL_IN,
				 PRIORITY_FILTER, false);
	forward = ruleset_add_hook(&builder, "forward", "filter", NF_INET_FORWARD,
				   PRIORITY_FILTER, false);
	from_carrel = ruleset_add_chain(&builder, "from-carrel");
	to_carrel = ruleset_add_chain(&builder, "to-carrel");
	postrouting = ruleset_add_hook(&builder, "postrouting", "nat", NF_INET_POST_ROUTING,
				       PRIORITY_SRCNAT, false);

	fill_spoof(&builder, spoof);
	fill_input(&builder, input);
	fill_forward(&builder, forward, guard4, guard6);
	fill_from_carrel(&builder, from_carrel);
	fill_to_carrel(&builder, to_carrel);
	fill_postrouting(&builder, postrouting);
	return ruleset_finish(&builder, ret_ruleset);
}
