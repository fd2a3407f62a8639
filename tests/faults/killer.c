/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A helper that does not live to the end: runs the real one and kills it when it is about
 * to make its Nth system call.
 *
 *   helper=.../killer   with /tmp/killer/at holding "N HELPER\n"
 *
 * When the helper ends by itself first, /tmp/killer/count gets the number of calls it made,
 * which tells the test that it has tried them all. The launcher empties the environment
 * and gives no arguments, hence the files.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define AT_FILE    "/tmp/killer/at"
#define COUNT_FILE "/tmp/killer/count"

static void fail(const char *what)
{
	perror(what);
	exit(125);
}

static void read_order(unsigned long *ret_at, char helper[4096])
{
	FILE *file = fopen(AT_FILE, "re");

	if (!file || fscanf(file, "%lu %4095s", ret_at, helper) != 2)
		fail(AT_FILE);
	fclose(file);
}

static pid_t start(const char *helper)
{
	char *arguments[] = { (char *)(uintptr_t)helper, NULL };
	char *environment[] = { NULL };
	pid_t child = fork();

	if (child < 0)
		fail("fork");
	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(125);
		execve(helper, arguments, environment);
		_exit(126);
	}
	/* Else the other end would not see the helper hang up. */
	close(0);
	return child;
}

/* Let @child run to its next stop. Return: 1 while it lives, 0 when it ended */
static int run_to_stop(pid_t child, int *ret_status)
{
	int signal = 0;

	if (WIFSTOPPED(*ret_status) && WSTOPSIG(*ret_status) != SIGTRAP &&
	    WSTOPSIG(*ret_status) != (SIGTRAP | 0x80))
		signal = WSTOPSIG(*ret_status);
	if (ptrace(PTRACE_SYSCALL, child, NULL, (void *)(uintptr_t)signal) < 0)
		fail("PTRACE_SYSCALL");
	while (waitpid(child, ret_status, 0) < 0)
		if (errno != EINTR)
			fail("waitpid");
	return WIFSTOPPED(*ret_status);
}

int main(void)
{
	char helper[4096];
	unsigned long at, calls = 0;
	int status, entering = 1;
	pid_t child;
	FILE *file;

	read_order(&at, helper);
	child = start(helper);
	if (waitpid(child, &status, 0) < 0 || !WIFSTOPPED(status))
		fail("the helper did not start");
	if (ptrace(PTRACE_SETOPTIONS, child, NULL,
		   (void *)(uintptr_t)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) < 0)
		fail("PTRACE_SETOPTIONS");

	while (run_to_stop(child, &status)) {
		if (WSTOPSIG(status) != (SIGTRAP | 0x80))
			continue;
		if (entering && ++calls == at) {
			kill(child, SIGKILL);
			waitpid(child, &status, 0);
			return 0;
		}
		entering = !entering;
	}
	file = fopen(COUNT_FILE, "we");
	if (!file || fprintf(file, "%lu\n", calls) < 0 || fclose(file) != 0)
		fail(COUNT_FILE);
	return 0;
}
