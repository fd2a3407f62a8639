/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * The application must not notice that a process was started: no SIGCHLD (it may have a
 * handler, or ignore the signal), no zombie, no child that its own wait() finds. A child made
 * with exit signal 0 would do, but execve sets the exit signal back to SIGCHLD (the kernel's
 * de_thread()). Hence two processes:
 *
 *	application ── clone, exit signal 0 ──> intermediate ── clone ──> future helper
 *	     │ waits                                 │ waits                    │ descent_run()
 *	     │                                       │ <── execve or failure ───┘
 *	     │ <── _exit; reaped by its id ──────────┘           adopted by init
 *
 * The intermediate never execs, so it stays silent, and waitpid by its id finds it even where
 * SIGCHLD is ignored. The helper is init's child; the application has a pidfd to kill it by.
 * CLONE_FILES of the first clone lets the pidfd that the second one makes land in the
 * application's table; without it in the second, the future helper may close what it likes.
 *
 * CLONE_VM with CLONE_VFORK, as posix_spawn does it: nothing of a large application is copied,
 * only one of the three runs at a time, and a failure is told through memory. Both children
 * run on stacks of their own. The thread that calls has all signals blocked meanwhile, so that
 * no handler of the application's runs in a child, and cannot be cancelled.
 *
 * One signal cannot be blocked, and a kill ends the wait of CLONE_VFORK early: with the intermediate
 * gone the application would take the memory back while a process with root's rights still runs
 * in it. Users may signal what has their real uid, as all that su starts has at first, so the
 * intermediate gives that up before it makes the other; and they may kill whatever is in a
 * control group of theirs, so nothing is taken back before the future helper is gone, too.
 */
#include "pam/launcher.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/paths.h"
#include "pam/descent.h"
#include "pam/subject.h"

/* descent_run() needs about 12 KiB; sanitizers and odd page sizes multiply that. */
#define STACK_BYTES (64 * 1024)

/* Below each stack a guard: an overflow is a fault, and not the application's heap. */
#define GUARD_BYTES (64 * 1024)
#define STACKS_BYTES (2 * (GUARD_BYTES + STACK_BYTES))

struct launch {
	struct descent descent;
	char *helper_stack;             /* its top: stacks grow down */
	int pidfd;                      /* -1 until the second clone */
};

/** run_helper() - body of the future helper */
static int run_helper(void *argument)
{
	struct launch *launch = argument;

	descent_run(&launch->descent);
	return 0;
}

/** run_intermediate() - body of the process in between */
static int run_intermediate(void *argument)
{
	struct launch *launch = argument;

	descent_leave_user();
	pid_t pid = clone(run_helper, launch->helper_stack,
			  CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, launch, &launch->pidfd);
	if (pid < 0) {
		launch->descent.failed_step = "making a process";
		launch->descent.errnum = errno;
		return 0;
	}
	/* Who failed to become the helper is not left to init, which in a container may not reap. */
	if (launch->descent.failed_step)
		waitpid(pid, NULL, __WALL);
	return 0;
}

/** block_signals() - all, those that glibc keeps for itself too; @old: what was blocked */
static void block_signals(uint64_t old[2])
{
	const uint64_t all[2] = { UINT64_MAX, UINT64_MAX };

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, all, old, NSIG / 8);
}

/** end_helper() - the intermediate was killed: see to it that nobody is left on the stacks */
static void end_helper(struct launch *launch)
{
	struct pollfd gone = { .fd = launch->pidfd, .events = POLLIN };

	launch->descent.failed_step = "waiting for the process that starts it, which somebody killed";
	launch->descent.errnum = ECANCELED;
	/* A clone that was interrupted has noted a number that stands for nothing. */
	if (launch->pidfd >= 0 &&
	    syscall(SYS_pidfd_send_signal, launch->pidfd, SIGKILL, NULL, 0) < 0 && errno == EBADF)
		launch->pidfd = -1;
	while (launch->pidfd >= 0 && poll(&gone, 1, -1) < 0 && errno == EINTR)
		;
}

/** run_quietly() - both processes, from first to last; 0 or -errno when the first could not be made */
static int run_quietly(struct launch *launch, char *stack)
{
	uint64_t mask[2];
	int cancel_state, status = 0, rc = 0;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	block_signals(mask);
	pid_t pid = clone(run_intermediate, stack, CLONE_VM | CLONE_VFORK | CLONE_FILES, launch);
	if (pid < 0)
		rc = -errno;
	else
		while (waitpid(pid, &status, __WALL) < 0 && errno == EINTR)
			;
	if (!WIFEXITED(status))
		end_helper(launch);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, NULL, NSIG / 8);
	pthread_setcancelstate(cancel_state, NULL);
	return rc;
}

/** make_stacks() - memory for both, guards in place; NULL and errno */
static char *make_stacks(void)
{
	char *stacks = mmap(NULL, STACKS_BYTES, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

	if (stacks == MAP_FAILED)
		return NULL;
	if (mprotect(stacks + GUARD_BYTES, STACK_BYTES, PROT_READ | PROT_WRITE) < 0 ||
	    mprotect(stacks + 2 * GUARD_BYTES + STACK_BYTES, STACK_BYTES,
		     PROT_READ | PROT_WRITE) < 0) {
		int errnum = errno;

		munmap(stacks, STACKS_BYTES);
		errno = errnum;
		return NULL;
	}
	return stacks;
}

/** tell_failure() - which step of @descent failed, why, and what to do */
static int tell_failure(const struct descent *descent, struct carrel_error *err)
{
	if (!descent->remedy)
		return error_set_errno(err, descent->errnum, "%s", descent->failed_step);
	return error_set(err, descent->errnum, "%s: %s; %s", descent->failed_step,
			 strerror(descent->errnum), descent->remedy);
}

/** run() - start the helper; what failed is in @launch, but for @err when there was no memory */
static int run(struct launch *launch, struct carrel_error *err)
{
	char *stacks = make_stacks();

	if (!stacks)
		return error_set_errno(err, errno, "making a stack");
	launch->helper_stack = stacks + STACKS_BYTES;
	int rc = run_quietly(launch, stacks + GUARD_BYTES + STACK_BYTES);
	munmap(stacks, STACKS_BYTES);
	if (rc < 0)
		return error_set_errno(err, -rc, "making a process");
	return launch->descent.failed_step ? tell_failure(&launch->descent, err) : 0;
}

/** find_helper_account() - uid and gid that the helper gets */
static int find_helper_account(struct descent *descent, struct carrel_error *err)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct account account;
	int rc = subject_find_account(HELPER_USER, &arena, &account, err);

	if (rc == -ENOENT)
		return error_set(err, ENOENT, "account '" HELPER_USER "' does not exist: make it with "
				 "'systemd-sysusers', or 'useradd --system --user-group "
				 "--home-dir /run/carrel --shell /usr/sbin/nologin " HELPER_USER "'");
	if (rc < 0)
		return rc;
	if (account.uid == 0 || account.gid == 0)
		return error_set(err, EPERM, "account '" HELPER_USER "' has the uid or gid of root");
	descent->uid = account.uid;
	descent->gid = account.gid;
	return 0;
}

/** start() - go @launch's way down; 0 with the program's pidfd, or -errno */
static int start(struct launch *launch, int *ret_pidfd, struct carrel_error *err)
{
	launch->descent.program_fd = -1;
	launch->pidfd = -1;
	int rc = run(launch, err);
	FD_CLEANUP int pidfd = launch->pidfd;
	if (rc < 0)
		return rc;
	*ret_pidfd = fd_steal(&pidfd);
	return 0;
}

int launcher_start(const char *helper, unsigned lifetime_ms, bool private_pins,
		   struct launcher_child *ret_child, struct carrel_error *err)
{
	char name[] = "carrel-helper";
	char *const arguments[] = { name, NULL };
	struct launch launch = {
		.descent = {
			.program = helper, .arguments = arguments, .lifetime_ms = lifetime_ms,
			.private_pins = private_pins,
		},
	};
	int pair[2], pidfd, rc = find_helper_account(&launch.descent, err);

	if (rc < 0)
		return error_wrap(err, rc, "starting the helper %s", helper);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set_errno(err, errno, "making a socket pair");

	FD_CLEANUP int ours = pair[0], theirs = pair[1];
	launch.descent.socket = theirs;
	rc = start(&launch, &pidfd, err);
	if (rc < 0)
		return error_wrap(err, rc, "starting the helper %s", helper);
	*ret_child = (struct launcher_child){ .socket = fd_steal(&ours), .pidfd = pidfd };
	return 0;
}

int launcher_start_gc(const char *command, const char *config, struct carrel_error *err)
{
	char name[] = "carrel", subcommand[] = "gc", option[] = "--config";
	/* execve() knows no const, and writes nothing. */
	char *path = (char *)(uintptr_t)config;
	char *const arguments[] = { name, subcommand, path ? option : NULL, path, NULL };
	struct launch launch = {
		.descent = { .program = command, .arguments = arguments, .socket = -1 },
	};
	FD_CLEANUP int pidfd = -1;
	int rc = start(&launch, &pidfd, err);

	return rc < 0 ? error_wrap(err, rc, "starting %s gc", command) : 0;
}
