/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/fd.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"

/* Most files that are read are smaller: to ask for their size would be a system call more. */
#define FIRST_READ_BYTES 4096

void fd_close(int *fd)
{
	int saved_errno = errno;

	/* Not repeated on EINTR: Linux has let go of the number by then (close(2), NOTES). */
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved_errno;
}

int fd_steal(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

/** read_some() - read(2) that goes on after a signal; bytes read or -errno */
static ssize_t read_some(int fd, char *bytes, size_t size)
{
	ssize_t n;

	do
		n = read(fd, bytes, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int fd_read_all(int fd, size_t limit_bytes, struct arena *arena, char **ret_text,
		size_t *ret_length, struct carrel_error *err)
{
	if (limit_bytes > SIZE_MAX / 4)
		limit_bytes = SIZE_MAX / 4;

	/* One more than there may be, to see the end. */
	size_t room = (limit_bytes < FIRST_READ_BYTES ? limit_bytes : FIRST_READ_BYTES) + 1;
	size_t length = 0;
	char *text = arena_alloc(arena, room + 1);

	while (text) {
		ssize_t n = read_some(fd, text + length, room - length);

		if (n < 0)
			return error_set_errno(err, (int)-n, "cannot read");
		if (n == 0) {
			text[length] = '\0';
			*ret_text = text;
			*ret_length = length;
			return 0;
		}
		length += (size_t)n;
		if (length > limit_bytes)
			return error_set(err, E2BIG, "longer than %zu bytes", limit_bytes);
		if (length == room) {
			room = 2 * room > limit_bytes ? limit_bytes + 1 : 2 * room;
			char *larger = arena_alloc(arena, room + 1);
			if (larger)
				memcpy(larger, text, length);
			text = larger;
		}
	}
	return error_set_errno(err, ENOMEM, "cannot read");
}

int fd_write_all(int fd, const void *bytes, size_t length)
{
	const char *next = bytes;

	while (length) {
		ssize_t n = write(fd, next, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO;
		next += n;
		length -= (size_t)n;
	}
	return 0;
}

void fd_attach(struct msghdr *message, void *control, const int *fds, size_t count)
{
	struct cmsghdr *header = control;

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(count * sizeof(*fds));
	memcpy(CMSG_DATA(header), fds, count * sizeof(*fds));
	message->msg_control = control;
	message->msg_controllen = CMSG_SPACE(count * sizeof(*fds));
}
