/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/hostns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/paths.h"
#include "pam/pinspace.h"

#define OWN_MOUNTS "/proc/self/ns/mnt"

/** enter() - the namespace @host, unless it is @own */
static int enter(const char *own_path, const char *host_path, int type, struct carrel_error *err)
{
	FD_CLEANUP int fd = open(host_path, O_RDONLY | O_CLOEXEC);
	struct stat own, host;

	if (fd < 0 || fstat(fd, &host) < 0 || stat(own_path, &own) < 0)
		return error_set_errno(err, errno, "looking at %s", host_path);
	if (own.st_ino != host.st_ino && setns(fd, type) < 0)
		return error_set_errno(err, errno, "entering %s", host_path);
	return 0;
}

/** enter_mounts() - the mounts of the machine's first process */
static int enter_mounts(struct carrel_error *err)
{
	return enter(OWN_MOUNTS, "/proc/1/ns/mnt", CLONE_NEWNS, err);
}

int hostns_enter(struct carrel_error *err)
{
	int rc = enter_mounts(err);

	return rc < 0 ? rc : enter("/proc/self/ns/net", "/proc/1/ns/net", CLONE_NEWNET, err);
}

/** enter_pins() - where pins are private, go there; 0; -ENOENT: not seen from here; -errno */
static int enter_pins(struct carrel_error *err)
{
	FD_CLEANUP int fd = -1;
	int rc = pinspace_open(&fd);

	if (rc < 0)
		return error_set_errno(err, -rc, "looking at %s", PINSPACE_FILE);
	if (setns(fd, CLONE_NEWNS) < 0)
		return error_set_errno(err, errno, "entering %s", PINSPACE_FILE);
	return 0;
}

/** enter_pins_if_private() - from the host's mount namespace to where pins are; 0 or -errno */
static int enter_pins_if_private(struct carrel_error *err)
{
	int rc = enter_pins(err);

	return rc == -ENOENT ? 0 : rc;
}

int hostns_enter_pins(struct carrel_error *err)
{
	int rc = hostns_enter(err);

	return rc < 0 ? rc : enter_pins_if_private(err);
}

int hostns_visit_pins(struct hostns_visit *ret_visit, struct carrel_error *err)
{
	*ret_visit = (struct hostns_visit){ .mounts_fd = -1, .directory_fd = -1 };
	if (access(PINSPACE_FILE, F_OK) < 0)
		return 0;
	if (geteuid() != 0)
		return error_set(err, EPERM, "pins are private here: only root sees them");
	ret_visit->directory_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ret_visit->mounts_fd = open(OWN_MOUNTS, O_RDONLY | O_CLOEXEC);
	if (ret_visit->directory_fd < 0 || ret_visit->mounts_fd < 0)
		return error_set_errno(err, errno, "looking for the way back from %s", PINSPACE_FILE);
	/* Most are on the host; not all who are have the right to compare themselves with process 1. */
	int rc = enter_pins(err);
	if (rc != -ENOENT)
		return rc;
	rc = enter_mounts(err);
	return rc < 0 ? rc : enter_pins_if_private(err);
}

void hostns_leave_pins(struct hostns_visit *visit)
{
	bool back = visit->mounts_fd >= 0 && visit->directory_fd >= 0 &&
		    setns(visit->mounts_fd, CLONE_NEWNS) == 0 && fchdir(visit->directory_fd) == 0;

	(void)back;             /* the worst is a path that is looked for below / */
	fd_close(&visit->mounts_fd);
	fd_close(&visit->directory_fd);
}
