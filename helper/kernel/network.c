/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/network.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "base/error.h"
#include "kernel/link.h"
#include "kernel/rtnl.h"

/*
 * Addresses of networks that nobody has (RFC 1112, section 4, and RFC 4291, section 2.4: kept for later),
 * so that of all routes only one to everywhere leads there.
 */
static const struct address nowhere[FAMILY_COUNT] = {
	[FAMILY_IPV4] = { FAMILY_IPV4, { 240, 0, 0, 1 } },
	[FAMILY_IPV6] = { FAMILY_IPV6, { 0x40, [15] = 1 } },
};

static const struct address loopback6 = { FAMILY_IPV6, { [15] = 1 } };

/* Where what is read goes. */
struct reading {
	struct arena *arena;
	struct network *network;
};

static int number(const struct nlattr *attribute)
{
	return attribute && mnl_attr_validate(attribute, MNL_TYPE_U32) >= 0 ?
	       (int)mnl_attr_get_u32(attribute) : 0;
}

/* Copy @attribute, text, to @size bytes; one that does not fit is left out. */
static void copy_text(char *text, size_t size, const struct nlattr *attribute)
{
	if (attribute && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0 &&
	    mnl_attr_get_payload_len(attribute) <= size)
		strcpy(text, mnl_attr_get_str(attribute));
}

static bool copy_address(struct address *ret, uint8_t family, const struct nlattr *attribute)
{
	struct address address = { .family = family == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6 };

	if ((family != AF_INET && family != AF_INET6) || !attribute ||
	    mnl_attr_get_payload_len(attribute) != address_size(address.family))
		return false;
	memcpy(address.bytes, mnl_attr_get_payload(attribute), address_size(address.family));
	*ret = address;
	return true;
}

/* A number of the array IFLA_INET_CONF, which counts from 1 (inet_fill_link_af, devinet.c). */
static bool forwards(const struct nlattr *families)
{
	const struct nlattr *inet = rtnl_nested_attribute(families, AF_INET);
	const struct nlattr *values = rtnl_nested_attribute(inet, IFLA_INET_CONF);
	uint32_t value;

	if (!values || mnl_attr_get_payload_len(values) <
		       IPV4_DEVCONF_FORWARDING * sizeof(value))
		return false;
	memcpy(&value, (const uint8_t *)mnl_attr_get_payload(values) +
		       (IPV4_DEVCONF_FORWARDING - 1) * sizeof(value), sizeof(value));
	return value != 0;
}

static bool is_quiet6(const struct nlattr *families)
{
	const struct nlattr *inet6 = rtnl_nested_attribute(families, AF_INET6);
	const struct nlattr *mode = rtnl_nested_attribute(inet6, IFLA_INET6_ADDR_GEN_MODE);

	return !inet6 || (mode && mnl_attr_get_u8(mode) == IN6_ADDR_GEN_MODE_NONE);
}

/* A number of the array IFLA_INET6_CONF, which counts from 0 (inet6_fill_ifla6_attrs, addrconf.c). */
static bool is_without6(const struct nlattr *families)
{
	const struct nlattr *inet6 = rtnl_nested_attribute(families, AF_INET6);
	const struct nlattr *values = rtnl_nested_attribute(inet6, IFLA_INET6_CONF);
	uint32_t disabled = 0;

	if (values && mnl_attr_get_payload_len(values) >= (DEVCONF_DISABLE_IPV6 + 1) * sizeof(disabled))
		memcpy(&disabled, (const uint8_t *)mnl_attr_get_payload(values) +
				  DEVCONF_DISABLE_IPV6 * sizeof(disabled), sizeof(disabled));
	return !inet6 || disabled;
}

/* rtnl_query() answer */
static int keep_link(const struct nlmsghdr *message, void *context)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *mac, *families;
	struct reading *reading = context;
	struct network_link *link;

	if (message->nlmsg_type != RTM_NEWLINK)
		return 0;
	link = ARENA_APPEND(reading->arena, &reading->network->links);
	if (!link)
		return -ENOMEM;
	mac = rtnl_attribute(message, sizeof(*info), IFLA_ADDRESS);
	families = rtnl_attribute(message, sizeof(*info), IFLA_AF_SPEC);
	*link = (struct network_link){
		.index = info->ifi_index,
		.up = info->ifi_flags & IFF_UP, .noarp = info->ifi_flags & IFF_NOARP,
		.quiet6 = is_quiet6(families), .without6 = is_without6(families),
		.forwards4 = forwards(families),
		.peer = number(rtnl_attribute(message, sizeof(*info), IFLA_LINK)),
		.master = number(rtnl_attribute(message, sizeof(*info), IFLA_MASTER)),
		.group = (uint32_t)number(rtnl_attribute(message, sizeof(*info), IFLA_GROUP)),
		.mtu_bytes = (uint32_t)number(rtnl_attribute(message, sizeof(*info), IFLA_MTU)),
	};
	copy_text(link->name, sizeof(link->name),
		  rtnl_attribute(message, sizeof(*info), IFLA_IFNAME));
	copy_text(link->alias, sizeof(link->alias),
		  rtnl_attribute(message, sizeof(*info), IFLA_IFALIAS));
	if (mac && mnl_attr_get_payload_len(mac) == MAC_SIZE)
		memcpy(link->mac, mnl_attr_get_payload(mac), MAC_SIZE);
	return 0;
}

/* rtnl_query() answer */
static int keep_address(const struct nlmsghdr *message, void *context)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *local = rtnl_attribute(message, sizeof(*info), IFA_LOCAL);
	struct reading *reading = context;
	struct network_address *address;
	struct address found;

	if (!local)
		local = rtnl_attribute(message, sizeof(*info), IFA_ADDRESS);
	if (message->nlmsg_type != RTM_NEWADDR || !copy_address(&found, info->ifa_family, local))
		return 0;
	address = ARENA_APPEND(reading->arena, &reading->network->addresses);
	if (!address)
		return -ENOMEM;
	*address = (struct network_address){ .link = (int)info->ifa_index, .address = found };
	return 0;
}

/* Does it let in what comes by a link for ::1? The loopback's own is the kernel's. */
static bool is_of_answers(const struct nlmsghdr *message, const struct rtmsg *info)
{
	struct address destination;

	return info->rtm_table == RT_TABLE_LOCAL && info->rtm_type == RTN_LOCAL &&
	       info->rtm_protocol != RTPROT_KERNEL &&
	       copy_address(&destination, info->rtm_family,
			    rtnl_attribute(message, sizeof(*info), RTA_DST)) &&
	       address_equal(&destination, &loopback6);
}

/* The link was read before its routes are. */
static void note_answers(struct network *network, int index)
{
	for (size_t i = 0; i < network->links.count; i++)
		if (network->links.items[i].index == index)
			network->links.items[i].answers6 = true;
}

/* rtnl_query() answer */
static int keep_route(const struct nlmsghdr *message, void *context)
{
	const struct rtmsg *info = mnl_nlmsg_get_payload(message);
	struct network_route found = { 0 };
	struct reading *reading = context;
	struct network_route *route;

	if (message->nlmsg_type == RTM_NEWROUTE && is_of_answers(message, info))
		note_answers(reading->network,
			     number(rtnl_attribute(message, sizeof(*info), RTA_OIF)));
	if (message->nlmsg_type != RTM_NEWROUTE || info->rtm_table != RT_TABLE_MAIN ||
	    info->rtm_protocol == RTPROT_KERNEL ||
	    (info->rtm_family != AF_INET && info->rtm_family != AF_INET6))
		return 0;
	/* A route to everywhere has no RTA_DST. */
	found.destination.address.family = info->rtm_family == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6;
	(void)copy_address(&found.destination.address, info->rtm_family,
			   rtnl_attribute(message, sizeof(*info), RTA_DST));
	found.destination.length = info->rtm_dst_len;
	found.link = number(rtnl_attribute(message, sizeof(*info), RTA_OIF));
	found.has_gateway = copy_address(&found.gateway, info->rtm_family,
					 rtnl_attribute(message, sizeof(*info), RTA_GATEWAY));
	route = ARENA_APPEND(reading->arena, &reading->network->routes);
	if (!route)
		return -ENOMEM;
	*route = found;
	return 0;
}

/* rtnl_query() answer */
static int keep_neighbour(const struct nlmsghdr *message, void *context)
{
	const struct ndmsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *mac = rtnl_attribute(message, sizeof(*info), NDA_LLADDR);
	struct network_neighbour found = { .link = info->ndm_ifindex };
	struct reading *reading = context;
	struct network_neighbour *neighbour;

	if (message->nlmsg_type != RTM_NEWNEIGH ||
	    !copy_address(&found.address, info->ndm_family,
			  rtnl_attribute(message, sizeof(*info), NDA_DST)))
		return 0;
	found.permanent = info->ndm_state & NUD_PERMANENT;
	if (mac && mnl_attr_get_payload_len(mac) == MAC_SIZE)
		memcpy(found.mac, mnl_attr_get_payload(mac), MAC_SIZE);
	neighbour = ARENA_APPEND(reading->arena, &reading->network->neighbours);
	if (!neighbour)
		return -ENOMEM;
	*neighbour = found;
	return 0;
}

/* Ask for what @type lists; the fixed header of its questions has @header_bytes, all zero. */
static int dump(struct rtnl *rtnl, uint16_t type, size_t header_bytes, const char *what,
		int (*keep)(const struct nlmsghdr *message, void *context),
		struct reading *reading, struct carrel_error *err)
{
	struct nlmsghdr *request = rtnl_request(rtnl, type, NLM_F_DUMP, what);
	int rc;

	mnl_nlmsg_put_extra_header(request, header_bytes);
	if (type == RTM_GETLINK)
		mnl_attr_put_u32(request, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	rc = rtnl_end(rtnl, request, err);
	if (rc == 0)
		rc = rtnl_query(rtnl, keep, reading, err);
	return rc == -ENOMEM ? error_set(err, ENOMEM, "out of memory") : rc;
}

/* By @index, or, where that is 0, by @name. */
static struct nlmsghdr *ask_for_link(struct rtnl *host, int index, const char *name)
{
	struct nlmsghdr *request = rtnl_request(host, RTM_GETLINK, 0, "looking at the link");
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(request, sizeof(*info));

	info->ifi_index = index;
	if (!index)
		mnl_attr_put_strz(request, IFLA_IFNAME, name);
	mnl_attr_put_u32(request, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return request;
}

static uint8_t socket_family(const struct address *address)
{
	return address->family == FAMILY_IPV4 ? AF_INET : AF_INET6;
}

/*
 * Which route leads there: not what a packet would do, but the entry of the table.
 * @index:	of the link that it is to be of; 0: of any
 */
static struct nlmsghdr *ask_for_route(struct rtnl *host, const struct address *destination,
				      int index)
{
	struct nlmsghdr *request = rtnl_request(host, RTM_GETROUTE, 0, "looking for the route");
	struct rtmsg *message = mnl_nlmsg_put_extra_header(request, sizeof(*message));

	message->rtm_family = socket_family(destination);
	message->rtm_dst_len = (uint8_t)address_bits(destination->family);
	message->rtm_flags = RTM_F_FIB_MATCH;
	mnl_attr_put(request, RTA_DST, address_size(destination->family), destination->bytes);
	if (index)
		mnl_attr_put_u32(request, RTA_OIF, (uint32_t)index);
	return request;
}

static struct nlmsghdr *ask_for_neighbour(struct rtnl *host, int index, const struct address *address)
{
	struct nlmsghdr *request = rtnl_request(host, RTM_GETNEIGH, 0, "looking for the neighbour");
	struct ndmsg *message = mnl_nlmsg_put_extra_header(request, sizeof(*message));

	message->ndm_family = socket_family(address);
	message->ndm_ifindex = index;
	mnl_attr_put(request, NDA_DST, address_size(address->family), address->bytes);
	return request;
}

/* How the kernel says that there is no such thing. */
static bool is_no_link(int rc)
{
	return rc == -ENODEV;
}

/* The last three are what routes that lead nowhere say (fib_props, fib_semantics.c). */
static bool is_no_route(int rc)
{
	return rc == -ENETUNREACH || rc == -EHOSTUNREACH || rc == -EACCES || rc == -EINVAL;
}

static bool is_no_neighbour(int rc)
{
	return rc == -ENOENT;
}

/* Questions of one batch, and where the answers go. */
struct questions {
	struct rtnl *rtnl;
	struct reading *reading;
	struct rtnl_question list[RTNL_BATCH_REQUESTS];
	size_t count;
	int rc;                         /* of the first that found no room */
};

/* Append @request. @is_absent: which refusals are an answer, too */
static void add(struct questions *questions, struct nlmsghdr *request,
		int (*keep)(const struct nlmsghdr *message, void *context),
		bool (*is_absent)(int rc))
{
	if (questions->rc == 0)
		questions->rc = rtnl_end(questions->rtnl, request, NULL);
	if (questions->rc == 0)
		questions->list[questions->count++] = (struct rtnl_question){
			.answer = keep, .context = questions->reading, .is_absent = is_absent,
		};
}

/* Send them. */
static int ask(struct questions *questions, struct carrel_error *err)
{
	int rc = questions->rc;

	if (rc < 0)
		return error_set_errno(err, -rc, "looking at a network");
	rc = rtnl_ask(questions->rtnl, questions->list, err);
	return rc == -ENOMEM ? error_set(err, ENOMEM, "out of memory") : rc;
}

/* Those of @intent's operations at @place, all behind the link @index. */
static void add_neighbours(struct questions *questions, const struct plan *intent,
			   enum place place, int index)
{
	for (size_t i = 0; questions->rc == 0 && i < intent->operations.count; i++) {
		const struct plan_operation *operation = &intent->operations.items[i];

		if (operation->kind == PLAN_NEIGHBOUR && operation->place == place)
			add(questions, ask_for_neighbour(questions->rtnl, index,
							 &operation->neighbour.address),
			    keep_neighbour, is_no_neighbour);
	}
}

/* Ask for the neighbours of @intent at @place behind the link @index. */
static int read_neighbours(struct rtnl *rtnl, const struct plan *intent, enum place place,
			   int index, struct reading *reading, struct carrel_error *err)
{
	struct questions questions = { .rtnl = rtnl, .reading = reading };

	add_neighbours(&questions, intent, place, index);
	return ask(&questions, err);
}

int network_read_carrel(struct rtnl *carrel, const struct plan *intent, struct arena *arena,
			struct network *ret, struct carrel_error *err)
{
	struct network network = { 0 };
	struct reading reading = { .arena = arena, .network = &network };
	const struct network_link *uplink;
	int rc = dump(carrel, RTM_GETLINK, sizeof(struct ifinfomsg), "listing links", keep_link,
		      &reading, err);

	if (rc == 0)
		rc = dump(carrel, RTM_GETADDR, sizeof(struct ifaddrmsg), "listing addresses",
			  keep_address, &reading, err);
	if (rc == 0)
		rc = dump(carrel, RTM_GETROUTE, sizeof(struct rtmsg), "listing routes", keep_route,
			  &reading, err);
	uplink = rc == 0 ? network_link(&network, CARREL_UPLINK) : NULL;
	if (uplink)
		rc = read_neighbours(carrel, intent, PLACE_CARREL, uplink->index, &reading, err);
	if (rc < 0)
		return rc;
	*ret = network;
	return 0;
}

/* What shows whether @operation's effect is there; @uplink: number of the link, or 0. */
static void add_look(struct questions *questions, const struct plan_operation *operation, int uplink)
{
	struct rtnl *rtnl = questions->rtnl;
	const struct address *somewhere;

	switch (operation->kind) {
	case PLAN_NEIGHBOUR:
		if (uplink)
			add(questions, ask_for_neighbour(rtnl, uplink,
							 &operation->neighbour.address),
			    keep_neighbour, is_no_neighbour);
		return;
	case PLAN_ROUTE:
		/* The entry for an address that has none but the way to everywhere. */
		somewhere = operation->route.destination.length ?
			    &operation->route.destination.address :
			    &nowhere[operation->route.destination.address.family];
		add(questions, ask_for_route(rtnl, somewhere, 0), keep_route, is_no_route);
		return;
	case PLAN_ANSWERS:
		/* For a loopback address only routes of the link are looked at (rt6_need_strict()). */
		if (uplink)
			add(questions, ask_for_route(rtnl, &loopback6, uplink), keep_route,
			    is_no_route);
		return;
	case PLAN_ADDRESS:      /* all by one list */
	case PLAN_NETNS:
	case PLAN_SYSCTL:
	case PLAN_RULES:
	case PLAN_CONNECTIONS:
	case PLAN_LINK_PAIR:
	case PLAN_LINK_GROUP:
	case PLAN_LINK_RESET:
	case PLAN_LINK_DELETE:
	case PLAN_LINK_QUIET:
	case PLAN_LINK_UP:
	case PLAN_LINK_DOWN:
	case PLAN_PIN:
		return;
	}
}

int network_look_carrel(struct rtnl *carrel, const struct plan *intent, int uplink,
			struct arena *arena, struct network *ret, struct carrel_error *err)
{
	struct network network = { 0 };
	struct reading reading = { .arena = arena, .network = &network };
	struct questions questions = { .rtnl = carrel, .reading = &reading };
	struct nlmsghdr *addresses;
	int rc;

	add(&questions, ask_for_link(carrel, LOOPBACK_INDEX, NULL), keep_link, is_no_link);
	if (uplink)
		add(&questions, ask_for_link(carrel, uplink, NULL), keep_link, is_no_link);
	for (size_t i = 0; questions.rc == 0 && i < intent->operations.count; i++)
		if (intent->operations.items[i].place == PLACE_CARREL)
			add_look(&questions, &intent->operations.items[i], uplink);
	addresses = rtnl_request(carrel, RTM_GETADDR, NLM_F_DUMP, "listing addresses");
	mnl_nlmsg_put_extra_header(addresses, sizeof(struct ifaddrmsg));
	add(&questions, addresses, keep_address, NULL);
	rc = ask(&questions, err);
	if (rc < 0)
		return rc;
	*ret = network;
	return 0;
}

int network_read_host(struct rtnl *host, const char *host_link, const struct plan *intent,
		      struct arena *arena, struct network *ret, struct carrel_error *err)
{
	struct network network = { 0 };
	struct reading reading = { .arena = arena, .network = &network };
	struct questions questions = { .rtnl = host, .reading = &reading };
	int rc;

	add(&questions, ask_for_link(host, 0, host_link), keep_link, is_no_link);
	for (size_t i = 0; questions.rc == 0 && i < intent->operations.count; i++) {
		const struct plan_operation *operation = &intent->operations.items[i];

		if (operation->kind == PLAN_ROUTE && operation->place == PLACE_HOST)
			add(&questions, ask_for_route(host, &operation->route.destination.address, 0),
			    keep_route, is_no_route);
	}
	rc = ask(&questions, err);
	if (rc == 0 && network.links.count)
		rc = read_neighbours(host, intent, PLACE_HOST, network.links.items[0].index,
				     &reading, err);
	if (rc < 0)
		return rc;
	*ret = network;
	return 0;
}

int network_read_links(struct rtnl *rtnl, struct arena *arena, struct network *ret,
		       struct carrel_error *err)
{
	struct network network = { 0 };
	struct reading reading = { .arena = arena, .network = &network };
	int rc = dump(rtnl, RTM_GETLINK, sizeof(struct ifinfomsg), "listing links", keep_link,
		      &reading, err);

	if (rc == 0)
		*ret = network;
	return rc;
}

int network_forwards4(struct rtnl *rtnl, int index, struct carrel_error *err)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct network network = { 0 };
	struct reading reading = { .arena = &arena, .network = &network };
	struct questions questions = { .rtnl = rtnl, .reading = &reading };
	int rc;

	add(&questions, ask_for_link(rtnl, index, NULL), keep_link, is_no_link);
	rc = ask(&questions, err);
	if (rc < 0)
		return rc;
	if (!network.links.count)
		return -ENODEV;
	/* In a VRF packets come in by the VRF. */
	return network.links.items[0].forwards4 && network.links.items[0].master
		? network_forwards4(rtnl, network.links.items[0].master, err)
		: network.links.items[0].forwards4;
}
