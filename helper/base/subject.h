/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who opens a session, and how: what assignments are matched against. */
#ifndef CARREL_BASE_SUBJECT_H
#define CARREL_BASE_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The caller looked up every group that the configuration names, and no other. */
struct subject_group {
	const char *name;
	bool member;
};

struct subject {
	const char *user;               /* never NULL */
	uid_t uid;
	const char *service;            /* PAM service, "" when unknown */
	const char *tty;                /* PAM_TTY, "" when there is none */
	const char *rhost;              /* PAM_RHOST, "" when the login is local */
	const struct subject_group *groups;
	size_t group_count;
};

#endif
