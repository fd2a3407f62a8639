/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who answers a carrel's questions about names: what its policy says, or what the host
 * uses. Programs ask whom /etc/resolv.conf names, which is the host's file; what they
 * send there is redirected inside the carrel.
 */
#ifndef CARREL_CORE_DNS_H
#define CARREL_CORE_DNS_H

#include <stdbool.h>
#include "base/address.h"
#include "base/arena.h"
#include "core/diagnostic.h"

struct carrel_error;

#define DNS_PORT 53

struct resolver_list { ARENA_LIST(struct address) list; };

/* How the host itself finds names. Each address once, in the order of the files. */
struct host_resolvers {
	struct resolver_list named[FAMILY_COUNT];        /* in its resolv.conf */
	struct resolver_list servers[FAMILY_COUNT];      /* that others can ask, too: no loopback */
	bool stub;                      /* a loopback address is among the named ones */
};

/* How a carrel does. */
struct dns {
	bool own;                       /* the policy says it; else the host's servers are asked */
	bool enforced;                  /* every query is redirected, whomever it was sent to */
	struct position position;       /* own: of the directive */
	struct resolver_list resolvers[FAMILY_COUNT];    /* in force: what "resolver" means */
	/* As in struct host_resolvers; empty before dns_settle(). */
	struct resolver_list named[FAMILY_COUNT];
	bool stub;
};

/**
 * dns_settle() - complete what a policy says by what the host uses
 * @host:	its lists must outlive @dns
 *
 * Before that, a policy that says nothing has no resolver, and nothing is redirected.
 */
void dns_settle(struct dns *dns, const struct host_resolvers *host);

/** dns_redirects() - are there queries that go elsewhere than they were sent? */
bool dns_redirects(const struct dns *dns);

/** dns_redirects_loopback() - likewise, of those to loopback addresses of @family */
bool dns_redirects_loopback(const struct dns *dns, enum family family);

/**
 * dns_is_lost() - do programs ask only whom nothing answers for?
 *
 * So it is where resolv.conf names programs on the host's loopback alone whose own servers are not
 * known, and where all resolvers are of the family that resolv.conf names nobody of.
 */
bool dns_is_lost(const struct dns *dns);

/** dns_is_resolver() - is @address one of those in force? */
bool dns_is_resolver(const struct dns *dns, const struct address *address);

/** resolver_list_find() - index of @address in @list; -1 when it is not there */
int resolver_list_find(const struct resolver_list *list, const struct address *address);

/** address_is_loopback() - 127.0.0.0/8, ::1 */
bool address_is_loopback(const struct address *address);

#endif
