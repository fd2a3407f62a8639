/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions of one user in a scratch directory, and what is seen of them. */
#ifndef CARREL_TESTS_UNIT_SESSIONS_H
#define CARREL_TESTS_UNIT_SESSIONS_H

#include "scratch.h"

#include <dirent.h>

#include "state/session.h"

#define UID 1000

/* A session opened by @pid; its lock is *@ret_fd. */
static inline struct session open_session(const struct scratch *scratch, pid_t pid, int *ret_fd)
{
	struct session session = { .uid = UID, .pid = pid, .start_ticks = 7, .opened_s = 1790000000,
				   .netns_inode = 4026532345,
				   .service = "sshd", .origin = "192.0.2.9" };
	struct carrel_error err = { 0 };

	if (session_create(scratch->fd, &session, ret_fd, &err))
		fail_msg("%s", err.text);
	return session;
}

/* A session whose process is gone; it lives by its lock alone. */
static inline struct session open_orphan(const struct scratch *scratch, int *ret_fd)
{
	pid_t pid = scratch_sleeper();
	struct session session = open_session(scratch, pid, ret_fd);

	scratch_kill(pid);
	return session;
}

struct visits {
	unsigned count;
	struct session last;
};

static inline int visit(const struct session *session, void *context)
{
	struct visits *visits = context;

	visits->count++;
	visits->last = *session;
	return 0;
}

static inline unsigned count_alive(const struct scratch *scratch, bool prune)
{
	struct visits visits = { 0 };
	struct carrel_error err = { 0 };

	if (session_each(scratch->fd, UID, prune, visit, &visits, &err))
		fail_msg("%s", err.text);
	return visits.count;
}

/* Files of the user's sessions, dead ones and temporary ones too. */
static inline unsigned count_files(const struct scratch *scratch)
{
	FD_CLEANUP int fd = openat(scratch->fd, "sessions/1000", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned count = 0;

	if (fd < 0)
		return 0;
	DIR *directory = fdopendir(fd_steal(&fd));
	while (readdir(directory))
		count++;
	closedir(directory);
	return count - 2;
}

#endif
