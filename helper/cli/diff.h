/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where carrels differ from what their policies say: for `carrel diff` and `repair --dry-run`. */
#ifndef CARREL_CLI_DIFF_H
#define CARREL_CLI_DIFF_H

#include "base/arena.h"
#include "base/buffer.h"
#include "core/difference.h"

struct diff {
	uid_t uid;
	const char *user;               /* as its record says, or as it was asked for */
	const char *policy;             /* that it should have; NULL when that cannot be known */
	struct differences differences;
};

/**
 * diff_carrel() - look at the carrel of @uid, and change nothing
 * @user:	whose it is, where no record says so
 * @ret:	lives in @arena
 *
 * Return: CLI_OK, also where there are differences; or, after a complaint, CLI_NOT_FOUND when
 *	   there is no carrel, or another exit status
 * Context: root, in the host's namespaces
 */
int diff_carrel(const char *config_path, int state_fd, uid_t uid, const char *user,
		struct arena *arena, struct diff *ret);

/** diff_host() - the host's table; appended to @differences. Return: as diff_carrel() */
int diff_host(int state_fd, struct arena *arena, struct differences *differences);

/** diff_put_text() - append lines for people */
void diff_put_text(const struct diff *diff, struct buffer *text);

/** diff_put_json() - append a JSON object */
void diff_put_json(const struct diff *diff, struct buffer *text);

#endif
