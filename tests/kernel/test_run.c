/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `carrel exec` does with its command: each run in a process and a namespace of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/cli.h"
#include "cli/run.h"
#include "kernel/netns.h"

/* A namespace for the commands; this process stays where it is. */
static int make_netns(void)
{
	FD_CLEANUP int here = -1;
	int fd;

	assert_int_equal(netns_current(&here, NULL), 0);
	assert_int_equal(netns_create(&fd, NULL), 0);
	assert_int_equal(netns_enter(here, NULL), 0);
	return fd;
}

static int run_in(int netns_fd, const char *const *argv)
{
	const struct run_options options = { .netns_fd = netns_fd, .inherited_fd = -1 };

	return run_command(&options, (char *const *)(uintptr_t)argv);
}

/**
 * run() - run_command(@argv), in a child
 * @prepare:	called in the child before; or NULL
 * Return: the child's status, as of waitpid(2)
 */
static int run(int netns_fd, const char *const *argv, void (*prepare)(void))
{
	int status;

	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		/* Its complaints are expected. */
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		if (null < 0 || dup2(null, STDERR_FILENO) < 0)
			_exit(99);
		if (prepare)
			prepare();
		_exit(run_in(netns_fd, argv));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* run() of a shell script that ends by itself: its exit status. */
static int run_shell(const char *script, void (*prepare)(void))
{
	FD_CLEANUP int netns_fd = make_netns();

	int status = run(netns_fd, (const char *const[]){ "sh", "-c", script, NULL }, prepare);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_run_command_returns_the_exit_status(void **state)
{
	(void)state;
	assert_int_equal(run_shell("exit 0", NULL), 0);
	assert_int_equal(run_shell("exit 7", NULL), 7);
}

static void test_run_command_runs_in_the_namespace(void **state)
{
	FD_CLEANUP int netns_fd = make_netns();
	char script[128];
	uint64_t inode;

	(void)state;
	assert_int_equal(netns_inode(netns_fd, &inode, NULL), 0);
	snprintf(script, sizeof(script),
		 "test \"$(stat -L -c %%i /proc/self/ns/net)\" = %" PRIu64, inode);
	const char *const argv[] = { "sh", "-c", script, NULL };
	assert_int_equal(run(netns_fd, argv, NULL), 0);

	/* And only the command does. */
	FD_CLEANUP int here = -1;
	uint64_t here_inode;
	assert_int_equal(netns_current(&here, NULL), 0);
	assert_int_equal(netns_inode(here, &here_inode, NULL), 0);
	assert_true(here_inode != inode);
}

static void test_run_command_tells_a_missing_command_from_one_that_cannot_run(void **state)
{
	FD_CLEANUP int netns_fd = make_netns();
	static const char *const missing[] = { "/nonexistent/command", NULL };
	static const char *const not_executable[] = { "/etc/passwd", NULL };
	static const char *const directory[] = { "/", NULL };

	(void)state;
	assert_int_equal(WEXITSTATUS(run(netns_fd, missing, NULL)), CLI_COMMAND_NOT_FOUND);
	assert_int_equal(WEXITSTATUS(run(netns_fd, not_executable, NULL)), CLI_NOT_EXECUTABLE);
	assert_int_equal(WEXITSTATUS(run(netns_fd, directory, NULL)), CLI_NOT_EXECUTABLE);
}

static void test_run_command_fails_when_it_is_given_no_namespace(void **state)
{
	FD_CLEANUP int not_a_namespace = open("/dev/null", O_RDONLY | O_CLOEXEC);
	static const char *const argv[] = { "true", NULL };

	(void)state;
	assert_int_equal(WEXITSTATUS(run(not_a_namespace, argv, NULL)), CLI_FAILURE);
}

static void test_run_command_dies_of_the_signal_that_ended_the_command(void **state)
{
	static const int signals[] = { SIGKILL, SIGTERM, SIGINT, SIGSEGV };
	FD_CLEANUP int netns_fd = make_netns();

	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		char script[32];

		snprintf(script, sizeof(script), "kill -%d $$", signals[i]);
		int status = run(netns_fd, (const char *const[]){ "sh", "-c", script, NULL }, NULL);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signals[i]);
	}
}

static void test_run_command_passes_signals_on(void **state)
{
	(void)state;
	/* $PPID is the process that runs run_command(). */
	assert_int_equal(run_shell("trap 'kill -9 $!; exit 9' TERM; sleep 10 &"
				   "kill -TERM $PPID; wait; exit 1", NULL), 9);
	assert_int_equal(run_shell("trap 'kill -9 $!; exit 8' USR1; sleep 10 &"
				   "kill -USR1 $PPID; wait; exit 1", NULL), 8);
}

static void test_run_command_stops_and_goes_on_with_the_command(void **state)
{
	FD_CLEANUP int netns_fd = make_netns();
	static const char *const argv[] = { "sh", "-c", "kill -STOP $$; exit 5", NULL };
	int status;

	(void)state;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(run_in(netns_fd, argv));
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(kill(pid, SIGCONT), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 5);
}

static void ignore_sigchld(void)
{
	signal(SIGCHLD, SIG_IGN);
}

static void test_run_command_gets_the_status_when_sigchld_was_ignored(void **state)
{
	(void)state;
	assert_int_equal(run_shell("exit 6", ignore_sigchld), 6);
}

static void block_nothing(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void test_run_command_gives_the_command_the_mask_that_was(void **state)
{
	(void)state;
	assert_int_equal(run_shell("grep -q '^SigBlk:[[:space:]]*0*$' /proc/self/status",
				   block_nothing), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run_command_returns_the_exit_status),
		cmocka_unit_test(test_run_command_runs_in_the_namespace),
		cmocka_unit_test(test_run_command_tells_a_missing_command_from_one_that_cannot_run),
		cmocka_unit_test(test_run_command_fails_when_it_is_given_no_namespace),
		cmocka_unit_test(test_run_command_dies_of_the_signal_that_ended_the_command),
		cmocka_unit_test(test_run_command_passes_signals_on),
		cmocka_unit_test(test_run_command_stops_and_goes_on_with_the_command),
		cmocka_unit_test(test_run_command_gets_the_status_when_sigchld_was_ignored),
		cmocka_unit_test(test_run_command_gives_the_command_the_mask_that_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
