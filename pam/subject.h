/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the system's name services about a user: done here, never in the helper. */
#ifndef CARREL_PAM_SUBJECT_H
#define CARREL_PAM_SUBJECT_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/subject.h"
#include "core/config.h"

struct carrel_error;

/* An account, as the name service knows it. */
struct account {
	const char *name;       /* its own spelling, which need not be the one asked for */
	uid_t uid;
	gid_t gid;
	struct arena *arena;    /* borrowed: where the name and the groups live */
	const gid_t *groups;    /* every group, asked for when it is first needed; else NULL */
	size_t group_count;
};

/**
 * subject_find_account() - look @user up
 * @arena:	the name lives here, and what is asked about the account later
 *
 * Return: 0; -ENOENT when there is no such user; -EIO when the name service failed; -ENOMEM
 */
int subject_find_account(const char *user, struct arena *arena, struct account *ret_account,
			 struct carrel_error *err);

/**
 * subject_find_group() - the gid of the group @name
 * @arena:	for what the name service needs meanwhile
 *
 * Return: as subject_find_account()
 */
int subject_find_group(const char *name, struct arena *arena, gid_t *ret_gid,
		       struct carrel_error *err);

/**
 * subject_of_account() - @account, with its membership in every group that @config names
 * @service:	this, @tty and @rhost may be NULL
 * @config:	NULL: no groups
 * @arena:	what @ret_subject points to lives here (the strings given to it are copied)
 *
 * A group that does not exist has no members.
 *
 * Return: 0; -EIO when the name service failed; -ENOMEM
 */
int subject_of_account(struct account *account, const char *service, const char *tty,
		       const char *rhost, const struct config *config, struct arena *arena,
		       struct subject *ret_subject, struct carrel_error *err);

/** subject_look_up() - subject_find_account() and subject_of_account() in one */
int subject_look_up(const char *user, const char *service, const char *tty, const char *rhost,
		    const struct config *config, struct arena *arena,
		    struct subject *ret_subject, struct carrel_error *err);

/**
 * subject_in_any_group() - is @account in one of the comma-separated @groups?
 *
 * Return: 1 when it is; 0; -errno when it is in none that could be asked about
 */
int subject_in_any_group(struct account *account, const char *groups, struct carrel_error *err);

#endif
