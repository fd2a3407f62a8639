/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of sessions: what they say, who may see them, when they go. */
#include "sessions.h"

#include <sys/syscall.h>

#include "state/process.h"

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
	assert_int_equal(visits.last.netns_inode, 4026532345);
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
	assert_int_equal(visits.last.netns_inode, 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_session_each_shows_what_create_was_told),
		scratch_test(test_session_create_locks_before_others_may_open),
		scratch_test(test_session_create_returns_a_close_on_exec_descriptor),
		scratch_test(test_session_each_removes_dead_ones_only_when_told),
		scratch_test(test_session_create_tells_sessions_of_one_process_apart),
		scratch_test(test_session_create_survives_what_a_crash_left),
		scratch_test(test_session_create_replaces_what_cannot_be_shown),
		scratch_test(test_session_each_counts_a_rubbish_file_while_locked),
		scratch_test(test_session_each_stops_when_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
