/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of the addresses of hosts that policies name, and the sets in which carrels
 * have them: one for each name and family, and another one where a policy believes
 * private addresses (core/rebind.h). Rules look into these by name, so addresses come and go
 * while the rules stay. The host has two such sets of its own in the carrels of policies that name it.
 */
#ifndef CARREL_CORE_NAMES_H
#define CARREL_CORE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/arena.h"
#include "base/hostname.h"
#include "core/policy.h"
#include "core/prefixes.h"
#include "core/ruleset.h"

/* Names of all policies together. Each is two questions, every half a minute in the worst case. */
#define NAMES_MAX 1024
/* Of one name, both families. No answer by UDP has as many; those by TCP may. */
#define NAMES_ADDRESSES_MAX 64

struct known_address {
	struct address address;
	uint64_t gone_s;                        /* of the first answer without it; 0: it is in the last */
};

/* Times are seconds of CLOCK_BOOTTIME. */
struct known_name {
	const char *name;                       /* as hostname_parse() gives it */
	uint64_t due_s;                         /* when it is to be asked about again */
	unsigned failures;                      /* questions since the last answer */
	ARENA_LIST(struct known_address) addresses;     /* none of rebind_impossible() */
};

struct known_names { ARENA_LIST(struct known_name) list; };     /* sorted, each once */

/** names_find() - what is known of @name, or NULL */
const struct known_name *names_find(const struct known_names *known, const char *name);

/**
 * names_bind() - give the names of @policy the addresses that are known
 * @arena:	they live here
 * Return: 0 or -ENOMEM
 */
int names_bind(struct policy *policy, const struct known_names *known, struct arena *arena);

/**
 * names_digest() - of the names of @policy and the addresses that names_bind() gave them
 * Return: 0 when it has no names; else another number for other addresses
 */
uint64_t names_digest(const struct policy *policy);

/** names_unknown() - how many names of @policy have no address that a rule about them would mean */
size_t names_unknown(const struct policy *policy);

/** names_is_unknown() - likewise, is it so of this one? */
bool names_is_unknown(const struct policy *policy, const struct policy_name *name);

/* The set that a rule looks into. */
struct names_set {
	const char *name;                       /* NULL: the host, whose addresses are listed elsewhere */
	enum family family;
	bool rebind;                            /* private addresses are in it, too */
};

#define NAMES_SET_SIZE (sizeof("rebind4-") + HOSTNAME_MAX_LENGTH)

/** names_set_format() - what it is called in the carrel: "name4-www.example", "host4" */
void names_set_format(const struct names_set *set, char text[NAMES_SET_SIZE]);

/** names_set_parse() - the reverse; @ret's name points into @text. Return: is it such a name? */
bool names_set_parse(const char *text, struct names_set *ret);

/**
 * names_set_values() - what is to be in the set of a name
 * @known:	of the name; NULL: nothing
 * @ret:	room for NAMES_ADDRESSES_MAX
 * Return: how many there are
 */
size_t names_set_values(const struct names_set *set, const struct known_name *known,
			struct value_range *ret);

/**
 * names_host_values() - what is to be in the host's set of @family
 * @host:	its addresses, as full-length prefixes
 * @ret:	room for as many as there are in @host
 * Return: how many there are
 */
size_t names_host_values(const struct prefix_list *host, enum family family,
			 struct value_range *ret);

#endif
