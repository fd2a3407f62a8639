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

int places_repair(const char *path, uid_t uid, gid_t gid, mode_t mode)
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
	return places_repair(PATH_STATE, uid, gid, 0755);
}

int places_repair_pins(gid_t gid)
{
	return places_repair(PATH_PINS, 0, gid, 01775);
}

int places_is_mounted(int directory_fd, const char *path)
{
	struct statx status;

	if (statx(directory_fd, path, AT_SYMLINK_NOFOLLOW, STATX_INO, &status) < 0)
		return -errno;
	return status.stx_attributes & STATX_ATTR_MOUNT_ROOT ? 1 : 0;
}

void places_take_turn(int fd, int operation)
{
	const struct timespec step = { .tv_nsec = TURN_STEP_MS * 1000000L };

	for (int i = 0; i < TURN_STEPS && flock(fd, operation | LOCK_NB) < 0; i++)
		nanosleep(&step, NULL);
}

int places_mount_pins(void)
{
	int rc = places_is_mounted(AT_FDCWD, PATH_PINS);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	int directory = open(PATH_PINS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		return -errno;
	/* ip(8) takes this lock, too, when it makes the mount. */
	places_take_turn(directory, LOCK_EX);
	rc = places_is_mounted(AT_FDCWD, PATH_PINS);
	if (rc == 0 && (mount(PATH_PINS, PATH_PINS, "none", MS_BIND | MS_REC, NULL) < 0 ||
			mount("", PATH_PINS, "none", MS_SHARED | MS_REC, NULL) < 0))
		rc = -errno;
	close(directory);
	return rc < 0 ? rc : 0;
}
