/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/state.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/paths.h"
#include "state/textfile.h"

static const char *const subdirectories[] = { "carrels", "locks", "sessions", "addresses", "valid" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/**
 * owner_trusted() - may what is in this directory be believed?
 *
 * The helper's account is not looked up: that would ask the name services. Whoever else owns
 * the directory was made its owner by root when only root may write where it stands, as in /run.
 */
static bool owner_trusted(int fd, const struct stat *st)
{
	struct stat parent;

	if (st->st_uid == 0 || st->st_uid == geteuid())
		return true;
	return fstatat(fd, "..", &parent, 0) == 0 && parent.st_uid == 0 &&
	       !(parent.st_mode & (S_IWGRP | S_IWOTH));
}

/** make_subdirectory() - unless it is there; it gets the owner of the state directory */
static int make_subdirectory(int fd, const struct stat *st, const char *name,
			     struct carrel_error *err)
{
	if (mkdirat(fd, name, 0755)) {
		if (errno == EEXIST)
			return 0;
		return error_set_errno(err, errno, "cannot make directory %s", name);
	}
	/* Neither root nor an odd umask must shut the helper, or readers, out of it. */
	if (fchmodat(fd, name, 0755, 0) ||
	    (st->st_uid != geteuid() &&
	     fchownat(fd, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW)))
		return error_set_errno(err, errno, "cannot set owner and mode of directory %s",
				       name);
	return 0;
}

int state_open(const char *path, bool create, int *ret_fd, struct carrel_error *err)
{
	FD_CLEANUP int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return error_set_errno(err, errno, "cannot open %s", path);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return error_set(err, EPERM, "%s may be written by others than its owner "
				 "(mode %04o): chmod go-w it", path, st.st_mode & 07777);
	if (!owner_trusted(fd, &st))
		return error_set(err, EPERM, "%s belongs to uid %u, and others than root may "
				 "write the directory it is in", path, st.st_uid);
	/* Each directory in it is a link to it, where the file system counts them: tmpfs does. */
	if (st.st_nlink >= 2 + COUNT(subdirectories))
		create = false;
	for (size_t i = 0; create && i < COUNT(subdirectories); i++) {
		int rc = make_subdirectory(fd, &st, subdirectories[i], err);
		if (rc)
			return error_wrap(err, rc, "%s", path);
	}
	*ret_fd = fd_steal(&fd);
	return 0;
}

/**
 * link_lock_file() - make a lock file as root for an account that is not
 *
 * Created in its place it would belong to root for a moment, in which the helper could not
 * open it and a login would fail. So it gets its owner before its name.
 *
 * Return: 0 or -errno; somebody else's file may then stand at @path
 */
static int link_lock_file(int state_fd, const char *path, const struct stat *owner)
{
	char temporary[TEXTFILE_PATH_SIZE];
	int rc = 0;

	textfile_path(temporary, "locks/" TEXTFILE_TEMPORARY "%d", getpid());
	FD_CLEANUP int fd = openat(state_fd, temporary,
				   O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (fchown(fd, owner->st_uid, owner->st_gid) ||
	    (linkat(state_fd, temporary, state_fd, path, 0) && errno != EEXIST))
		rc = -errno;
	unlinkat(state_fd, temporary, 0);
	return rc;
}

/** open_lock_file() - made when it is missing, never removed: two could lock two files then */
static int open_lock_file(int state_fd, uid_t uid)
{
	const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW;
	char path[TEXTFILE_PATH_SIZE];
	struct stat st;

	textfile_path(path, "locks/%u", uid);
	int fd = openat(state_fd, path, flags);
	if (fd < 0 && errno == ENOENT) {
		if (fstat(state_fd, &st))
			return -errno;
		int rc = st.st_uid == geteuid() ? 0 : link_lock_file(state_fd, path, &st);
		if (rc)
			return rc;
		/* 0600: who may open it may lock it, and keep a user from logging in. */
		fd = openat(state_fd, path, flags | O_CREAT, 0600);
	}
	return fd < 0 ? -errno : fd;
}

/** lock() - flock(2) the lock file of @uid */
static int lock(int state_fd, uid_t uid, int operation, int *ret_fd, struct carrel_error *err)
{
	FD_CLEANUP int fd = open_lock_file(state_fd, uid);
	int rc;

	if (fd < 0)
		return error_set_errno(err, -fd, "cannot open the lock " PATH_STATE "/locks/%u (what is "
				       "there is not all of the account " HELPER_USER ": 'chown -R "
				       HELPER_USER ": " PATH_STATE "', or take it away)", uid);
	do
		rc = flock(fd, operation);
	while (rc && errno == EINTR);
	if (rc)
		return error_set_errno(err, errno, "cannot lock the carrel of uid %u", uid);
	*ret_fd = fd_steal(&fd);
	return 0;
}

int state_lock(int state_fd, uid_t uid, int *ret_fd, struct carrel_error *err)
{
	return lock(state_fd, uid, LOCK_EX, ret_fd, err);
}

int state_lock_try(int state_fd, uid_t uid, int *ret_fd, struct carrel_error *err)
{
	return lock(state_fd, uid, LOCK_EX | LOCK_NB, ret_fd, err);
}
