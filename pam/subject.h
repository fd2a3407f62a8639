/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the system's name services about a user: done here, never in the helper. */
#ifndef CARREL_PAM_SUBJECT_H
#define CARREL_PAM_SUBJECT_H

#include "base/arena.h"
#include "base/subject.h"
#include "core/config.h"

struct carrel_error;

/**
 * subject_look_up() - uid of @user, and membership in every group that @config names
 * @config:	NULL: no groups
 * @arena:	what @ret_subject points to lives here (the strings given to it are copied)
 *
 * Return: 0; -ENOENT when there is no such user; -EIO when the name service failed
 */
int subject_look_up(const char *user, const char *service, const char *tty, const char *rhost,
		    const struct config *config, struct arena *arena,
		    struct subject *ret_subject, struct carrel_error *err);

/** subject_in_any_group() - is @user in one of the comma-separated @groups? 1, 0 or -errno */
int subject_in_any_group(const char *user, const char *groups, struct carrel_error *err);

#endif
