/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "state/directory.h"
#include "state/textfile.h"

/* A helper is killed after 120 s at the latest: longer than that nobody writes. */
#define WRITTEN_WITHIN_S 300

static const char *const directories[] = { ".", "addresses", "carrels", "locks", "valid" };

/** is_stale() - @name is a temporary file that was begun long ago */
static bool is_stale(int directory_fd, const char *name, time_t now)
{
	struct stat st;

	return strncmp(name, TEXTFILE_TEMPORARY, strlen(TEXTFILE_TEMPORARY)) == 0 &&
	       fstatat(directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       now - st.st_mtime > WRITTEN_WITHIN_S;
}

/** sweep_directory() - add to @count; 0 also when there is no such directory */
static int sweep_directory(int state_fd, const char *path, bool remove, size_t *count)
{
	DIRECTORY_CLEANUP DIR *directory = NULL;
	time_t now = time(NULL);
	const char *name;

	int rc = directory_open(state_fd, path, &directory);
	while (!rc && !(rc = directory_next(directory, &name)) && name) {
		if (!is_stale(dirfd(directory), name, now))
			continue;
		(*count)++;
		if (remove && unlinkat(dirfd(directory), name, 0) && errno != ENOENT)
			return -errno;
	}
	return rc == -ENOENT ? 0 : rc;
}

int sweep_temporaries(int state_fd, bool remove, size_t *ret_count, struct carrel_error *err)
{
	size_t count = 0;

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		int rc = sweep_directory(state_fd, directories[i], remove, &count);

		if (rc)
			return error_set_errno(err, -rc, "sweeping directory %s", directories[i]);
	}
	*ret_count = count;
	return 0;
}
