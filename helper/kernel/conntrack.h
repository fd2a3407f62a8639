/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connections that a network namespace keeps track of. */
#ifndef CARREL_KERNEL_CONNTRACK_H
#define CARREL_KERNEL_CONNTRACK_H

#include "core/connection.h"

struct carrel_error;
struct mnl_socket;

/**
 * conntrack_judge() - mark the connections that @judge forbids, unmark those that it allows
 * @socket:	as nft_open() makes it; the connections of its namespace are meant
 * @ret_cut:	how many connections were marked that were not
 *
 * New rules must be in place, so that no connection which they forbid begins meanwhile. The
 * kernel looks at the connections of all namespaces to find these: 1 ms for some ten thousand.
 *
 * Return: 0; -errno; some connections may then be marked and others not
 * Context: CAP_NET_ADMIN. The kernel needs nf_conntrack_netlink, which it loads by itself
 *	    where that is a module
 */
int conntrack_judge(struct mnl_socket *socket, const struct connection_judge *judge,
		    unsigned *ret_cut, struct carrel_error *err);

#endif
