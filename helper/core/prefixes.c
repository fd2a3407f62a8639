/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/prefixes.h"

#include <errno.h>
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

static bool overlap(const struct prefix *a, const struct prefix *b)
{
	return prefix_covers(a, b) || prefix_covers(b, a);
}

int prefixes_exclude(struct arena *arena, const struct prefix *from, const struct prefix *keep,
		     size_t keep_count, struct policy_rule *rule)
{
	/* Those that concern @from stand together, as @keep is sorted. */
	while (keep_count && !overlap(from, &keep[0])) {
		keep++;
		keep_count--;
	}
	while (keep_count && !overlap(from, &keep[keep_count - 1]))
		keep_count--;

	if (keep_count == 0) {
		struct prefix *excluded = ARENA_APPEND(arena, &rule->excluded);
		if (!excluded)
			return -ENOMEM;
		*excluded = *from;
		return 0;
	}
	if (prefix_covers(&keep[0], from))
		return 0;

	/* Longer prefixes are inside it: so it has two halves, and at most 128 levels of them. */
	struct prefix low = *from, high = *from;
	low.length++;
	high.length++;
	high.address.bytes[from->length / 8] |= (uint8_t)(0x80 >> from->length % 8);
	int rc = prefixes_exclude(arena, &low, keep, keep_count, rule);
	if (!rc)
		rc = prefixes_exclude(arena, &high, keep, keep_count, rule);
	return rc;
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
