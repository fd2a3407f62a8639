/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pam/search.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

/* "/proc/PID/task/TID/ns/net", of numbers of ten digits at most. */
#define PATH_SIZE 64

/** open_netns() - of the thread that @path leads to, if it is @inode; 0, -ENOENT */
static int open_netns(const char *path, uint64_t inode, int *ret_fd)
{
	FD_CLEANUP int fd = -1;
	struct stat status;

	/* Of the thousands that there may be only one is worth a descriptor. */
	if (stat(path, &status) < 0 || status.st_ino != inode)
		return -ENOENT;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0 || status.st_ino != inode)
		return -ENOENT;
	*ret_fd = fd_steal(&fd);
	return 0;
}

/**
 * search_in() - the directory @path, whose entries that begin with a digit are asked
 * @ask:	0 when the one is found; -ENOENT when another is to be asked
 */
static int search_in(const char *path, uint64_t inode, int *ret_fd,
		     int (*ask)(const char *path, uint64_t inode, int *ret_fd))
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	int rc = -ENOENT;

	/* A process may go while it is looked at. */
	if (!directory)
		return -ENOENT;
	while (rc == -ENOENT && (entry = readdir(directory))) {
		char next[PATH_SIZE];

		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		int length = snprintf(next, sizeof(next), "%s/%s", path, entry->d_name);
		if (length > 0 && (size_t)length < sizeof(next))
			rc = ask(next, inode, ret_fd);
	}
	closedir(directory);
	return rc;
}

/** ask_thread() - @path is "/proc/PID/task/TID" */
static int ask_thread(const char *path, uint64_t inode, int *ret_fd)
{
	char link[PATH_SIZE];
	int length = snprintf(link, sizeof(link), "%s/ns/net", path);

	return length > 0 && (size_t)length < sizeof(link) ? open_netns(link, inode, ret_fd) :
							     -ENOENT;
}

/** ask_process() - @path is "/proc/PID" */
static int ask_process(const char *path, uint64_t inode, int *ret_fd)
{
	char tasks[PATH_SIZE];
	int length = snprintf(tasks, sizeof(tasks), "%s/task", path);

	return length > 0 && (size_t)length < sizeof(tasks) ?
	       search_in(tasks, inode, ret_fd, ask_thread) : -ENOENT;
}

int search_netns(uint64_t inode, int *ret_fd)
{
	return search_in("/proc", inode, ret_fd, ask_process);
}
