/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What carrels need of the host: its constant table, and forwarding. Made when it is
 * first needed, and looked at by every login for the price of one netlink query.
 */
#ifndef CARREL_KERNEL_HOST_H
#define CARREL_KERNEL_HOST_H

#include <stdbool.h>
#include "core/host.h"

struct carrel_error;

/* What host_prepare() had to do. */
struct host_outcome {
	bool changed;           /* the state is new: it is to be recorded */
	bool table_repaired;    /* the table had been there and was gone: to be reported */
};

/**
 * host_prepare() - see to it that the host does its part
 * @ipv6:	the host speaks IPv6
 * @state:	what was recorded; updated
 *
 * As long as the firewall's generation is the recorded one, nobody has changed anything
 * and nothing is done. Otherwise the table is replaced by itself, in one transaction
 * without a moment without rules.
 *
 * Context: in the host's network namespace, CAP_NET_ADMIN
 */
int host_prepare(bool ipv6, struct host_state *state, struct host_outcome *ret_outcome,
		 struct carrel_error *err);

#endif
