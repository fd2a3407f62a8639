/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/name.h"
#include "base/paths.h"

/* "/proc/self" is the process; a namespace belongs to the thread. */
#define OWN_NETNS "/proc/thread-self/ns/net"
#define OWN_USERNS "/proc/thread-self/ns/user"

#define PIN_PATH_SIZE (sizeof(PATH_PINS) + NETNS_NAME_SIZE)

static void pin_path(const char *name, char path[PIN_PATH_SIZE])
{
	(void)snprintf(path, PIN_PATH_SIZE, "%s/%s", PATH_PINS, name);
}

int netns_current(int *ret_fd, struct carrel_error *err)
{
	int fd = open(OWN_NETNS, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_set_errno(err, errno, "opening %s", OWN_NETNS);
	*ret_fd = fd;
	return 0;
}

int netns_create(int *ret_fd, struct carrel_error *err)
{
	if (unshare(CLONE_NEWNET) < 0)
		return error_set_errno(err, errno, "making a network namespace");
	return netns_current(ret_fd, err);
}

int netns_enter(int fd, struct carrel_error *err)
{
	if (setns(fd, CLONE_NEWNET) < 0)
		return error_set_errno(err, errno, "entering a network namespace");
	return 0;
}

/* Is @fd on a network namespace? 1, 0 or -errno */
static int is_netns(int fd)
{
	struct statfs status;
	int type;

	if (fstatfs(fd, &status) < 0)
		return -errno;
	if (status.f_type != NSFS_MAGIC)
		return 0;
	type = ioctl(fd, NS_GET_NSTYPE);
	return type < 0 ? -errno : type == CLONE_NEWNET;
}

int netns_open_pin(const char *name, int *ret_fd, struct carrel_error *err)
{
	char path[PIN_PATH_SIZE];
	FD_CLEANUP int fd = -1;
	int rc;

	pin_path(name, path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	/* A pin that is still empty has mode 0, and the helper may not override modes; or a link. */
	if (fd < 0 && (errno == EACCES || errno == ELOOP))
		return error_set(err, ENOENT, "%s is not a network namespace", path);
	if (fd < 0)
		return error_set_errno(err, errno, "opening %s", path);
	rc = is_netns(fd);
	if (rc < 0)
		return error_set_errno(err, -rc, "looking at %s", path);
	if (rc == 0)
		return error_set(err, ENOENT, "%s is not a network namespace", path);
	*ret_fd = fd_steal(&fd);
	return 0;
}

int netns_check(int fd, struct carrel_error *err)
{
	int rc = is_netns(fd);

	if (rc < 0)
		return error_set_errno(err, -rc, "looking at a namespace");
	return rc ? 0 : error_set(err, EBADMSG, "a descriptor is no network namespace");
}

int netns_is_own(int fd, struct carrel_error *err)
{
	FD_CLEANUP int owner_fd = ioctl(fd, NS_GET_USERNS);
	struct stat owner, own;

	/* EPERM: it belongs to one above, which no user makes. */
	if (owner_fd < 0 && errno == EPERM)
		return 0;
	if (owner_fd < 0 || fstat(owner_fd, &owner) < 0 || stat(OWN_USERNS, &own) < 0)
		return error_set_errno(err, errno, "asking whose a network namespace is");
	return owner.st_dev == own.st_dev && owner.st_ino == own.st_ino;
}

/* Is there a file at @path that somebody else made, and that a namespace can be bound to? */
static bool is_others(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid != geteuid();
}

/*
 * An empty file at @path. One that somebody else made, and that is not ours to remove from a
 * sticky directory, will do: what is in it is hidden.
 */
static int make_mount_point(const char *path, struct carrel_error *err)
{
	int fd, errnum;

	if (unlink(path) < 0 && errno != ENOENT) {
		errnum = errno;
		if (is_others(path))
			return 0;
		return error_set_errno(err, errnum, "removing what stands at %s (it is no namespace "
				       "and not carrel's: take it away)", path);
	}
	/* Mode 0, as ip(8) makes it: nobody can take the empty file for anything. */
	fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
	if (fd < 0)
		return error_set_errno(err, errno, "making %s", path);
	fd_close(&fd);
	return 0;
}

int netns_pin(int fd, const char *name, struct carrel_error *err)
{
	char path[PIN_PATH_SIZE], source[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
	FD_CLEANUP int taken = -1;
	int rc;

	pin_path(name, path);
	if (netns_open_pin(name, &taken, NULL) == 0)
		return error_set(err, EEXIST, "%s is taken", path);
	rc = make_mount_point(path, err);
	if (rc < 0)
		return rc;

	(void)snprintf(source, sizeof(source), "/proc/self/fd/%d", fd);
	if (mount(source, path, NULL, MS_BIND, NULL) < 0) {
		int errnum = errno;

		(void)unlink(path);
		return error_set_errno(err, errnum, "binding the namespace to %s", path);
	}
	return 0;
}

int netns_release(const char *name, struct carrel_error *err)
{
	char path[PIN_PATH_SIZE];

	pin_path(name, path);
	/* More than one when somebody bound another over it. EINVAL: not, or no longer, mounted. */
	while (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		;
	if (errno != EINVAL && errno != ENOENT)
		return error_set_errno(err, errno, "unmounting %s", path);
	(void)unlink(path);     /* netns_pin() says so when it cannot do without */
	return 0;
}

int netns_unpin(const char *name, struct carrel_error *err)
{
	char path[PIN_PATH_SIZE];
	int rc = netns_release(name, err), errnum;

	if (rc < 0)
		return rc;
	pin_path(name, path);
	errnum = unlink(path) < 0 ? errno : 0;
	if (errnum && errnum != ENOENT && !is_others(path))
		return error_set_errno(err, errnum, "removing %s", path);
	return 0;
}

void netns_clear(const char *name)
{
	char path[PIN_PATH_SIZE];
	struct stat status;

	pin_path(name, path);
	if (lstat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid())
		(void)unlink(path);     /* EBUSY while a namespace is bound to it */
}

int netns_inode(int fd, uint64_t *ret_inode, struct carrel_error *err)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return error_set_errno(err, errno, "looking at a namespace");
	*ret_inode = status.st_ino;
	return 0;
}
