/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scratch.h"

#include <dirent.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "state/process.h"
#include "state/session.h"

#define UID 1000

/* How often fchmod() was called; each looks at the file first. */
static unsigned shown;

/* In place of the C library's: nobody may have been able to open the file before it was locked. */
int fchmod(int fd, mode_t mode)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	char path[64];
	struct stat st;

	assert_true(snprintf(path, sizeof(path), "/proc/self/fd/%d", fd) < (int)sizeof(path));
	FD_CLEANUP int other_fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(other_fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 0077, 0);
	assert_int_equal(fcntl(other_fd, F_OFD_GETLK, &lock), 0);
	assert_int_equal(lock.l_type, F_WRLCK);
	shown++;
	return (int)syscall(SYS_fchmod, fd, mode);
}

/* A process that waits to be killed. */
static pid_t start_sleeper(void)
{
	pid_t pid = scratch_fork();

	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

static void kill_and_reap(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* A session opened by @pid; its lock is *@ret_fd. */
static struct session open_session(const struct scratch *scratch, pid_t pid, int *ret_fd)
{
	struct session session = { .uid = UID, .pid = pid, .start_ticks = 7, .opened_s = 1790000000,
				   .service = "sshd", .origin = "192.0.2.9" };
	struct carrel_error err = { 0 };

	if (session_create(scratch->fd, &session, ret_fd, &err))
		fail_msg("%s", err.text);
	return session;
}

/* A session whose process is gone; it lives by its lock alone. */
static struct session open_orphan(const struct scratch *scratch, int *ret_fd)
{
	pid_t pid = start_sleeper();
	struct session session = open_session(scratch, pid, ret_fd);

	kill_and_reap(pid);
	return session;
}

/* A read lock of somebody's would keep the session's own away. */
static void test_session_create_locks_before_others_may_open(void **state)
{
	const struct scratch *scratch = *state;
	mode_t old = umask(0);
	int fd;

	shown = 0;
	open_session(scratch, getpid(), &fd);
	umask(old);
	assert_int_equal(shown, 1);
	fd_close(&fd);
}

struct visits {
	unsigned count;
	struct session last;
};

static int visit(const struct session *session, void *context)
{
	struct visits *visits = context;

	visits->count++;
	visits->last = *session;
	return 0;
}

static unsigned count_alive(const struct scratch *scratch, bool prune)
{
	struct visits visits = { 0 };
	struct carrel_error err = { 0 };

	if (session_each(scratch->fd, UID, prune, visit, &visits, &err))
		fail_msg("%s", err.text);
	return visits.count;
}

/* Files of the user's sessions, dead ones and temporary ones too. */
static unsigned count_files(const struct scratch *scratch)
{
	FD_CLEANUP int fd = openat(scratch->fd, "sessions/1000", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned count = 0;

	if (fd < 0)
		return 0;
	DIR *directory = fdopendir(fd_steal(&fd));
	while (readdir(directory))
		count++;
	closedir(directory);
	return count - 2;
}

static void test_session_each_shows_what_create_was_told(void **state)
{
	struct scratch *scratch = *state;
	FD_CLEANUP int fd = -1;
	struct visits visits = { 0 };
	uint64_t start_ticks;

	struct session session = open_session(scratch, getpid(), &fd);
	assert_int_equal(process_start_ticks(getpid(), &start_ticks), 0);
	assert_int_equal(session.start_ticks, start_ticks);
	assert_int_equal(session_each(scratch->fd, UID, false, visit, &visits, NULL), 0);
	assert_int_equal(visits.count, 1);
	assert_int_equal(visits.last.uid, UID);
	assert_int_equal(visits.last.pid, getpid());
	assert_int_equal(visits.last.start_ticks, start_ticks);
	assert_int_equal(visits.last.opened_s, 1790000000);
	assert_string_equal(visits.last.service, "sshd");
	assert_string_equal(visits.last.origin, "192.0.2.9");
}

static void test_session_create_returns_a_close_on_exec_descriptor(void **state)
{
	struct scratch *scratch = *state;
	FD_CLEANUP int fd = -1;
	struct stat st;

	open_session(scratch, getpid(), &fd);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0644);
}

static void test_session_lives_while_its_lock_is_held(void **state)
{
	struct scratch *scratch = *state;
	int fd;

	open_orphan(scratch, &fd);
	assert_int_equal(count_alive(scratch, true), 1);
	int copy = dup(fd);
	close(fd);
	assert_int_equal(count_alive(scratch, true), 1);
	close(copy);
	assert_int_equal(count_alive(scratch, false), 0);
}

/* close_session, in a process that goes on, while a child of it still has the lock. */
static void test_session_end_ends_it_for_all_who_inherited_it(void **state)
{
	struct scratch *scratch = *state;
	FD_CLEANUP int fd = -1;

	open_session(scratch, getpid(), &fd);
	pid_t child = start_sleeper();
	assert_int_equal(count_alive(scratch, false), 1);
	assert_int_equal(session_end(fd), 0);
	assert_int_equal(count_alive(scratch, true), 0);
	assert_int_equal(count_files(scratch), 0);
	kill_and_reap(child);
}

static void test_session_lives_while_its_process_does(void **state)
{
	struct scratch *scratch = *state;
	pid_t pid = start_sleeper();
	int fd;

	open_session(scratch, pid, &fd);
	assert_int_equal(session_accept(fd), 0);
	close(fd);
	assert_int_equal(count_alive(scratch, true), 1);
	/* Killed and not reaped: nothing of it runs any more. */
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), 0);
	assert_int_equal(count_alive(scratch, false), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(count_alive(scratch, false), 0);
}

/* Its helper was killed, or what it sent was refused; the application lives on. */
static void test_session_that_nobody_accepted_lives_by_its_lock_alone(void **state)
{
	struct scratch *scratch = *state;
	int fd;

	open_session(scratch, getpid(), &fd);
	assert_int_equal(count_alive(scratch, true), 1);
	close(fd);
	assert_int_equal(count_alive(scratch, true), 0);
	assert_int_equal(count_files(scratch), 0);
}

/* To write a byte would be to be killed. */
static void test_session_is_accepted_by_who_may_write_no_file(void **state)
{
	const struct rlimit none = { 0 };
	struct scratch *scratch = *state;
	FD_CLEANUP int fd = -1;
	struct visits visits = { 0 };

	open_session(scratch, getpid(), &fd);
	pid_t pid = scratch_fork();
	if (pid == 0) {
		if (setrlimit(RLIMIT_FSIZE, &none))
			_exit(1);
		_exit(session_accept(fd) != 0);
	}
	scratch_reap(pid, 0);
	fd_close(&fd);
	assert_int_equal(session_each(scratch->fd, UID, false, visit, &visits, NULL), 0);
	assert_int_equal(visits.count, 1);
	assert_string_equal(visits.last.origin, "192.0.2.9");
}

static void test_session_accept_refuses_another_file(void **state)
{
	struct scratch *scratch = *state;

	scratch_write(scratch, "short", "11 letters\n");
	FD_CLEANUP int fd = openat(scratch->fd, "short", O_WRONLY | O_CLOEXEC);
	FD_CLEANUP int reader = openat(scratch->fd, "short", O_RDONLY | O_CLOEXEC);

	assert_int_equal(session_accept(fd), -EBADMSG);
	assert_int_equal(session_accept(reader), -EBADMSG);
	assert_int_equal(session_accept(-1), -EBADF);
}

/* The file of a session that a process with our number and another start opened. */
static void write_session(const struct scratch *scratch, const char *name, pid_t pid,
			  uint64_t start_ticks)
{
	char text[256], path[96];

	snprintf(text, sizeof(text),
		 "carrel-session 1\nuid 1000\npid %d\nstart %llu\nopened 1790000000\n", pid,
		 (unsigned long long)start_ticks);
	snprintf(path, sizeof(path), "sessions/1000/%s", name);
	scratch_write(scratch, path, text);
}

static void test_session_is_dead_when_its_pid_was_given_to_another_process(void **state)
{
	struct scratch *scratch = *state;
	uint64_t start_ticks;

	assert_int_equal(mkdirat(scratch->fd, "sessions/1000", 0755), 0);
	assert_int_equal(process_start_ticks(getpid(), &start_ticks), 0);
	write_session(scratch, "other", getpid(), start_ticks - 1);
	write_session(scratch, "unknown", getpid(), 0);
	assert_int_equal(count_alive(scratch, false), 0);
	write_session(scratch, "same", getpid(), start_ticks);
	assert_int_equal(count_alive(scratch, false), 1);
}

static void test_session_each_removes_dead_ones_only_when_told(void **state)
{
	struct scratch *scratch = *state;
	int dead, alive;

	open_orphan(scratch, &dead);
	open_orphan(scratch, &alive);
	scratch_write(scratch, "sessions/1000/.tmp-77", "half a ses");
	close(dead);
	assert_int_equal(count_alive(scratch, false), 1);
	assert_int_equal(count_files(scratch), 3);
	assert_int_equal(count_alive(scratch, true), 1);
	assert_int_equal(count_files(scratch), 1);
	close(alive);
	assert_int_equal(count_alive(scratch, true), 0);
	assert_false(scratch_exists(scratch, "sessions/1000"));
	assert_int_equal(count_alive(scratch, true), 0);
}

static void test_session_create_tells_sessions_of_one_process_apart(void **state)
{
	struct scratch *scratch = *state;
	int fds[20];

	for (unsigned i = 0; i < 20; i++)
		open_session(scratch, getpid(), &fds[i]);
	assert_int_equal(count_files(scratch), 20);
	assert_int_equal(count_alive(scratch, false), 20);
	for (unsigned i = 0; i < 20; i++)
		close(fds[i]);
}

static void test_session_create_survives_what_a_crash_left(void **state)
{
	struct scratch *scratch = *state;
	FD_CLEANUP int fd = -1;
	char path[96];

	assert_int_equal(mkdirat(scratch->fd, "sessions/1000", 0755), 0);
	snprintf(path, sizeof(path), "sessions/1000/.tmp-%d", getpid());
	scratch_write(scratch, path, "half a ses");
	open_session(scratch, getpid(), &fd);
	assert_int_equal(count_files(scratch), 1);
	assert_int_equal(count_alive(scratch, false), 1);
}

static void test_session_create_replaces_what_cannot_be_shown(void **state)
{
	struct scratch *scratch = *state;
	FD_CLEANUP int fd = -1;
	struct session session = { .uid = UID, .pid = getpid() };
	struct visits visits = { 0 };

	strcpy(session.service, "a\nuid 0");
	/* Full and not terminated, and cut within a character. */
	memset(session.origin, 'o', sizeof(session.origin));
	session.origin[sizeof(session.origin) - 2] = '\0';
	session.origin[sizeof(session.origin) - 3] = '\xc3';
	assert_int_equal(session_create(scratch->fd, &session, &fd, NULL), 0);
	assert_int_equal(session_each(scratch->fd, UID, false, visit, &visits, NULL), 0);
	assert_int_equal(visits.count, 1);
	assert_int_equal(visits.last.uid, UID);
	assert_string_equal(visits.last.service, "a?uid 0");
	assert_int_equal(strlen(visits.last.origin), sizeof(session.origin) - 2);
	assert_int_equal(visits.last.origin[sizeof(session.origin) - 3], '?');
}

static void test_session_each_counts_a_rubbish_file_while_locked(void **state)
{
	struct scratch *scratch = *state;
	struct visits visits = { 0 };
	int fd;

	open_orphan(scratch, &fd);
	assert_int_equal(ftruncate(fd, 5), 0);
	assert_int_equal(session_each(scratch->fd, UID, true, visit, &visits, NULL), 0);
	assert_int_equal(visits.count, 1);
	assert_int_equal(visits.last.uid, UID);
	assert_int_equal(visits.last.pid, 0);
	close(fd);
	assert_int_equal(count_alive(scratch, true), 0);
}

static void test_session_lock_goes_with_a_passed_descriptor(void **state)
{
	struct scratch *scratch = *state;
	int ends[2], fd;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	open_orphan(scratch, &fd);

	char control[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	assert_int_equal(sendmsg(ends[0], &message, 0), 1);
	/* On its way: only the message holds it. */
	close(fd);
	close(ends[0]);
	assert_int_equal(count_alive(scratch, true), 1);

	assert_int_equal(recvmsg(ends[1], &message, MSG_CMSG_CLOEXEC), 1);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	close(ends[1]);
	assert_int_equal(count_alive(scratch, true), 1);
	close(fd);
	assert_int_equal(count_alive(scratch, true), 0);
}

/* Anybody may open the file for reading: no lock that needs no more may count. */
static void test_session_is_not_kept_alive_by_a_readers_lock(void **state)
{
	struct scratch *scratch = *state;
	struct flock shared = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	struct flock exclusive = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[128];
	int fd;

	struct session session = open_orphan(scratch, &fd);
	close(fd);
	snprintf(path, sizeof(path), "sessions/1000/%d-%llu-0", session.pid,
		 (unsigned long long)session.start_ticks);
	FD_CLEANUP int reader = openat(scratch->fd, path, O_RDONLY | O_CLOEXEC);
	assert_true(reader >= 0);
	assert_int_equal(flock(reader, LOCK_EX), 0);
	assert_int_equal(fcntl(reader, F_OFD_SETLK, &shared), 0);
	assert_int_equal(fcntl(reader, F_OFD_SETLK, &exclusive), -1);
	assert_int_equal(count_alive(scratch, false), 0);
}

static int stop(const struct session *session, void *context)
{
	(void)session;
	++*(unsigned *)context;
	return -ECANCELED;
}

static void test_session_each_stops_when_told(void **state)
{
	struct scratch *scratch = *state;
	FD_CLEANUP int first = -1;
	FD_CLEANUP int second = -1;
	unsigned visits = 0;

	open_session(scratch, getpid(), &first);
	open_session(scratch, getpid(), &second);
	assert_int_equal(session_each(scratch->fd, UID, false, stop, &visits, NULL), -ECANCELED);
	assert_int_equal(visits, 1);
	assert_int_equal(session_each(scratch->fd, UID, false, NULL, NULL, NULL), 0);
}

/* Processes that ask and prune all the time never see a live session as dead, nor each other. */
static void test_session_each_never_errs_when_many_ask_at_once(void **state)
{
	struct scratch *scratch = *state;
	pid_t testers[4];
	int held, stop_pipe[2];

	open_orphan(scratch, &held);
	assert_int_equal(pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK), 0);
	for (unsigned i = 0; i < 4; i++) {
		testers[i] = scratch_fork();
		if (testers[i])
			continue;
		/* The lock is the parent's: what a tester inherits must not hold it. */
		close(held);
		close(stop_pipe[1]);
		char byte;
		while (read(stop_pipe[0], &byte, 1) < 0) {
			FD_CLEANUP int lock_fd = -1;
			struct visits visits = { 0 };

			if (i % 2 && state_lock(scratch->fd, UID, &lock_fd, NULL))
				_exit(1);
			if (session_each(scratch->fd, UID, i % 2, visit, &visits, NULL) ||
			    visits.count < 1)
				_exit(2);
		}
		_exit(0);
	}
	for (unsigned i = 0; i < 300; i++) {
		int lock_fd, fd;

		assert_int_equal(state_lock(scratch->fd, UID, &lock_fd, NULL), 0);
		struct session session = { .uid = UID, .pid = INT32_MAX };
		assert_int_equal(session_create(scratch->fd, &session, &fd, NULL), 0);
		assert_int_equal(session.start_ticks, 0);
		close(lock_fd);
		assert_in_range(count_alive(scratch, false), 2, 2);
		close(fd);
	}
	close(stop_pipe[1]);
	for (unsigned i = 0; i < 4; i++)
		scratch_reap(testers[i], 0);
	close(held);
	close(stop_pipe[0]);
	assert_int_equal(count_alive(scratch, true), 0);
}

static void test_process_start_ticks_reads_past_an_odd_program_name(void **state)
{
	uint64_t plain, odd;

	(void)state;
	assert_int_equal(process_start_ticks(getpid(), &plain), 0);
	assert_int_equal(prctl(PR_SET_NAME, "a) Z 1 (b) 2"), 0);
	assert_int_equal(process_start_ticks(getpid(), &odd), 0);
	assert_int_equal(prctl(PR_SET_NAME, "test_session"), 0);
	assert_true(plain > 0);
	assert_int_equal(odd, plain);
}

static void test_process_start_ticks_knows_no_process_that_is_gone(void **state)
{
	pid_t pid = start_sleeper();
	uint64_t ticks = 7;

	(void)state;
	kill_and_reap(pid);
	assert_int_equal(process_start_ticks(pid, &ticks), -ESRCH);
	assert_int_equal(process_start_ticks(-1, &ticks), -ESRCH);
	assert_int_equal(ticks, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_session_each_shows_what_create_was_told),
		scratch_test(test_session_create_locks_before_others_may_open),
		scratch_test(test_session_create_returns_a_close_on_exec_descriptor),
		scratch_test(test_session_lives_while_its_lock_is_held),
		scratch_test(test_session_end_ends_it_for_all_who_inherited_it),
		scratch_test(test_session_lives_while_its_process_does),
		scratch_test(test_session_that_nobody_accepted_lives_by_its_lock_alone),
		scratch_test(test_session_is_accepted_by_who_may_write_no_file),
		scratch_test(test_session_accept_refuses_another_file),
		scratch_test(test_session_is_dead_when_its_pid_was_given_to_another_process),
		scratch_test(test_session_each_removes_dead_ones_only_when_told),
		scratch_test(test_session_create_tells_sessions_of_one_process_apart),
		scratch_test(test_session_create_survives_what_a_crash_left),
		scratch_test(test_session_create_replaces_what_cannot_be_shown),
		scratch_test(test_session_each_counts_a_rubbish_file_while_locked),
		scratch_test(test_session_lock_goes_with_a_passed_descriptor),
		scratch_test(test_session_is_not_kept_alive_by_a_readers_lock),
		scratch_test(test_session_each_stops_when_told),
		scratch_test(test_session_each_never_errs_when_many_ask_at_once),
		cmocka_unit_test(test_process_start_ticks_reads_past_an_odd_program_name),
		cmocka_unit_test(test_process_start_ticks_knows_no_process_that_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
