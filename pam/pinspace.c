/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Whoever makes a mount namespace on the host copies every mount there is: with thousands of
 * pins among them that takes milliseconds. So pins can be kept elsewhere:
 *
 *	host's mount namespace			the one of carrel's own
 *	/run/netns, of ip(8)			/run/netns, a tmpfs with the pins of carrels
 *	/run/carrel-pins, a private mount
 *	/run/carrel-pins/mounts, the namespace
 *	/run/carrel-pins/lock
 *
 * All else in it is the host's, and follows the host (MS_SLAVE). A mount of a mount namespace
 * keeps that alive, and must be on a private mount: the kernel refuses one that would get into the
 * namespace itself. The directory is root's alone, not the helper's: root goes where it says.
 *
 * One place is in force for everybody, so that no carrel is lost to an edit of the word: where the
 * namespace is, it; else, where a carrel is pinned on the host, the host; else what carrel.conf
 * says. Whoever is in the namespace to pin holds a shared lock, who makes it or takes it away an
 * exclusive one; and who waited for it looks again.
 *
 * The namespace is bound last: killed before that, nothing is left of it.
 */
#include "pam/pinspace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/paths.h"
#include "pam/entries.h"
#include "pam/places.h"

#define LOCK_FILE PATH_PINSPACE "/lock"
#define OWN_MOUNTS "/proc/self/ns/mnt"

/* A number known beforehand needs no formatting; above those that a launcher's child has open. */
#define BOUND_FD      9
#define BOUND_FD_PATH "/proc/self/fd/9"

/* "carrel gc" would have to take it away each time. */
#define ATTEMPTS 3

/* The namespace that is being made. */
struct making {
	int host_fd, new_fd;            /* -1: not yet */
};

/** is_mounts() - is @fd on a mount namespace? 1, 0 or -errno */
static int is_mounts(int fd)
{
	struct statfs status;

	if (fstatfs(fd, &status) < 0)
		return -errno;
	if (status.f_type != NSFS_MAGIC)
		return 0;
	int type = ioctl(fd, NS_GET_NSTYPE);
	return type < 0 ? -errno : type == CLONE_NEWNS;
}

int pinspace_open(int *ret_fd)
{
	int fd = open(PINSPACE_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	int rc = is_mounts(fd);
	if (rc <= 0) {
		close(fd);
		return rc < 0 ? rc : -ENOENT;
	}
	*ret_fd = fd;
	return 0;
}

/** go() - to the namespace, if it is there; 0, -ENOENT or -errno */
static int go(void)
{
	int fd, rc = pinspace_open(&fd);

	if (rc < 0)
		return rc;
	rc = setns(fd, CLONE_NEWNS) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

/** has_pin() - in /run/netns of this mount namespace: a mount of the name of one; 1, 0 or -errno */
static int has_pin(void)
{
	static const char prefix[] = "carrel-";
	int rc, directory = open(PATH_PINS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct entries entries = { .fd = directory };
	const char *name;

	if (directory < 0)
		return errno == ENOENT ? 0 : -errno;
	while ((rc = entries_next(&entries, &name)) > 0) {
		if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
			continue;
		rc = places_is_mounted(directory, name);
		/* One that is gone meanwhile is none. */
		if (rc != 0 && rc != -ENOENT)
			break;
	}
	close(directory);
	return rc;
}

int pinspace_has_visible(void)
{
	return has_pin();
}

/** mount_directory() - also where a login was killed in between: it may be mounted, but not private */
static int mount_directory(struct making *making)
{
	int rc = places_is_mounted(AT_FDCWD, PATH_PINSPACE);

	(void)making;
	if (rc < 0)
		return rc;
	if (rc == 0 && mount(PATH_PINSPACE, PATH_PINSPACE, "none", MS_BIND, NULL) < 0)
		return -errno;
	return mount("", PATH_PINSPACE, "none", MS_PRIVATE, NULL) < 0 ? -errno : 0;
}

/** make_file() - for the namespace to be bound to. Mode 0, as ip(8) makes those of its own */
static int make_file(struct making *making)
{
	int fd = open(PINSPACE_FILE, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0);

	(void)making;
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int make_namespace(struct making *making)
{
	making->host_fd = open(OWN_MOUNTS, O_RDONLY | O_CLOEXEC);
	if (making->host_fd < 0 || unshare(CLONE_NEWNS) < 0)
		return -errno;
	return 0;
}

static int follow_host(struct making *making)
{
	(void)making;
	return mount("", "/", "none", MS_SLAVE | MS_REC, NULL) < 0 ? -errno : 0;
}

/** mount_pins() - empty, over the host's; the helper's directory is made of it later */
static int mount_pins(struct making *making)
{
	(void)making;
	if (mkdir(PATH_PINS, 0755) < 0 && errno != EEXIST)
		return -errno;
	return mount("carrel-pins", PATH_PINS, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		     "mode=0755") < 0 ? -errno : 0;
}

static int return_to_host(struct making *making)
{
	int fd = open(OWN_MOUNTS, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	making->new_fd = dup3(fd, BOUND_FD, O_CLOEXEC);
	int rc = making->new_fd < 0 ? -errno : 0;
	close(fd);
	if (rc < 0)
		return rc;
	return setns(making->host_fd, CLONE_NEWNS) < 0 ? -errno : 0;
}

static int bind_namespace(struct making *making)
{
	(void)making;
	return mount(BOUND_FD_PATH, PINSPACE_FILE, "none", MS_BIND, NULL) < 0 ? -errno : 0;
}

static const struct step {
	const char *what;
	int (*run)(struct making *making);
} steps[] = {
	{ "making " PATH_PINSPACE " a private mount, for 'pins private'", mount_directory },
	{ "making " PINSPACE_FILE ", for 'pins private'", make_file },
	{ "making a mount namespace, for 'pins private'", make_namespace },
	{ "letting a mount namespace follow the host's, for 'pins private'", follow_host },
	{ "mounting " PATH_PINS " in a mount namespace, for 'pins private'", mount_pins },
	{ "returning to the host's mount namespace, for 'pins private'", return_to_host },
	{ "binding a mount namespace to " PINSPACE_FILE ", for 'pins private'", bind_namespace },
};

/** fail() - Return: @rc, for @what */
static int fail(const char *what, int rc, const char **ret_failed)
{
	*ret_failed = what;
	return rc;
}

/** take_steps() - 0, or -errno with what failed */
static int take_steps(const char **ret_failed)
{
	struct making making = { .host_fd = -1, .new_fd = -1 };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(steps) / sizeof(steps[0]); i++) {
		rc = steps[i].run(&making);
		if (rc < 0)
			fail(steps[i].what, rc, ret_failed);
	}
	if (making.host_fd >= 0)
		close(making.host_fd);
	if (making.new_fd >= 0)
		close(making.new_fd);
	return rc;
}

/**
 * take_steps_elsewhere() - take_steps(), on another processor where this one is refused
 *
 * To have no loops, the kernel lets a mount namespace be mounted only in an older one. Since Linux
 * 6.18 it tells the age by a number of which each processor has a supply of its own: what one of
 * them made may look older than what another made long before. On the one that made the
 * host's, it never does; and the first namespace of a machine is older than all.
 */
static int take_steps_elsewhere(const char **ret_failed)
{
	int rc = take_steps(ret_failed);
	cpu_set_t before, one;

	if (rc != -EINVAL || sched_getaffinity(0, sizeof(before), &before) < 0)
		return rc;
	/* All that there are, not only those that the application was given. */
	for (size_t i = 0; rc == -EINVAL && i < CPU_SETSIZE; i++) {
		CPU_ZERO(&one);
		CPU_SET(i, &one);
		if (sched_setaffinity(0, sizeof(one), &one) == 0)
			rc = take_steps(ret_failed);
	}
	(void)sched_setaffinity(0, sizeof(before), &before);
	return rc;
}

/** make() - the namespace, unless somebody else has by now; 0, or -errno with what failed */
static int make(const char **ret_failed)
{
	int fd, rc = places_repair(PATH_PINSPACE, 0, 0, 0755);

	if (rc < 0)
		return fail("preparing " PATH_PINSPACE ", for 'pins private'", rc, ret_failed);
	/* Nobody but root may keep others waiting. */
	int lock_fd = open(LOCK_FILE, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (lock_fd < 0)
		return fail("making " LOCK_FILE ", for 'pins private'", -errno, ret_failed);
	places_take_turn(lock_fd, LOCK_EX);
	rc = pinspace_open(&fd);
	if (rc == 0)
		close(fd);
	else if (rc == -ENOENT)
		rc = take_steps_elsewhere(ret_failed);
	else
		fail("looking at " PINSPACE_FILE, rc, ret_failed);
	close(lock_fd);
	return rc;
}

/**
 * go_locked() - to the namespace, if it is there
 *
 * Return: 0 with the lock; -ENOENT; -errno
 */
static int go_locked(int *ret_lock_fd)
{
	int lock_fd = open(LOCK_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	/* On most hosts that is all. ENOTDIR: what stands there is in the way of private pins only. */
	if (lock_fd < 0)
		return errno == ENOTDIR ? -ENOENT : -errno;
	places_take_turn(lock_fd, LOCK_SH);
	int rc = go();
	if (rc < 0)
		close(lock_fd);
	else
		*ret_lock_fd = lock_fd;
	return rc;
}

int pinspace_enter(bool private_pins, const char **ret_failed, int *ret_lock_fd)
{
	const char *failed;

	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		int rc = go_locked(ret_lock_fd);

		if (rc == 0)
			return 0;
		if (rc != -ENOENT)
			return fail("entering the mount namespace " PINSPACE_FILE, rc, ret_failed);
		rc = private_pins ? has_pin() : 1;
		if (rc < 0)
			return fail("looking for pins in " PATH_PINS, rc, ret_failed);
		if (rc > 0) {
			*ret_lock_fd = -1;
			return 0;
		}
		rc = make(&failed);
		if (rc < 0)
			return fail(failed, rc, ret_failed);
	}
	return fail("making " PINSPACE_FILE ", which somebody takes away each time", -EAGAIN,
		    ret_failed);
}

/** is_empty() - look into the namespace @fd; 1 or 0, back in the host's; -errno */
static int is_empty(int fd)
{
	int host_fd = open(OWN_MOUNTS, O_RDONLY | O_CLOEXEC);

	if (host_fd < 0)
		return -errno;
	int rc = setns(fd, CLONE_NEWNS) < 0 ? -errno : has_pin();
	if (setns(host_fd, CLONE_NEWNS) < 0)
		rc = -errno;
	close(host_fd);
	return rc < 0 ? rc : !rc;
}

/** drop_locked() - pinspace_drop(), while nobody else is there */
static int drop_locked(void)
{
	int fd, rc = pinspace_open(&fd);

	/* Somebody unmounted it; no carrel is hidden there any more. */
	if (rc == -ENOENT)
		(void)unlink(PINSPACE_FILE);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	rc = is_empty(fd);
	close(fd);
	if (rc <= 0)
		return rc;
	/* The last reference: the kernel clears up behind it. */
	if (umount2(PINSPACE_FILE, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 || unlink(PINSPACE_FILE) < 0)
		return -errno;
	return 1;
}

int pinspace_drop(void)
{
	int lock_fd = open(LOCK_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), rc = 0;

	if (lock_fd < 0)
		return errno == ENOENT ? 0 : -errno;
	/* Whoever has it pins, or is about to: there is another time. */
	if (flock(lock_fd, LOCK_EX | LOCK_NB) == 0)
		rc = drop_locked();
	close(lock_fd);
	return rc;
}
