/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at the host, as far as plans depend on it. */
#ifndef CARREL_KERNEL_FACTS_H
#define CARREL_KERNEL_FACTS_H

#include <stdbool.h>
#include "base/arena.h"
#include "core/plan.h"

struct carrel_error;
struct rtnl;

/* Somewhere in the internet, of each family; nothing is ever sent there. */
extern const struct address facts_elsewhere[FAMILY_COUNT];

/**
 * facts_gather() - what every plan must know
 * @host:	rtnetlink of the host's namespace
 * @host_addresses: list the host's own addresses too (a dump: only where a policy asks)
 * @arena:	the list lives here
 *
 * A host without IPv6 is no error.
 * Context: in the host's network namespace
 */
int facts_gather(struct rtnl *host, bool host_addresses, struct arena *arena,
		 struct facts *ret_facts, struct carrel_error *err);

/** facts_way_out() - number of the link that leads to the internet; 0 when nothing does */
int facts_way_out(struct rtnl *host, enum family family);

/**
 * facts_find_mtu() - what a plan that makes an uplink must know besides
 * @facts:	gathered; gets the MTU of the link that leads out, or Ethernet's where none does
 */
void facts_find_mtu(struct rtnl *host, struct facts *facts);

#endif
