/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A state directory for one test, made below /tmp and removed after it. */
#ifndef CARREL_TESTS_UNIT_SCRATCH_H
#define CARREL_TESTS_UNIT_SCRATCH_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/error.h"
#include "base/fd.h"
#include "state/state.h"

struct scratch {
	char path[64];
	int fd;         /* of the state directory */
};

static inline int scratch_setup(void **state)
{
	struct scratch *scratch = calloc(1, sizeof(*scratch));
	struct carrel_error err = { 0 };

	strcpy(scratch->path, "/tmp/carrel-test-XXXXXX");
	if (!mkdtemp(scratch->path) || chmod(scratch->path, 0755))
		return -1;
	*state = scratch;
	if (state_open(scratch->path, true, &scratch->fd, &err)) {
		print_error("%s\n", err.text);
		return -1;
	}
	return 0;
}

static inline int scratch_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static inline int scratch_teardown(void **state)
{
	struct scratch *scratch = *state;

	fd_close(&scratch->fd);
	int rc = nftw(scratch->path, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
	free(scratch);
	return rc;
}

/* Make a file with @text below the state directory. */
static inline void scratch_write(const struct scratch *scratch, const char *path, const char *text)
{
	FD_CLEANUP int fd = openat(scratch->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

static inline bool scratch_exists(const struct scratch *scratch, const char *path)
{
	struct stat st;

	return fstatat(scratch->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* fork(2); the child ends with the test program, also when an assertion fails before its time. */
static inline pid_t scratch_fork(void)
{
	pid_t parent = getpid(), pid = fork();

	assert_true(pid >= 0);
	if (pid == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent))
		_exit(255);
	return pid;
}

/* Wait for @pid, which must exit with @expected. */
static inline void scratch_reap(pid_t pid, int expected)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), expected);
}

/* A process that waits to be killed. */
static inline pid_t scratch_sleeper(void)
{
	pid_t pid = scratch_fork();

	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

static inline void scratch_kill(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

#define scratch_test(function) \
	cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

#endif
