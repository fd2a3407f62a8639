/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/resolver.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/paths.h"
#include "cli/cli.h"
#include "pam/subject.h"

/* It gives up by itself after twelve; what goes on longer than this hangs. */
#define TIMEOUT_MS 20000

/* The process, and the ends of its pipes that are ours. */
struct resolver {
	pid_t pid;
	int names_fd, answers_fd;
};

/** become_nobody() - in the child: give up all that root has */
static int become_nobody(const struct account *account)
{
	if (setgroups(0, NULL) < 0 || setresgid(account->gid, account->gid, account->gid) < 0 ||
	    setresuid(account->uid, account->uid, account->uid) < 0)
		return -1;
	/* The change of ids took it back; should this process end, so does that one. */
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -1 :
	       prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

/** become_resolver() - in the child, with both ends of its pipes */
static _Noreturn void become_resolver(const struct account *account, int names_fd, int answers_fd)
{
	static char *const arguments[] = { "carrel-resolver", NULL }, *const environment[] = { NULL };

	signal(SIGPIPE, SIG_DFL);
	if (dup2(names_fd, STDIN_FILENO) < 0 || dup2(answers_fd, STDOUT_FILENO) < 0 ||
	    close_range(STDERR_FILENO + 1, ~0U, 0) < 0 || chdir("/") < 0 ||
	    become_nobody(account) < 0) {
		cli_complain("cannot drop privileges for carrel-resolver: %s", strerror(errno));
		_exit(CLI_FAILURE);
	}
	execve(PATH_RESOLVER, arguments, environment);
	cli_complain("cannot execute %s: %s", PATH_RESOLVER, strerror(errno));
	_exit(CLI_FAILURE);
}

/** start() - the process; all other descriptors of this one are closed on exec */
static int start(struct resolver *ret, struct carrel_error *err)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct account account;
	int names[2], answers[2];

	int rc = subject_find_account(HELPER_USER, &arena, &account, err);
	if (rc < 0)
		return error_wrap(err, rc, "looking up the account '" HELPER_USER "'");
	if (account.uid == 0)
		return error_set(err, EPERM, "the account '" HELPER_USER "' is root's");
	if (pipe2(names, O_CLOEXEC) < 0)
		return error_set_errno(err, errno, "making a pipe");
	FD_CLEANUP int names_in = names[0];
	FD_CLEANUP int names_out = names[1];
	if (pipe2(answers, O_CLOEXEC) < 0)
		return error_set_errno(err, errno, "making a pipe");
	FD_CLEANUP int answers_in = answers[0];
	FD_CLEANUP int answers_out = answers[1];

	pid_t pid = fork();
	if (pid < 0)
		return error_set_errno(err, errno, "starting carrel-resolver");
	if (pid == 0)
		become_resolver(&account, names_in, answers_out);
	*ret = (struct resolver){ pid, fd_steal(&names_out), fd_steal(&answers_in) };
	return 0;
}

/** send_names() - all of them fit in a pipe, so this does not wait */
static int send_names(int *names_fd, const char *const *names, size_t count)
{
	BUFFER_CLEANUP struct buffer text = { 0 };
	int rc = 0;

	for (size_t i = 0; i < count; i++)
		buffer_printf(&text, "%s\n", names[i]);
	if (text.length)
		rc = text.failed ? -ENOMEM : fd_write_all(*names_fd, text.data, text.length);
	fd_close(names_fd);
	/* It ended before it read them: its exit status says so. */
	return rc == -EPIPE ? 0 : rc;
}

/** now_ms() - of a clock that nobody sets */
static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/** receive() - all that comes, within the time; 0, -ETIME, -EMSGSIZE, -errno */
static int receive(int fd, char *text, size_t size, size_t *ret_length)
{
	const int64_t end_ms = now_ms() + TIMEOUT_MS;
	size_t length = 0;

	for (;;) {
		struct pollfd waiting = { .fd = fd, .events = POLLIN };
		int64_t left_ms = end_ms - now_ms();

		if (left_ms <= 0)
			return -ETIME;
		if (poll(&waiting, 1, (int)left_ms) <= 0)
			continue;
		ssize_t count = read(fd, text + length, size - length);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (count == 0) {
			*ret_length = length;
			return 0;
		}
		length += (size_t)count;
		if (length == size)
			return -EMSGSIZE;
	}
}

/** finish() - wait for its end; kill it first when @rc says that it is not to be waited for */
static int finish(struct resolver *resolver, int rc, struct carrel_error *err)
{
	int status;

	fd_close(&resolver->names_fd);
	fd_close(&resolver->answers_fd);
	if (rc < 0)
		kill(resolver->pid, SIGKILL);
	while (waitpid(resolver->pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_set_errno(err, errno, "waiting for carrel-resolver");
	if (rc == -ETIME)
		return error_set(err, ETIME, "carrel-resolver did not end within %d seconds",
				 TIMEOUT_MS / 1000);
	if (rc == -EMSGSIZE)
		return error_set(err, EBADMSG, "carrel-resolver says more than it could know");
	if (rc < 0)
		return error_set_errno(err, -rc, "talking to carrel-resolver");
	if (WIFSIGNALED(status))
		return error_set(err, EIO, "carrel-resolver was ended by signal %d",
				 WTERMSIG(status));
	return WEXITSTATUS(status) == 0 ? 0 :
	       error_set(err, EIO, "carrel-resolver failed with exit status %d",
			 WEXITSTATUS(status));
}

int resolver_ask(const char *const *names, size_t count, struct answers *ret,
		 struct carrel_error *err)
{
	static char text[ANSWERS_TEXT_MAX];
	struct resolver resolver;
	size_t length = 0;

	signal(SIGPIPE, SIG_IGN);
	int rc = start(&resolver, err);
	if (rc < 0)
		return rc;
	rc = send_names(&resolver.names_fd, names, count);
	if (rc == 0)
		rc = receive(resolver.answers_fd, text, sizeof(text), &length);
	rc = finish(&resolver, rc, err);
	return rc < 0 ? rc : answers_parse(text, length, names, count, ret, err);
}
