/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directories that the helper works in: tmpfiles.d makes them at boot, and whoever starts a
 * helper repairs them.
 *
 * Context of all: effective uid 0, in the host's mount namespace, and perhaps in memory that is
 * shared with the application (pam/descent.h): plain system calls only, no allocation, no lock.
 * Return, unless it is said: 0 or -errno.
 */
#ifndef CARREL_PAM_PLACES_H
#define CARREL_PAM_PLACES_H

#include <sys/types.h>

/**
 * places_repair() - make sure that @path is a directory of @uid and @gid with @mode
 *
 * tmpfiles.d makes the usual ones at boot; this is for a machine where that has not run since
 * the installation, or where ip(8) made /run/netns first.
 */
int places_repair(const char *path, uid_t uid, gid_t gid, mode_t mode);

/**
 * places_take_turn() - flock() @fd, for others may be making or using what it stands for
 *
 * For a while only: who holds it longer is no reason to keep users out.
 */
void places_take_turn(int fd, int operation);

/** places_is_mounted() - is something mounted at @path itself? 1, 0 or -errno; as fstatat(2) */
int places_is_mounted(int directory_fd, const char *path);

/** places_repair_state() - /run/carrel is there, and the helper's */
int places_repair_state(uid_t uid, gid_t gid);

/**
 * places_repair_pins() - /run/netns is there, and its group is the helper's
 *
 * It is root's, as ip(8) expects; and sticky, so that the helper removes only its own pins.
 */
int places_repair_pins(gid_t gid);

/**
 * places_mount_pins() - /run/netns is a shared mount of itself, as ip(8) makes it
 *
 * ip(8) does it at its first use; a pin that is already there would then be mounted twice, once
 * below and out of reach, and could not be removed. So would it be if two logins did it.
 */
int places_mount_pins(void);

#endif
