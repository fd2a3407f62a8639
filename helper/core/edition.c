/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/edition.h"

#include <errno.h>

uint32_t edition_of_group(uint32_t group)
{
	if ((group & GROUP_BASE_MASK) != GROUP_BASE)
		return EDITION_NONE;
	return (group & GROUP_EDITION_MASK) >> GROUP_EDITION_SHIFT;
}

uint32_t edition_in_group(uint32_t group, uint32_t number)
{
	return (group & ~GROUP_EDITION_MASK) | number << GROUP_EDITION_SHIFT;
}

struct prefix_list edition_addresses(struct prefix *items, size_t count, size_t *ret_beyond)
{
	size_t all = prefixes_normalise(items, count);
	size_t kept = all < EDITION_ADDRESSES_MAX ? all : EDITION_ADDRESSES_MAX;

	*ret_beyond = all - kept;
	return (struct prefix_list){ items, kept };
}

const struct edition *editions_newest(const struct editions *editions)
{
	return editions->list.count ? &editions->list.items[editions->list.count - 1] : NULL;
}

const struct edition *editions_find(const struct editions *editions, uint32_t number)
{
	for (size_t i = 0; i < editions->list.count; i++)
		if (editions->list.items[i].number == number)
			return &editions->list.items[i];
	return NULL;
}

bool edition_has(const struct edition *edition, const struct prefix_list *addresses)
{
	if (edition->addresses.count != addresses->count)
		return false;
	for (size_t i = 0; i < addresses->count; i++)
		if (!address_equal(&edition->addresses.items[i].address,
				   &addresses->items[i].address))
			return false;
	return true;
}

static bool is_used(uint32_t number, const uint32_t *used, size_t used_count)
{
	for (size_t i = 0; i < used_count; i++)
		if (used[i] == number)
			return true;
	return false;
}

/* A number that neither a link nor an edition that stays has; EDITION_NONE when there is none. */
static uint32_t free_number(const struct editions *old, const struct editions *kept,
			    const uint32_t *used, size_t used_count)
{
	const struct edition *newest = editions_newest(old);
	uint32_t number = newest ? newest->number : EDITION_NONE;

	for (uint32_t tried = 0; tried < EDITION_LAST; tried++) {
		bool taken;

		number = number == EDITION_LAST ? EDITION_NONE + 1 : number + 1;
		taken = is_used(number, used, used_count);
		for (size_t i = 0; i < kept->list.count; i++)
			taken = taken || kept->list.items[i].number == number;
		if (!taken)
			return number;
	}
	return EDITION_NONE;
}

/* @edition, without what is not among @addresses; 0 or -ENOMEM */
static int keep(const struct edition *edition, const struct prefix_list *addresses,
		struct arena *arena, struct editions *kept)
{
	struct prefix *items = arena_alloc(arena, edition->addresses.count * sizeof(*items));
	struct edition *added = ARENA_APPEND(arena, &kept->list);
	size_t count = 0;

	if (!items || !added)
		return -ENOMEM;
	for (size_t i = 0; i < edition->addresses.count; i++)
		if (prefix_list_holds(addresses, &edition->addresses.items[i].address))
			items[count++] = edition->addresses.items[i];
	*added = (struct edition){ edition->number, { items, count } };
	return 0;
}

int editions_next(const struct editions *old, const struct prefix_list *addresses,
		  const uint32_t *used, size_t used_count, struct arena *arena,
		  struct editions *ret)
{
	struct editions next = { 0 };
	struct edition *added;
	uint32_t number;

	for (size_t i = 0; i < old->list.count; i++) {
		const struct edition *edition = &old->list.items[i];
		size_t left = old->list.count - i;

		/* Who has one so old reaches nothing of the host until gc has moved it on. */
		if (left >= EDITIONS_MAX ||
		    (left > 1 && !is_used(edition->number, used, used_count)))
			continue;
		if (keep(edition, addresses, arena, &next) < 0)
			return -ENOMEM;
	}
	number = free_number(old, &next, used, used_count);
	if (number == EDITION_NONE)
		return -ENOSPC;
	added = ARENA_APPEND(arena, &next.list);
	if (!added)
		return -ENOMEM;
	*added = (struct edition){ number, *addresses };
	*ret = next;
	return 0;
}
