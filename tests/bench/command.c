/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "clock.h"
#include "stats.h"

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

int command_time(const char *line, double *ret_us, struct carrel_error *err)
{
	double us[COMMAND_TURNS], scratch[COMMAND_TURNS];
	char quiet[256];
	int length = snprintf(quiet, sizeof(quiet), "%s >/dev/null", line);

	if (length < 0 || (size_t)length >= sizeof(quiet))
		return error_set(err, E2BIG, "%s: too long", line);
	for (size_t i = 0; i < COMMAND_TURNS; i++) {
		double start_us = clock_us();
		int rc = command_run((const char *const[]){ "/bin/sh", "-c", quiet, NULL }, err);

		if (rc < 0)
			return error_wrap(err, rc, "%s", line);
		us[i] = clock_us() - start_us;
	}
	*ret_us = stats_quantile(us, COMMAND_TURNS, 0.5, scratch);
	return 0;
}
