/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What there is of every carrel, and of those that are no more: what `carrel gc` goes by. */
#ifndef CARREL_CLI_SURVEY_H
#define CARREL_CLI_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "core/lifetime.h"
#include "sight.h"

struct carrel_error;

struct surveyed {
	struct sight sight;             /* processes were looked for, unless a session is alive */
	bool sessions;                  /* one is alive */
	bool link_up;                   /* the host's end of the uplink is there, and up */
};

struct survey {
	ARENA_LIST(struct surveyed) list;       /* in order of uid */
	size_t temporaries;                     /* files that nobody writes any more */
};

/**
 * survey_take() - look at records, pins, links, sessions and addresses, then at processes
 *
 * In this order: what is found idle here was noted as that before the processes were seen.
 *
 * Return: 0 or -errno
 * Context: root, in the host's namespaces
 */
int survey_take(int state_fd, struct arena *arena, struct survey *ret, struct carrel_error *err);

/** survey_lifetime() - what decides about one carrel, @now_s of CLOCK_BOOTTIME */
struct lifetime survey_lifetime(const struct surveyed *surveyed, uint64_t now_s,
				uint64_t linger_s);

#endif
