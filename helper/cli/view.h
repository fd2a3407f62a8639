/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What there is of a carrel: its record, its live sessions, its pin. Only looks. */
#ifndef CARREL_CLI_VIEW_H
#define CARREL_CLI_VIEW_H

#include "base/arena.h"
#include "base/buffer.h"
#include "core/policy.h"
#include "state/record.h"
#include "state/session.h"

struct carrel_error;

enum pin_state {
	PIN_PRESENT,            /* and of the namespace that the record speaks of */
	PIN_MISSING,
	PIN_FOREIGN,            /* another namespace is pinned under the carrel's name */
	PIN_UNKNOWN,            /* it cannot be looked at; with "pins private" only root can */
};

struct view {
	struct record record;
	char netns[NETNS_NAME_SIZE];
	enum pin_state pin;
	ARENA_LIST(struct session) sessions;
	uint64_t idle_since_s;          /* seconds since the epoch; 0: in use, as far as is known */
	uint64_t idle_s;                /* as long ago */
};

struct views {
	ARENA_LIST(struct view) list;           /* in order of uid */
	ARENA_LIST(const char *) unreadable;    /* why, for each record that is */
};

/** view_open_state() - /run/carrel; 0 with *@ret_fd -1 when nothing ever made it; -errno */
int view_open_state(int *ret_fd, struct carrel_error *err);

/* What record_each() calls. */
typedef int record_visitor(const struct record *record, int rc, const struct carrel_error *why,
			   void *context);

/**
 * view_each_record() - record_each(), where there is no record yet, too
 * @state_fd:	as view_open_state() gave it, -1 included
 * @visit:	does not return -ENOENT
 *
 * The directory that the system makes at boot is empty until the first login.
 */
int view_each_record(int state_fd, record_visitor *visit, void *context,
		     struct carrel_error *err);

/**
 * view_read() - the carrel of @uid
 *
 * Looks for pins where hostns_visit_pins() finds them; so does view_read_all().
 *
 * Return: 0; -ENOENT; -errno
 */
int view_read(int state_fd, uid_t uid, struct arena *arena, struct view *ret,
	      struct carrel_error *err);

/** view_read_all() - every carrel; 0, also when single records cannot be read; -errno */
int view_read_all(int state_fd, struct arena *arena, struct views *ret,
		  struct carrel_error *err);

/** view_bind_names() - namesfile_bind(), with a complaint where that fails; 0 or -ENOMEM */
int view_bind_names(int state_fd, struct policy *policy, struct arena *arena);

/** pin_state_name() - the word for people and in JSON */
const char *pin_state_name(enum pin_state pin);

/** view_put_json() - append the members of @view's JSON object, without the braces */
void view_put_json(const struct view *view, struct buffer *buffer);

#endif
