/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/obstacle.h"

#include <limits.h>
#include <netinet/in.h>
#include <string.h>
#include <linux/netfilter.h>

#include "base/arena.h"
#include "base/name.h"

/* Before connection tracking and whatever anybody drops first; behind all that can drop. */
#define PRIORITY_FIRST (-450)
#define PRIORITY_LAST  INT32_MAX

/* Who changes rules by hand knows where this host's are kept. */
#define KEEP "# until the next reboot or reload: put the same where this host's rules are kept"

/** add_end() - drop what came in by @link and was dropped by nobody, at @hook */
static void add_end(struct ruleset_builder *builder, const char *name, uint32_t hook,
		    const char *link)
{
	size_t chain = ruleset_add_hook(builder, name, "filter", hook, PRIORITY_LAST, false);

	rule_begin(builder, chain, NULL);
	rule_match_ifname(builder, FIELD_IIFNAME, link, false);
	rule_add(builder, STATEMENT_DROP);
}

int obstacle_build(const char *link, struct arena *arena, struct ruleset *ret_ruleset)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP };
	struct ruleset_builder builder;

	ruleset_begin(&builder, arena, OBSTACLE_TABLE);
	size_t begin = ruleset_add_hook(&builder, "begun", "filter", NF_INET_PRE_ROUTING,
					PRIORITY_FIRST, false);
	for (size_t i = 0; i < sizeof(protocols); i++) {
		rule_begin(&builder, begin, NULL);
		rule_match_ifname(&builder, FIELD_IIFNAME, link, false);
		rule_match_value(&builder, FIELD_L4PROTO, &protocols[i]);
		rule_add(&builder, STATEMENT_TRACE);
	}
	add_end(&builder, OBSTACLE_END, NF_INET_POST_ROUTING, link);
	add_end(&builder, OBSTACLE_END_LOCAL, NF_INET_LOCAL_IN, link);
	return ruleset_finish(&builder, ret_ruleset);
}

/* Who is known to make such rules, in the order in which they are asked. */
enum owner { OWNER_CARREL, OWNER_FIREWALLD, OWNER_DOCKER, OWNER_UFW, OWNER_IPTABLES, OWNER_NFT };

/** is_filter() - in the table that iptables-nft and ip6tables-nft work on? */
static bool is_filter(const struct obstacle *obstacle)
{
	return strcmp(obstacle->table, "filter") == 0 &&
	       (strcmp(obstacle->family, "ip") == 0 || strcmp(obstacle->family, "ip6") == 0);
}

/** find_owner() - by the table, then by who is at work on this host */
static enum owner find_owner(const struct obstacle *obstacle, const struct obstacle_hosts *hosts)
{
	if (strcmp(obstacle->table, CARREL_TABLE) == 0)
		return OWNER_CARREL;
	if (strcmp(obstacle->table, "firewalld") == 0)
		return OWNER_FIREWALLD;
	if (!is_filter(obstacle))
		return OWNER_NFT;
	if (hosts->docker)
		return OWNER_DOCKER;
	return hosts->ufw ? OWNER_UFW : OWNER_IPTABLES;
}

const char *obstacle_owner(const struct obstacle *obstacle, const struct obstacle_hosts *hosts)
{
	switch (find_owner(obstacle, hosts)) {
	case OWNER_CARREL:
		return "carrel itself";
	case OWNER_FIREWALLD:
		return "firewalld";
	case OWNER_DOCKER:
		return "Docker";
	case OWNER_UFW:
		return "ufw";
	case OWNER_IPTABLES:
		return "iptables";
	case OWNER_NFT:
		return "nft";
	}
	return "";
}

const char *obstacle_fix_iptables(const char *program, const char *chain, bool local,
				  struct arena *arena)
{
	if (local)
		return arena_printf(arena, "%s -I %s -i cr-+ -j ACCEPT\n" KEEP, program, chain);
	return arena_printf(arena, "%s -I %s -i cr-+ -j ACCEPT\n"
			    "%s -I %s -o cr-+ -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
			    KEEP, program, chain, program, chain);
}

/** fix_nft() - at the top of the chain that drops */
static const char *fix_nft(const struct obstacle *obstacle, bool local, struct arena *arena)
{
	const char *family = obstacle->family, *table = obstacle->table, *chain = obstacle->chain;

	if (local)
		return arena_printf(arena, "nft insert rule %s %s %s iifname '\"cr-*\"' accept\n" KEEP,
				    family, table, chain);
	return arena_printf(arena, "nft insert rule %s %s %s iifname '\"cr-*\"' accept\n"
			    "nft insert rule %s %s %s oifname '\"cr-*\"' ct state established,related "
			    "accept\n" KEEP, family, table, chain, family, table, chain);
}

/* A zone of its own for carrels' links; it may be there already. */
#define FIREWALLD_ZONE \
	"firewall-cmd --permanent --get-zones | grep -qw carrel || " \
	"firewall-cmd --permanent --new-zone=carrel\n" \
	"firewall-cmd --permanent --zone=carrel --add-interface=cr-+\n"

const char *obstacle_fix(const struct obstacle *obstacle, const struct obstacle_hosts *hosts,
			 struct arena *arena)
{
	bool ipv6 = strcmp(obstacle->family, "ip6") == 0;
	const char *program = ipv6 ? "ip6tables" : "iptables";

	switch (find_owner(obstacle, hosts)) {
	case OWNER_CARREL:
		return "carrel repair";
	case OWNER_FIREWALLD:
		if (hosts->local)
			return FIREWALLD_ZONE "firewall-cmd --permanent --zone=carrel "
			       "--set-target=ACCEPT\nfirewall-cmd --reload";
		return FIREWALLD_ZONE
		       "firewall-cmd --permanent --new-policy=carrel-out\n"
		       "firewall-cmd --permanent --policy=carrel-out --add-ingress-zone=carrel\n"
		       "firewall-cmd --permanent --policy=carrel-out --add-egress-zone=ANY\n"
		       "firewall-cmd --permanent --policy=carrel-out --set-target=ACCEPT\n"
		       "firewall-cmd --reload";
	case OWNER_DOCKER:
		return obstacle_fix_iptables(program, "DOCKER-USER", false, arena);
	case OWNER_UFW:
		return hosts->local ? "ufw allow in on cr-+" : "ufw route allow in on cr-+";
	case OWNER_IPTABLES:
		return obstacle_fix_iptables(program, obstacle->chain, hosts->local, arena);
	case OWNER_NFT:
		return fix_nft(obstacle, hosts->local, arena);
	}
	return "";
}
