/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pam/cgroup.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROCS "/cgroup.procs"

/* Where systemd mounts it: alone, and beside those of version 1. */
static const char *const mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

char *cgroup_find_path(char *text)
{
	while (text && *text) {
		char *end = strchr(text, '\n');

		if (strncmp(text, "0::/", 4) == 0) {
			if (end)
				*end = '\0';
			return text + 3;
		}
		text = end ? end + 1 : NULL;
	}
	return NULL;
}

/**
 * read_path() - where in the unified hierarchy the process of @file is
 * @text:	PATH_MAX bytes, in which the path stands then
 *
 * Return: the path, or NULL
 */
static char *read_path(const char *file, char *text)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	ssize_t length = read(fd, text, PATH_MAX - 1);
	close(fd);
	if (length < 0)
		return NULL;
	text[length] = '\0';
	return cgroup_find_path(text);
}

/** join() - @mount and @path to @whole, of PATH_MAX bytes, with room for PROCS; it fits */
static bool join(const char *mount, const char *path, char *whole)
{
	size_t before = strlen(mount), length = strlen(path);

	if (before + length + sizeof(PROCS) > PATH_MAX)
		return false;
	memcpy(whole, mount, before);
	memcpy(whole + before, path, length + 1);
	return true;
}

/**
 * is_users() - does @directory, or one that it is in, belong to somebody else than root?
 * @directory:	changed and put back meanwhile
 * @mount_length:	of that part of it which is the mount
 */
static bool is_users(char *directory, size_t mount_length)
{
	for (char *end = directory + mount_length; ; end++) {
		char saved = *end;
		struct stat st;

		/* Of "/", which is the root, the mount itself is all that there is. */
		if ((saved && saved != '/') || (saved && !end[1]))
			continue;
		*end = '\0';
		bool users = stat(directory, &st) == 0 && st.st_uid != 0;
		*end = saved;
		if (users || !saved)
			return users;
	}
}

void cgroup_leave(void)
{
	char text[PATH_MAX], whole[PATH_MAX];
	const char *own = read_path("/proc/self/cgroup", text);
	bool leave = false;
	const char *mount;

	for (size_t i = 0; own && !leave && i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mount = mounts[i];
		leave = join(mount, own, whole) && is_users(whole, strlen(mount));
	}
	if (!leave)
		return;
	const char *there = read_path("/proc/1/cgroup", text);
	if (!there || !join(mount, there, whole))
		return;
	strcat(whole, PROCS);
	int fd = open(whole, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	/* "0" is the process that writes. */
	ssize_t written = write(fd, "0", 1);
	(void)written;          /* else it stays, as said */
	close(fd);
}
