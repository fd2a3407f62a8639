/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where pins and links are, whoever asks. */
#ifndef CARREL_CLI_HOSTNS_H
#define CARREL_CLI_HOSTNS_H

struct carrel_error;

/**
 * hostns_enter() - the namespaces of process 1: who runs the command may be in a carrel
 * Return: 0 or -errno
 * Context: root
 */
int hostns_enter(struct carrel_error *err);

/**
 * hostns_enter_pins() - hostns_enter(), and on to where pins are
 *
 * With "pins private" that is a mount namespace of carrel's own, where all else is as on the host.
 *
 * Return: 0 or -errno
 * Context: root
 */
int hostns_enter_pins(struct carrel_error *err);

/* The way back. */
struct hostns_visit {
	int mounts_fd, directory_fd;    /* owned; -1: it is where it was */
};

#define HOSTNS_VISIT_CLEANUP __attribute__((cleanup(hostns_leave_pins)))

/**
 * hostns_visit_pins() - be where pins are, if that is another mount namespace, for a while
 * @ret_visit:	to be given to hostns_leave_pins(), also on failure
 *
 * Return: 0; -EPERM when only root sees them; -errno
 */
int hostns_visit_pins(struct hostns_visit *ret_visit, struct carrel_error *err);

/** hostns_leave_pins() - be in the mount namespace and the directory that @visit began in */
void hostns_leave_pins(struct hostns_visit *visit);

#endif
