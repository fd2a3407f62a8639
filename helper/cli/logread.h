/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rules of all carrels have logged, and was not seen yet. */
#ifndef CARREL_CLI_LOGREAD_H
#define CARREL_CLI_LOGREAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/arena.h"
#include "base/name.h"
#include "core/log.h"
#include "core/logbook.h"

struct carrel_error;

struct logged {
	uint64_t time_ms;               /* of the last packet, since the epoch */
	uid_t uid;
	char user[USER_NAME_SIZE];
	struct log_rule rule;
	bool has_flow;                  /* else: what no set had room for */
	struct log_flow flow;
	uint64_t packets;
};

struct logged_list {
	ARENA_LIST(struct logged) list; /* in order of time */
	struct logbook book;            /* all that is there, seen before or not */
	unsigned carrels;               /* that were looked into */
	ARENA_LIST(const char *) unreadable;    /* why, for each carrel that is */
};

/**
 * logread() - look into every carrel, or that of @only
 * @state_fd:	/run/carrel, or -1
 * @only:	a uid, or NULL
 * @seen:	what of it was seen
 *
 * Return: 0, also when single carrels cannot be read; -errno
 * Context: root; the process is in another network namespace meanwhile
 */
int logread(int state_fd, const uid_t *only, const struct logbook *seen, struct arena *arena,
	    struct logged_list *ret, struct carrel_error *err);

/** logread_put_text() - append @logged as a line, its time first when @with_time */
void logread_put_text(const struct logged *logged, bool with_time, struct buffer *text);

/** logread_put_json() - append @logged as an object */
void logread_put_json(const struct logged *logged, struct buffer *text);

#endif
