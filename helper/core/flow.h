/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A flow that is asked about: "tcp 203.0.113.10:443", "in udp host:53". One grammar for
 * the "expect" lines of policies and for `carrel explain`.
 */
#ifndef CARREL_CORE_FLOW_H
#define CARREL_CORE_FLOW_H

#include "core/evaluate.h"
#include "core/lexer.h"

enum flow_remote { FLOW_ADDRESS, FLOW_HOST, FLOW_PEERS, FLOW_RESOLVER, FLOW_NAME };

struct flow {
	enum direction direction;
	uint8_t l4proto;                /* IPPROTO_*; IPPROTO_ICMP in both families */
	enum flow_remote remote;
	struct address address;         /* FLOW_ADDRESS */
	const char *name;               /* FLOW_NAME: as hostname_parse() gives it */
	uint16_t port;                  /* 0: the protocol has none */
};

/**
 * flow_parse() - understand [out|in] PROTOCOL REMOTE[:PORT]
 *
 * REMOTE is an address (IPv6 in brackets where a port follows), the name of a host, "host",
 * "peers" or "resolver". TCP, UDP and SCTP have a port, ICMP has none.
 *
 * Return: 0; -EINVAL after reporting; -ENOMEM
 */
int flow_parse(struct lexer *lexer, struct flow *ret);

/* What the words and names of flows stand for. */
struct flow_ends {
	const struct config *config;    /* "peers": an address of each pool */
	const struct prefix_list *host; /* "host": its first address of each family */
	const struct policy *policy;    /* "resolver" and names: all addresses that it has for them */
};

/**
 * flow_packet() - the first packet of the flow, to one address after the other
 * @at:		0 at first; updated
 *
 * ICMP stands for an echo request.
 *
 * Return: is there one more?
 */
bool flow_packet(const struct flow *flow, const struct flow_ends *ends, size_t *at,
		 struct packet *ret);

/** flow_protocol_name() - "tcp", for IPPROTO_*; NULL for one that flows cannot have */
const char *flow_protocol_name(uint8_t l4proto);

#endif
