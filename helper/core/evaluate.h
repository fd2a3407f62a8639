/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a policy does to a packet, without a kernel: what `carrel explain` and "expect"
 * answer from, and the second opinion that the compiled rules are held against.
 */
#ifndef CARREL_CORE_EVALUATE_H
#define CARREL_CORE_EVALUATE_H

#include <stdint.h>
#include "base/address.h"
#include "core/policy.h"
#include "core/prefixes.h"
#include "core/redirect.h"

/* The first packet of a flow, seen from the carrel. */
struct packet {
	enum direction direction;
	struct address remote;          /* destination of "out", source of "in" */
	uint8_t l4proto;                /* IPPROTO_*; ICMP is the family's own */
	uint16_t port;                  /* destination port; 0 where the protocol has none */
	uint8_t icmp_type;              /* of the family's own ICMP */
};

/* Where a packet's fate is decided. */
enum decider {
	DECIDER_RULE,                   /* a rule of the policy */
	DECIDER_DEFAULT,                /* no rule matches: the policy's default */
	DECIDER_HOST_UNNAMED,           /* outwards: it is the host, which no rule that matches names */
	DECIDER_PEERS_UNNAMED,          /* outwards: likewise another carrel */
	DECIDER_LOOPBACK,               /* it never leaves the carrel */
	DECIDER_NO_UPLINK,              /* the carrel is not connected */
	DECIDER_OUTSIDE,                /* inwards: nothing new comes from beyond the host */
	DECIDER_LINK_ONLY,              /* outwards: no router passes such an address on */
	DECIDER_NO_RESOLVER,            /* a query, and no resolver of its family */
};
#define DECIDER_COUNT (DECIDER_NO_RESOLVER + 1)

struct decision {
	enum verdict verdict;
	enum decider decider;
	const struct policy_rule *rule; /* DECIDER_RULE; points into the policy. Else NULL */
	const struct policy_name *name; /* DECIDER_RULE: by which of its names, or NULL: by none */
	bool peer;                      /* the other carrel's policy has to agree */
	/*
	 * Of a query that is redirected: where it goes. Where that is several, the others fare
	 * as well, or better.
	 */
	struct redirect redirect;
};

/*
 * Time and open connections are not known here: every packet is within its rule's limit. Names
 * have the addresses that names_bind() gave them.
 */

/**
 * evaluate_arrival() - what the rules inside the carrel decide about a packet that is on its way
 *			to where it goes: nothing is redirected any more
 * Context: pure
 */
struct decision evaluate_arrival(const struct policy *policy, const struct config *config,
				 const struct prefix_list *host, const struct packet *packet);

/**
 * evaluate_policy() - what the carrel's firewall does to a packet
 * @host:	as compile_policy() is given it
 * Context: pure
 */
struct decision evaluate_policy(const struct policy *policy, const struct config *config,
				const struct prefix_list *host, const struct packet *packet);

/**
 * evaluate_path() - the same, with what the host's table and the uplink have to say
 * @host:	every address of the host, whether the policy names it or not
 *
 * What another carrel's policy says to a packet from or for it is not looked at.
 * Context: pure
 */
struct decision evaluate_path(const struct policy *policy, const struct config *config,
			      const struct prefix_list *host, const struct packet *packet);

/**
 * evaluate_own() - the same, where the far end of @packet is the carrel itself, at the address of its
 *		    uplink: that goes by the loopback, unless it is a query that is redirected
 * Context: pure
 */
struct decision evaluate_own(const struct policy *policy, const struct config *config,
			     const struct prefix_list *host, const struct packet *packet);

#endif
