/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a process came to be, told by its control group and by its ancestors. Pure. */
#ifndef CARREL_CORE_ORIGIN_H
#define CARREL_CORE_ORIGIN_H

#include <stddef.h>

struct arena;

enum origin_kind {
	ORIGIN_LOGIN,           /* a session: "service" is PAM's name of the door */
	ORIGIN_USER_MANAGER,    /* systemd --user, or what it started */
	ORIGIN_SYSTEM_SERVICE,  /* a unit of the system's manager, with User= */
	ORIGIN_CONTAINER,       /* made by a daemon that is root */
	ORIGIN_UNKNOWN,
};

struct origin {
	enum origin_kind kind;
	const char *unit;       /* "session-5.scope", "user@1000.service", "web.service"; or "" */
	const char *service;    /* PAM's name for the door, "" where none is known */
};

/**
 * origin_tell() - where a process comes from
 * @cgroup:	its path in systemd's hierarchy, "" when there is none
 * @ancestors:	names of its parent, of that one's parent, and so on
 * @arena:	where the unit lives
 *
 * Return: 0 or -ENOMEM
 */
int origin_tell(const char *cgroup, const char *const *ancestors, size_t ancestor_count,
		struct arena *arena, struct origin *ret);

/** origin_name() - for people and in JSON: "login", "user-manager" ... */
const char *origin_name(enum origin_kind kind);

#endif
