/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which hosts the policies name that somebody has, or could be given at login. */
#ifndef CARREL_CLI_WANTED_H
#define CARREL_CLI_WANTED_H

#include <stdbool.h>
#include <sys/types.h>
#include "base/arena.h"
#include "core/policy.h"

/* One policy that an assignment gives or an open carrel has. */
struct wanted_policy {
	const char *name;
	struct policy policy;                   /* without names when it cannot be read */
	ARENA_LIST(uid_t) carrels;              /* that have it */
};

struct wanted {
	ARENA_LIST(struct wanted_policy) policies;
	ARENA_LIST(const char *) names;         /* of all of them, sorted, each once; NAMES_MAX at most */
	size_t left_out;                        /* names for which there is no room */
};

/**
 * wanted_gather() - read the configuration and policies in force, and who has which
 * @config_path: of carrel.conf, absolute
 * @state_fd:	/run/carrel, or -1
 * @arena:	@ret lives here
 *
 * What is wrong with a policy is complained of; the others count nevertheless.
 *
 * Return: CLI_OK; another exit status after a complaint
 */
int wanted_gather(const char *config_path, int state_fd, struct arena *arena,
		  struct wanted *ret);

/**
 * wanted_list_carrels() - who has which policy now
 * @ret_more:	somebody has a policy that nobody had, or could be given, before
 *
 * Return: CLI_OK; another exit status after a complaint
 */
int wanted_list_carrels(int state_fd, struct arena *arena, struct wanted *wanted,
			bool *ret_more);

#endif
