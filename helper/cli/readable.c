/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/readable.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/paths.h"
#include "pam/subject.h"

/** try() - in a process of its own: open @path as @account does; the errno is the exit status */
static void try(const char *path, const struct account *account)
{
	/* Without the rights to become somebody else there is nothing to be found out. */
	if (setgroups(0, NULL) < 0 || setresgid(account->gid, account->gid, account->gid) < 0 ||
	    setresuid(account->uid, account->uid, account->uid) < 0)
		_exit(0);
	_exit(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) < 0 ? errno : 0);
}

const char *readable_obstacle(const char *path, struct arena *arena)
{
	struct account account;
	int status;

	/* That there is no such account is for "carrel doctor" to say. */
	if (subject_find_account(HELPER_USER, arena, &account, NULL) < 0)
		return NULL;
	pid_t child = fork();
	if (child < 0)
		return NULL;
	if (child == 0)
		try(path, &account);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return NULL;
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 0)
		return NULL;
	return arena_printf(arena, "the account '" HELPER_USER "', as which the helper reads it, cannot "
			    "open it: %s; to let it: chmod a+r %s, and a+x the directories above",
			    strerror(WEXITSTATUS(status)), path);
}
