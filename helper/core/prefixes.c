/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/prefixes.h"

#include <stdlib.h>
#include <string.h>

bool prefixes_hold(const struct prefix *prefixes, size_t count, const struct address *address)
{
	for (size_t i = 0; i < count; i++)
		if (prefix_contains(&prefixes[i], address))
			return true;
	return false;
}

bool prefix_list_holds(const struct prefix_list *list, const struct address *address)
{
	return prefixes_hold(list->items, list->count, address);
}

/* For qsort(): by family, then address, then the larger prefix first. */
static int compare_prefixes(const void *left, const void *right)
{
	const struct prefix *a = left, *b = right;

	if (a->address.family != b->address.family)
		return a->address.family < b->address.family ? -1 : 1;
	int order = memcmp(a->address.bytes, b->address.bytes, sizeof(a->address.bytes));
	if (order)
		return order;
	return (int)a->length - (int)b->length;
}

size_t prefixes_normalise(struct prefix *items, size_t count)
{
	size_t kept = 0;

	if (count)
		qsort(items, count, sizeof(*items), compare_prefixes);
	for (size_t i = 0; i < count; i++)
		/* Prefixes nest or are apart, so what covers this one is the last one kept. */
		if (kept == 0 || !prefix_covers(&items[kept - 1], &items[i]))
			items[kept++] = items[i];
	return kept;
}

/* For qsort(): by first port. */
static int compare_ports(const void *left, const void *right)
{
	const struct port_range *a = left, *b = right;

	return (int)a->first - (int)b->first;
}

size_t ports_normalise(struct port_range *items, size_t count)
{
	size_t kept = 0;

	if (count)
		qsort(items, count, sizeof(*items), compare_ports);
	for (size_t i = 0; i < count; i++) {
		struct port_range *last = kept ? &items[kept - 1] : NULL;

		/* In int: 65535 + 1 is no port. */
		if (!last || items[i].first > last->last + 1)
			items[kept++] = items[i];
		else if (items[i].last > last->last)
			last->last = items[i].last;
	}
	return kept;
}
