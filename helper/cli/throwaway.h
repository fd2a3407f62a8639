/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network that the helper makes for one command, and that is gone with it: see throwaway.c. */
#ifndef CARREL_CLI_THROWAWAY_H
#define CARREL_CLI_THROWAWAY_H

#include <sys/types.h>

struct carrel_error;
struct passwd;

struct throwaway {
	int netns_fd, lease_fd;         /* owned; -1: none */
	uid_t number;                   /* in the place of a uid, in the link's name */
};

/**
 * throwaway_make() - have the helper make one
 * @user:	whom it is for; NULL: root
 * Return: 0; -errno with the launcher's reason, or the helper's
 */
int throwaway_make(const char *config_path, const char *policy, const struct passwd *user,
		   struct throwaway *ret, struct carrel_error *err);

/**
 * throwaway_clear() - take its network away, whoever is still in it
 * @state_fd:	/run/carrel
 *
 * The lease stays with whoever holds it.
 */
int throwaway_clear(struct throwaway *throwaway, int state_fd, struct carrel_error *err);

#endif
