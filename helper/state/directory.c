/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"

int directory_open(int state_fd, const char *path, DIR **ret)
{
	FD_CLEANUP int fd = openat(state_fd, path,
				   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	DIR *directory = fdopendir(fd);
	if (!directory)
		return -errno;
	fd_steal(&fd);
	*ret = directory;
	return 0;
}

void directory_close(DIR **directory)
{
	int saved_errno = errno;

	if (*directory)
		closedir(*directory);
	*directory = NULL;
	errno = saved_errno;
}

int directory_next(DIR *directory, const char **ret_name)
{
	const struct dirent *entry;

	/* Only errno tells the end from a failure (readdir(3)). */
	do {
		errno = 0;
		entry = readdir(directory);
	} while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
	if (!entry && errno)
		return -errno;
	*ret_name = entry ? entry->d_name : NULL;
	return 0;
}
