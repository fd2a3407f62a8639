/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/facts.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "base/error.h"
#include "kernel/link.h"
#include "kernel/rtnl.h"
#include "kernel/sysctl.h"

/* Ethernet's, for a host that has no way out yet. */
#define DEFAULT_MTU_BYTES 1500
/* The least that IPv6 may have (RFC 8200, section 5): a smaller uplink is IPv4's own affair. */
#define LEAST_MTU_BYTES 1280
/* ETH_MAX_MTU: no veth may have more. A VRF and the loopback do, which say nothing of the link behind. */
#define MOST_MTU_BYTES 65535

/*
 * k.root-servers.net. The kernel is asked for the route, nothing is sent. (A documentation prefix
 * would not do: careful hosts have blackhole routes for them.)
 */
const struct address facts_elsewhere[FAMILY_COUNT] = {
	[FAMILY_IPV4] = { FAMILY_IPV4, { 193, 0, 14, 129 } },
	[FAMILY_IPV6] = { FAMILY_IPV6, { 0x20, 0x01, 0x07, 0xfd, [15] = 1 } },
};

/* rtnl_query() answer: the interface of a route */
static int keep_interface(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *interface;
	int *ret_index = context;

	if (message->nlmsg_type != RTM_NEWROUTE)
		return 0;
	interface = rtnl_attribute(message, sizeof(struct rtmsg), RTA_OIF);
	if (interface && mnl_attr_validate(interface, MNL_TYPE_U32) >= 0)
		*ret_index = (int)mnl_attr_get_u32(interface);
	return 0;
}

/*
 * Index of the link that leads to the internet; 0 when nothing does.
 * @flags:	RTM_F_FIB_MATCH: the entry of the table, which names none where it has several ways
 */
static int way_out(struct rtnl *host, enum family family, unsigned flags)
{
	const struct address *destination = &facts_elsewhere[family];
	struct nlmsghdr *request = rtnl_request(host, RTM_GETROUTE, 0, "asking for the way out");
	struct rtmsg *message = mnl_nlmsg_put_extra_header(request, sizeof(*message));
	int index = 0;

	message->rtm_family = family == FAMILY_IPV4 ? AF_INET : AF_INET6;
	message->rtm_dst_len = (uint8_t)address_bits(family);
	message->rtm_flags = flags;
	mnl_attr_put(request, RTA_DST, address_size(family), destination->bytes);
	/* A refusal is the kernel's way to say "no route". */
	if (rtnl_end(host, request, NULL) < 0 ||
	    rtnl_query(host, keep_interface, &index, NULL) < 0)
		return 0;
	return index;
}

int facts_way_out(struct rtnl *host, enum family family)
{
	/*
	 * What a packet would do includes its source address, for which the kernel looks at every
	 * link of the host in IPv6: with thousands of carrels that is the dearer question.
	 */
	int index = way_out(host, family, RTM_F_FIB_MATCH);

	return index ? index : way_out(host, family, 0);
}

/* MTU of the link that leads to the internet; 0 when nothing does, or it is none that an uplink can have. */
static uint32_t way_out_mtu(struct rtnl *host, enum family family)
{
	int index = facts_way_out(host, family);
	int mtu = index ? link_mtu(host, index) : 0;

	return mtu < LEAST_MTU_BYTES || mtu > MOST_MTU_BYTES ? 0 : (uint32_t)mtu;
}

/* IPv6 is compiled in, not switched off at boot, and not switched off for new links. */
static int find_ipv6(bool *ret_ipv6, struct carrel_error *err)
{
	long disabled = 1;
	int rc = sysctl_read_number("net/ipv6/conf/default/disable_ipv6", &disabled, err);

	if (rc < 0 && rc != -ENOENT)
		return error_wrap(err, rc, "finding out whether the host has IPv6");
	*ret_ipv6 = disabled == 0;
	return 0;
}

struct address_list {
	struct arena *arena;
	ARENA_LIST(struct prefix) list;
};

/*
 * Can a carrel send to it? IPv6 keeps to scopes; IPv4 hands a packet to the host whichever of its
 * addresses it is for, but for the loopback's.
 */
static bool is_reachable(const struct ifaddrmsg *info, const uint8_t *address)
{
	if (info->ifa_family == AF_INET)
		return address[0] != IN_LOOPBACKNET;
	return info->ifa_scope < RT_SCOPE_LINK;
}

/* rtnl_query() answer: collects addresses that others can reach the host at */
static int keep_address(const struct nlmsghdr *message, void *context)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *local;
	struct address_list *addresses = context;
	enum family family;
	struct prefix *prefix;

	if (message->nlmsg_type != RTM_NEWADDR ||
	    (info->ifa_family != AF_INET && info->ifa_family != AF_INET6))
		return 0;
	/* IFA_LOCAL is the own end of a point-to-point address; IPv6 often has just IFA_ADDRESS. */
	local = rtnl_attribute(message, sizeof(*info), IFA_LOCAL);
	if (!local)
		local = rtnl_attribute(message, sizeof(*info), IFA_ADDRESS);
	if (!local)
		return 0;
	family = info->ifa_family == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6;
	if (mnl_attr_get_payload_len(local) != address_size(family))
		return -EBADMSG;
	if (!is_reachable(info, mnl_attr_get_payload(local)))
		return 0;
	prefix = ARENA_APPEND(addresses->arena, &addresses->list);
	if (!prefix)
		return -ENOMEM;
	prefix->address.family = family;
	prefix->length = (uint8_t)address_bits(family);
	memcpy(prefix->address.bytes, mnl_attr_get_payload(local), address_size(family));
	return 0;
}

/* All addresses of the host, as full-length prefixes, into @facts. */
static int list_host_addresses(struct rtnl *host, struct arena *arena, struct facts *facts,
			       struct carrel_error *err)
{
	struct nlmsghdr *request = rtnl_request(host, RTM_GETADDR, NLM_F_DUMP,
						"listing the host's addresses");
	struct address_list addresses = { .arena = arena };
	int rc;

	mnl_nlmsg_put_extra_header(request, sizeof(struct ifaddrmsg));
	rc = rtnl_end(host, request, err);
	if (rc == 0)
		rc = rtnl_query(host, keep_address, &addresses, err);
	if (rc < 0)
		return error_wrap(err, rc, "listing the host's addresses");
	facts->host = edition_addresses(addresses.list.items, addresses.list.count,
					&facts->host_beyond);
	return 0;
}

int facts_gather(struct rtnl *host, bool host_addresses, struct arena *arena,
		 struct facts *ret_facts, struct carrel_error *err)
{
	struct facts facts = { 0 };
	int rc = find_ipv6(&facts.ipv6, err);

	if (rc == 0 && host_addresses)
		rc = list_host_addresses(host, arena, &facts, err);
	if (rc < 0)
		return rc;
	*ret_facts = facts;
	return 0;
}

void facts_find_mtu(struct rtnl *host, struct facts *facts)
{
	uint32_t mtu4 = way_out_mtu(host, FAMILY_IPV4);
	uint32_t mtu6 = facts->ipv6 ? way_out_mtu(host, FAMILY_IPV6) : 0;

	facts->mtu_bytes = mtu4 ? mtu4 : mtu6;
	if (mtu6 && mtu6 < facts->mtu_bytes)
		facts->mtu_bytes = mtu6;
	if (!facts->mtu_bytes)
		facts->mtu_bytes = DEFAULT_MTU_BYTES;
}
