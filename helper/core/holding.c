/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/holding.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>

/* Of the addresses in which a set differs, so many are told: a name may have 64 of them. */
#define TOLD_MAX 8

/* Those of @values that are not among @others, at the beginning of @ret; how many there are. */
static size_t subtract(const struct value_range *values, size_t count,
		       const struct value_range *others, size_t other_count,
		       struct value_range *ret)
{
	size_t left = 0;

	for (size_t i = 0; i < count; i++) {
		size_t j = 0;

		while (j < other_count &&
		       memcmp(values[i].first, others[j].first, VALUE_MAX_BYTES) != 0)
			j++;
		if (j == other_count)
			ret[left++] = values[i];
	}
	return left;
}

/* Is it known what is to be in @set? */
static bool is_known(const struct holding_wanted *wanted, const struct names_set *set)
{
	return set->name ? names_find(wanted->known, set->name) != NULL : wanted->host != NULL;
}

/*
 * What is to be in @set, which is_known().
 * @ret_values:	in @arena
 * Return: how many there are, or -ENOMEM
 */
static ssize_t list_wanted(const struct holding_wanted *wanted, const struct names_set *set,
			   struct arena *arena, struct value_range **ret_values)
{
	size_t room = set->name ? NAMES_ADDRESSES_MAX : wanted->host->count;
	struct value_range *values = arena_alloc(arena, room * sizeof(*values));

	if (!values)
		return -ENOMEM;
	*ret_values = values;
	if (!set->name)
		return (ssize_t)names_host_values(wanted->host, set->family, values);
	return (ssize_t)names_set_values(set, names_find(wanted->known, set->name), values);
}

int holding_change(const struct held_set *held, const struct holding_wanted *wanted,
		   struct arena *arena, struct holding_change *ret)
{
	struct value_range *values, *added, *removed;
	ssize_t count;

	*ret = (struct holding_change){ 0 };
	if (!is_known(wanted, &held->set))
		return 0;
	count = list_wanted(wanted, &held->set, arena, &values);
	if (count < 0)
		return (int)count;
	added = arena_alloc(arena, (size_t)count * sizeof(*added));
	removed = arena_alloc(arena, held->values.count * sizeof(*removed));
	if (!added || !removed)
		return -ENOMEM;
	*ret = (struct holding_change){
		.added = added,
		.added_count = subtract(values, (size_t)count, held->values.items,
					held->values.count, added),
		.removed = removed,
		.removed_count = subtract(held->values.items, held->values.count, values,
					  (size_t)count, removed),
	};
	return 0;
}

bool holding_has_host(const struct holding *holding)
{
	for (size_t i = 0; i < holding->list.count; i++)
		if (!holding->list.items[i].set.name)
			return true;
	return false;
}

/* Append "@word ADDRESS, ADDRESS": those of @values, of @family; nothing when there is none. */
static void put_addresses(struct buffer *text, const char *word, enum family family,
			  const struct value_range *values, size_t count)
{
	for (size_t i = 0; i < count && i < TOLD_MAX; i++) {
		struct address address = { .family = family };
		char words[ADDRESS_TEXT_SIZE];

		memcpy(address.bytes, values[i].first, address_size(family));
		address_format(&address, words);
		if (i == 0)
			buffer_printf(text, "%s%s ", text->length ? "; " : "", word);
		buffer_printf(text, "%s%s", i ? ", " : "", words);
	}
	if (count > TOLD_MAX)
		buffer_printf(text, " and %zu more", count - TOLD_MAX);
}

/* @held differs by @change: 0 or -ENOMEM */
static int report(const struct held_set *held, const struct holding_change *change,
		  struct arena *arena, struct differences *differences)
{
	BUFFER_CLEANUP struct buffer found = { 0 };
	enum family family = held->set.family;
	struct difference difference = {
		.kind = DIFFERENCE_ALTERED, .place = PLACE_CARREL, .remedy = REMEDY_REPAIR,
		.object = arena_printf(arena, "set %s", held->text),
		.intended = "the host's addresses",
	};

	put_addresses(&found, "without", family, change->added, change->added_count);
	put_addresses(&found, "with", family, change->removed, change->removed_count);
	if (held->set.name)
		difference.intended = arena_printf(arena, "what is known of %s", held->set.name);
	if (found.failed || !difference.intended)
		return -ENOMEM;
	difference.found = arena_strdup(arena, found.data);
	return differences_add(differences, arena, difference);
}

int holding_compare(const struct holding *holding, const struct holding_wanted *wanted,
		    struct arena *arena, struct differences *differences)
{
	for (size_t i = 0; i < holding->list.count; i++) {
		const struct held_set *held = &holding->list.items[i];
		struct holding_change change;
		int rc = holding_change(held, wanted, arena, &change);

		if (rc == 0 && change.added_count + change.removed_count)
			rc = report(held, &change, arena, differences);
		if (rc < 0)
			return rc;
	}
	return 0;
}
