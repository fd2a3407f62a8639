/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The networks that the host knows a way to, and by which links. */
#ifndef CARREL_KERNEL_ROUTES_H
#define CARREL_KERNEL_ROUTES_H

#include "base/arena.h"
#include "core/overlap.h"

struct carrel_error;
struct rtnl;

struct link_names {
	ARENA_LIST(const char *) list;          /* each once */
};

struct routes {
	ARENA_LIST(struct host_route) list;     /* of all tables, without default routes */
	struct link_names links;                /* that a route uses: packets come in by them */
	struct link_names advertised;           /* of these: with routes that a router advertised */
};

/**
 * routes_list() - look at every unicast route but those of carrels and of the loopback
 *
 * Link-local and multicast networks are everybody's, and left out.
 *
 * Return: 0 or -errno
 * Context: in the host's network namespace
 */
int routes_list(struct rtnl *host, struct arena *arena, struct routes *ret,
		struct carrel_error *err);

/** routes_has_link() - is @name one of @names? */
bool routes_has_link(const struct link_names *names, const char *name);

#endif
