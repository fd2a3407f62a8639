/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * The session lasts as long as this process holds its descriptor, so the command runs in
 * a child. All signals that a person or a supervisor sends are blocked in the parent and
 * fetched by sigwaitinfo(2): no handler, so no state that a handler would share.
 *
 * Terminals send ^C, ^\ and ^Z to the whole foreground process group, of which the child
 * is a member: the kernel is their sender (si_code SI_KERNEL) and they are not passed on, or
 * the command would get them twice. What a process sent is passed on.
 *
 * A child that stops takes the parent along: its shell waits for the parent, and must see
 * the stop to take the terminal back; `fg` then continues both.
 */
#include "cli/run.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/cli.h"
#include "kernel/netns.h"

/* What is passed on. SIGCONT: the kernel continues us, nobody else continues the child. */
static const int forwarded[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGCONT, SIGWINCH, SIGTSTP,
};

/* What the child gets back as it was. */
struct signal_state {
	sigset_t mask;
	struct sigaction child_action;
};

/** hold_signals() - block what is passed on, and SIGCHLD, which must not be ignored either */
static void hold_signals(sigset_t *ret_held, struct signal_state *ret_before)
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };

	sigemptyset(ret_held);
	sigaddset(ret_held, SIGCHLD);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		sigaddset(ret_held, forwarded[i]);
	/* Whoever started us may ignore SIGCHLD; then there would be no exit status. */
	sigaction(SIGCHLD, &by_default, &ret_before->child_action);
	sigprocmask(SIG_BLOCK, ret_held, &ret_before->mask);
}

/** become_user() - give up what root has, and be @user, as far as programs can tell */
static int become_user(const struct passwd *user, struct carrel_error *err)
{
	if (initgroups(user->pw_name, user->pw_gid) < 0 || setgid(user->pw_gid) < 0 ||
	    setuid(user->pw_uid) < 0)
		return error_set_errno(err, errno, "becoming %s", user->pw_name);
	if (setenv("USER", user->pw_name, 1) < 0 || setenv("LOGNAME", user->pw_name, 1) < 0 ||
	    setenv("HOME", user->pw_dir, 1) < 0 || setenv("SHELL", user->pw_shell, 1) < 0)
		return error_set_errno(err, errno, "setting the environment");
	return 0;
}

/** prepare() - what the child changes before it turns into the command */
static int prepare(const struct run_options *options, struct carrel_error *err)
{
	int rc = netns_enter(options->netns_fd, err);

	if (rc < 0)
		return rc;
	if (options->inherited_fd >= 0 && fcntl(options->inherited_fd, F_SETFD, 0) < 0)
		return error_set_errno(err, errno, "handing on a descriptor");
	return options->user ? become_user(options->user, err) : 0;
}

/** become_command() - in the child: go to the namespace and turn into the command */
static _Noreturn void become_command(const struct run_options *options, char *const *argv,
				     const struct signal_state *before)
{
	struct carrel_error err = { 0 };

	if (prepare(options, &err) < 0)
		_exit(cli_fail(CLI_FAILURE, &err));
	sigaction(SIGCHLD, &before->child_action, NULL);
	sigprocmask(SIG_SETMASK, &before->mask, NULL);
	execvp(argv[0], argv);

	int errnum = errno;
	cli_complain("cannot execute '%s': %s", argv[0], strerror(errnum));
	_exit(errnum == ENOENT || errnum == ENOTDIR ? CLI_COMMAND_NOT_FOUND : CLI_NOT_EXECUTABLE);
}

/** die_likewise() - end by the signal that ended the command; Return: when that is ignored */
static int die_likewise(int signal_number)
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };
	const struct rlimit none = { 0 };
	sigset_t only;

	/* One core file, the command's, is enough. */
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	sigemptyset(&only);
	sigaddset(&only, signal_number);
	sigaction(signal_number, &by_default, NULL);
	raise(signal_number);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
	return 128 + signal_number;
}

/**
 * look_after() - take note of what happened to the child
 * Return: 1 when it ended, with *@ret_status as of waitpid(2); 0 when it goes on; -errno
 */
static int look_after(pid_t child, int *ret_status)
{
	pid_t pid = waitpid(child, ret_status, WNOHANG | WUNTRACED);

	if (pid < 0)
		return errno == EINTR ? 0 : -errno;
	if (pid == 0)
		return 0;
	if (!WIFSTOPPED(*ret_status))
		return 1;
	/* SIGSTOP cannot be blocked: when this returns, somebody continued us. */
	raise(SIGSTOP);
	kill(child, SIGCONT);
	return 0;
}

/** wait_for() - pass signals on until @child ends; 0 with its status, or -errno */
static int wait_for(pid_t child, const sigset_t *held, int *ret_status)
{
	siginfo_t info;

	for (;;) {
		int ended = look_after(child, ret_status);
		if (ended)
			return ended < 0 ? ended : 0;

		int signal_number = sigwaitinfo(held, &info);
		if (signal_number < 0 && errno != EINTR)
			return -errno;
		if (signal_number > 0 && signal_number != SIGCHLD && info.si_code != SI_KERNEL)
			kill(child, signal_number);
	}
}

int run_command(const struct run_options *options, char *const *argv)
{
	struct signal_state before;
	sigset_t held;
	int status;

	hold_signals(&held, &before);
	pid_t child = fork();
	if (child < 0) {
		cli_complain("cannot start a process: %s", strerror(errno));
		return CLI_FAILURE;
	}
	if (child == 0)
		become_command(options, argv, &before);

	int rc = wait_for(child, &held, &status);
	if (options->ended)
		options->ended(options->context);
	if (rc < 0) {
		cli_complain("cannot wait for '%s': %s", argv[0], strerror(-rc));
		return CLI_FAILURE;
	}
	return WIFSIGNALED(status) ? die_likewise(WTERMSIG(status)) : WEXITSTATUS(status);
}
