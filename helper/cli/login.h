/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The login that a carrel was made for, asked about again. */
#ifndef CARREL_CLI_LOGIN_H
#define CARREL_CLI_LOGIN_H

#include "base/subject.h"
#include "core/config.h"
#include "state/record.h"

struct carrel_error;

/**
 * login_of_record() - the login that decided about @record's carrel, with today's groups
 *
 * Where the account is gone, or the uid is somebody else's now, it is nobody's login: the
 * service is empty then, and the carrel keeps its policy.
 *
 * Return: 0 or -errno
 */
int login_of_record(const struct record *record, const struct config *config,
		    struct arena *arena, struct subject *ret, struct carrel_error *err);

#endif
