/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is to be done to the kernel, as data: a list of operations in the order in
 * which they are done. The namespace is the transaction: the plan that makes one
 * pins it last, and until then all of it goes when the helper does.
 */
#ifndef CARREL_CORE_PLAN_H
#define CARREL_CORE_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/address.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/name.h"
#include "core/connection.h"
#include "core/edition.h"
#include "core/policy.h"
#include "core/ruleset.h"

struct carrel_error;

#define MAC_SIZE 6

/* What is there, as far as a plan depends on it. */
struct facts {
	bool ipv6;                      /* the host speaks IPv6 */
	uint32_t mtu_bytes;             /* of the link that leads out; plan_build() with an uplink */
	/* For policies that name the host: its addresses, as edition_addresses(), and their number. */
	struct prefix_list host;
	size_t host_beyond;             /* addresses that it has besides: nobody knows them */
	uint32_t edition;               /* EDITION_NONE: what is made of it is not to rely on them */
};

/* Whose carrel, under which policy, at which addresses. */
struct plan_input {
	uid_t uid;
	const char *user;
	const struct policy *policy;
	const struct config *config;
	struct address address4, address6;
	const struct facts *facts;
	bool throwaway;                 /* plan_build(): lives as long as a process is in it; no pin */
	bool reconnect;                 /* plan_update(): the uplink was set down at the last logout */
	bool cut;                       /* plan_intend(): it was, and is to stay so */
};

/* Where an operation is done. */
enum place { PLACE_HOST, PLACE_CARREL };

enum plan_link { LINK_LOOPBACK, LINK_HOST_END, LINK_UPLINK };

enum plan_kind {
	PLAN_NETNS,             /* a fresh namespace, in which everything below happens */
	PLAN_SYSCTL,
	PLAN_RULES,
	PLAN_CONNECTIONS,       /* those that are open and that the policy forbids end */
	PLAN_LINK_PAIR,         /* the veth: both ends down, the carrel's placed in the namespace */
	PLAN_LINK_GROUP,        /* another policy: the bits that the host's table looks at */
	PLAN_LINK_RESET,        /* an end of the veth as it was made, whatever became of it */
	PLAN_LINK_DELETE,
	PLAN_LINK_QUIET,        /* no address of its own making; forwarding on the host's end */
	PLAN_LINK_UP,
	PLAN_LINK_DOWN,
	PLAN_ADDRESS,
	PLAN_ROUTE,
	PLAN_NEIGHBOUR,
	PLAN_ANSWERS,           /* answers to queries from ::1 may come in here: see core/compile_dns.c */
	PLAN_PIN,
};

struct plan_operation {
	enum plan_kind kind;
	enum place place;
	enum plan_link link;            /* the kinds that concern a link */
	union {
		struct { const char *path, *value; } sysctl;    /* path below /proc/sys */
		struct { const struct ruleset *ruleset; bool replace; } rules;
		struct connection_judge connections;
		struct {
			char host_name[LINK_NAME_SIZE];
			uint32_t group;
			uint32_t mtu_bytes;
		} pair;
		struct { uint32_t group, mtu_bytes; } reset;    /* a host's end; its group; 0: as it is */
		uint32_t group;
		struct { const char *alias; } up;       /* NULL: as it is */
		struct { bool ipv6, forward; const char *alias; } quiet;
		struct address address;
		struct {
			struct prefix destination;
			bool has_gateway, replace;      /* replace: one to there may exist */
			struct address gateway;
		} route;
		struct { struct address address; const uint8_t *mac; } neighbour;
		struct { char name[NETNS_NAME_SIZE]; } pin;
	};
};

struct plan {
	ARENA_LIST(struct plan_operation) operations;
};

/* The same on every carrel: a host end and its peer are alone on their wire. */
extern const uint8_t plan_mac_host[MAC_SIZE];
extern const uint8_t plan_mac_carrel[MAC_SIZE];

/**
 * plan_group() - the group number that tells the host's table about @policy
 * @host:	the host's addresses, where the policy names the host
 */
uint32_t plan_group(const struct policy *policy, const struct prefix_list *host);

/**
 * plan_build() - make a carrel
 * Return: 0 or -ENOMEM
 * Context: pure
 */
int plan_build(const struct plan_input *input, struct arena *arena, struct plan *ret_plan,
	       struct carrel_error *err);

/**
 * plan_update() - bring an existing carrel of the same uplink under another policy text
 *
 * The rules first, in one transaction: from then on nothing begins that they forbid. Then
 * the connections that are open, and what the host must know. Both sides have to let a packet
 * through, so one that the old and the new policy allow passes at every moment, whichever
 * side is told first.
 *
 * Return: 0 or -ENOMEM
 * Context: pure
 */
int plan_update(const struct plan_input *input, struct arena *arena, struct plan *ret_plan,
		struct carrel_error *err);

/**
 * plan_know_host() - tell the host that the carrel's rules know its addresses of facts->edition
 *
 * Which they must already.
 *
 * Return: 0 or -ENOMEM
 * Context: pure
 */
int plan_know_host(const struct plan_input *input, struct arena *arena, struct plan *ret_plan,
		   struct carrel_error *err);

/**
 * plan_intend() - all that an open carrel is to have, but for its pin: what core/compare.h compares
 *
 * @rules:	its rules, too; compiling those of a large policy takes longer than all the rest
 *
 * Could be done in this order, on top of what is there.
 *
 * Return: 0 or -ENOMEM
 * Context: pure
 */
int plan_intend(const struct plan_input *input, bool rules, struct arena *arena,
		struct plan *ret_plan, struct carrel_error *err);

/** plan_place_name() - "host" or "carrel" */
const char *plan_place_name(enum place place);

/** plan_describe() - @operation for people, without its place: half a line */
void plan_describe(const struct plan_operation *operation, struct buffer *buffer);

#endif
