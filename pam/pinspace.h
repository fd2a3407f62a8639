/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mount namespace of carrel's own in which pins are, where carrel.conf says "pins private":
 * the host has no mount for them then. See the Theory of operation in pinspace.c.
 *
 * Context of all: effective uid 0, CAP_SYS_ADMIN and CAP_SYS_CHROOT, in the host's mount namespace.
 */
#ifndef CARREL_PAM_PINSPACE_H
#define CARREL_PAM_PINSPACE_H

#include <stdbool.h>

/* The namespace, while it is there; the file may stay without it. In PATH_PINSPACE. */
#define PINSPACE_FILE PATH_PINSPACE "/mounts"

/**
 * pinspace_enter() - go to where pins are
 * @private_pins:	where there is no pin yet, they are to be kept from the host
 * @ret_failed:	on failure: at what, a static text
 * @ret_lock_fd:	on success: as long as it is open (it is close-on-exec), nobody takes the namespace
 *		away; owned by the caller. -1: pins are in the host's mount namespace, and so is
 *		the caller
 *
 * Return: 0 or -errno; then the caller may be in another mount namespace
 * Context: also as descent_run(), in memory that is shared with the application
 */
int pinspace_enter(bool private_pins, const char **ret_failed, int *ret_lock_fd);

/**
 * pinspace_open() - a descriptor of the namespace, to look at pins by
 * Return: 0; -ENOENT when pins are in the host's mount namespace; -errno
 */
int pinspace_open(int *ret_fd);

/**
 * pinspace_drop() - take the namespace away, unless a pin is in it or somebody is about to make one
 * Return: 1 when it was there and is gone; 0; -errno, then the caller may be in the namespace
 */
int pinspace_drop(void);

/** pinspace_has_visible() - is any carrel pinned in the host's mount namespace? 1, 0 or -errno */
int pinspace_has_visible(void);

#endif
