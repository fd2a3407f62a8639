/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Tables of steps, done in order; the first that fails ends the descent, and its text is what
 * the administrator reads. The order matters:
 *
 *   namespaces before paths		all files are looked for where the host has them; the
 *					application may itself be in a private mount namespace,
 *					or in a carrel (su from inside a session)
 *   descriptors before the program	so that the program's own one is not closed again
 *   root's work before the account	directories, limits, bounding set, setgroups
 *   signals last			nothing may interrupt half a descent
 *
 * The memory is the parent's, so is the thread-local storage: only plain system calls, by
 * glibc's thin wrappers, or directly where glibc's wrapper would do more (its set*id functions
 * signal every thread of the parent and wait for them).
 */
#include "pam/descent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/paths.h"
#include "pam/cgroup.h"
#include "pam/entries.h"
#include "pam/pinspace.h"
#include "pam/places.h"

/* Where 16-bit ids were first (i386, 32-bit arm), the calls for 32-bit ones have other names. */
#ifdef SYS_setresuid32
#define RAW_SETGROUPS SYS_setgroups32
#define RAW_SETRESGID SYS_setresgid32
#define RAW_SETRESUID SYS_setresuid32
#else
#define RAW_SETGROUPS SYS_setgroups
#define RAW_SETRESGID SYS_setresgid
#define RAW_SETRESUID SYS_setresuid
#endif

static const struct descent_limit {
	int resource;
	rlim_t value;
} limits[] = {
	/* A user who starts su brings their own limits along; the helper is not to fail on them. */
	{ RLIMIT_CORE,   0 },
	{ RLIMIT_FSIZE,  RLIM_INFINITY },
	{ RLIMIT_CPU,    RLIM_INFINITY },
	{ RLIMIT_AS,     RLIM_INFINITY },
	{ RLIMIT_DATA,   RLIM_INFINITY },
	{ RLIMIT_STACK,  8 * 1024 * 1024 },     /* Linux's default */
	{ RLIMIT_NOFILE, 1024 },                /* likewise; the helper has a dozen */
	{ RLIMIT_NPROC,  RLIM_INFINITY },       /* else execve says EAGAIN after the change of uid */
};

/** is_root() - the application runs with root's rights */
static int is_root(struct descent *descent)
{
	(void)descent;
	return geteuid() == 0 ? 0 : -EPERM;
}

/* The kernel's struct sigaction, all zero: SIG_DFL, no flags, an empty mask. */
static const unsigned long default_action[8];

/* What may end the helper, and what would change its work if it stayed ignored. */
static const int helper_signals[] = {
	SIGALRM, SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGPIPE, SIGCHLD,
};

/**
 * reset_signals() - to their default dispositions: an ignored one would stay ignored by the program
 *
 * Those that glibc keeps for itself too, which its sigaction() would refuse: whoever started the
 * application may have ignored them.
 */
static int reset_signals(struct descent *descent)
{
	(void)descent;
	for (int number = 1; number < NSIG; number++)
		(void)syscall(SYS_rt_sigaction, number, default_action, NULL, NSIG / 8);
	return 0;
}

/** reset_helper_signals() - no others: a login waits, and these are 57 system calls fewer */
static int reset_helper_signals(struct descent *descent)
{
	(void)descent;
	for (size_t i = 0; i < sizeof(helper_signals) / sizeof(helper_signals[0]); i++)
		(void)syscall(SYS_rt_sigaction, helper_signals[i], default_action, NULL, NSIG / 8);
	return 0;
}

/** leave_terminal() - what is typed there (^C) is not for the helper */
static int leave_terminal(struct descent *descent)
{
	(void)descent;
	return setsid() < 0 ? -errno : 0;
}

/** enter_namespace() - that of process 1, unless this is it */
static int enter_namespace(const char *own, const char *of_init, int type)
{
	struct stat here, there;

	if (stat(own, &here) < 0 || stat(of_init, &there) < 0)
		return -errno;
	if (here.st_dev == there.st_dev && here.st_ino == there.st_ino)
		return 0;
	int fd = open(of_init, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int rc = setns(fd, type) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

static int enter_host_mounts(struct descent *descent)
{
	(void)descent;
	return enter_namespace("/proc/self/ns/mnt", "/proc/1/ns/mnt", CLONE_NEWNS);
}

/** leave_cgroup() - after the mount namespace: the hierarchy is looked for where the host has it */
static int leave_cgroup(struct descent *descent)
{
	(void)descent;
	cgroup_leave();
	return 0;
}

static int enter_host_network(struct descent *descent)
{
	(void)descent;
	return enter_namespace("/proc/self/ns/net", "/proc/1/ns/net", CLONE_NEWNET);
}

/** leave_directories() - no file system kept busy, no umask of a user's */
static int leave_directories(struct descent *descent)
{
	(void)descent;
	umask(022);
	return chdir("/") < 0 ? -errno : 0;
}

/** set_limit() - without CAP_SYS_RESOURCE only as high as it may be */
static int set_limit(const struct descent_limit *limit)
{
	struct rlimit value = { .rlim_cur = limit->value, .rlim_max = limit->value };

	if (syscall(SYS_prlimit64, 0, limit->resource, &value, NULL) == 0)
		return 0;
	if (syscall(SYS_prlimit64, 0, limit->resource, NULL, &value) < 0)
		return -errno;
	value.rlim_cur = limit->value < value.rlim_max ? limit->value : value.rlim_max;
	return syscall(SYS_prlimit64, 0, limit->resource, &value, NULL) < 0 ? -errno : 0;
}

static int set_limits(struct descent *descent)
{
	(void)descent;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		int rc = set_limit(&limits[i]);

		if (rc < 0)
			return rc;
	}
	return 0;
}

/**
 * connect_standard() - socket on 0, /dev/null on 1 and 2
 *
 * Where the application had closed its own 0 to 2, the socket may stand there: hence the
 * duplicates from 3 on.
 */
static int connect_standard(struct descent *descent)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0)
		null = fcntl(null, F_DUPFD_CLOEXEC, 3);
	int socket = descent->socket < 0 ? null : fcntl(descent->socket, F_DUPFD_CLOEXEC, 3);
	if (socket < 0 || null < 0)
		return -errno;
	if (dup2(socket, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		return -errno;
	return 0;
}

/** descriptor_number() - of an entry of /proc/self/fd; -1 for "." and ".." */
static int descriptor_number(const char *name)
{
	int number = 0;

	for (; *name; name++) {
		if (*name < '0' || *name > '9')
			return -1;
		number = 10 * number + (*name - '0');
	}
	return number;
}

/** close_listed() - what close_range() does, for kernels before 5.9 and filters that hide it */
static int close_listed(void)
{
	int directory = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool closed;

	if (directory < 0)
		return -errno;
	/* What is closed while the directory is read moves the rest: again until none is. */
	do {
		struct entries entries = { .fd = directory };
		const char *name;
		int rc;

		closed = false;
		if (lseek(directory, 0, SEEK_SET) < 0)
			return -errno;
		while ((rc = entries_next(&entries, &name)) > 0) {
			int fd = descriptor_number(name);

			if (fd > 2 && fd != directory)
				closed |= close(fd) == 0;
		}
		if (rc < 0)
			return rc;
	} while (closed);
	close(directory);
	return 0;
}

static int close_others(struct descent *descent)
{
	(void)descent;
#ifdef SYS_close_range
	if (syscall(SYS_close_range, 3U, ~0U, 0U) == 0)
		return 0;
#endif
	return close_listed();
}

static int open_program(struct descent *descent)
{
	descent->program_fd = open(descent->program, O_PATH | O_CLOEXEC);
	return descent->program_fd < 0 ? -errno : 0;
}

static int look_at_program(struct descent *descent)
{
	return fstat(descent->program_fd, &descent->program_status) < 0 ? -errno : 0;
}

static int check_program_type(struct descent *descent)
{
	if (S_ISDIR(descent->program_status.st_mode))
		return -EISDIR;
	return S_ISREG(descent->program_status.st_mode) ? 0 : -EACCES;
}

static int check_program_owner(struct descent *descent)
{
	const struct stat *st = &descent->program_status;

	return st->st_uid == 0 && !(st->st_mode & (S_IWGRP | S_IWOTH)) ? 0 : -EPERM;
}

static int repair_state(struct descent *descent)
{
	return places_repair_state(descent->uid, descent->gid);
}

/**
 * enter_pins() - to the mount namespace in which pins are kept, unless that is the host's
 *
 * As long as the helper lives it holds the lock: nobody takes the namespace away meanwhile.
 */
static int enter_pins(struct descent *descent)
{
	int lock_fd, rc = pinspace_enter(descent->private_pins, &descent->failed_step, &lock_fd);

	if (rc < 0 || lock_fd < 0)
		return rc;
	return fcntl(lock_fd, F_SETFD, 0) < 0 ? -errno : 0;
}

static int repair_pins(struct descent *descent)
{
	return places_repair_pins(descent->gid);
}

static int mount_pins(struct descent *descent)
{
	(void)descent;
	return places_mount_pins();
}

/**
 * set_alarm() - the program ends at this time, whatever has become of who waits for it
 *
 * A helper that is frozen with its client would hold the lock of a carrel. The signal ends frozen
 * processes, too.
 */
static int set_alarm(struct descent *descent)
{
	const struct itimerval timer = {
		.it_value = {
			.tv_sec = descent->lifetime_ms / 1000,
			.tv_usec = descent->lifetime_ms % 1000 * 1000,
		},
	};

	return setitimer(ITIMER_REAL, &timer, NULL) < 0 ? -errno : 0;
}

static int find_net_admin(struct descent *descent)
{
	(void)descent;
	return prctl(PR_CAPBSET_READ, CAP_NET_ADMIN, 0, 0, 0) == 1 ? 0 : -EPERM;
}

static int find_sys_admin(struct descent *descent)
{
	(void)descent;
	return prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) == 1 ? 0 : -EPERM;
}

/** narrow_bounding_set() - no program that the helper could start would get more than the two */
static int narrow_bounding_set(struct descent *descent)
{
	(void)descent;
	for (unsigned long capability = 0;; capability++) {
		if (capability == CAP_NET_ADMIN || capability == CAP_SYS_ADMIN)
			continue;
		/* EINVAL: past the last one that this kernel knows. */
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
			return errno == EINVAL ? 0 : -errno;
	}
}

static int become_account(struct descent *descent)
{
	/* Else the change of uid would take the capabilities away. */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return -errno;
	if (syscall(RAW_SETGROUPS, 0, NULL) < 0 ||
	    syscall(RAW_SETRESGID, descent->gid, descent->gid, descent->gid) < 0 ||
	    syscall(RAW_SETRESUID, descent->uid, descent->uid, descent->uid) < 0)
		return -errno;
	return 0;
}

static int keep_capabilities(struct descent *descent)
{
	const uint32_t kept = 1U << CAP_NET_ADMIN | 1U << CAP_SYS_ADMIN;
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{ .effective = kept, .permitted = kept, .inheritable = kept },
	};

	(void)descent;
	if (syscall(SYS_capset, &header, data) < 0)
		return -errno;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0) < 0 ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0) < 0)
		return -errno;
	return 0;
}

/** unblock_signals() - those of glibc's own too, which sigprocmask would keep from us */
static int unblock_signals(struct descent *descent)
{
	const uint64_t none[2] = { 0 };         /* mips has 128 signals */

	(void)descent;
	return syscall(SYS_rt_sigprocmask, SIG_SETMASK, none, NULL, NSIG / 8) < 0 ? -errno : 0;
}

/**
 * unblock_helper_signals() - those that were reset: of any other the application's handler would run
 *
 * The helper unblocks the rest: execve has taken the handlers away by then.
 */
static int unblock_helper_signals(struct descent *descent)
{
	uint64_t blocked[2] = { UINT64_MAX, UINT64_MAX };

	(void)descent;
	for (size_t i = 0; i < sizeof(helper_signals) / sizeof(helper_signals[0]); i++)
		blocked[0] &= ~(UINT64_C(1) << (helper_signals[i] - 1));
	return syscall(SYS_rt_sigprocmask, SIG_SETMASK, blocked, NULL, NSIG / 8) < 0 ? -errno : 0;
}

/** become_root() - whoever started a setuid application must not be able to signal the program */
static int become_root(struct descent *descent)
{
	(void)descent;
	if (syscall(RAW_SETGROUPS, 0, NULL) < 0 || syscall(RAW_SETRESGID, 0, 0, 0) < 0 ||
	    syscall(RAW_SETRESUID, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

/** execute_program() - the very file that was checked; returns only on failure */
static int execute_program(struct descent *descent)
{
	char *const environment[] = { NULL };

	syscall(SYS_execveat, descent->program_fd, "", descent->arguments, environment,
		AT_EMPTY_PATH);
	return -errno;
}

struct step {
	const char *what;
	int (*run)(struct descent *descent);
};

#define INSTALL_AGAIN "install carrel again (make install)"
#define LET_KEEP_CAPABILITY "let whoever opens sessions keep it: CapabilityBoundingSet= of the " \
			    "service, or what the container takes away"

/* What to do when a step fails, where that can be told. */
static const struct remedy {
	int (*run)(struct descent *descent);
	const char *text;
} remedies[] = {
	{ open_program, INSTALL_AGAIN },
	{ check_program_type, INSTALL_AGAIN },
	{ check_program_owner, "make it so: chown root:root, chmod 0755" },
	{ find_net_admin, LET_KEEP_CAPABILITY },
	{ find_sys_admin, LET_KEEP_CAPABILITY },
	{ execute_program, INSTALL_AGAIN },
};

/** remedy_of() - for @step; NULL: none in particular */
static const char *remedy_of(const struct step *step)
{
	for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++)
		if (remedies[i].run == step->run)
			return remedies[i].text;
	return NULL;
}

/* The first part of both ways. */
static const struct step steps_to_program[] = {
	{ "needing root's rights", is_root },
	{ "leaving the terminal", leave_terminal },
	{ "entering the mount namespace of process 1", enter_host_mounts },
	{ "leaving the control group", leave_cgroup },
	{ "entering the network namespace of process 1", enter_host_network },
	{ "changing to the root directory", leave_directories },
	{ "setting limits", set_limits },
	{ "connecting descriptors 0, 1 and 2", connect_standard },
	{ "closing other descriptors", close_others },
	{ "opening it", open_program },
	{ "looking at it", look_at_program },
	{ "checking that it is a regular file", check_program_type },
	{ "checking that it belongs to root and nobody else may write to it", check_program_owner },
	{ NULL, NULL },
};

static const struct step steps_to_helper[] = {
	{ "resetting signals", reset_helper_signals },
	{ "preparing " PATH_STATE, repair_state },
	{ "going to where pins are", enter_pins },
	{ "preparing " PATH_PINS, repair_pins },
	{ "making " PATH_PINS " a mount point", mount_pins },
	{ "looking for CAP_NET_ADMIN in the capability bounding set", find_net_admin },
	{ "looking for CAP_SYS_ADMIN in the capability bounding set", find_sys_admin },
	{ "narrowing the capability bounding set (needs CAP_SETPCAP)", narrow_bounding_set },
	{ "changing to the account " HELPER_USER, become_account },
	{ "keeping CAP_NET_ADMIN and CAP_SYS_ADMIN", keep_capabilities },
	{ "unblocking signals", unblock_helper_signals },
	{ "setting its alarm", set_alarm },
	{ "executing it as the account " HELPER_USER, execute_program },
	{ NULL, NULL },
};

static const struct step steps_to_command[] = {
	{ "resetting signals", reset_signals },
	{ "changing to root's account", become_root },
	{ "unblocking signals", unblock_signals },
	{ "executing it as root", execute_program },
	{ NULL, NULL },
};

/** take_steps() - Return: all were done */
static bool take_steps(struct descent *descent, const struct step *step)
{
	for (; step->run; step++) {
		int rc = step->run(descent);

		if (rc < 0) {
			descent->remedy = remedy_of(step);
			/* A step that has steps of its own says which of them. */
			if (!descent->failed_step)
				descent->failed_step = step->what;
			descent->errnum = -rc;
			return false;
		}
	}
	return true;
}

void descent_leave_user(void)
{
	/* Where it is refused, the first step says why. */
	(void)syscall(RAW_SETRESUID, 0, 0, 0);
}

void descent_run(struct descent *descent)
{
	if (take_steps(descent, steps_to_program))
		(void)take_steps(descent, descent->uid ? steps_to_helper : steps_to_command);
}
