/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose carrel an administrator means by a name or a number. */
#ifndef CARREL_CLI_OWNER_H
#define CARREL_CLI_OWNER_H

#include <sys/types.h>
#include "base/name.h"

struct carrel_error;

struct owner {
	uid_t uid;
	char name[USER_NAME_SIZE];
};

/**
 * owner_find() - who @text is: a name, else a uid
 * @state_fd:	/run/carrel, or -1: a carrel can outlive its user's account, and is
 *		then still found under the name or the uid that it was made for
 *
 * Every uid is someone: without an account or a record, its number is its name.
 *
 * Return: 0; -ENOENT when neither the name services nor a record know the name; -EIO when a
 *	   name service failed; -errno
 */
int owner_find(const char *text, int state_fd, struct owner *ret, struct carrel_error *err);

/**
 * owner_meant() - owner_find(), for a word of the command line
 * Return: CLI_OK; another exit status after a complaint
 */
int owner_meant(const char *text, int state_fd, struct owner *ret);

/**
 * owner_begin() - view_open_state(), then owner_meant() by it
 * @ret_state_fd:	owned by the caller; written also where it is not known who is meant
 *
 * Return: CLI_OK; another exit status after a complaint
 */
int owner_begin(const char *text, int *ret_state_fd, struct owner *ret);

#endif
