/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/textfile.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/number.h"

void textfile_path(char path[TEXTFILE_PATH_SIZE], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(path, TEXTFILE_PATH_SIZE, format, arguments);
	va_end(arguments);
	assert(length > 0 && length < TEXTFILE_PATH_SIZE);
	(void)length;
}

bool textfile_parse_uid(const char *name, uid_t *ret_uid)
{
	uint64_t value;

	/* "01000" would be a second name of the same carrel; (uid_t)-1 means "no user". */
	if ((name[0] == '0' && name[1] != '\0') ||
	    number_parse(name, strlen(name), UINT32_MAX - 1, &value))
		return false;
	*ret_uid = (uid_t)value;
	return true;
}

int textfile_open(int dir_fd, const char *path)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

int textfile_read_open(int fd, char *text, size_t size, size_t *ret_length)
{
	size_t length = 0;

	while (length < size) {
		ssize_t n = read(fd, text + length, size - length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0) {
			*ret_length = length;
			return 0;
		}
		length += (size_t)n;
	}
	/* No room is left to see whether the file ends here. */
	return -E2BIG;
}

int textfile_read(int dir_fd, const char *path, char *text, size_t size, size_t *ret_length)
{
	FD_CLEANUP int fd = textfile_open(dir_fd, path);

	return fd < 0 ? fd : textfile_read_open(fd, text, size, ret_length);
}

/** create_exclusively() - a file that nobody has open, under a name that a crash may have left */
static int create_exclusively(int dir_fd, const char *path)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
	int fd = openat(dir_fd, path, flags, 0600);

	if (fd < 0 && errno == EEXIST && unlinkat(dir_fd, path, 0) == 0)
		fd = openat(dir_fd, path, flags, 0600);
	return fd < 0 ? -errno : fd;
}

int textfile_create(int dir_fd, const char *path, const char *text, size_t length, int *ret_fd)
{
	FD_CLEANUP int fd = create_exclusively(dir_fd, path);

	if (fd < 0)
		return fd;
	int rc = fd_write_all(fd, text, length);
	if (rc) {
		unlinkat(dir_fd, path, 0);
		return rc;
	}
	*ret_fd = fd_steal(&fd);
	return 0;
}

int textfile_show(int fd)
{
	return fchmod(fd, 0644) ? -errno : 0;
}

int textfile_replace(int dir_fd, const char *temporary, const char *path, const char *text,
		     size_t length)
{
	FD_CLEANUP int fd = -1;

	int rc = textfile_create(dir_fd, temporary, text, length, &fd);
	if (rc)
		return rc;
	rc = textfile_show(fd);
	if (rc == 0 && renameat(dir_fd, temporary, dir_fd, path))
		rc = -errno;
	if (rc)
		unlinkat(dir_fd, temporary, 0);
	return rc;
}

int textfile_refuse(const struct textfile_lines *lines, const char *what)
{
	return error_set(lines->err, EBADMSG, "line %u %s", lines->number, what);
}

/** read_line() - read the line that must follow; 1 or -EBADMSG */
static int read_line(struct textfile_lines *lines)
{
	const char *newline = lines->rest_length ?
			      memchr(lines->rest, '\n', lines->rest_length) : NULL;

	lines->number++;
	if (!newline)
		return textfile_refuse(lines, "does not end");
	lines->line = lines->rest;
	lines->length = (size_t)(newline - lines->line);
	lines->rest = newline + 1;
	lines->rest_length -= lines->length + 1;
	return 1;
}

int textfile_begin(struct textfile_lines *lines, const char *text, size_t length,
		   const char *header, struct carrel_error *err)
{
	*lines = (struct textfile_lines){ .rest = text, .rest_length = length, .err = err };
	int rc = read_line(lines);

	if (rc < 0)
		return rc;
	if (lines->length != strlen(header) || memcmp(lines->line, header, lines->length) != 0)
		return error_set(err, EBADMSG, "line %u is not '%s'", lines->number, header);
	return 0;
}

int textfile_next(struct textfile_lines *lines)
{
	return lines->rest_length ? read_line(lines) : 0;
}
