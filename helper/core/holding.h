/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a carrel's sets of addresses hold (core/names.h) against what they are to hold. Pure.
 */
#ifndef CARREL_CORE_HOLDING_H
#define CARREL_CORE_HOLDING_H

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "core/difference.h"
#include "core/names.h"

/* A set that was found, and its elements: addresses of its family. */
struct held_set {
	struct names_set set;           /* its name points into text */
	char text[NAMES_SET_SIZE];
	ARENA_LIST(struct value_range) values;
};

/* All of a carrel. */
struct holding { ARENA_LIST(struct held_set) list; };

/* What is known of what they are to hold. */
struct holding_wanted {
	const struct known_names *known;
	const struct prefix_list *host; /* full-length; NULL: the host's sets are not looked at */
};

/* What brings a set there. */
struct holding_change {
	const struct value_range *added, *removed;
	size_t added_count, removed_count;
};

/**
 * holding_change() - what is to be added to @held, and removed from it
 *
 * Nothing, where it is not known what it is to hold: of a name that no policy has any more.
 *
 * @ret:	lives in @arena
 * Return: 0 or -ENOMEM
 */
int holding_change(const struct held_set *held, const struct holding_wanted *wanted,
		   struct arena *arena, struct holding_change *ret);

/** holding_has_host() - is a set of the host's among them? Not under a policy that does not name it */
bool holding_has_host(const struct holding *holding);

/**
 * holding_compare() - append a difference for each set that holds something else
 * Return: 0 or -ENOMEM
 */
int holding_compare(const struct holding *holding, const struct holding_wanted *wanted,
		    struct arena *arena, struct differences *differences);

#endif
