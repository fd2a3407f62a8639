/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starts the helper: root's process -> the host's namespaces -> uid carrel with two
 * ambient capabilities -> execve. See the Theory of operation in launcher.c.
 */
#ifndef CARREL_PAM_LAUNCHER_H
#define CARREL_PAM_LAUNCHER_H

#include <stdbool.h>
#include <sys/types.h>

struct carrel_error;

struct launcher_child {
	int socket;     /* SOCK_SEQPACKET, connected to the helper's descriptor 0 */
	int pidfd;      /* to kill it; it is not a child of this process */
};

/**
 * launcher_start() - start @helper as the user HELPER_USER
 * @helper:	absolute path
 * @lifetime_ms:	then the kernel ends it, also when nobody waits for it any more
 * @private_pins:	where there is no pin yet, they are to be kept from the host: see pinspace.h
 * @ret_child:	both descriptors owned by the caller, close-on-exec
 *
 * The helper raises no SIGCHLD in this process and leaves no zombie in it.
 *
 * Return: 0; -errno with the stage that failed: no such account, not root, a capability
 *	   missing from the bounding set, the helper missing or not executable, ...
 * Context: effective uid 0; safe in a multi-threaded process
 */
int launcher_start(const char *helper, unsigned lifetime_ms, bool private_pins,
		   struct launcher_child *ret_child, struct carrel_error *err);

/**
 * launcher_start_gc() - start "@command gc" as root, in the same quiet way; nobody hears of its end
 * @command:	absolute path
 * @config:	of carrel.conf; NULL: the built-in one
 *
 * Return: 0 once it runs; -errno with the stage that failed
 * Context: as launcher_start()
 */
int launcher_start_gc(const char *command, const char *config, struct carrel_error *err);

#endif
