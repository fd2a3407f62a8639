/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Do carrels' addresses belong to somebody already? Pure. */
#ifndef CARREL_CORE_OVERLAP_H
#define CARREL_CORE_OVERLAP_H

#include <stdbool.h>
#include <stddef.h>
#include "base/address.h"

/* A network that the host knows a way to. Neither a default route nor one to a carrel. */
struct host_route {
	struct prefix prefix;
	bool gateway;           /* behind a router; else the host is in that network itself */
	const char *link;
};

enum overlap_kind {
	OVERLAP_NONE,
	OVERLAP_WITHIN,         /* the pool is a small part of a network behind a router */
	OVERLAP_CLASH,          /* addresses of the pool are, or may be, those of neighbours */
};

/** overlap_judge() - what @route and a pool have in common */
enum overlap_kind overlap_judge(const struct prefix *pool, const struct host_route *route);

/**
 * overlap_suggest() - a pool of the same size that no route overlaps
 * Return: false when there is none among those that are tried (private addresses, ULA)
 */
bool overlap_suggest(const struct prefix *pool, const struct host_route *routes, size_t count,
		     struct prefix *ret);

#endif
