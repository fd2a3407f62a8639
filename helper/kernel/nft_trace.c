/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * A packet with "meta nftrace" set is followed by the kernel: each rule that decides about it, and
 * each policy that a chain ends with, is told to the listeners of a multicast group, with table,
 * chain and handle. The table of core/obstacle.h sets that mark where packets come in. Its last
 * chain drops them, behind everybody else's: so the last word about each is there, or with the one
 * who dropped it before.
 *
 * Source: nf_tables_trace.c in the kernel; nft-monitor(8) reads the same
 */
#include "kernel/nft_trace.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/trace.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "base/arena.h"
#include "base/error.h"
#include "kernel/nft.h"
#include "kernel/nft_load.h"

/* One message has a packet's headers and two names at most. */
#define EVENT_BYTES 16384

int nft_trace_begin(const char *link, struct nft_trace *ret, struct carrel_error *err)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	NFT_TRACE_CLEANUP struct nft_trace trace = { 0 };
	int group = NFNLGRP_NFTRACE;
	struct ruleset table;

	int rc = obstacle_build(link, &arena, &table);
	if (rc < 0)
		return error_set_errno(err, -rc, "building table inet %s", OBSTACLE_TABLE);
	rc = nft_open(&trace.events, err);
	if (rc == 0)
		rc = nft_open(&trace.rules, err);
	if (rc < 0)
		return rc;
	/* To a socket without an address no news is given: the kernel takes it for the teller. */
	if (mnl_socket_bind(trace.events, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_setsockopt(trace.events, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return error_set_errno(err, errno, "listening to what becomes of packets");
	rc = nft_load(trace.rules, &table, true, err);
	if (rc < 0)
		return rc;
	*ret = trace;
	trace = (struct nft_trace){ 0 };
	return 0;
}

void nft_trace_end(struct nft_trace *trace)
{
	if (trace->rules) {
		/* It is about one link that is gone soon: what is left of it does nothing. */
		(void)nft_delete_table(trace->rules, OBSTACLE_TABLE, NULL);
		mnl_socket_close(trace->rules);
	}
	if (trace->events)
		mnl_socket_close(trace->events);
	*trace = (struct nft_trace){ 0 };
}

/** is_drop() - does this event say that the packet is dropped? */
static bool is_drop(const struct nftnl_trace *event)
{
	switch (nftnl_trace_get_u32(event, NFTNL_TRACE_TYPE)) {
	case NFT_TRACETYPE_POLICY:
		return nftnl_trace_get_u32(event, NFTNL_TRACE_POLICY) == NF_DROP;
	case NFT_TRACETYPE_RULE:
		return nftnl_trace_is_set(event, NFTNL_TRACE_VERDICT) &&
		       nftnl_trace_get_u32(event, NFTNL_TRACE_VERDICT) == NF_DROP;
	default:
		return false;
	}
}

/** note_obstacle() - where the event happened */
static void note_obstacle(const struct nftnl_trace *event, struct obstacle *ret)
{
	*ret = (struct obstacle){ 0 };
	(void)snprintf(ret->family, sizeof(ret->family), "%s",
		       nft_family_word(nftnl_trace_get_u32(event, NFTNL_TRACE_FAMILY)));
	(void)snprintf(ret->table, sizeof(ret->table), "%s",
		       nftnl_trace_get_str(event, NFTNL_TRACE_TABLE));
	(void)snprintf(ret->chain, sizeof(ret->chain), "%s",
		       nftnl_trace_get_str(event, NFTNL_TRACE_CHAIN));
	if (nftnl_trace_get_u32(event, NFTNL_TRACE_TYPE) == NFT_TRACETYPE_RULE)
		ret->handle = nftnl_trace_get_u64(event, NFTNL_TRACE_RULE_HANDLE);
}

/** is_arrival() - has the packet come to an end of our own table's? */
static bool is_arrival(const struct nftnl_trace *event)
{
	const char *chain = nftnl_trace_get_str(event, NFTNL_TRACE_CHAIN);

	return strcmp(nftnl_trace_get_str(event, NFTNL_TRACE_TABLE), OBSTACLE_TABLE) == 0 &&
	       (strcmp(chain, OBSTACLE_END) == 0 || strcmp(chain, OBSTACLE_END_LOCAL) == 0);
}

struct following {
	uint32_t nfproto;
	enum nft_trace_fate fate;
	struct obstacle *obstacle;
};

/** look_at_event() - mnl_cb_run() callback: one piece of news */
static int look_at_event(const struct nlmsghdr *message, void *context)
{
	struct following *following = context;
	struct nftnl_trace *event;

	if ((message->nlmsg_type & 0xff) != NFT_MSG_TRACE)
		return MNL_CB_OK;
	event = nftnl_trace_alloc();
	if (!event)
		return MNL_CB_ERROR;
	if (nftnl_trace_nlmsg_parse(message, event) == 0 &&
	    nftnl_trace_is_set(event, NFTNL_TRACE_TABLE) &&
	    nftnl_trace_is_set(event, NFTNL_TRACE_CHAIN) &&
	    nftnl_trace_get_u32(event, NFTNL_TRACE_NFPROTO) == following->nfproto) {
		if (is_arrival(event)) {
			following->fate = TRACE_ARRIVED;
		} else if (is_drop(event)) {
			following->fate = TRACE_DROPPED;
			note_obstacle(event, following->obstacle);
		} else if (following->fate == TRACE_UNSEEN) {
			following->fate = TRACE_LOST;
		}
	}
	nftnl_trace_free(event);
	return MNL_CB_OK;
}

int nft_trace_follow(struct nft_trace *trace, enum family family, int timeout_ms,
		     enum nft_trace_fate *ret_fate, struct obstacle *ret_obstacle,
		     struct carrel_error *err)
{
	struct following following = {
		.nfproto = family == FAMILY_IPV4 ? NFPROTO_IPV4 : NFPROTO_IPV6,
		.fate = TRACE_UNSEEN, .obstacle = ret_obstacle,
	};
	_Alignas(struct nlmsghdr) char bytes[EVENT_BYTES];

	/* The kernel handles a packet while it is sent: what there is to say comes at once. */
	while (following.fate == TRACE_UNSEEN || following.fate == TRACE_LOST) {
		struct pollfd wait = {
			.fd = mnl_socket_get_fd(trace->events), .events = POLLIN,
		};
		int ready = poll(&wait, 1, timeout_ms);

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready == 0)
			break;
		ssize_t length = ready < 0 ? -1 :
				 mnl_socket_recvfrom(trace->events, bytes, sizeof(bytes));
		if (length < 0 || mnl_cb_run(bytes, (size_t)length, 0, 0, look_at_event,
					     &following) < 0)
			return error_set_errno(err, errno, "hearing what becomes of a packet");
	}
	*ret_fate = following.fate;
	return 0;
}
