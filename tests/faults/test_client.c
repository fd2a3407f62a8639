/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The module's launcher and client against helpers that misbehave.
 *
 * All of it happens in namespaces of its own: process 1 of the PID namespace is this program
 * too, because the launcher joins the namespaces of process 1. /run is an empty tmpfs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/paths.h"
#include "pam/client.h"

#define HELPERS "/run/helpers"
#define SKIPPED 77

/* The directory of this program, where fake_helper is, too. */
static char own_directory[256];

static volatile sig_atomic_t sigchld_count;

static void count_sigchld(int number)
{
	(void)number;
	sigchld_count++;
}

static int count_fds(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

/* One call of the helper HELPERS/@name; asserts that it leaves nothing behind. */
static int call(const char *name, unsigned timeout_ms, struct client_reply *reply,
		struct carrel_error *err)
{
	const struct wire_request request = {
		.operation = WIRE_OPEN,
		.subject = { .user = "ann", .uid = 1000, .service = "test", .tty = "", .rhost = "" },
		.config = "",
	};
	char path[128];
	const struct client_options options = { .helper = path, .timeout_ms = timeout_ms };
	int fds = count_fds();
	sigset_t before, after;

	snprintf(path, sizeof(path), HELPERS "/%s", name);
	sigchld_count = 0;
	sigprocmask(SIG_SETMASK, NULL, &before);
	int rc = client_call(&options, &request, reply, err);
	sigprocmask(SIG_SETMASK, NULL, &after);
	for (int number = 1; number < NSIG; number++)
		assert_int_equal(sigismember(&before, number), sigismember(&after, number));
	/* A signal or a child would come when the helper ends, a little later than its reply. */
	nanosleep(&(struct timespec){ .tv_nsec = 20 * 1000000 }, NULL);
	assert_int_equal(sigchld_count, 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(count_fds(), rc == 0 && reply->netns_fd >= 0 ? fds + 2 : fds);
	return rc;
}

static const struct fault {
	const char *helper;
	int rc;
	const char *message;
} faults[] = {
	{ "missing",         -ENOENT,  "opening it: No such file or directory; install carrel again" },
	{ "not-executable",  -EACCES,  "executing it as the account carrel: Permission denied; install" },
	{ "directory",       -EISDIR,  "regular file" },
	{ "not-roots",       -EPERM,   "belongs to root and nobody else may write to it: "
				       "Operation not permitted; make it so: chown root:root" },
	{ "writable",        -EPERM,   "belongs to root" },
	{ "no-program",      -ENOEXEC, "executing it" },
	{ "dies-at-once",    -EPIPE,   "ended without a reply" },
	{ "dies",            -EPIPE,   "ended without a reply" },
	{ "signal",          -EPIPE,   "ended without a reply" },
	{ "hangs",           -ETIME,   "did not reply within 300 ms" },
	{ "rubbish",         -EBADMSG, "understanding the helper's reply" },
	{ "cut",             -EBADMSG, "understanding the helper's reply" },
	{ "too-long",        -EBADMSG, "longer than" },
	{ "none",            -EBADMSG, "carries 0 descriptors instead of 2" },
	{ "one",             -EBADMSG, "carries 1 descriptors instead of 2" },
	{ "three",           -EBADMSG, "carries 3 descriptors instead of 2" },
	{ "many",            -EBADMSG, "more descriptors than fit" },
	{ "pipe",            -EBADMSG, "first descriptor of the reply is no namespace" },
	{ "file",            -EBADMSG, "first descriptor of the reply is no namespace" },
	{ "mount-namespace", -EBADMSG, "no network namespace" },
	{ "user-namespace",  -EBADMSG, "no network namespace" },
	{ "swapped",         -EBADMSG, "first descriptor of the reply is no namespace" },
	{ "second-pipe",     -EBADMSG, "second descriptor of the reply is no regular file" },
};

static void test_client_call_names_the_fault_of_the_helper(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };
		struct carrel_error err = { 0 };
		int rc = call(faults[i].helper, 300, &reply, &err);

		if (rc != faults[i].rc || !strstr(err.text, faults[i].message))
			fail_msg("%s: %d, '%s'", faults[i].helper, rc, err.text);
	}
}

static void test_client_call_accepts_a_namespace_and_a_file(void **state)
{
	CLIENT_REPLY_CLEANUP struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };
	struct carrel_error err = { 0 };

	(void)state;
	assert_int_equal(call("right", 5000, &reply, &err), 0);
	assert_int_equal(reply.reply.status, WIRE_OK);
	assert_string_equal(reply.reply.policy, "lab");
	assert_int_equal(fcntl(reply.netns_fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(reply.session_fd, F_GETFD), FD_CLOEXEC);
}

/* Is a process called carrel-helper there? */
static bool helper_lives(void)
{
	return system("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' |"
		      " grep -q '^carrel-helper'") == 0;
}

static void test_client_call_kills_a_helper_that_hangs(void **state)
{
	struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };

	(void)state;
	assert_int_equal(call("hangs", 100, &reply, NULL), -ETIME);
	/* Dying takes the kernel a moment. */
	for (int i = 0; i < 100 && helper_lives(); i++)
		usleep(20000);
	assert_false(helper_lives());
}

/* Nobody is left to kill it: as when the user froze the client, and the helper with it. */
static void test_client_call_leaves_no_helper_that_outlives_its_time(void **state)
{
	struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };
	bool started = false;

	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		call("hangs", 500, &reply, NULL);
		_exit(0);
	}
	for (int i = 0; i < 500 && !started; i++) {
		usleep(1000);
		started = helper_lives();
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(started);
	assert_true(helper_lives());
	for (int i = 0; i < 500 && helper_lives(); i++)
		usleep(20000);
	assert_false(helper_lives());
	/* This child of ours was no helper. */
	sigchld_count = 0;
}

static void assert_reports(const char *report, const char *line)
{
	if (!strstr(report, line))
		fail_msg("no '%s' in:\n%s", line, report);
}

/* The signals that @report says are ignored. */
static unsigned long long ignored(const char *report)
{
	const char *line = strstr(report, "SigIgn:\t");

	assert_non_null(line);
	return strtoull(line + strlen("SigIgn:\t"), NULL, 16);
}

static void test_launcher_hands_over_nothing_but_two_capabilities(void **state)
{
	CLIENT_REPLY_CLEANUP struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };
	const struct passwd *account = getpwnam(HELPER_USER);
	char line[128];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	mode_t mask = umask(077);
	int rc = call("report", 5000, &reply, NULL);
	assert_int_equal(umask(mask), 077);
	signal(SIGPIPE, SIG_DFL);
	assert_int_equal(rc, 0);

	const char *report = reply.reply.message;
	/* CAP_NET_ADMIN is 12, CAP_SYS_ADMIN is 21. */
	assert_reports(report, "CapInh:\t0000000000201000");
	assert_reports(report, "CapPrm:\t0000000000201000");
	assert_reports(report, "CapEff:\t0000000000201000");
	assert_reports(report, "CapBnd:\t0000000000201000");
	assert_reports(report, "CapAmb:\t0000000000201000");
	snprintf(line, sizeof(line), "Uid:\t%u\t%u\t%u\t%u\n", account->pw_uid, account->pw_uid,
		 account->pw_uid, account->pw_uid);
	assert_reports(report, line);
	snprintf(line, sizeof(line), "Gid:\t%u\t%u\t%u\t%u\n", account->pw_gid, account->pw_gid,
		 account->pw_gid, account->pw_gid);
	assert_reports(report, line);
	assert_reports(report, "Groups:\t \n");
	/*
	 * All that the helper is to unblock itself: not SIGHUP, SIGINT, SIGQUIT (1 to 3), SIGPIPE,
	 * SIGALRM, SIGTERM (13 to 15), SIGCHLD (17), nor what cannot be blocked (9, 19).
	 */
	assert_reports(report, "SigBlk:\tfffffffffffa8ef8\n");
	/* Of the others some may be that whoever started the tests ignores. */
	assert_int_equal(ignored(report) & ~0xfffffffffffa8ef8ULL, 0);
	assert_reports(report, "fd 0\nfd 1\nfd 2\numask 22\ncwd /\ncore 0\nsession leader 1\n");
	assert_reports(report, "environment empty\n");
}

static void test_launcher_repairs_the_directories(void **state)
{
	CLIENT_REPLY_CLEANUP struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };
	const struct passwd *account = getpwnam(HELPER_USER);
	struct stat st;

	(void)state;
	rmdir(PATH_STATE);
	umount2(PATH_PINS, MNT_DETACH);
	rmdir(PATH_PINS);
	assert_int_equal(mkdir(PATH_PINS, 0755), 0);
	assert_int_equal(call("report", 5000, &reply, NULL), 0);
	assert_int_equal(stat(PATH_STATE, &st), 0);
	assert_int_equal(st.st_uid, account->pw_uid);
	assert_int_equal(st.st_mode & ALLPERMS, 0755);
	assert_int_equal(stat(PATH_PINS, &st), 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(st.st_gid, account->pw_gid);
	assert_int_equal(st.st_mode & ALLPERMS, 01775);
	/* A mount of itself, so that ip(8) need not make it one over pins that are there. */
	assert_int_equal(umount2(PATH_PINS, MNT_DETACH), 0);
	assert_int_equal(umount2(PATH_PINS, MNT_DETACH), -1);
}

/* The number that a file of @pid's in /proc begins with; 0 when it begins with none. */
static int read_number(pid_t pid, const char *name)
{
	char path[64];
	int value = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	FILE *file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%d", &value) != 1)
		value = 0;
	(void)fclose(file);
	return value;
}

static pid_t child_of(pid_t pid)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "task/%d/children", pid);
	return pid ? read_number(pid, name) : 0;
}

/* Wait until the process that is to become the helper of @pid's call sleeps: for its turn. */
static void wait_until_helper_sleeps(pid_t pid)
{
	for (int i = 0; i < 5000; i++) {
		pid_t last = child_of(child_of(pid));

		if (last && read_number(last, "syscall") == SYS_clock_nanosleep)
			return;
		usleep(1000);
	}
	fail_msg("nobody waits");
}

/* Somebody is about to make the mount that both saw missing. */
static void test_launcher_makes_the_mount_of_pins_once(void **state)
{
	int directory, status;
	pid_t pid;

	(void)state;
	umount2(PATH_PINS, MNT_DETACH);
	directory = open(PATH_PINS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(directory >= 0);
	assert_int_equal(flock(directory, LOCK_EX), 0);
	pid = fork();
	if (pid == 0) {
		/* Else the lock would outlive our end of it. */
		close(directory);
		CLIENT_REPLY_CLEANUP struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };

		_exit(call("right", 5000, &reply, NULL) == 0 ? 0 : 1);
	}
	wait_until_helper_sleeps(pid);
	assert_int_equal(mount(PATH_PINS, PATH_PINS, "none", MS_BIND | MS_REC, NULL), 0);
	close(directory);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(umount2(PATH_PINS, MNT_DETACH), 0);
	assert_int_equal(umount2(PATH_PINS, MNT_DETACH), -1);
}

/* SIGCHLD ignored would make the kernel reap for us, and waitpid would find nobody. */
static void test_launcher_works_where_sigchld_is_ignored(void **state)
{
	CLIENT_REPLY_CLEANUP struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };

	(void)state;
	signal(SIGCHLD, SIG_IGN);
	int rc = call("right", 5000, &reply, NULL);
	signal(SIGCHLD, count_sigchld);
	assert_int_equal(rc, 0);
}

static void test_launcher_works_with_standard_descriptors_closed(void **state)
{
	CLIENT_REPLY_CLEANUP struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };
	int saved[3];

	(void)state;
	for (int fd = 0; fd < 3; fd++) {
		saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
		close(fd);
	}
	int rc = call("report", 5000, &reply, NULL);
	for (int fd = 0; fd < 3; fd++) {
		dup2(saved[fd], fd);
		close(saved[fd]);
	}
	assert_int_equal(rc, 0);
	assert_reports(reply.reply.message, "fd 0\nfd 1\nfd 2\numask");
}

/* The application may itself be in a private mount namespace, or in a carrel. */
static void test_launcher_goes_to_the_namespaces_of_process_1(void **state)
{
	struct stat host, found;

	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };

		signal(SIGCHLD, count_sigchld);
		if (unshare(CLONE_NEWNS | CLONE_NEWNET) || stat("/proc/1/ns/net", &host) ||
		    call("right", 5000, &reply, NULL) || fstat(reply.netns_fd, &found))
			_exit(1);
		_exit(host.st_ino != found.st_ino);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	/* This child of ours was no helper. */
	sigchld_count = 0;
}

static void test_launcher_says_which_account_is_missing(void **state)
{
	struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };
	struct carrel_error err = { 0 };

	(void)state;
	assert_int_equal(mount("/dev/null", "/etc/passwd", NULL, MS_BIND, NULL), 0);
	int rc = call("right", 5000, &reply, &err);
	assert_int_equal(umount("/etc/passwd"), 0);
	assert_int_equal(rc, -ENOENT);
	assert_non_null(strstr(err.text, "account 'carrel' does not exist"));
}

/* Copy @from to HELPERS/@name. */
static int copy_helper(const char *from, const char *name)
{
	char command[512];

	snprintf(command, sizeof(command), "install -m 0755 %s " HELPERS "/%s", from, name);
	return system(command);
}

/* Everything that the tests change lies in this process's own namespaces from here on. */
static int set_up(void **state)
{
	static const char *const more[] = { "right", "report", "not-executable", "not-roots", "writable" };
	char fake[300];
	int rc = 0;

	(void)state;
	snprintf(fake, sizeof(fake), "%s/fake_helper", own_directory);
	if (mkdir(HELPERS, 0755) || mkdir(HELPERS "/directory", 0755))
		return -1;
	for (size_t i = 6; i < sizeof(faults) / sizeof(faults[0]); i++)
		rc |= copy_helper(fake, faults[i].helper);
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		rc |= copy_helper(fake, more[i]);
	rc |= copy_helper("/etc/hostname", "no-program");
	rc |= chmod(HELPERS "/not-executable", 0644) | chmod(HELPERS "/writable", 0775) |
	      chown(HELPERS "/not-roots", 1, 0);
	rc |= system("{ cat /etc/passwd; getent passwd " HELPER_USER " >/dev/null || "
		     "echo '" HELPER_USER ":x:990:990::/:/usr/sbin/nologin'; } >/run/passwd");
	rc |= mount("/run/passwd", "/etc/passwd", NULL, MS_BIND, NULL);
	signal(SIGCHLD, count_sigchld);
	return rc;
}

static int run_all(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client_call_names_the_fault_of_the_helper),
		cmocka_unit_test(test_client_call_accepts_a_namespace_and_a_file),
		cmocka_unit_test(test_client_call_kills_a_helper_that_hangs),
		cmocka_unit_test(test_client_call_leaves_no_helper_that_outlives_its_time),
		cmocka_unit_test(test_launcher_hands_over_nothing_but_two_capabilities),
		cmocka_unit_test(test_launcher_repairs_the_directories),
		cmocka_unit_test(test_launcher_makes_the_mount_of_pins_once),
		cmocka_unit_test(test_launcher_works_where_sigchld_is_ignored),
		cmocka_unit_test(test_launcher_works_with_standard_descriptors_closed),
		cmocka_unit_test(test_launcher_goes_to_the_namespaces_of_process_1),
		cmocka_unit_test(test_launcher_says_which_account_is_missing),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}

/*
 * Where this program is. Nobody can tell after it has left its mount namespace: that may end then, and
 * the link would begin at the mount that the program is on.
 */
static int find_own_directory(void)
{
	if (readlink("/proc/self/exe", own_directory, sizeof(own_directory) - 1) < 0)
		return -errno;
	*strrchr(own_directory, '/') = '\0';
	return 0;
}

/* Process 1 of the PID namespace: runs the tests in a child, and adopts what they leave. */
static int run_init(void)
{
	int status, tests_status = -1;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "/proc", "proc", 0, NULL) || mount("tmpfs", "/run", "tmpfs", 0, NULL))
		return 1;
	pid_t tests = fork();
	if (tests == 0)
		exit(run_all());
	/* A helper that hangs nevertheless ends with this process. */
	for (pid_t pid; tests_status == -1 && (pid = wait(&status)) > 0;)
		if (pid == tests)
			tests_status = status;
	return WIFEXITED(tests_status) ? WEXITSTATUS(tests_status) : 1;
}

int main(void)
{
	int status;

	if (geteuid() != 0)
		return SKIPPED;
	if (find_own_directory() < 0 || unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET))
		return 1;
	pid_t pid = fork();
	if (pid == 0)
		exit(run_init());
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
