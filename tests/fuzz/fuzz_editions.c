/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as /run/carrel/editions: refused with a reason, or the same again when written and
 * read; and what becomes of them when the host's addresses change can be written and read, too.
 */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "state/editionsfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_edition(const struct edition *edition)
{
	const struct prefix_list *list = &edition->addresses;

	assert(edition->number > EDITION_NONE && edition->number <= EDITION_LAST);
	assert(list->count <= EDITION_ADDRESSES_MAX);
	for (size_t i = 0; i < list->count; i++) {
		assert(list->items[i].length == address_bits(list->items[i].address.family));
		for (size_t j = 0; j < i; j++)
			assert(!address_equal(&list->items[i].address, &list->items[j].address));
	}
}

/* What is true of editions wherever they come from. */
static void check(const struct editions *editions)
{
	assert(editions->list.count <= EDITIONS_MAX);
	for (size_t i = 0; i < editions->list.count; i++) {
		check_edition(&editions->list.items[i]);
		for (size_t j = 0; j < i; j++)
			assert(editions->list.items[i].number != editions->list.items[j].number);
	}
}

/* Write @editions, and read them: the same text. */
static void check_file(const struct editions *editions, struct arena *arena)
{
	BUFFER_CLEANUP struct buffer first = { 0 }, second = { 0 };
	struct editions again;

	editionsfile_format(editions, &first);
	int rc = editionsfile_parse(first.data, first.length, arena, &again, NULL);
	assert(rc == 0);
	check(&again);
	editionsfile_format(&again, &second);
	assert(first.length == second.length && memcmp(first.data, second.data, first.length) == 0);
}

/* The host comes to have the addresses of the oldest of @editions, while links have all of these. */
static void change_addresses(const struct editions *editions, struct arena *arena)
{
	size_t count = editions->list.count ? editions->list.items[0].addresses.count : 0;
	struct prefix *items = arena_alloc(arena, (count + 1) * sizeof(*items));
	uint32_t used[EDITIONS_MAX];
	struct editions next;
	size_t beyond;

	assert(items);
	for (size_t i = 0; i < count; i++)
		items[i] = editions->list.items[0].addresses.items[i];
	for (size_t i = 0; i < editions->list.count; i++)
		used[i] = editions->list.items[i].number;
	const struct prefix_list now = edition_addresses(items, count, &beyond);

	assert(beyond == 0);
	int rc = editions_next(editions, &now, used, editions->list.count, arena, &next);
	assert(rc == 0);
	check(&next);
	assert(edition_has(editions_newest(&next), &now));
	check_file(&next, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct carrel_error err = { 0 };
	struct editions editions;

	int rc = editionsfile_parse((const char *)bytes, length, &arena, &editions, &err);
	if (rc) {
		assert(rc == -EBADMSG && err.errnum == EBADMSG && err.text[0]);
		return 0;
	}
	check(&editions);
	check_file(&editions, &arena);
	change_addresses(&editions, &arena);
	return 0;
}
