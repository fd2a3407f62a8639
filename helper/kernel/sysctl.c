/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/mount.h>

#include "base/error.h"
#include "base/fd.h"

int sysctl_mount_proc(void)
{
	FD_CLEANUP int context = (int)syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);

	if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC,
			    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

/* @proc_fd: -1: /proc */
static int open_setting(int proc_fd, const char *path, int flags, struct carrel_error *err)
{
	static const char proc[] = "/proc/";
	char whole[PATH_MAX];
	int length = snprintf(whole, sizeof(whole), "%ssys/%s", proc, path);
	int fd;

	if (length < 0 || (size_t)length >= sizeof(whole))
		return error_set(err, ENAMETOOLONG, "the name of sysctl %s is too long", path);
	fd = proc_fd < 0 ? open(whole, flags | O_CLOEXEC) :
			   openat(proc_fd, whole + sizeof(proc) - 1, flags | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(err, errno, "opening %s", whole);
	return fd;
}

int sysctl_write_at(int proc_fd, const char *path, const char *value, struct carrel_error *err)
{
	FD_CLEANUP int fd = open_setting(proc_fd, path, O_WRONLY, err);

	if (fd < 0)
		return fd;
	ssize_t written = write(fd, value, strlen(value));
	/* The kernel takes a value as a whole: the rest would be another one. */
	if (written < 0 || (size_t)written != strlen(value))
		return error_set_errno(err, written < 0 ? errno : EIO, "setting sysctl %s to '%s'",
				       path, value);
	return 0;
}

int sysctl_write(const char *path, const char *value, struct carrel_error *err)
{
	return sysctl_write_at(-1, path, value, err);
}

int sysctl_read_text(int proc_fd, const char *path, char *ret_text, size_t size,
		     struct carrel_error *err)
{
	FD_CLEANUP int fd = open_setting(proc_fd, path, O_RDONLY, err);
	ssize_t length;
	size_t used = 0;

	if (fd < 0)
		return fd;
	length = read(fd, ret_text, size);
	if (length < 0)
		return error_set_errno(err, errno, "reading sysctl %s", path);
	if ((size_t)length == size)
		return error_set(err, E2BIG, "sysctl %s is longer than %zu bytes", path, size - 1);
	/* The kernel separates numbers by tabs or blanks. */
	for (ssize_t i = 0; i < length; i++) {
		bool blank = strchr(" \t\n", ret_text[i]);

		if (blank && (used == 0 || ret_text[used - 1] == ' '))
			continue;
		ret_text[used++] = blank ? ' ' : ret_text[i];
	}
	if (used && ret_text[used - 1] == ' ')
		used--;
	ret_text[used] = '\0';
	return 0;
}

int sysctl_read_number(const char *path, long *ret_value, struct carrel_error *err)
{
	char text[32], *end;
	long value;
	int rc = sysctl_read_text(-1, path, text, sizeof(text), err);

	if (rc < 0)
		return rc;
	errno = 0;
	value = strtol(text, &end, 10);
	if (end == text || errno || *end)
		return error_set(err, EBADMSG, "sysctl %s is '%s', not a number", path, text);
	*ret_value = value;
	return 0;
}
