/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A flow that is asked about: "tcp 203.0.113.10:443", "in udp host:53". One grammar for
 * the "expect" lines of policies and for `carrel explain`.
 */
#ifndef CARREL_CORE_FLOW_H
#define CARREL_CORE_FLOW_H

#include "core/evaluate.h"
#include "core/lexer.h"

enum flow_remote { FLOW_ADDRESS, FLOW_HOST, FLOW_PEERS };

struct flow {
	enum direction direction;
	uint8_t l4proto;                /* IPPROTO_*; IPPROTO_ICMP in both families */
	enum flow_remote remote;
	struct address address;         /* FLOW_ADDRESS */
	uint16_t port;                  /* 0: the protocol has none */
};

/**
 * flow_parse() - understand [out|in] PROTOCOL REMOTE[:PORT]
 *
 * REMOTE is an address (IPv6 in brackets where a port follows), "host" or "peers". TCP, UDP
 * and SCTP have a port, ICMP has none.
 *
 * Return: 0; -EINVAL after reporting
 */
int flow_parse(struct lexer *lexer, struct flow *ret);

/**
 * flow_packets() - the first packets of the flow
 * @host:	what "host" stands for: its first address of each family
 *
 * "peers" stands for an address of each pool, ICMP for an echo request.
 *
 * Return: how many there are in @ret; 0 when "host" has no address
 */
size_t flow_packets(const struct flow *flow, const struct config *config,
		    const struct prefix_list *host, struct packet ret[FAMILY_COUNT]);

/** flow_protocol_name() - "tcp", for IPPROTO_*; NULL for one that flows cannot have */
const char *flow_protocol_name(uint8_t l4proto);

#endif
