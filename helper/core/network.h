/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What there is in a network namespace, as far as a carrel's plan can say what there should
 * be: read by kernel/network.c, judged by core/compare.c.
 */
#ifndef CARREL_CORE_NETWORK_H
#define CARREL_CORE_NETWORK_H

#include <stdbool.h>
#include <stdint.h>
#include "base/address.h"
#include "base/arena.h"
#include "base/name.h"
#include "core/plan.h"

/* IFALIASZ, terminator included. */
#define LINK_ALIAS_SIZE 256

struct network_link {
	int index;
	char name[LINK_NAME_SIZE];
	char alias[LINK_ALIAS_SIZE];
	bool up, noarp;
	bool quiet6;                    /* makes itself no IPv6 address, or has no IPv6 */
	bool without6;                  /* IPv6 is switched off on it, or it is too narrow for that */
	bool forwards4;                 /* IPv4 packets that come in here */
	bool answers6;                  /* what comes in here for ::1 is let in: see PLAN_ANSWERS */
	int peer;                       /* a veth's other end, in its own namespace; or 0 */
	int master;                     /* a bridge or the like that it is part of; or 0 */
	uint32_t group, mtu_bytes;
	uint8_t mac[MAC_SIZE];
};

struct network_address {
	int link;
	struct address address;
};

struct network_route {
	int link;                       /* 0: leads to none (blackhole and the like) */
	struct prefix destination;
	bool has_gateway;
	struct address gateway;
};

struct network_neighbour {
	int link;
	struct address address;
	bool permanent;
	uint8_t mac[MAC_SIZE];
};

/* A setting below /proc/sys; blanks in its value are single, at its end there is none. */
struct network_sysctl { const char *path, *value; };

struct network {
	ARENA_LIST(struct network_link) links;
	ARENA_LIST(struct network_address) addresses;
	/* Of the main table, but for those that the kernel made itself. (Of another: answers6.) */
	ARENA_LIST(struct network_route) routes;
	ARENA_LIST(struct network_neighbour) neighbours;
	ARENA_LIST(struct network_sysctl) sysctls;      /* those that were asked for and are there */
};

/** network_link() - the link called @name, or NULL */
const struct network_link *network_link(const struct network *network, const char *name);

/** network_link_name() - what the link number @index is called; "no link", where there is none */
const char *network_link_name(const struct network *network, int index);

/**
 * network_is_of() - does @network say that it is, or was, the carrel of @uid?
 *
 * It does by the alias of its loopback, which only root can give; but in a user namespace of their
 * own users are root, too.
 */
bool network_is_of(const struct network *network, uid_t uid);

#endif
