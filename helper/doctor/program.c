/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doctor/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/fd.h"

/* What was killed is gone at once, unless it cannot be killed. */
#define KILLED_MS 1000
/* How often it is asked whether a program that has closed its output has ended, as most have by then. */
#define ASK_MS 5
/* `sshd -T` writes 5 KB. */
#define OUTPUT_MAX_BYTES (1024 * 1024)

/* Not the caller's: this runs as root. */
static const char *const directories[] = {
	"/usr/local/sbin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
};

/** become() - in the child: turn into the program */
static _Noreturn void become(const char *const *argv, int output_fd)
{
	static char path_variable[] = "PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin";
	static char locale_variable[] = "LC_ALL=C";
	char *const environment[] = { path_variable, locale_variable, NULL };
	char path[256];
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 ||
	    dup2(output_fd, STDOUT_FILENO) < 0 || dup2(output_fd, STDERR_FILENO) < 0)
		_exit(126);
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		if (snprintf(path, sizeof(path), "%s/%s", directories[i], argv[0]) <
		    (int)sizeof(path))
			execve(path, (char *const *)argv, environment);
		if (errno != ENOENT)
			break;
	}
	_exit(errno == ENOENT ? 127 : 126);
}

/** milliseconds() - of a clock that nobody sets */
static long milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/** wait_until() - that something is to be read from @fd, or @end_ms; 0, -ETIME, -errno */
static int wait_until(int fd, long end_ms)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	for (;;) {
		long left = end_ms - milliseconds();
		int ready = left > 0 ? poll(&wait, 1, (int)left) : 0;

		if (ready > 0)
			return 0;
		if (ready == 0)
			return -ETIME;
		if (errno != EINTR)
			return -errno;
	}
}

/** read_output() - until the other end is closed; 0, -ETIME, -E2BIG, -errno */
static int read_output(int fd, long end_ms, struct buffer *text)
{
	char bytes[4096];

	for (;;) {
		int rc = wait_until(fd, end_ms);
		if (rc < 0)
			return rc;
		ssize_t length = read(fd, bytes, sizeof(bytes));
		if (length < 0 && errno != EINTR)
			return -errno;
		if (length == 0)
			return 0;
		if (length > 0)
			buffer_append(text, bytes, (size_t)length);
		if (text->length > OUTPUT_MAX_BYTES)
			return -E2BIG;
	}
}

/** reap() - the exit status of @child, which has ended or does until @end_ms; 0, -ETIME, -errno */
static int reap(pid_t child, long end_ms, int *ret_status)
{
	const struct timespec pause = { .tv_nsec = ASK_MS * 1000000L };
	int status;
	pid_t ended;

	while ((ended = waitpid(child, &status, WNOHANG)) <= 0) {
		if (ended < 0 && errno != EINTR)
			return -errno;
		if (milliseconds() >= end_ms)
			return -ETIME;
		nanosleep(&pause, NULL);
	}
	*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return 0;
}

/**
 * run() - @argv to its end, which is @end_ms at the latest: then it is killed
 *
 * A program may close its output and go on. One that not even a signal ends, as it waits for a
 * device, is left alone.
 *
 * Return: 0; -ETIME; -E2BIG; -errno
 */
static int run(const char *const *argv, long end_ms, struct buffer *text, int *ret_status)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	FD_CLEANUP int output_fd = ends[0];
	pid_t child = fork();
	if (child == 0)
		become(argv, ends[1]);
	close(ends[1]);
	if (child < 0)
		return -errno;
	int rc = read_output(output_fd, end_ms, text);
	if (rc == 0)
		rc = reap(child, end_ms, ret_status);
	if (rc < 0) {
		kill(child, SIGKILL);   /* not reaped yet: nobody else has its number */
		(void)reap(child, milliseconds() + KILLED_MS, ret_status);
	}
	return rc;
}

int program_output_within(const char *const *argv, unsigned deadline_ms, struct arena *arena,
			  const char **ret_text, int *ret_status, struct carrel_error *err)
{
	BUFFER_CLEANUP struct buffer text = { 0 };
	int status = 0;

	int rc = run(argv, milliseconds() + (long)deadline_ms, &text, &status);
	if (rc == -ETIME)
		return error_set(err, ETIME, "%s had not ended after %u s, and was killed", argv[0],
				 deadline_ms / 1000);
	if (rc < 0)
		return error_set_errno(err, -rc, "running %s", argv[0]);
	if (status == 127)
		return error_set(err, ENOENT, "there is no program %s", argv[0]);
	const char *copy = text.failed ? NULL : arena_strndup(arena, text.data ? text.data : "",
							      text.length);
	if (!copy)
		return error_set_errno(err, ENOMEM, "reading what %s says", argv[0]);
	*ret_text = copy;
	*ret_status = status;
	return 0;
}

int program_output(const char *const *argv, struct arena *arena, const char **ret_text,
		   int *ret_status, struct carrel_error *err)
{
	return program_output_within(argv, PROGRAM_DEADLINE_MS, arena, ret_text, ret_status, err);
}
