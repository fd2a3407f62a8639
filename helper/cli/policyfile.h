/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which policies there are: the administrator's, and the packaged ones they do not override. */
#ifndef CARREL_CLI_POLICYFILE_H
#define CARREL_CLI_POLICYFILE_H

#include <stdbool.h>
#include "base/arena.h"

struct carrel_error;

struct policy_file {
	const char *name;       /* of the file, without ".policy"; need not be a valid name */
	const char *path;
};

struct policy_files {
	ARENA_LIST(struct policy_file) list;    /* in order of name; each name once */
};

/**
 * policyfile_name() - the name of the policy that a file called @path is
 * @ret_name:	NULL when it is none
 *
 * Return: 0 or -ENOMEM
 */
int policyfile_name(const char *path, struct arena *arena, const char **ret_name);

/**
 * policyfile_find() - every policy that an assignment can name
 * @config_path: of carrel.conf, absolute: the administrator's are in "policies" beside it
 *
 * A directory that is missing is empty.
 *
 * Return: 0; -ENOMEM; -errno when a directory cannot be read
 */
int policyfile_find(const char *config_path, struct arena *arena, struct policy_files *ret,
		    struct carrel_error *err);

/** policyfile_get() - the one called @name, or NULL */
const struct policy_file *policyfile_get(const struct policy_files *files, const char *name);

/** policyfile_nearest() - the name most like @name, for "did you mean", or NULL */
const char *policyfile_nearest(const struct policy_files *files, const char *name,
			       struct arena *arena);

#endif
