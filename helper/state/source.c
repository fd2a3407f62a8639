/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Files are opened first and judged by what was opened: a regular file of root's that nobody
 * else may write, in a directory of which the same holds. Symbolic links are followed: root
 * made them, or the directory would not be trusted. O_NONBLOCK keeps a FIFO, O_NOCTTY a
 * terminal, from holding up a login. An empty file is an accident: taken for a text, it would
 * let everybody out of their network.
 */
#include "state/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

/* Is the open @fd of the file type @type, and when @trusted_only only root's to write? */
static int check_opened(int fd, const char *path, mode_t type, bool trusted_only,
			struct carrel_error *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return error_set_errno(err, errno, "cannot stat %s", path);
	if ((st.st_mode & S_IFMT) != type)
		return error_set(err, EINVAL, "%s is not a regular file", path);
	if (!trusted_only)
		return 0;
	if (st.st_uid != 0)
		return error_set(err, EPERM, "%s is owned by uid %u, not by root, so it is not "
				 "trusted; to trust it: chown root %s", path, st.st_uid, path);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return error_set(err, EPERM, "%s may be written by others than root (mode %04o), "
				 "so it is not trusted; to trust it: chmod go-w %s", path,
				 st.st_mode & 07777U, path);
	return 0;
}

/* As source_read(), for @name in @dir_fd, which errors call @path. */
static int read_at(int dir_fd, const char *name, const char *path, bool trusted_only,
		   struct arena *arena, struct source *ret_source, struct carrel_error *err)
{
	FD_CLEANUP int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *text;
	size_t length;

	if (fd < 0)
		return error_set_errno(err, errno, "cannot open %s", path);
	int rc = check_opened(fd, path, S_IFREG, trusted_only, err);
	if (rc)
		return rc;
	rc = fd_read_all(fd, SOURCE_MAX_BYTES, arena, &text, &length, err);
	if (rc)
		return error_wrap(err, rc, "%s", path);
	/* What an editor leaves when the disk is full, or for an instant while it saves. */
	if (length == 0)
		return error_set(err, EINVAL, "%s is empty; a file that is to say nothing says so "
				 "in a comment", path);
	const char *kept_path = arena_strdup(arena, path);
	if (!kept_path)
		return error_set_errno(err, ENOMEM, "reading %s", path);
	*ret_source = (struct source){ .path = kept_path, .text = text, .length = length };
	return 0;
}

int source_read(const char *path, bool trusted_only, struct arena *arena,
		struct source *ret_source, struct carrel_error *err)
{
	return read_at(AT_FDCWD, path, path, trusted_only, arena, ret_source, err);
}

/* Open a directory that is trusted (when @trusted_only); 0, -ENOENT, -EPERM, -errno. */
static int open_directory(const char *path, bool trusted_only, int *ret_fd,
			  struct carrel_error *err)
{
	FD_CLEANUP int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_set_errno(err, errno, "cannot open %s", path);
	int rc = check_opened(fd, path, S_IFDIR, trusted_only, err);
	if (!rc)
		*ret_fd = fd_steal(&fd);
	return rc;
}

/* For "cleanup": close a directory stream. */
static void close_stream(DIR **stream)
{
	if (*stream)
		closedir(*stream);
}

/* Names of the drop-ins in a directory. */
struct names { ARENA_LIST(const char *) list; };

/* Is @name that of a drop-in? Hidden files are editors' and package managers'. */
static bool is_dropin(const char *name)
{
	static const char suffix[] = ".conf";
	size_t length = strlen(name), suffix_length = sizeof(suffix) - 1;

	return name[0] != '.' && length > suffix_length &&
	       strcmp(name + length - suffix_length, suffix) == 0;
}

/* For qsort() */
static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The drop-ins in @stream, the directory @path, sorted. */
static int list_dropins(DIR *stream, const char *path, struct arena *arena,
			struct names *ret_names, struct carrel_error *err)
{
	struct names names = { 0 };
	const struct dirent *entry;

	while (errno = 0, (entry = readdir(stream)) != NULL) {
		if (!is_dropin(entry->d_name))
			continue;
		const char *name = arena_strdup(arena, entry->d_name);
		const char **item = name ? ARENA_APPEND(arena, &names.list) : NULL;
		if (!item)
			return error_set_errno(err, ENOMEM, "reading %s", path);
		*item = name;
	}
	if (errno)
		return error_set_errno(err, errno, "cannot read %s", path);
	if (names.list.count)
		qsort(names.list.items, names.list.count, sizeof(*names.list.items),
		      compare_names);
	*ret_names = names;
	return 0;
}

/* Append one file, unless all of them are too much then. */
static int append_at(int dir_fd, const char *name, const char *path, bool trusted_only,
		     struct arena *arena, struct sources *sources, struct carrel_error *err)
{
	struct source source;
	size_t total_bytes = 0;

	int rc = read_at(dir_fd, name, path, trusted_only, arena, &source, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < sources->list.count; i++)
		total_bytes += sources->list.items[i].length;
	if (sources->list.count == SOURCE_MAX_FILES ||
	    source.length > SOURCE_MAX_BYTES - total_bytes)
		return error_set(err, E2BIG, "%s: more than %d files, or %d bytes in all", path,
				 SOURCE_MAX_FILES, SOURCE_MAX_BYTES);
	struct source *item = ARENA_APPEND(arena, &sources->list);
	if (!item)
		return error_set_errno(err, ENOMEM, "reading %s", path);
	*item = source;
	return 0;
}

/* Append the drop-ins in the directory @path, if there is one. */
static int append_dropins(const char *path, bool trusted_only, struct arena *arena,
			  struct sources *sources, struct carrel_error *err)
{
	__attribute__((cleanup(close_stream))) DIR *stream = opendir(path);
	struct names names = { 0 };

	if (!stream)
		return errno == ENOENT ? 0 : error_set_errno(err, errno, "cannot open %s", path);
	int rc = check_opened(dirfd(stream), path, S_IFDIR, trusted_only, err);
	if (!rc)
		rc = list_dropins(stream, path, arena, &names, err);
	if (rc)
		return rc;

	for (size_t i = 0; i < names.list.count; i++) {
		const char *name = names.list.items[i];
		const char *file = arena_printf(arena, "%s/%s", path, name);
		if (!file)
			return error_set_errno(err, ENOMEM, "reading %s", path);
		rc = append_at(dirfd(stream), name, file, trusted_only, arena, sources, err);
		if (rc)
			return rc;
	}
	return 0;
}

int source_read_config(const char *path, bool trusted_only, struct arena *arena,
		       struct sources *ret_sources, struct carrel_error *err)
{
	const char *dropins = arena_printf(arena, "%s.d", path);
	struct sources sources = { 0 };

	if (!dropins)
		return error_set_errno(err, ENOMEM, "reading %s", path);
	int rc = append_at(AT_FDCWD, path, path, trusted_only, arena, &sources, err);
	if (!rc)
		rc = append_dropins(dropins, trusted_only, arena, &sources, err);
	if (!rc)
		*ret_sources = sources;
	return rc;
}

int source_append(const char *directory, const char *name, bool trusted_only,
		  struct arena *arena, struct sources *sources, struct carrel_error *err)
{
	FD_CLEANUP int fd = -1;
	const char *path = arena_printf(arena, "%s/%s", directory, name);

	if (!path)
		return error_set_errno(err, ENOMEM, "reading %s", name);
	int rc = open_directory(directory, trusted_only, &fd, err);
	return rc ? rc : append_at(fd, name, path, trusted_only, arena, sources, err);
}
