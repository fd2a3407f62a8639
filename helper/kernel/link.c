/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/link.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include "base/error.h"
#include "core/plan.h"
#include "kernel/rtnl.h"

/* Begin a request about interface @index (0: one that is named, or made). */
static struct nlmsghdr *link_request(struct rtnl *rtnl, uint16_t type, uint16_t flags, int index,
				     unsigned change, unsigned value, const char *what)
{
	struct nlmsghdr *request = rtnl_request(rtnl, type, flags, what);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(request, sizeof(*info));

	info->ifi_family = AF_UNSPEC;
	info->ifi_index = index;
	info->ifi_change = change;
	info->ifi_flags = value;
	return request;
}

/* What both ends of a veth are given. */
static void put_end(struct nlmsghdr *request, const char *name, const uint8_t *mac,
		    uint32_t mtu_bytes)
{
	mnl_attr_put_strz(request, IFLA_IFNAME, name);
	mnl_attr_put(request, IFLA_ADDRESS, MAC_SIZE, mac);
	mnl_attr_put_u32(request, IFLA_MTU, mtu_bytes);
	mnl_attr_put_u32(request, IFLA_NUM_TX_QUEUES, 1);
	mnl_attr_put_u32(request, IFLA_NUM_RX_QUEUES, 1);
}

int link_pair(struct rtnl *rtnl, const struct link_pair *pair, struct carrel_error *err)
{
	struct nlmsghdr *request = link_request(rtnl, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0,
						IFF_NOARP, IFF_NOARP, "making the veth");
	struct nlattr *info, *data, *peer;

	put_end(request, pair->name, pair->mac, pair->mtu_bytes);
	mnl_attr_put_u32(request, IFLA_GROUP, pair->group);
	info = mnl_attr_nest_start(request, IFLA_LINKINFO);
	mnl_attr_put_strz(request, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(request, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(request, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	put_end(request, pair->peer_name, pair->peer_mac, pair->mtu_bytes);
	mnl_attr_put_u32(request, IFLA_NET_NS_FD, (uint32_t)pair->peer_netns_fd);
	mnl_attr_nest_end(request, peer);
	mnl_attr_nest_end(request, data);
	mnl_attr_nest_end(request, info);
	return rtnl_end(rtnl, request, err);
}

int link_quiet(struct rtnl *rtnl, int index, bool ipv6, bool forward, const char *alias,
	       struct carrel_error *err)
{
	struct nlmsghdr *request = link_request(rtnl, RTM_SETLINK, 0, index, 0, 0,
						"setting up the link");
	struct nlattr *families, *family, *values;

	if (alias)
		mnl_attr_put_strz(request, IFLA_IFALIAS, alias);
	families = mnl_attr_nest_start(request, IFLA_AF_SPEC);
	if (forward) {
		family = mnl_attr_nest_start(request, AF_INET);
		values = mnl_attr_nest_start(request, IFLA_INET_CONF);
		/* Here the attribute type is the setting's number (inet_set_link_af, devinet.c). */
		mnl_attr_put_u32(request, IPV4_DEVCONF_FORWARDING, 1);
		mnl_attr_nest_end(request, values);
		mnl_attr_nest_end(request, family);
	}
	if (ipv6) {
		family = mnl_attr_nest_start(request, AF_INET6);
		mnl_attr_put_u8(request, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
		mnl_attr_nest_end(request, family);
	}
	mnl_attr_nest_end(request, families);
	return rtnl_end(rtnl, request, err);
}

int link_up(struct rtnl *rtnl, int index, const char *alias, struct carrel_error *err)
{
	struct nlmsghdr *request = link_request(rtnl, RTM_SETLINK, 0, index, IFF_UP, IFF_UP,
						"setting the link up");

	if (alias)
		mnl_attr_put_strz(request, IFLA_IFALIAS, alias);
	return rtnl_end(rtnl, request, err);
}

int link_down(struct rtnl *rtnl, int index, struct carrel_error *err)
{
	return rtnl_end(rtnl, link_request(rtnl, RTM_SETLINK, 0, index, IFF_UP, 0,
					   "setting the link down"), err);
}

int link_group(struct rtnl *rtnl, int index, uint32_t group, struct carrel_error *err)
{
	struct nlmsghdr *request = link_request(rtnl, RTM_SETLINK, 0, index, 0, 0,
						"setting the link's group");

	mnl_attr_put_u32(request, IFLA_GROUP, group);
	return rtnl_end(rtnl, request, err);
}

int link_reset(struct rtnl *rtnl, int index, bool near, uint32_t group, uint32_t mtu_bytes,
	       const uint8_t *mac, struct carrel_error *err)
{
	const unsigned noarp = near ? IFF_NOARP : 0;
	struct nlmsghdr *request = link_request(rtnl, RTM_SETLINK, 0, index, noarp, noarp,
						"resetting the link");

	mnl_attr_put_u32(request, IFLA_MASTER, 0);
	mnl_attr_put(request, IFLA_ADDRESS, MAC_SIZE, mac);
	if (mtu_bytes)
		mnl_attr_put_u32(request, IFLA_MTU, mtu_bytes);
	if (near)
		mnl_attr_put_u32(request, IFLA_GROUP, group);
	return rtnl_end(rtnl, request, err);
}

int link_delete(struct rtnl *rtnl, const char *name, struct carrel_error *err)
{
	struct nlmsghdr *request = link_request(rtnl, RTM_DELLINK, 0, 0, 0, 0, "deleting the link");

	mnl_attr_put_strz(request, IFLA_IFNAME, name);
	return rtnl_end(rtnl, request, err);
}

static uint8_t socket_family(enum family family)
{
	return family == FAMILY_IPV4 ? AF_INET : AF_INET6;
}

static void put_address(struct nlmsghdr *request, uint16_t type, const struct address *address)
{
	mnl_attr_put(request, type, address_size(address->family), address->bytes);
}

int link_address(struct rtnl *rtnl, int index, const struct address *address,
		 struct carrel_error *err)
{
	struct nlmsghdr *request = rtnl_request(rtnl, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
						"adding the address");
	struct ifaddrmsg *message = mnl_nlmsg_put_extra_header(request, sizeof(*message));

	message->ifa_family = socket_family(address->family);
	message->ifa_prefixlen = (uint8_t)address_bits(address->family);
	message->ifa_index = (uint32_t)index;
	put_address(request, IFA_LOCAL, address);
	put_address(request, IFA_ADDRESS, address);
	mnl_attr_put_u32(request, IFA_FLAGS, IFA_F_NODAD | IFA_F_NOPREFIXROUTE);
	return rtnl_end(rtnl, request, err);
}

int link_route(struct rtnl *rtnl, int index, const struct prefix *destination,
	       const struct address *gateway, bool replace, struct carrel_error *err)
{
	const uint16_t flags = (uint16_t)(NLM_F_CREATE | (replace ? NLM_F_REPLACE : NLM_F_EXCL));
	struct nlmsghdr *request = rtnl_request(rtnl, RTM_NEWROUTE, flags, "adding the route");
	struct rtmsg *message = mnl_nlmsg_put_extra_header(request, sizeof(*message));

	message->rtm_family = socket_family(destination->address.family);
	message->rtm_dst_len = destination->length;
	message->rtm_table = RT_TABLE_MAIN;
	message->rtm_protocol = RTPROT_STATIC;
	message->rtm_type = RTN_UNICAST;
	message->rtm_scope = gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	if (destination->length)
		put_address(request, RTA_DST, &destination->address);
	if (gateway) {
		/* The gateway has no route of its own: it is on the wire because we say so. */
		message->rtm_flags = RTNH_F_ONLINK;
		put_address(request, RTA_GATEWAY, gateway);
	}
	mnl_attr_put_u32(request, RTA_OIF, (uint32_t)index);
	return rtnl_end(rtnl, request, err);
}

int link_answers(struct rtnl *rtnl, int index, struct carrel_error *err)
{
	/* The loopback's own route has 0: it stays the way out. */
	const uint32_t metric = 4096;
	const struct address loopback = { FAMILY_IPV6, { [15] = 1 } };
	struct nlmsghdr *request = rtnl_request(rtnl, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE,
						"adding the route of answers");
	struct rtmsg *message = mnl_nlmsg_put_extra_header(request, sizeof(*message));

	message->rtm_family = AF_INET6;
	message->rtm_dst_len = (uint8_t)address_bits(FAMILY_IPV6);
	message->rtm_table = RT_TABLE_LOCAL;
	message->rtm_protocol = RTPROT_STATIC;
	message->rtm_type = RTN_LOCAL;
	put_address(request, RTA_DST, &loopback);
	mnl_attr_put_u32(request, RTA_OIF, (uint32_t)index);
	mnl_attr_put_u32(request, RTA_PRIORITY, metric);
	return rtnl_end(rtnl, request, err);
}

int link_neighbour(struct rtnl *rtnl, int index, const struct address *address,
		   const uint8_t *mac, struct carrel_error *err)
{
	struct nlmsghdr *request = rtnl_request(rtnl, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE,
						"adding the neighbour");
	struct ndmsg *message = mnl_nlmsg_put_extra_header(request, sizeof(*message));

	message->ndm_family = socket_family(address->family);
	message->ndm_ifindex = index;
	message->ndm_state = NUD_PERMANENT;
	put_address(request, NDA_DST, address);
	mnl_attr_put(request, NDA_LLADDR, MAC_SIZE, mac);
	return rtnl_end(rtnl, request, err);
}

/*
 * Interface ioctls work on every socket, netlink's too (sock_do_ioctl, net/socket.c), and
 * need no round trip through the message parser.
 */
int link_index(const struct rtnl *rtnl, const char *name)
{
	struct ifreq request = { 0 };
	size_t length = strlen(name);

	if (length >= sizeof(request.ifr_name))
		return -ENODEV;
	memcpy(request.ifr_name, name, length);
	if (ioctl(mnl_socket_get_fd(rtnl->socket), SIOCGIFINDEX, &request) < 0)
		return -errno;
	return request.ifr_ifindex;
}

int link_mtu(const struct rtnl *rtnl, int index)
{
	struct ifreq request = { .ifr_ifindex = index };

	if (ioctl(mnl_socket_get_fd(rtnl->socket), SIOCGIFNAME, &request) < 0 ||
	    ioctl(mnl_socket_get_fd(rtnl->socket), SIOCGIFMTU, &request) < 0)
		return -errno;
	return request.ifr_mtu;
}

/* What link_each() was given. */
struct link_visit {
	int (*visit)(const char *name, bool up, void *context);
	void *context;
};

/* rtnl_query() answer: one of all links */
static int visit_link(const struct nlmsghdr *message, void *context)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	const struct link_visit *links = context;
	const struct nlattr *name;

	if (message->nlmsg_type != RTM_NEWLINK)
		return 0;
	name = rtnl_attribute(message, sizeof(*info), IFLA_IFNAME);
	if (!name || mnl_attr_validate(name, MNL_TYPE_NUL_STRING) < 0)
		return 0;
	return links->visit(mnl_attr_get_str(name), info->ifi_flags & IFF_UP, links->context);
}

int link_each(struct rtnl *rtnl, int (*visit)(const char *name, bool up, void *context),
	      void *context, struct carrel_error *err)
{
	struct link_visit links = { .visit = visit, .context = context };
	struct nlmsghdr *request = rtnl_request(rtnl, RTM_GETLINK, NLM_F_DUMP, "listing links");
	int rc;

	mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	/* Counters are most of what there is to say of a link. */
	mnl_attr_put_u32(request, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	rc = rtnl_end(rtnl, request, err);
	return rc < 0 ? rc : rtnl_query(rtnl, visit_link, &links, err);
}
