/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be seen of a carrel at a glance. `carrel gc` looks before it looks at processes, the
 * helper looks again before it acts; only where both saw the same is what gc found still true.
 */
#ifndef CARREL_SIGHT_H
#define CARREL_SIGHT_H

#include "base/wire.h"
#include "core/course.h"
#include "state/record.h"

struct carrel_error;

struct sight {
	struct wire_carrel seen;        /* processes are not looked for: false */
	bool recorded;                  /* the record is there and can be read */
	struct record record;
	bool whole;                     /* pinned, and it is the namespace that the record names */
};

/**
 * sight_take() - look at the carrel of @uid, whatever there is of it
 * Return: 0; -errno when there is something that cannot be looked at
 */
int sight_take(int state_fd, uid_t uid, struct sight *ret, struct carrel_error *err);

/** sight_same() - nothing has changed between two looks */
bool sight_same(const struct wire_carrel *a, const struct wire_carrel *b);

/** sight_standing() - @record's carrel, as decisions see it; points into @record */
struct standing sight_standing(const struct record *record);

#endif
