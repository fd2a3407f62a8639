/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: the host gets another address
 *
 * What a policy says of the host, its carrel's rules do by the addresses that they know. An
 * address that they do not know is the internet's to them, so it must be closed on the host's
 * side until they do. Carrels learn one by one, and some cannot just now. So lists of
 * addresses are numbered: an edition. The group of a carrel's link says which edition its rules
 * know, and the host's table lets in what is for an address of just that one.
 *
 *	addresses change     whoever notices makes the next edition: on the host first, then in
 *			     /run/carrel/editions. No link has its number yet, so no order with
 *			     others is needed, and nobody waits
 *	a login              builds with the newest edition
 *	an open carrel       its sets get the addresses, then its link the number. Until then it
 *			     reaches what it knew, less what the host has no longer
 *
 * Killed anywhere, a carrel has the number of a list that its sets hold, or a number that the
 * host's table knows less of, or nothing.
 *
 * An address that goes is taken out of all editions: it may come back while one carrel knows it
 * and another does not. A number is used again only when no link has it.
 */
#ifndef CARREL_CORE_EDITION_H
#define CARREL_CORE_EDITION_H

#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "core/group.h"
#include "core/prefixes.h"

/* The number of a carrel whose rules know no address of the host. */
#define EDITION_NONE UINT32_C(0)
#define EDITION_LAST (GROUP_EDITION_MASK >> GROUP_EDITION_SHIFT)

/* Older ones that some carrel still has are kept up to this number: gc moves on every minute. */
#define EDITIONS_MAX 16
/* More than any host has but one that balances load; what is beyond stays closed. */
#define EDITION_ADDRESSES_MAX 1024

struct edition {
	uint32_t number;
	struct prefix_list addresses;   /* full-length; sorted, each once */
};

/* In the order in which they were made: the last one is what there is now. */
struct editions { ARENA_LIST(struct edition) list; };

/** edition_of_group() - what the group number of a carrel's link says; EDITION_NONE for others' */
uint32_t edition_of_group(uint32_t group);

/** edition_in_group() - @group with @number in the place of the one it has */
uint32_t edition_in_group(uint32_t group, uint32_t number);

/**
 * edition_addresses() - the host's addresses as an edition has them
 * @items:	sorted in place
 * @ret_beyond:	how many there are beyond EDITION_ADDRESSES_MAX, which stay closed
 * Return: the list, in @items
 */
struct prefix_list edition_addresses(struct prefix *items, size_t count, size_t *ret_beyond);

/** editions_newest() - or NULL, when there is none */
const struct edition *editions_newest(const struct editions *editions);

/** editions_find() - the one with @number, or NULL: who knows no other reaches nothing of the host */
const struct edition *editions_find(const struct editions *editions, uint32_t number);

/** edition_has() - are just these its @addresses? */
bool edition_has(const struct edition *edition, const struct prefix_list *addresses);

/**
 * editions_next() - the editions that there are to be when the host has @addresses
 * @old:	those that there were
 * @addresses:	edition_addresses(); not those of the newest of @old
 * @used:	numbers that links have, @used_count, in any order
 * @ret:	lives in @arena, but for @addresses
 *
 * Of the old ones those stay that a link has, and the newest, which a login at this moment may
 * be building with; all without addresses that the host no longer has.
 *
 * Return: 0; -ENOSPC when every number is used; -ENOMEM
 */
int editions_next(const struct editions *old, const struct prefix_list *addresses,
		  const uint32_t *used, size_t used_count, struct arena *arena,
		  struct editions *ret);

#endif
