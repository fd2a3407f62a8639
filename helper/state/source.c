/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Files are opened first and judged by what was opened: a regular file of root's that nobody
 * else may write, in a directory of which the same holds. Symbolic links are followed: root
 * made them, or the directory would not be trusted. O_NONBLOCK keeps a FIFO, O_NOCTTY a
 * terminal, from holding up a login. An empty file is an accident: taken for a text, it would
 * let everybody out of their network.
 *
 * What decides is then found in one way for the configuration and for policies (in_force()):
 * the text on disk when it is readable, trusted and valid, which is then kept; else the text
 * that was kept last.
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
#include "base/paths.h"
#include "core/expect.h"
#include "state/valid.h"

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

/* The drop-ins in the open directory @fd (consumed), sorted. */
static int list_dropins(int fd, const char *path, struct arena *arena, struct names *ret_names,
			struct carrel_error *err)
{
	FD_CLEANUP int owned_fd = fd;
	__attribute__((cleanup(close_stream))) DIR *stream = fdopendir(fd);
	struct names names = { 0 };
	const struct dirent *entry;

	if (!stream)
		return error_set_errno(err, errno, "cannot read %s", path);
	fd_steal(&owned_fd);
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
	FD_CLEANUP int fd = -1;
	struct names names = { 0 };

	int rc = open_directory(path, trusted_only, &fd, err);
	if (rc == -ENOENT)
		return 0;
	if (rc)
		return rc;
	int list_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (list_fd < 0)
		return error_set_errno(err, errno, "cannot read %s", path);
	rc = list_dropins(list_fd, path, arena, &names, err);
	if (rc)
		return rc;

	for (size_t i = 0; i < names.list.count; i++) {
		const char *name = names.list.items[i];
		const char *file = arena_printf(arena, "%s/%s", path, name);
		if (!file)
			return error_set_errno(err, ENOMEM, "reading %s", path);
		rc = append_at(fd, name, file, trusted_only, arena, sources, err);
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

/* A text that decides something, of which the last valid version is kept. */
struct text {
	const char *config_path;
	const char *policy;             /* its name; NULL: the configuration itself */
	const struct config *config;    /* of a policy: tests what it expects; NULL: that is not */
	struct config *ret_config;      /* what a valid text fills: one of the two */
	struct policy *ret_policy;
};

/* Understand a policy and test what it expects; 0, -EINVAL, -ENOMEM. */
static int parse_policy(const struct text *text, const struct source *source,
			struct arena *arena, struct diagnostics *diagnostics)
{
	struct policy policy;

	int rc = policy_parse(text->policy, source, arena, &policy, diagnostics);
	if (!rc && text->config)
		rc = expect_test(&policy, text->config, diagnostics);
	if (!rc)
		*text->ret_policy = policy;
	return rc;
}

/* Understand @sources; the first error becomes @err. */
static int parse(const struct text *text, const struct sources *sources, struct arena *arena,
		 struct carrel_error *err)
{
	struct diagnostics diagnostics = { .arena = arena };
	int rc;

	if (text->policy && sources->list.count != 1)
		return error_set(err, EBADMSG, "not one file");
	if (text->policy)
		rc = parse_policy(text, &sources->list.items[0], arena, &diagnostics);
	else
		rc = config_parse(sources, arena, text->ret_config, &diagnostics);
	if (rc == -EINVAL)
		return diagnostic_to_error(&diagnostics, err);
	if (rc)
		return error_set_errno(err, -rc, "reading %s", sources->list.items[0].path);
	return 0;
}

/* Keep @sources; a failure is no reason to refuse a login, but one to tell. */
static const char *keep_text(const struct text *text, const struct sources *sources,
			     int state_fd, struct arena *arena)
{
	char path[VALID_PATH_SIZE];
	struct carrel_error why;

	int rc = valid_path(text->config_path, text->policy, path, &why);
	if (!rc)
		rc = valid_store(state_fd, path, sources, arena, &why);
	return rc ? arena_printf(arena, "this version cannot be kept against a later one that "
				 "is invalid: %s", why.text) : NULL;
}

/* Understand the text that was kept last; 0 or -errno. */
static int parse_kept(const struct text *text, int state_fd, struct arena *arena)
{
	char path[VALID_PATH_SIZE];
	struct text kept = *text;
	struct sources sources;

	/* What it expects was true once; that other pools make it untrue must lock nobody out. */
	kept.config = NULL;
	int rc = valid_path(text->config_path, text->policy, path, NULL);
	if (!rc)
		rc = valid_load(state_fd, path, arena, &sources, NULL);
	if (!rc)
		rc = parse(&kept, &sources, arena, NULL);
	return rc;
}

/*
 * Let the text on disk decide, else the one that was kept.
 * @rc:		0 with @sources read, or why they could not be, said in @why
 */
static int in_force(const struct text *text, int rc, const struct sources *sources,
		    int state_fd, bool keep, struct arena *arena, const char **ret_warning,
		    struct carrel_error *why)
{
	if (!rc)
		rc = parse(text, sources, arena, why);
	if (!rc) {
		*ret_warning = keep && state_fd >= 0 ?
			keep_text(text, sources, state_fd, arena) : NULL;
		return 0;
	}
	/* With memory short nothing is known about the text. */
	if (rc == -ENOMEM || state_fd < 0 || parse_kept(text, state_fd, arena))
		return rc;

	const char *warning = arena_printf(arena, "%s; the last valid version stays in force",
					   why->text);
	if (!warning)
		return error_set_errno(why, ENOMEM, "reading %s", text->config_path);
	*ret_warning = warning;
	return 0;
}

/* Paths have a directory, and name the same file to everyone. */
static int check_absolute(const char *path, struct carrel_error *err)
{
	if (path[0] != '/')
		return error_set(err, EINVAL, "'%s' is not an absolute path", path);
	return 0;
}

int source_config_in_force(const char *path, int state_fd, bool keep, struct arena *arena,
			   struct config *ret_config, const char **ret_warning,
			   struct carrel_error *err)
{
	const struct text text = { .config_path = path, .ret_config = ret_config };
	struct carrel_error why;
	struct sources sources;

	int rc = check_absolute(path, err);
	if (rc)
		return rc;
	rc = source_read_config(path, true, arena, &sources, &why);
	rc = in_force(&text, rc, &sources, state_fd, keep, arena, ret_warning, &why);
	if (rc)
		return error_set(err, -rc, "%s", why.text);
	return 0;
}

/* Read DIRECTORY/NAME.policy, both trusted; -ENOENT when one of them is not there. */
static int read_policy_in(const char *directory, const char *name, struct arena *arena,
			  struct sources *ret_sources, struct carrel_error *err)
{
	FD_CLEANUP int fd = -1;
	struct sources sources = { 0 };
	const char *file = arena_printf(arena, "%s.policy", name);
	const char *path = arena_printf(arena, "%s/%s.policy", directory, name);

	if (!file || !path)
		return error_set_errno(err, ENOMEM, "reading the policy '%s'", name);
	int rc = open_directory(directory, true, &fd, err);
	if (!rc)
		rc = append_at(fd, file, path, true, arena, &sources, err);
	if (!rc)
		*ret_sources = sources;
	return rc;
}

/* Read the policy @name: the administrator's, else the packaged one. */
static int read_policy(const char *config_path, const char *name, struct arena *arena,
		       struct sources *ret_sources, struct carrel_error *err)
{
	const char *slash = strrchr(config_path, '/');
	const char *directory = arena_printf(arena, "%.*s/policies", (int)(slash - config_path),
					     config_path);

	if (!directory)
		return error_set_errno(err, ENOMEM, "reading the policy '%s'", name);
	int rc = read_policy_in(directory, name, arena, ret_sources, err);
	if (rc == -ENOENT)
		rc = read_policy_in(PATH_PACKAGED_POLICIES, name, arena, ret_sources, err);
	if (rc == -ENOENT)
		return error_set(err, ENOENT,
				 "there is no policy '%s': neither %s/%s.policy nor %s/%s.policy",
				 name, directory, name, PATH_PACKAGED_POLICIES, name);
	return rc;
}

int source_policy_in_force(const char *config_path, const struct config *config,
			   const char *name, int state_fd, bool keep, struct arena *arena,
			   struct policy *ret_policy, const char **ret_warning,
			   struct carrel_error *err)
{
	const struct text text = {
		.config_path = config_path, .policy = name, .config = config,
		.ret_policy = ret_policy,
	};
	struct carrel_error why;
	struct sources sources;

	int rc = check_absolute(config_path, err);
	if (rc)
		return rc;
	/* It becomes a file name. */
	if (!name_valid_policy(name, strlen(name)))
		return error_set(err, EINVAL, "'%s' is not the name of a policy", name);
	rc = read_policy(config_path, name, arena, &sources, &why);
	rc = in_force(&text, rc, &sources, state_fd, keep, arena, ret_warning, &why);
	if (rc)
		return error_set(err, -rc, "%s", why.text);
	return 0;
}
