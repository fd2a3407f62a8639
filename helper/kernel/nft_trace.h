/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rule of all that the host has drops the packets that come in by one link. */
#ifndef CARREL_KERNEL_NFT_TRACE_H
#define CARREL_KERNEL_NFT_TRACE_H

#include "base/address.h"
#include "core/obstacle.h"

struct carrel_error;
struct mnl_socket;

struct nft_trace {
	struct mnl_socket *rules, *events;
};

#define NFT_TRACE_CLEANUP __attribute__((cleanup(nft_trace_end)))

/**
 * nft_trace_begin() - have TCP and UDP packets that come in by @link traced, and dropped in the end
 * Context: in the host's network namespace, CAP_NET_ADMIN
 */
int nft_trace_begin(const char *link, struct nft_trace *ret, struct carrel_error *err);

enum nft_trace_fate {
	TRACE_ARRIVED,          /* nobody dropped it */
	TRACE_DROPPED,          /* a rule of nf_tables' did, see the obstacle */
	TRACE_LOST,             /* it came in, and something that is not nf_tables dropped it */
	TRACE_UNSEEN,           /* it never came in */
};

/**
 * nft_trace_follow() - what became of the packet of @family that was sent just now
 * @timeout_ms:	how long to wait for news
 *
 * Return: 0 or -errno
 */
int nft_trace_follow(struct nft_trace *trace, enum family family, int timeout_ms,
		     enum nft_trace_fate *ret_fate, struct obstacle *ret_obstacle,
		     struct carrel_error *err);

/** nft_trace_end() - take the table away; harmless on one that never began (all zero) */
void nft_trace_end(struct nft_trace *trace);

#endif
