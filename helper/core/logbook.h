/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of the log was seen already: lets a reader that looks again and again tell what is
 * new, also after it was started again.
 */
#ifndef CARREL_CORE_LOGBOOK_H
#define CARREL_CORE_LOGBOOK_H

#include <stdint.h>
#include "base/arena.h"
#include "base/buffer.h"
#include "core/log.h"

/* How many packets of one element were seen. */
struct log_seen {
	uint64_t netns;                         /* the inode of its carrel's namespace */
	enum log_set set;
	uint8_t key[LOG_KEY_MAX_BYTES];
	uint64_t packets;
};

struct logbook {
	ARENA_LIST(struct log_seen) list;
};

/** logbook_add() - @entry was seen; logbook_sort() follows before one asks. 0 or -ENOMEM */
int logbook_add(struct logbook *book, struct arena *arena, uint64_t netns,
		const struct log_entry *entry);

/** logbook_sort() - all that was seen is in */
void logbook_sort(struct logbook *book);

/**
 * logbook_new_packets() - how many of @entry's packets are not in @book
 *
 * One that has fewer than were seen was forgotten and began anew.
 */
uint64_t logbook_new_packets(const struct logbook *book, uint64_t netns,
			     const struct log_entry *entry);

/** logbook_write() - as text, a line for each element */
void logbook_write(const struct logbook *book, struct buffer *text);

/**
 * logbook_parse() - read back what logbook_write() wrote, sorted
 * Return: 0; -EINVAL when a line is none of those; -ENOMEM
 */
int logbook_parse(const char *text, size_t length, struct arena *arena, struct logbook *ret);

#endif
