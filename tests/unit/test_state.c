/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The directory of the state, whom it belongs to, and the lock of each carrel. */
#include "scratch.h"

#define HELPER_UID 4711
#define READER_UID 4712

static int open_state(const char *path)
{
	FD_CLEANUP int fd = -1;

	return state_open(path, false, &fd, NULL);
}

static void test_state_open_makes_directories_whatever_the_umask(void **state)
{
	static const char *const names[] = { "carrels", "locks", "sessions", "addresses", "valid" };
	struct scratch *scratch = *state;
	FD_CLEANUP int fd = -1;
	struct stat st;

	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(unlinkat(scratch->fd, names[i], AT_REMOVEDIR), 0);
	assert_int_equal(open_state(scratch->path), 0);
	assert_false(scratch_exists(scratch, "carrels"));
	mode_t old = umask(0777);
	assert_int_equal(state_open(scratch->path, true, &fd, NULL), 0);
	umask(old);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(fstatat(scratch->fd, names[i], &st, 0), 0);
		assert_int_equal(st.st_mode, S_IFDIR | 0755);
	}
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

static void test_state_open_refuses_what_others_may_write(void **state)
{
	struct scratch *scratch = *state;
	struct carrel_error err = { 0 };
	int fd = -1;

	assert_int_equal(chmod(scratch->path, 0775), 0);
	assert_int_equal(state_open(scratch->path, true, &fd, &err), -EPERM);
	assert_non_null(strstr(err.text, "chmod go-w"));
	assert_int_equal(chmod(scratch->path, 01757), 0);
	assert_int_equal(open_state(scratch->path), -EPERM);
	assert_int_equal(chmod(scratch->path, 0755), 0);
	assert_int_equal(open_state(scratch->path), 0);
	assert_int_equal(fd, -1);
}

static void test_state_open_refuses_what_is_no_directory(void **state)
{
	struct scratch *scratch = *state;
	char path[128];

	snprintf(path, sizeof(path), "%s/none", scratch->path);
	assert_int_equal(open_state(path), -ENOENT);
	scratch_write(scratch, "none", "");
	assert_int_equal(open_state(path), -ENOTDIR);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(".", path), 0);
	assert_int_equal(open_state(path), -ENOTDIR);
}

/* Run @check in a process of @uid. */
static void as_user(uid_t uid, int (*check)(const char *path), const char *path, int expected)
{
	pid_t pid = scratch_fork();

	if (pid == 0) {
		if (setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
			_exit(255);
		_exit(-check(path));
	}
	scratch_reap(pid, -expected);
}

static void test_state_open_trusts_an_owner_whom_root_chose(void **state)
{
	struct scratch *scratch = *state;
	char path[128];

	if (geteuid() != 0)
		skip();
	snprintf(path, sizeof(path), "%s/state", scratch->path);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(chown(path, HELPER_UID, HELPER_UID), 0);
	assert_int_equal(open_state(path), 0);
	as_user(HELPER_UID, open_state, path, 0);
	as_user(READER_UID, open_state, path, 0);
	/* Where others can write, anybody could have put it there. */
	assert_int_equal(chmod(scratch->path, 01777), 0);
	assert_int_equal(open_state(path), -EPERM);
	as_user(HELPER_UID, open_state, path, 0);
	as_user(READER_UID, open_state, path, -EPERM);
}

/* A lock that was made by whoever came first, and a claim of one's own. */
static int use_state(const char *path)
{
	struct prefix pool = { { FAMILY_IPV4, { 10, 213 } }, 24 };
	FD_CLEANUP int state_fd = -1;
	FD_CLEANUP int lock_fd = -1;
	struct address address;

	int rc = state_open(path, true, &state_fd, NULL);
	if (rc == 0)
		rc = state_lock(state_fd, 1000, &lock_fd, NULL);
	return rc ? rc : state_claim_address4(state_fd, &pool, geteuid(), &address, NULL);
}

static void test_state_made_by_root_is_usable_by_its_owner(void **state)
{
	struct scratch *scratch = *state;
	char path[128], temporary[64];

	if (geteuid() != 0)
		skip();
	snprintf(path, sizeof(path), "%s/state", scratch->path);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(chown(path, HELPER_UID, HELPER_UID), 0);
	assert_int_equal(use_state(path), 0);
	snprintf(temporary, sizeof(temporary), "state/locks/.tmp-%d", getpid());
	assert_false(scratch_exists(scratch, temporary));
	as_user(HELPER_UID, use_state, path, 0);
	as_user(READER_UID, use_state, path, -EACCES);
}

static void test_state_lock_excludes_others_until_it_is_closed(void **state)
{
	struct scratch *scratch = *state;
	FD_CLEANUP int other = -1;
	int fd, again;
	struct stat st;

	assert_int_equal(state_lock(scratch->fd, 1000, &fd, NULL), 0);
	assert_int_equal(state_lock_try(scratch->fd, 1000, &again, NULL), -EWOULDBLOCK);
	assert_int_equal(state_lock_try(scratch->fd, 1001, &other, NULL), 0);
	close(fd);
	assert_int_equal(state_lock_try(scratch->fd, 1000, &again, NULL), 0);
	close(again);
	assert_int_equal(fstatat(scratch->fd, "locks/1000", &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
}

static void ignore(int signal)
{
	(void)signal;
}

static void test_state_lock_waits_through_signals(void **state)
{
	struct sigaction action = { .sa_handler = ignore };
	struct scratch *scratch = *state;
	int fd, ready[2];
	char byte;

	assert_int_equal(state_lock(scratch->fd, 1000, &fd, NULL), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid_t pid = scratch_fork();
	if (pid == 0) {
		close(fd);
		sigaction(SIGUSR1, &action, NULL);
		if (write(ready[1], "", 1) != 1)
			_exit(2);
		_exit(state_lock(scratch->fd, 1000, &fd, NULL) ? 1 : 0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(kill(pid, SIGUSR1), 0);
		usleep(1000);
	}
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	close(fd);
	scratch_reap(pid, 0);
	close(ready[0]);
	close(ready[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_state_open_makes_directories_whatever_the_umask),
		scratch_test(test_state_open_refuses_what_others_may_write),
		scratch_test(test_state_open_refuses_what_is_no_directory),
		scratch_test(test_state_open_trusts_an_owner_whom_root_chose),
		scratch_test(test_state_made_by_root_is_usable_by_its_owner),
		scratch_test(test_state_lock_excludes_others_until_it_is_closed),
		scratch_test(test_state_lock_waits_through_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
