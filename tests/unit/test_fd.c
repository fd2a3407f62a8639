/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"

static void test_fd_close_keeps_errno_and_forgets_the_number(void **state)
{
	int fd = memfd_create("test", MFD_CLOEXEC), number = fd;

	(void)state;
	assert_true(fd >= 0);
	errno = EXDEV;
	fd_close(&fd);
	assert_int_equal(errno, EXDEV);
	assert_int_equal(fd, -1);
	assert_int_equal(fcntl(number, F_GETFD), -1);
	fd_close(&fd);
	assert_int_equal(fd, -1);
	/* Closing it again by the number fails, which must not be seen either. */
	errno = EXDEV;
	fd_close(&number);
	assert_int_equal(errno, EXDEV);
}

static void test_fd_steal_hands_on_without_closing(void **state)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	(void)state;
	int stolen = fd_steal(&fd);
	assert_int_equal(fd, -1);
	assert_true(fcntl(stolen, F_GETFD) >= 0);
	fd_close(&stolen);
}

/* A file of @length bytes, at its start. */
static int make_file(size_t length)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	char *bytes = malloc(length + 1);

	memset(bytes, 'a', length);
	assert_int_equal(fd_write_all(fd, bytes, length), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	free(bytes);
	return fd;
}

static void assert_reads(size_t file_length, size_t limit, int expected)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	FD_CLEANUP int fd = make_file(file_length);
	struct carrel_error err = { 0 };
	char *text = NULL;
	size_t length = 0;

	assert_int_equal(fd_read_all(fd, limit, &arena, &text, &length, &err), expected);
	if (expected) {
		assert_null(text);
		assert_int_equal(err.errnum, -expected);
		return;
	}
	assert_int_equal(length, file_length);
	assert_int_equal(strlen(text), file_length);
}

static void test_fd_read_all_accepts_up_to_the_limit(void **state)
{
	(void)state;
	assert_reads(0, 0, 0);
	assert_reads(0, 10, 0);
	assert_reads(10, 10, 0);
	assert_reads(4096, 4096, 0);
	assert_reads(100000, SIZE_MAX, 0);
	assert_reads(1, 0, -E2BIG);
	assert_reads(11, 10, -E2BIG);
	assert_reads(4097, 4096, -E2BIG);
	assert_reads(100000, 99999, -E2BIG);
}

/* Writes @length bytes to a pipe from another process, in pieces; @ret_fd is to be read. */
static pid_t start_writer(size_t length, int *ret_fd)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		for (size_t i = 0; i < length; i += 1000)
			if (write(ends[1], (char[1000]){ 'x' }, length - i < 1000 ? length - i : 1000) < 0)
				_exit(1);
		_exit(0);
	}
	close(ends[1]);
	*ret_fd = ends[0];
	return pid;
}

static void test_fd_read_all_reads_a_pipe_of_unknown_size(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	FD_CLEANUP int fd = -1;
	char *text;
	size_t length;

	(void)state;
	pid_t pid = start_writer(123456, &fd);
	assert_int_equal(fd_read_all(fd, 200000, &arena, &text, &length, NULL), 0);
	assert_int_equal(length, 123456);
	assert_int_equal(text[123000], 'x');
	assert_int_equal(text[length], '\0');
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_fd_read_all_reports_read_errors(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	FD_CLEANUP int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct carrel_error err = { 0 };
	char *text;
	size_t length;

	(void)state;
	assert_int_equal(fd_read_all(fd, 100, &arena, &text, &length, &err), -EISDIR);
	assert_string_equal(err.text, "cannot read: Is a directory");
}

static void ignore(int signal)
{
	(void)signal;
}

/* The byte at @offset of what is sent: the same one comes again only after 251 others. */
static char pattern(size_t offset)
{
	return (char)(offset % 251);
}

/* More than a pipe holds, while signals without SA_RESTART keep coming. */
static void test_fd_write_all_goes_on_after_signals_and_short_writes(void **state)
{
	struct sigaction action = { .sa_handler = ignore };
	size_t length = 1 << 20;
	char *bytes = malloc(length);
	int ends[2];

	(void)state;
	for (size_t i = 0; i < length; i++)
		bytes[i] = pattern(i);
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		size_t total = 0, wrong = 0;
		ssize_t n;

		close(ends[1]);
		/* The pipe is full and the writer waits: it is woken with nothing written. */
		for (unsigned i = 0; i < 5; i++) {
			usleep(3000);
			kill(getppid(), SIGUSR1);
		}
		while ((n = read(ends[0], bytes, 20000)) > 0) {
			for (size_t i = 0; i < (size_t)n; i++)
				wrong += bytes[i] != pattern(total + i);
			total += (size_t)n;
			kill(getppid(), SIGUSR1);
		}
		free(bytes);
		_exit(total == length && wrong == 0 ? 0 : 1);
	}
	close(ends[0]);
	assert_int_equal(fd_write_all(ends[1], bytes, length), 0);
	close(ends[1]);
	free(bytes);

	int status;
	while (waitpid(pid, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_fd_write_all_reports_write_errors(void **state)
{
	FD_CLEANUP int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(fd_write_all(fd, "x", 1), -ENOSPC);
	assert_int_equal(fd_write_all(fd, "x", 0), 0);
	assert_int_equal(fd_write_all(-1, "x", 1), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fd_close_keeps_errno_and_forgets_the_number),
		cmocka_unit_test(test_fd_steal_hands_on_without_closing),
		cmocka_unit_test(test_fd_read_all_accepts_up_to_the_limit),
		cmocka_unit_test(test_fd_read_all_reads_a_pipe_of_unknown_size),
		cmocka_unit_test(test_fd_read_all_reports_read_errors),
		cmocka_unit_test(test_fd_write_all_goes_on_after_signals_and_short_writes),
		cmocka_unit_test(test_fd_write_all_reports_write_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
