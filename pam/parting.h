/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a session leaves behind, once it is over. */
#ifndef CARREL_PAM_PARTING_H
#define CARREL_PAM_PARTING_H

#include <stdbool.h>
#include <sys/types.h>
#include "pam/options.h"

struct carrel_error;

/**
 * parting_cut() - where that was the last session of @uid and the policy says "logout cut", have
 * the helper take the network away
 *
 * A process is started for that, and not waited for; for other policies, and while other
 * sessions are open, none is.
 *
 * Return: 0; -errno: then the next `carrel gc` does it
 */
int parting_cut(const struct options *options, uid_t uid, struct carrel_error *err);

/**
 * parting_collect() - start `carrel gc`, if nothing else has done so for a while
 *
 * With systemd a timer does. Without, somebody logs in or out where there is something to
 * collect.
 *
 * Return: 0 or -errno
 */
int parting_collect(const struct options *options, struct carrel_error *err);

#endif
