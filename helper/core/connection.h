/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that are open when a policy changes.
 *
 * Rules decide how a connection begins; what follows passes as part of it. So when rules
 * are replaced, every open connection is judged by how it began: one that today's policy
 * would not let begin is marked in the kernel ("cut"). Packets of a marked one, in both
 * directions, are no longer part of anything: the rules look at each of them.
 *
 * Forgetting the connection would not do. Its next packet would begin another one,
 * whichever side it came from: replies would turn into requests, lost where the policy lets
 * nothing in, let through where it lets everything in.
 */
#ifndef CARREL_CORE_CONNECTION_H
#define CARREL_CORE_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>
#include "base/address.h"
#include "core/policy.h"
#include "core/prefixes.h"

/*
 * One bit of the connection's mark, leaving the others to an administrator. Not the highest,
 * which nft would print as a prefix.
 */
#define CONNECTION_CUT UINT32_C(0x40000000)

/* One, as the carrel's connection tracking knows it. */
struct connection {
	struct address source, destination;     /* of its first packet, as it was sent */
	struct address replier;         /* destination, unless the carrel redirects */
	uint8_t l4proto;                /* IPPROTO_* */
	uint16_t port;                  /* that answers; 0 where the protocol has none */
	uint8_t icmp_type;              /* of its first packet; 0 where it is no ICMP */
	uint32_t mark;
};

/* What connections are judged by. */
struct connection_judge {
	const struct policy *policy;
	const struct config *config;
	const struct prefix_list *host; /* as compile_policy() is given it */
	struct address own[FAMILY_COUNT];       /* the carrel's addresses */
};

/**
 * connection_is_forbidden() - would @judge's policy not let the connection begin?
 * Context: pure
 */
bool connection_is_forbidden(const struct connection_judge *judge,
			     const struct connection *connection);

/** connection_is_cut() - was it, when it was looked at last? */
bool connection_is_cut(const struct connection *connection);

#endif
