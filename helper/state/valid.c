/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/valid.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/number.h"
#include "base/paths.h"
#include "state/source.h"

static const char first_line[] = "carrel-valid 1\n";

/* What source_read_config() accepts, with a line for each file. */
#define BUNDLE_MAX_BYTES (SOURCE_MAX_BYTES + SOURCE_MAX_FILES * (PATH_MAX + 32))

/* Append @path so that no '/' is left: "%2F" for it, "%25" for '%'. */
static void escape(struct buffer *buffer, const char *path)
{
	for (; *path; path++) {
		if (*path == '/' || *path == '%')
			buffer_printf(buffer, "%%%02X", (unsigned)(uint8_t)*path);
		else
			buffer_append(buffer, path, 1);
	}
}

int valid_path(const char *config_path, const char *policy, char path[VALID_PATH_SIZE],
	       struct carrel_error *err)
{
	BUFFER_CLEANUP struct buffer buffer = { 0 };

	buffer_puts(&buffer, policy ? "valid/policy-" : "valid/config");
	if (policy)
		buffer_puts(&buffer, policy);
	/* No policy's name has a colon. */
	if (strcmp(config_path, PATH_CONFIG) != 0) {
		buffer_puts(&buffer, ":");
		escape(&buffer, config_path);
	}
	if (buffer.failed)
		return error_set_errno(err, ENOMEM, "naming the last valid text");
	if (buffer.length >= VALID_PATH_SIZE)
		return error_set(err, ENAMETOOLONG, "the path %s is too long", config_path);
	memcpy(path, buffer.data, buffer.length + 1);
	return 0;
}

int valid_encode(const struct sources *sources, struct arena *arena, char **ret_text,
		 size_t *ret_length, struct carrel_error *err)
{
	BUFFER_CLEANUP struct buffer buffer = { 0 };

	buffer_puts(&buffer, first_line);
	for (size_t i = 0; i < sources->list.count; i++) {
		const struct source *source = &sources->list.items[i];
		if (strchr(source->path, '\n'))
			return error_set(err, EINVAL, "the path of a file has a line break");
		buffer_printf(&buffer, "%s %zu\n", source->path, source->length);
		buffer_append(&buffer, source->text, source->length);
	}
	char *text = buffer.failed ? NULL : arena_strndup(arena, buffer.data, buffer.length);
	if (!text)
		return error_set_errno(err, ENOMEM, "keeping the last valid text");
	*ret_text = text;
	*ret_length = buffer.length;
	return 0;
}

/* Read one file of a bundle at *@at, which moves behind it; 0, -EBADMSG or -ENOMEM. */
static int decode_one(const char **at, const char *end, struct arena *arena,
		      struct sources *sources)
{
	const char *newline = memchr(*at, '\n', (size_t)(end - *at));
	if (!newline)
		return -EBADMSG;
	/* The last blank: a path may have blanks. */
	const char *blank = memrchr(*at, ' ', (size_t)(newline - *at));
	if (!blank || blank == *at)
		return -EBADMSG;

	const char *text = newline + 1;
	uint64_t length;
	if (number_parse(blank + 1, (size_t)(newline - blank - 1), (uint64_t)(end - text),
			 &length))
		return -EBADMSG;

	char *path = arena_strndup(arena, *at, (size_t)(blank - *at));
	struct source *source = path ? ARENA_APPEND(arena, &sources->list) : NULL;
	if (!source)
		return -ENOMEM;
	*source = (struct source){ .path = path, .text = text, .length = (size_t)length };
	*at = text + length;
	return 0;
}

int valid_decode(const char *text, size_t length, struct arena *arena,
		 struct sources *ret_sources, struct carrel_error *err)
{
	size_t head = sizeof(first_line) - 1;
	const char *at = text + head, *end = text + length;
	struct sources sources = { 0 };

	if (length < head || memcmp(text, first_line, head) != 0)
		return error_set(err, EBADMSG, "not a bundle of this version");
	while (at < end) {
		int rc = decode_one(&at, end, arena, &sources);
		if (rc)
			return error_set(err, -rc, "damaged at byte %zu", (size_t)(at - text));
	}
	*ret_sources = sources;
	return 0;
}

/* Was the open file written by root or the owner of /run/carrel, and by nobody else? */
static int check_owner(int state_fd, int fd, struct carrel_error *err)
{
	struct stat state, st;

	if (fstat(state_fd, &state) || fstat(fd, &st))
		return error_set_errno(err, errno, "cannot stat");
	if (!S_ISREG(st.st_mode) || (st.st_uid != 0 && st.st_uid != state.st_uid) ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)))
		return error_set(err, EPERM, "others may have written it");
	return 0;
}

/* The bytes of a bundle; 0, -ENOENT, -EPERM, -errno. */
static int read_bundle(int state_fd, const char *path, struct arena *arena, char **ret_text,
		       size_t *ret_length, struct carrel_error *err)
{
	FD_CLEANUP int fd = openat(state_fd, path,
				   O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return error_set_errno(err, errno, "cannot open");
	int rc = check_owner(state_fd, fd, err);
	if (!rc)
		rc = fd_read_all(fd, BUNDLE_MAX_BYTES, arena, ret_text, ret_length, err);
	return rc;
}

int valid_load(int state_fd, const char *path, struct arena *arena,
	       struct sources *ret_sources, struct carrel_error *err)
{
	char *text;
	size_t length;

	int rc = read_bundle(state_fd, path, arena, &text, &length, err);
	if (!rc)
		rc = valid_decode(text, length, arena, ret_sources, err);
	if (rc)
		return error_wrap(err, rc, "the last valid text %s/%s", PATH_STATE, path);
	return 0;
}

/*
 * A new file of this process, and of no other: a process of the same id that was killed
 * here may have left one.
 */
static int create_temporary(int state_fd, const char *path)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	int fd = openat(state_fd, path, flags, 0600);

	if (fd < 0 && errno == EEXIST && unlinkat(state_fd, path, 0) == 0)
		fd = openat(state_fd, path, flags, 0600);
	return fd < 0 ? -errno : fd;
}

/* Put @text in place of what @path holds; 0 or -errno. */
static int replace(int state_fd, const char *path, const char *text, size_t length)
{
	char temporary[sizeof("valid/.tmp-") + 20];
	int rc;

	snprintf(temporary, sizeof(temporary), "valid/.tmp-%ld", (long)getpid());
	FD_CLEANUP int fd = create_temporary(state_fd, temporary);
	if (fd < 0)
		return fd;
	rc = fd_write_all(fd, text, length);
	if (!rc && renameat(state_fd, temporary, state_fd, path))
		rc = -errno;
	if (rc)
		unlinkat(state_fd, temporary, 0);
	return rc;
}

int valid_store(int state_fd, const char *path, const struct sources *sources,
		struct arena *arena, struct carrel_error *err)
{
	char *text, *old_text;
	size_t length, old_length;

	int rc = valid_encode(sources, arena, &text, &length, err);
	if (rc)
		return rc;
	/* Whatever is wrong with an old one, a new one in its place puts it right. */
	if (!read_bundle(state_fd, path, arena, &old_text, &old_length, NULL) &&
	    old_length == length && memcmp(old_text, text, length) == 0)
		return 0;
	rc = replace(state_fd, path, text, length);
	if (rc)
		return error_set_errno(err, -rc, "cannot write %s/%s", PATH_STATE, path);
	return 0;
}
