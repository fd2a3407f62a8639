/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One rtnetlink request each: links, addresses, routes, neighbours. They are written
 * into a batch; rtnl_commit() does them.
 *
 * All return 0, or -E2BIG when the batch is full.
 */
#ifndef CARREL_KERNEL_LINK_H
#define CARREL_KERNEL_LINK_H

#include <stdbool.h>
#include <stdint.h>
#include "base/address.h"

struct carrel_error;
struct rtnl;

/* LOOPBACK_IFINDEX in the kernel: the same in every namespace. */
#define LOOPBACK_INDEX 1

struct link_pair {
	const char *name, *peer_name;
	const uint8_t *mac, *peer_mac;
	uint32_t mtu_bytes;
	uint32_t group;         /* of the near end */
	int peer_netns_fd;      /* borrowed until rtnl_commit() */
};

/**
 * link_pair() - make a veth: both ends down, the far one in its namespace
 *
 * The near end has no ARP: its neighbours are permanent, and answering requests from the far
 * end would let root there fill the host's table of neighbours.
 *
 * The far end is placed directly: moving it later would wait for an RCU grace period,
 * 17 ms. One queue each way, as more would wait too.
 */
int link_pair(struct rtnl *rtnl, const struct link_pair *pair, struct carrel_error *err);

/**
 * link_quiet() - no IPv6 address of the link's own making
 * @ipv6:	the kernel has IPv6 (otherwise there is nothing to forbid)
 * @forward:	IPv4 packets that come in here are forwarded
 * @alias:	for `ip link`; or NULL
 */
int link_quiet(struct rtnl *rtnl, int index, bool ipv6, bool forward, const char *alias,
	       struct carrel_error *err);

/** link_up() - @alias: for `ip link`; or NULL */
int link_up(struct rtnl *rtnl, int index, const char *alias, struct carrel_error *err);
/** link_down() - the kernel forgets the link's routes and neighbours */
int link_down(struct rtnl *rtnl, int index, struct carrel_error *err);
int link_group(struct rtnl *rtnl, int index, uint32_t group, struct carrel_error *err);

/**
 * link_reset() - give an end of a veth what link_pair() gave it, and take it out of any bridge
 * @near:	it is the near end, without ARP and with a group
 * @mtu_bytes:	0: as it is
 */
int link_reset(struct rtnl *rtnl, int index, bool near, uint32_t group, uint32_t mtu_bytes,
	       const uint8_t *mac, struct carrel_error *err);

/**
 * link_each() - call @visit for each link of the namespace
 * @visit:	returns 0 to go on, or a negative errno
 *
 * Sends the batch, which is empty before.
 */
int link_each(struct rtnl *rtnl, int (*visit)(const char *name, bool up, void *context),
	      void *context, struct carrel_error *err);

/** link_delete() - takes 20 to 40 ms: never on a path that someone waits for */
int link_delete(struct rtnl *rtnl, const char *name, struct carrel_error *err);

/** link_address() - full-length, ready at once (no duplicate address detection) */
int link_address(struct rtnl *rtnl, int index, const struct address *address,
		 struct carrel_error *err);

/**
 * link_route() - @gateway: NULL for a destination on the link itself
 * @replace:	in the place of one to the same destination, if there is one
 */
int link_route(struct rtnl *rtnl, int index, const struct prefix *destination,
	       const struct address *gateway, bool replace, struct carrel_error *err);

/**
 * link_answers() - let a packet for ::1 in that netfilter has turned back into one
 *
 * ::1 is on the loopback alone: what comes in by another link is not routed there, whoever it is for
 * (rt6_need_strict(), net/ipv6/route.c). So this link gets a route of its own, behind the loopback's.
 * A packet that comes from the wire for ::1 never gets as far (ip6_rcv_core()).
 */
int link_answers(struct rtnl *rtnl, int index, struct carrel_error *err);

/** link_neighbour() - permanent: neither asked for nor counted against gc_thresh */
int link_neighbour(struct rtnl *rtnl, int index, const struct address *address,
		   const uint8_t *mac, struct carrel_error *err);

/**
 * link_index() - interface index of @name in the socket's namespace, at once
 * Return: the index (above 0), or -ENODEV, -errno
 */
int link_index(const struct rtnl *rtnl, const char *name);

/** link_mtu() - MTU in bytes of interface @index, or -errno */
int link_mtu(const struct rtnl *rtnl, int index);

#endif
