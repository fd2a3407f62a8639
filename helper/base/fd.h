/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors have one owner at a time. FD_CLEANUP closes at the end of the scope;
 * fd_steal() hands ownership on.
 */
#ifndef CARREL_BASE_FD_H
#define CARREL_BASE_FD_H

#include <stddef.h>
#include <sys/types.h>

#define FD_CLEANUP __attribute__((cleanup(fd_close)))

/** fd_close() - close *@fd unless negative, set it to -1, keep errno */
void fd_close(int *fd);

/** fd_steal() - take the descriptor out of *@fd (which becomes -1) */
int fd_steal(int *fd);

struct arena;
struct carrel_error;
struct msghdr;

/**
 * fd_read_all() - read a file to its end
 * @fd:		borrowed, positioned at the start
 * @limit_bytes: largest content accepted
 * @ret_text:	text from @arena, terminated with a NUL that @ret_length does not count
 *
 * Return: 0, -E2BIG when longer than @limit_bytes, -ENOMEM, or read's errno
 */
int fd_read_all(int fd, size_t limit_bytes, struct arena *arena, char **ret_text,
		size_t *ret_length, struct carrel_error *err);

/** fd_write_all() - write all of @bytes, going on after short writes and EINTR; 0 or -errno */
int fd_write_all(int fd, const void *bytes, size_t length);

/**
 * fd_attach() - have @message carry descriptors
 * @control:	zeroed room for them, CMSG_SPACE(@count * sizeof(int)) bytes aligned as a struct cmsghdr
 * @fds:	@count of them, borrowed
 *
 * Source: cmsg(3), unix(7)
 */
void fd_attach(struct msghdr *message, void *control, const int *fds, size_t count);

#endif
