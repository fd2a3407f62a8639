/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session is alive while its lock file is locked: the kernel lets go of the lock
 * however the session ends. A process that closes its descriptors (systemd --user) is
 * still known by pid and start time; alive if either says so. The latter counts from when the
 * session is accepted: a login that was refused is none, however long its process lives.
 *
 * The lock is one of the open file description (F_OFD_SETLK, fcntl(2)): see session.c.
 */
#ifndef CARREL_STATE_SESSION_H
#define CARREL_STATE_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct carrel_error;

struct session {
	uid_t uid;
	pid_t pid;                      /* that opened it */
	uint64_t start_ticks;           /* field 22 of /proc/PID/stat */
	uint64_t opened_s;              /* seconds since the epoch */
	uint64_t netns_inode;           /* of the carrel that it was given; 0: not known */
	char service[64];               /* may be cut: for people to read */
	char origin[128];               /* PAM_RHOST or tty, likewise */
};

/**
 * session_create() - make and lock sessions/UID/NAME, on offer until session_accept()
 * @session:	what it says; start_ticks is filled in here (0 when /proc does not show the
 *		process). What cannot be shown in service and origin is replaced by '?'
 * @ret_fd:	holds the lock; to be handed to the application
 *
 * Return: 0 or -errno
 * Context: the caller holds the lock of the carrel
 */
int session_create(int state_fd, struct session *session, int *ret_fd, struct carrel_error *err);

/**
 * session_accept() - the session begins; it now lives as long as its process, too
 * @fd:		as session_create() gave it; borrowed. Once only
 *
 * Return: 0; -EBADMSG for another file; -errno
 */
int session_accept(int fd);

/**
 * session_end() - the session is over, though its process, and copies of the lock, may live on
 * @fd:		as session_create() gave it; borrowed
 *
 * Return: 0 or -errno
 */
int session_end(int fd);

/**
 * session_each() - call @visit for each session of @uid that is alive
 * @prune:	remove the files of dead ones (needs write access and the carrel's lock)
 * @visit:	NULL, or returns 0 to go on. A session that is alive but whose file cannot be
 *		understood has only its uid
 *
 * Return: 0; what @visit returned when that is not 0; -errno
 */
int session_each(int state_fd, uid_t uid, bool prune,
		 int (*visit)(const struct session *session, void *context), void *context,
		 struct carrel_error *err);

#endif
