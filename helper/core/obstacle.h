/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What keeps a carrel's packets from leaving the host: a rule, or the policy of a chain, that
 * somebody else has loaded. And the table that finds it: it marks the packets of one link to be
 * traced, and drops them at the very end, so that none of them leaves the host.
 */
#ifndef CARREL_CORE_OBSTACLE_H
#define CARREL_CORE_OBSTACLE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/address.h"
#include "core/ruleset.h"

#define OBSTACLE_TABLE "carrel_doctor"
/* The chains that a packet comes to which nobody dropped: out of the host, and to it. */
#define OBSTACLE_END       "arrived"
#define OBSTACLE_END_LOCAL "arrived_here"

/* The kernel's limit of names is 255 (NFT_NAME_MAXLEN with its NUL). */
#define OBSTACLE_NAME_SIZE 256

struct obstacle {
	char family[8];                 /* nft's word: "ip", "ip6", "inet", "netdev" */
	char table[OBSTACLE_NAME_SIZE];
	char chain[OBSTACLE_NAME_SIZE];
	uint64_t handle;                /* of the rule that drops; 0: the chain's policy does */
};

/* What is known about who manages the host's firewall. */
struct obstacle_hosts {
	bool local;                     /* the packet was on its way to the host itself */
	bool ufw;                       /* is enabled */
	bool docker;                    /* the chain DOCKER-USER is there, in the obstacle's table */
};

/**
 * obstacle_build() - the table that marks and drops the packets which come in by @link
 * Return: 0 or -ENOMEM
 */
int obstacle_build(const char *link, struct arena *arena, struct ruleset *ret_ruleset);

/** obstacle_owner() - who made it, for people: "ufw", "firewalld", "Docker" ... */
const char *obstacle_owner(const struct obstacle *obstacle, const struct obstacle_hosts *hosts);

/**
 * obstacle_fix() - the commands that let carrels through @obstacle
 *
 * In and out: what carrels may reach is decided by carrel's own table.
 *
 * Return: the commands from @arena; NULL: out of memory
 */
const char *obstacle_fix(const struct obstacle *obstacle, const struct obstacle_hosts *hosts,
			 struct arena *arena);

/**
 * obstacle_fix_iptables() - likewise, at the top of @chain of iptables' table "filter"
 * @local:	it is about packets to the host, whose answers go another way
 */
const char *obstacle_fix_iptables(const char *program, const char *chain, bool local,
				  struct arena *arena);

#endif
