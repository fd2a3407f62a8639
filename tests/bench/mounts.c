/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "clock.h"

/* In the child: its exit status. */
static int copy(int channel)
{
	double start_us = clock_us(), us;

	if (unshare(CLONE_NEWNS) < 0)
		return 1;
	us = clock_us() - start_us;
	return fd_write_all(channel, &us, sizeof(us)) < 0;
}

int mounts_copy(double *ret_us, struct carrel_error *err)
{
	int channel[2], status = 1;

	if (pipe2(channel, O_CLOEXEC) < 0)
		return error_set_errno(err, errno, "making a pipe");
	pid_t pid = fork();
	if (pid == 0)
		_exit(copy(channel[1]));
	close(channel[1]);
	bool done = pid > 0 && read(channel[0], ret_us, sizeof(*ret_us)) == sizeof(*ret_us);
	close(channel[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return done && status == 0 ? 0 : error_set(err, ECHILD, "making a mount namespace");
}
