/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which sessions are alive: by their lock, by their process, and never by anything else. */
#include "sessions.h"

#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "state/process.h"

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
	pid_t child = scratch_sleeper();
	assert_int_equal(count_alive(scratch, false), 1);
	assert_int_equal(session_end(fd), 0);
	assert_int_equal(count_alive(scratch, true), 0);
	assert_int_equal(count_files(scratch), 0);
	scratch_kill(child);
}

static void test_session_lives_while_its_process_does(void **state)
{
	struct scratch *scratch = *state;
	pid_t pid = scratch_sleeper();
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

static void test_session_lock_goes_with_a_passed_descriptor(void **state)
{
	struct scratch *scratch = *state;
	int ends[2], fd;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	open_orphan(scratch, &fd);

	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	fd_attach(&message, control, &fd, 1);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_session_lives_while_its_lock_is_held),
		scratch_test(test_session_end_ends_it_for_all_who_inherited_it),
		scratch_test(test_session_lives_while_its_process_does),
		scratch_test(test_session_that_nobody_accepted_lives_by_its_lock_alone),
		scratch_test(test_session_is_accepted_by_who_may_write_no_file),
		scratch_test(test_session_accept_refuses_another_file),
		scratch_test(test_session_is_dead_when_its_pid_was_given_to_another_process),
		scratch_test(test_session_lock_goes_with_a_passed_descriptor),
		scratch_test(test_session_is_not_kept_alive_by_a_readers_lock),
		scratch_test(test_session_each_never_errs_when_many_ask_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
