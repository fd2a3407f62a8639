/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An awkward PAM application: opens and closes a session the way few do, and looks whether
 * the module left it as it was.
 *
 *   application SERVICE USER [threads] [ignore-sigchld] [closed-stdio] [odd-umask] [twice] [list]
 *			 [no-processes | few-descriptors]
 *		[no-carrel]
 *
 * Prints "inside LINK" and "after LINK" (where /proc/thread-self/ns/net points to while the
 * session is open, and after it was closed), and exits 0 when nothing else has changed. With
 * "list", which goes without "closed-stdio", it then runs "carrel list" while it still lives.
 * "no-processes" may make none. "few-descriptors" opens and closes with 0, 1, 2, ... descriptors
 * left, says "refused" or "inside" each time, and goes on when it was let in some times in a row.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <security/pam_appl.h>

#define THREADS 4
#define LINK_SIZE 64

/* What an application may take for granted over a call of PAM's. */
struct surroundings {
	unsigned descriptors;
	unsigned inherited;     /* of these, by what the application starts */
	mode_t mask;
	sigset_t blocked;
	char directory[4096];
	int children;           /* 0, or ECHILD where there is none */
};

static volatile sig_atomic_t children_signalled;
static int report_fd;

static void count_child(int number)
{
	(void)number;
	children_signalled++;
}

/* Standard output may be closed on purpose: what is to be read goes to a copy of it. */
static void report(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void report(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vdprintf(report_fd, format, arguments);
	va_end(arguments);
}

static void check(bool good, const char *what)
{
	if (good)
		return;
	report("changed: %s\n", what);
	exit(1);
}

static void *spin(void *context)
{
	(void)context;
	/* Locks and memory, as busy threads have them when another one forks. */
	for (;;) {
		free(malloc(1000));
		sched_yield();
	}
	return NULL;
}

static void count_descriptors(struct surroundings *surroundings)
{
	for (int fd = 0; fd < 256; fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags < 0)
			continue;
		surroundings->descriptors++;
		surroundings->inherited += !(flags & FD_CLOEXEC);
	}
}

static struct surroundings look(void)
{
	struct surroundings now = { 0 };

	count_descriptors(&now);
	now.mask = umask(0);
	umask(now.mask);
	pthread_sigmask(SIG_SETMASK, NULL, &now.blocked);
	if (!getcwd(now.directory, sizeof(now.directory)))
		exit(125);
	now.children = waitpid(-1, NULL, WNOHANG | __WALL) < 0 ? errno : 0;
	return now;
}

static void compare(const struct surroundings *before, unsigned more_descriptors)
{
	struct surroundings now = look();

	check(now.descriptors == before->descriptors + more_descriptors, "open descriptors");
	check(now.inherited == before->inherited, "descriptors that are inherited");
	check(now.mask == before->mask, "umask");
	check(memcmp(&now.blocked, &before->blocked, sizeof(now.blocked)) == 0, "signal mask");
	check(strcmp(now.directory, before->directory) == 0, "working directory");
	check(now.children == ECHILD, "children to wait for");
	check(children_signalled == 0, "SIGCHLD was raised");
}

static void print_netns(const char *when)
{
	char target[LINK_SIZE] = { 0 };

	if (readlink("/proc/thread-self/ns/net", target, sizeof(target) - 1) < 0)
		exit(125);
	report("%s %s\n", when, target);
}

static int converse(int count, const struct pam_message **messages,
		    struct pam_response **responses, void *context)
{
	(void)messages;
	(void)context;
	*responses = calloc((size_t)count, sizeof(**responses));
	return *responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

/* @kept: descriptors that the module holds while the session is open */
static void open_and_close(pam_handle_t *pamh, unsigned kept)
{
	struct surroundings before = look();
	int result = pam_open_session(pamh, 0);

	if (result != PAM_SUCCESS) {
		report("refused %s\n", pam_strerror(pamh, result));
		exit(2);
	}
	print_netns("inside");
	compare(&before, kept);
	pam_close_session(pamh, 0);
	print_netns("after");
	compare(&before, 0);
}

/* As with too many processes, or a control group's limit of them. */
static void allow_no_processes(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (!filter || seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAGAIN), SCMP_SYS(clone), 0) < 0 ||
	    seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAGAIN), SCMP_SYS(clone3), 0) < 0 ||
	    seccomp_load(filter) < 0)
		exit(125);
	seccomp_release(filter);
}

static int lowest_free_descriptor(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

/* A session while no descriptor of @limit or more can be opened; was it let in? */
static bool open_within(pam_handle_t *pamh, rlim_t limit)
{
	struct surroundings before = look();
	struct rlimit all, few;

	getrlimit(RLIMIT_NOFILE, &all);
	few = all;
	few.rlim_cur = limit;
	setrlimit(RLIMIT_NOFILE, &few);
	bool let_in = pam_open_session(pamh, 0) == PAM_SUCCESS;
	setrlimit(RLIMIT_NOFILE, &all);
	print_netns(let_in ? "inside" : "refused");
	compare(&before, let_in ? 2 : 0);
	if (let_in)
		pam_close_session(pamh, 0);
	compare(&before, 0);
	return let_in;
}

static void open_with_few_descriptors(pam_handle_t *pamh)
{
	int first = lowest_free_descriptor(), let_in = 0;

	for (int left = 0; let_in < 5; left++) {
		check(left < 100, "descriptors that are enough");
		let_in = open_within(pamh, (rlim_t)(first + left)) ? let_in + 1 : 0;
	}
}

int main(int argc, char **argv)
{
	const struct pam_conv conversation = { converse, NULL };
	struct sigaction action = { .sa_handler = count_child };
	pam_handle_t *pamh;
	bool twice = false, list = false, no_processes = false, few_descriptors = false;
	/* The session's lock and the way back; where the way leads out of a carrel, only that. */
	unsigned kept = 2;

	if (argc < 3 || pam_start(argv[1], argv[2], &conversation, &pamh) != PAM_SUCCESS)
		return 125;
	report_fd = fcntl(1, F_DUPFD_CLOEXEC, 100);
	for (int i = 3; i < argc; i++) {
		if (strcmp(argv[i], "threads") == 0) {
			for (int n = 0; n < THREADS; n++)
				pthread_create(&(pthread_t){ 0 }, NULL, spin, NULL);
		} else if (strcmp(argv[i], "ignore-sigchld") == 0) {
			action.sa_handler = SIG_IGN;
		} else if (strcmp(argv[i], "closed-stdio") == 0) {
			close(0);
			close(1);
			close(2);
		} else if (strcmp(argv[i], "odd-umask") == 0) {
			umask(0777);
		} else if (strcmp(argv[i], "twice") == 0) {
			twice = true;
		} else if (strcmp(argv[i], "list") == 0) {
			list = true;
		} else if (strcmp(argv[i], "no-processes") == 0) {
			no_processes = true;
		} else if (strcmp(argv[i], "few-descriptors") == 0) {
			few_descriptors = true;
		} else if (strcmp(argv[i], "no-carrel") == 0) {
			kept = 1;
		} else {
			return 125;
		}
	}
	sigaction(SIGCHLD, &action, NULL);
	/* What name services and syslog open at their first use stays open. */
	if (pam_open_session(pamh, 0) != PAM_SUCCESS)
		return 2;
	pam_close_session(pamh, 0);

	if (no_processes)
		allow_no_processes();
	if (few_descriptors)
		open_with_few_descriptors(pamh);
	open_and_close(pamh, kept);
	if (twice)
		open_and_close(pamh, kept);
	/* The helper holds a copy of the lock until it has ended, too. */
	if (list && system("sleep 0.5; carrel list --json") != 0)
		return 125;
	pam_end(pamh, PAM_SUCCESS);
	return 0;
}
