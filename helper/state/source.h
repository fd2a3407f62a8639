/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads what administrators write, trusting a file only after looking at the opened
 * descriptor; and keeps the last text that was valid.
 */
#ifndef CARREL_STATE_SOURCE_H
#define CARREL_STATE_SOURCE_H

#include <stdbool.h>
#include "core/config.h"
#include "core/policy.h"

struct carrel_error;

/* A configuration or policy larger than this is a mistake (10,000 rules are 1 MB). */
#define SOURCE_MAX_BYTES (8 * 1024 * 1024)
/* carrel.conf and its drop-ins, or a policy and what it includes; SOURCE_MAX_BYTES holds for all of them together too. */
#define SOURCE_MAX_FILES 256

/**
 * source_read() - one file
 * Only a regular file, owned by root, writable by nobody else, is trusted (when
 * @trusted_only; `carrel check FILE` reads any).
 * Return: 0; -ENOENT; -EPERM when not trusted (message says chown/chmod what); -errno
 */
int source_read(const char *path, bool trusted_only, struct arena *arena,
		struct source *ret_source, struct carrel_error *err);

/**
 * source_read_config() - @path, then @path.d/ *.conf in the order of their names
 * (a missing drop-in directory is no error; one that others may write is not trusted)
 */
int source_read_config(const char *path, bool trusted_only, struct arena *arena,
		       struct sources *ret_sources, struct carrel_error *err);

/**
 * source_append() - the file @name in @directory, after those that are in @sources
 *
 * Both must be there, and trusted when @trusted_only. The limits above hold for all of
 * @sources.
 *
 * Return: 0; -ENOENT; -EPERM; -E2BIG; -errno
 */
int source_append(const char *directory, const char *name, bool trusted_only,
		  struct arena *arena, struct sources *sources, struct carrel_error *err);

/**
 * source_config_in_force() - the configuration that decides now
 * @path:	of carrel.conf, absolute
 * @state_fd:	/run/carrel, or -1: no last valid text is looked for
 * @keep:	store the text as the last valid one when it is new (needs write access)
 * @ret_warning: NULL when all is well; else, from @arena, why the last valid text decides, or
 *		why the text, which was valid, could not be kept
 *
 * Return: 0; -errno when @path is missing, untrusted or invalid and there is no last
 *	   valid text
 */
int source_config_in_force(const char *path, int state_fd, bool keep, struct arena *arena,
			   struct config *ret_config, const char **ret_warning,
			   struct carrel_error *err);

/**
 * source_policy_in_force() - likewise for the policy @name: /etc, else /usr/share, else
 * (when that is missing, untrusted or invalid, or not what it expects) the last valid text
 * @config_path: of carrel.conf, absolute; policies are in "policies" beside it, then the
 *		packaged ones
 * @config:	the configuration in force: rules name its sets, and what a policy expects is
 *		tested with its pools. The last valid text has the sets that it was valid with
 *		and is not tested: that other pools make it untrue must lock nobody out.
 *
 * Return: 0; -ENOENT with both paths that were looked at; -errno as above
 */
int source_policy_in_force(const char *config_path, const struct config *config,
			   const char *name, int state_fd, bool keep, struct arena *arena,
			   struct policy *ret_policy, const char **ret_warning,
			   struct carrel_error *err);

#endif
