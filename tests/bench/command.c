/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

int command_run(const char *const *arguments, struct carrel_error *err)
{
	int status, errnum;
	pid_t pid;

	errnum = posix_spawn(&pid, arguments[0], NULL, NULL, (char *const *)arguments, environ);
	if (errnum)
		return error_set_errno(err, errnum, "starting %s", arguments[0]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_set_errno(err, errno, "waiting for %s", arguments[0]);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return error_set(err, ECHILD, "%s failed", arguments[0]);
	return 0;
}
