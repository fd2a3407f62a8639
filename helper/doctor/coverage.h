/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processes of confined users that are not in their carrels. */
#ifndef CARREL_DOCTOR_COVERAGE_H
#define CARREL_DOCTOR_COVERAGE_H

#include "core/origin.h"
#include "doctor/doctor.h"
#include "doctor/process.h"

enum stray_place {
	STRAY_HOST,             /* in the host's network: as if there were no carrel */
	STRAY_OTHER_CARREL,     /* in that of another user */
	STRAY_FORMER,           /* in a carrel of its user that is no more, or is lost */
	STRAY_ELSEWHERE,        /* in one that root made: a container's, `carrel run`'s */
};

struct stray {
	struct process process;
	const char *user;
	struct origin origin;
	enum stray_place place;
	uid_t owner;            /* STRAY_OTHER_CARREL: whose */
	bool lost;              /* STRAY_FORMER: its user has no other, and open sessions */
};

struct strays {
	ARENA_LIST(struct stray) list;
};

/**
 * coverage_take() - look at every process
 *
 * A network that users made for themselves, in a user namespace of their own, is part of where
 * they were when they made it, and no stray's.
 *
 * Return: 0 or -errno
 * Context: root, in the host's namespaces
 */
int coverage_take(struct doctor *doctor, struct strays *ret, struct carrel_error *err);

/**
 * coverage_is_leak() - is the stray where its user must not be?
 *
 * Not so a container's, nor one in a former carrel, whose rules it is still under.
 */
bool coverage_is_leak(const struct stray *stray);

/** coverage_put_table() - append a line for each; 0 or -ENOMEM */
int coverage_put_table(const struct strays *strays, struct arena *arena, struct buffer *text);

/** coverage_put_json() - append an array; 0 or -ENOMEM */
int coverage_put_json(const struct strays *strays, struct arena *arena, struct buffer *text);

#endif
