/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads what there is in a network namespace. It judges nothing. */
#ifndef CARREL_KERNEL_NETWORK_H
#define CARREL_KERNEL_NETWORK_H

#include "core/network.h"

struct carrel_error;
struct rtnl;

/**
 * network_read_carrel() - all links, addresses and routes of a carrel
 * @carrel:	a socket of its namespace
 * @intent:	its neighbours in the carrel are asked for, one by one: to list them, the kernel goes
 *		through those of all namespaces
 */
int network_read_carrel(struct rtnl *carrel, const struct plan *intent, struct arena *arena,
			struct network *ret, struct carrel_error *err);

/**
 * network_read_inside() - the same, but for neighbours, of the namespace @netns_fd (borrowed)
 * Context: CAP_SYS_ADMIN; leaves the process where it was
 */
int network_read_inside(int netns_fd, struct arena *arena, struct network *ret,
			struct carrel_error *err);

/**
 * network_look_carrel() - of a carrel, what shows whether all of @intent is there
 * @uplink:	the number of its link, which its other end tells; 0: it has none
 *
 * One send instead of one for each list. Who finds that something is missing reads all of it, to
 * be sure: a route of somebody's may hide the one that was asked for.
 */
int network_look_carrel(struct rtnl *carrel, const struct plan *intent, int uplink,
			struct arena *arena, struct network *ret, struct carrel_error *err);

/**
 * network_read_host() - of the host, what concerns one carrel's link
 * @host_link:	its name
 * @intent:	its routes and neighbours on the host are asked for, one by one: the host may have
 *		thousands of others
 */
int network_read_host(struct rtnl *host, const char *host_link, const struct plan *intent,
		      struct arena *arena, struct network *ret, struct carrel_error *err);

/** network_read_links() - all links of a namespace, and nothing else of it */
int network_read_links(struct rtnl *rtnl, struct arena *arena, struct network *ret,
		       struct carrel_error *err);

/**
 * network_forwards4() - does the link number @index forward IPv4 packets that come in there?
 * Return: 1; 0; -ENODEV when it is gone; -errno
 */
int network_forwards4(struct rtnl *rtnl, int index, struct carrel_error *err);

/**
 * network_read_sysctls() - add to @network those that @intent sets in the carrel
 * @proc_fd:	as sysctl_write_at()
 * Context: the caller is in its namespace
 */
int network_read_sysctls(int proc_fd, const struct plan *intent, struct arena *arena,
			 struct network *network, struct carrel_error *err);

#endif
