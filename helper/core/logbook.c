/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/logbook.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

/* What a line is made of: the namespace, the set, the key in hexadecimal, the packets. */
enum { PART_NETNS, PART_SET, PART_KEY, PART_PACKETS, PART_COUNT };

/* qsort(), bsearch() order: by all but the packets */
static int compare(const void *a, const void *b)
{
	const struct log_seen *seen_a = a, *seen_b = b;

	if (seen_a->netns != seen_b->netns)
		return seen_a->netns < seen_b->netns ? -1 : 1;
	if (seen_a->set != seen_b->set)
		return seen_a->set < seen_b->set ? -1 : 1;
	return memcmp(seen_a->key, seen_b->key, sizeof(seen_a->key));
}

int logbook_add(struct logbook *book, struct arena *arena, uint64_t netns,
		const struct log_entry *entry)
{
	struct log_seen *seen = ARENA_APPEND(arena, &book->list);

	if (!seen)
		return -ENOMEM;
	*seen = (struct log_seen){ .netns = netns, .set = entry->set, .packets = entry->packets };
	memcpy(seen->key, entry->key, sizeof(seen->key));
	return 0;
}

void logbook_sort(struct logbook *book)
{
	if (book->list.count)
		qsort(book->list.items, book->list.count, sizeof(*book->list.items), compare);
}

uint64_t logbook_new_packets(const struct logbook *book, uint64_t netns,
			     const struct log_entry *entry)
{
	struct log_seen wanted = { .netns = netns, .set = entry->set };
	const struct log_seen *seen = NULL;

	memcpy(wanted.key, entry->key, sizeof(wanted.key));
	if (book->list.count)
		seen = bsearch(&wanted, book->list.items, book->list.count, sizeof(wanted), compare);
	if (!seen || seen->packets > entry->packets)
		return entry->packets;
	return entry->packets - seen->packets;
}

void logbook_write(const struct logbook *book, struct buffer *text)
{
	for (size_t i = 0; i < book->list.count; i++) {
		const struct log_seen *seen = &book->list.items[i];

		buffer_printf(text, "%" PRIu64 " %s ", seen->netns, log_set_name(seen->set));
		for (size_t j = 0; j < sizeof(seen->key); j++)
			buffer_printf(text, "%02x", seen->key[j]);
		buffer_printf(text, " %" PRIu64 "\n", seen->packets);
	}
}

/* One hexadecimal digit, or -1. */
static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Hexadecimal digits, of a key of full size. */
static int parse_key(const char *text, size_t length, uint8_t key[LOG_KEY_MAX_BYTES])
{
	if (length != 2 * LOG_KEY_MAX_BYTES)
		return -EINVAL;
	for (size_t i = 0; i < LOG_KEY_MAX_BYTES; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		key[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

/* The name of a set. */
static int parse_set(const char *text, size_t length, enum log_set *ret)
{
	for (enum log_set set = 0; set < LOG_SET_COUNT; set++) {
		if (length != strlen(log_set_name(set)) ||
		    memcmp(text, log_set_name(set), length) != 0)
			continue;
		*ret = set;
		return 0;
	}
	return -EINVAL;
}

/* One of the parts of a line, by its number. */
static int parse_part(int part, const char *text, size_t length, struct log_seen *seen)
{
	switch (part) {
	case PART_NETNS:
		return number_parse(text, length, UINT64_MAX, &seen->netns);
	case PART_SET:
		return parse_set(text, length, &seen->set);
	case PART_KEY:
		return parse_key(text, length, seen->key);
	default:
		return number_parse(text, length, UINT64_MAX, &seen->packets);
	}
}

/* One line, without its end. */
static int parse_line(const char *text, size_t length, struct log_seen *ret)
{
	struct log_seen seen = { 0 };

	for (int part = 0; part < PART_COUNT; part++) {
		const char *blank = memchr(text, ' ', length);
		size_t part_length = blank ? (size_t)(blank - text) : length;

		if ((part < PART_COUNT - 1) != (blank != NULL) ||
		    parse_part(part, text, part_length, &seen) < 0)
			return -EINVAL;
		text += part_length + (blank != NULL);
		length -= part_length + (blank != NULL);
	}
	*ret = seen;
	return 0;
}

int logbook_parse(const char *text, size_t length, struct arena *arena, struct logbook *ret)
{
	struct logbook book = { 0 };

	while (length) {
		const char *end = memchr(text, '\n', length);
		struct log_seen *seen = ARENA_APPEND(arena, &book.list);

		if (!seen)
			return -ENOMEM;
		if (!end || parse_line(text, (size_t)(end - text), seen) < 0)
			return -EINVAL;
		length -= (size_t)(end - text) + 1;
		text = end + 1;
	}
	logbook_sort(&book);
	*ret = book;
	return 0;
}
