/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pam/places.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/paths.h"

/* Far longer than two mounts take, far shorter than a login's deadline. */
#define TURN_STEP_MS 10
#define TURN_STEPS   100

/**
 * repair_directory() - make sure that @path is a directory of @uid and @gid with @mode
 *
 * tmpfiles.d makes it at boot; this is for a machine where that has not run since the
 * installation, or where ip(8) made /run/netns first.
 */
static int repair_directory(const char *path, uid_t uid, gid_t gid, mode_t mode)
{
	struct stat st;
	int rc = 0;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		rc = -errno;
	if (rc == 0 && (st.st_uid != uid || st.st_gid != gid) && fchown(fd, uid, gid) < 0)
		rc = -errno;
	if (rc == 0 && (st.st_mode & ALLPERMS) != mode && fchmod(fd, mode) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

int places_repair_state(uid_t uid, gid_t gid)
{
	return repair_directory(PATH_STATE, uid, gid, 0755);
}

int places_repair_pins(gid_t gid)
{
	return repair_directory(PATH_PINS, 0, gid, 01775);
}

/** is_mounted() - is /run/netns a mount? 1, 0 or -errno */
static int is_mounted(void)
{
	struct statx status;

	if (statx(AT_FDCWD, PATH_PINS, AT_SYMLINK_NOFOLLOW, STATX_INO, &status) < 0)
		return -errno;
	return status.stx_attributes & STATX_ATTR_MOUNT_ROOT ? 1 : 0;
}

/**
 * take_turn() - let others finish who are making the mount: ip(8) takes this lock, too
 *
 * For a while: whoever may open the directory may hold the lock, and is not to keep users out.
 */
static void take_turn(int directory)
{
	const struct timespec step = { .tv_nsec = TURN_STEP_MS * 1000000L };

	for (int i = 0; i < TURN_STEPS && flock(directory, LOCK_EX | LOCK_NB) < 0; i++)
		nanosleep(&step, NULL);
}

int places_mount_pins(void)
{
	int rc = is_mounted();

	if (rc != 0)
		return rc < 0 ? rc : 0;
	int directory = open(PATH_PINS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		return -errno;
	take_turn(directory);
	rc = is_mounted();
	if (rc == 0 && (mount(PATH_PINS, PATH_PINS, "none", MS_BIND | MS_REC, NULL) < 0 ||
			mount("", PATH_PINS, "none", MS_SHARED | MS_REC, NULL) < 0))
		rc = -errno;
	close(directory);
	return rc < 0 ? rc : 0;
}
