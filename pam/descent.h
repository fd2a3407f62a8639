/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way from a child of root's process to the helper, or to carrel's command, step by step. */
#ifndef CARREL_PAM_DESCENT_H
#define CARREL_PAM_DESCENT_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/*
 * Shared by the process that descends and the one that waits for it. They share all memory,
 * and only one of them runs at a time.
 */
struct descent {
	const char *program;            /* absolute path */
	char *const *arguments;         /* NULL-terminated */
	int socket;                     /* becomes descriptor 0; -1: /dev/null does */
	uid_t uid;                      /* 0: the program stays root's */
	gid_t gid;
	unsigned lifetime_ms;           /* of the helper; then the kernel ends it */
	bool private_pins;              /* carrel.conf says so */

	int program_fd;                 /* used on the way */
	struct stat program_status;     /* likewise */
	const char *failed_step;        /* NULL while nothing failed; static text */
	const char *remedy;             /* what to do about that; NULL: nothing in particular; static */
	int errnum;                     /* positive errno of the failure */
};

/**
 * descent_leave_user() - be nobody's whom the application was started by: they could stop or kill
 *			  this process, and what it makes, as they can the application
 *
 * Context: as descent_run()
 */
void descent_leave_user(void);

/**
 * descent_run() - become the program
 *
 * Returns only when a step failed; @descent says which.
 *
 * Context: a child made with CLONE_VM and CLONE_VFORK, without CLONE_FILES, CLONE_FS and
 *	    CLONE_SIGHAND, with every signal blocked; effective uid 0. Calls nothing that
 *	    allocates, locks, or signals other threads; changes nothing of the parent's but errno.
 */
void descent_run(struct descent *descent);

#endif
