/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/routes.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "base/error.h"
#include "kernel/rtnl.h"

#define CARREL_LINK_PREFIX "cr-"

struct listing {
	struct arena *arena;
	struct routes *routes;
};

/** add_name() - to @names, unless it is there; 0 or -ENOMEM */
static int add_name(struct link_names *names, const char *name, struct arena *arena)
{
	if (routes_has_link(names, name))
		return 0;
	const char **place = ARENA_APPEND(arena, &names->list);
	if (!place)
		return -ENOMEM;
	*place = name;
	return 0;
}

/** is_everybodys() - link-local, multicast */
static bool is_everybodys(const struct prefix *prefix)
{
	const uint8_t *bytes = prefix->address.bytes;

	if (prefix->address.family == FAMILY_IPV4)
		return bytes[0] >= 224;
	return bytes[0] == 0xff || (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80);
}

/** read_prefix() - the network that a route leads to */
static int read_prefix(const struct nlmsghdr *message, const struct rtmsg *route,
		       struct prefix *ret)
{
	const struct nlattr *destination = rtnl_attribute(message, sizeof(*route), RTA_DST);
	struct prefix prefix = {
		.address.family = route->rtm_family == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6,
		.length = route->rtm_dst_len,
	};

	if (!destination || mnl_attr_get_payload_len(destination) !=
	    address_size(prefix.address.family))
		return -EBADMSG;
	memcpy(prefix.address.bytes, mnl_attr_get_payload(destination),
	       address_size(prefix.address.family));
	*ret = prefix;
	return 0;
}

/** link_of() - the name of a route's link, from the arena; NULL: none, or memory ran out */
static const char *link_of(const struct nlmsghdr *message, struct arena *arena)
{
	const struct nlattr *interface = rtnl_attribute(message, sizeof(struct rtmsg), RTA_OIF);
	char name[IF_NAMESIZE];

	if (!interface || mnl_attr_validate(interface, MNL_TYPE_U32) < 0 ||
	    !if_indextoname(mnl_attr_get_u32(interface), name))
		return NULL;
	return arena_strdup(arena, name);
}

/** keep_route() - rtnl_query() answer */
static int keep_route(const struct nlmsghdr *message, void *context)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);
	struct listing *listing = context;
	struct host_route kept = { 0 };

	if (message->nlmsg_type != RTM_NEWROUTE || route->rtm_type != RTN_UNICAST ||
	    (route->rtm_family != AF_INET && route->rtm_family != AF_INET6))
		return 0;
	/* A route of several links has none of its own: each of these has routes beside it. */
	kept.link = link_of(message, listing->arena);
	if (!kept.link || strcmp(kept.link, "lo") == 0 ||
	    strncmp(kept.link, CARREL_LINK_PREFIX, strlen(CARREL_LINK_PREFIX)) == 0)
		return 0;
	int rc = route->rtm_protocol == RTPROT_RA ? add_name(&listing->routes->advertised, kept.link, listing->arena) : 0;
	if (rc == 0 && route->rtm_dst_len == 0)
		return add_name(&listing->routes->links, kept.link, listing->arena);
	if (rc == 0)
		rc = read_prefix(message, route, &kept.prefix);
	if (rc < 0 || is_everybodys(&kept.prefix))
		return rc;
	kept.gateway = rtnl_attribute(message, sizeof(*route), RTA_GATEWAY) != NULL;
	struct host_route *place = ARENA_APPEND(listing->arena, &listing->routes->list);
	if (!place)
		return -ENOMEM;
	*place = kept;
	return add_name(&listing->routes->links, kept.link, listing->arena);
}

int routes_list(struct rtnl *host, struct arena *arena, struct routes *ret,
		struct carrel_error *err)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct routes routes = { 0 };
	struct listing listing = { .arena = arena, .routes = &routes };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(families); i++) {
		struct nlmsghdr *request = rtnl_request(host, RTM_GETROUTE, NLM_F_DUMP,
							"listing the host's routes");
		struct rtmsg *message = mnl_nlmsg_put_extra_header(request, sizeof(*message));

		message->rtm_family = families[i];
		rc = rtnl_end(host, request, err);
		if (rc == 0)
			rc = rtnl_query(host, keep_route, &listing, err);
	}
	if (rc < 0)
		return error_wrap(err, rc, "listing the host's routes");
	*ret = routes;
	return 0;
}

bool routes_has_link(const struct link_names *names, const char *name)
{
	for (size_t i = 0; i < names->list.count; i++)
		if (strcmp(names->list.items[i], name) == 0)
			return true;
	return false;
}
