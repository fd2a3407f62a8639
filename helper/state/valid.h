/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last text that was valid, kept below /run/carrel/valid: it stays in force when an
 * edit breaks the files.
 *
 * A bundle is "carrel-valid 1", then for each file "PATH LENGTH" and its bytes, so that
 * errors and rules still name the file that they came from.
 */
#ifndef CARREL_STATE_VALID_H
#define CARREL_STATE_VALID_H

#include <limits.h>
#include "core/config.h"

struct carrel_error;

/* "valid/" and a file name of the longest length that file systems take. */
#define VALID_PATH_SIZE (sizeof("valid/") + NAME_MAX)

/**
 * valid_path() - where the bundle is, below /run/carrel
 * @config_path: of carrel.conf: what two configurations keep is apart
 * @policy:	a policy's name, or NULL for the configuration itself
 *
 * Return: 0; -ENAMETOOLONG
 * Context: pure
 */
int valid_path(const char *config_path, const char *policy, char path[VALID_PATH_SIZE],
	       struct carrel_error *err);

/**
 * valid_encode() - the bytes of a bundle
 * @ret_text:	from @arena
 * Return: 0; -EINVAL (a path with a line break); -ENOMEM
 * Context: pure
 */
int valid_encode(const struct sources *sources, struct arena *arena, char **ret_text,
		 size_t *ret_length, struct carrel_error *err);

/**
 * valid_decode() - the files of a bundle
 * @text:	must outlive @ret_sources, which points into it
 * Return: 0; -EBADMSG; -ENOMEM
 * Context: pure
 */
int valid_decode(const char *text, size_t length, struct arena *arena,
		 struct sources *ret_sources, struct carrel_error *err);

/**
 * valid_store() - keep @sources as the last valid text, unless it is what is kept already
 * @state_fd:	/run/carrel, with its directory "valid"
 * @path:	from valid_path()
 *
 * Readers see the old bundle or the new one, and only root and the helper's account do: the
 * files may have been readable to fewer than everyone.
 *
 * Return: 0 or -errno
 * Context: the helper's account
 */
int valid_store(int state_fd, const char *path, const struct sources *sources,
		struct arena *arena, struct carrel_error *err);

/**
 * valid_load() - the last valid text
 * Return: 0; -ENOENT when none was kept; -EPERM when others may have written it; -EBADMSG;
 *	   -errno
 */
int valid_load(int state_fd, const char *path, struct arena *arena,
	       struct sources *ret_sources, struct carrel_error *err);

#endif
