/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When names are asked about, and what an answer makes of what was known. Pure. */
#ifndef CARREL_CORE_SCHEDULE_H
#define CARREL_CORE_SCHEDULE_H

#include "core/answers.h"
#include "core/names.h"

/* An answer is believed for its time to live, within these bounds. */
#define SCHEDULE_TTL_MIN_S 30U
#define SCHEDULE_TTL_MAX_S 3600U
/* That there is no address: c-ares does not tell for how long that holds. */
#define SCHEDULE_NONE_S 60U
/* After a failure, doubled with each further one up to the second. */
#define SCHEDULE_RETRY_FIRST_S 5U
#define SCHEDULE_RETRY_MAX_S 300U
/*
 * So long an address is kept that is no longer in the answers: programs remember what they
 * were told, and sites with many addresses tell some of them each time.
 */
#define SCHEDULE_GRACE_S 3600U

/**
 * schedule_take() - take note of what was answered about @name at @now_s
 *
 * A family whose question failed stays as it was. Where there are more than
 * NAMES_ADDRESSES_MAX, those that have been gone the longest are dropped.
 *
 * Return: 1 when what is meant by the name has changed; 0; -ENOMEM
 */
int schedule_take(struct known_name *name, const struct answers *answers, uint64_t now_s,
		  struct arena *arena);

/** schedule_expire() - drop what has been gone for too long; whether there was something */
bool schedule_expire(struct known_name *name, uint64_t now_s);

/** schedule_is_due() - is @name to be asked about? */
bool schedule_is_due(const struct known_name *name, uint64_t now_s);

/** schedule_next_s() - when something is to be done about one of @known; UINT64_MAX: never */
uint64_t schedule_next_s(const struct known_names *known);

/**
 * schedule_reconcile() - what is known of the names that are wanted now
 * @wanted:	@count, sorted, each once
 * @arena:	where new names live
 *
 * Those that nobody wants any more are forgotten; new ones are due at once.
 *
 * Return: 0 or -ENOMEM
 */
int schedule_reconcile(const struct known_names *known, const char *const *wanted, size_t count,
		       struct arena *arena, struct known_names *ret);

#endif
