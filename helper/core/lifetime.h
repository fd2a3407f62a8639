/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long a carrel lives: what is to be done to one whose user may have left. Pure.
 *
 * It is in use while a session is alive or a process is in its namespace. From when that was
 * first seen not to be so, it is kept for the time of "linger", and then removed.
 */
#ifndef CARREL_CORE_LIFETIME_H
#define CARREL_CORE_LIFETIME_H

#include <stdbool.h>
#include <stdint.h>

struct lifetime {
	bool whole;             /* pinned, and it is the namespace that the record names */
	bool sessions;          /* one is alive */
	bool processes;         /* one is in its namespace */
	bool cut_at_logout;     /* its policy says so */
	uint64_t idle_since_s;  /* when it was first seen idle; 0: it was not yet */
	uint64_t now_s;         /* of the same clock */
	uint64_t linger_s;
};

enum lifetime_step {
	LIFETIME_KEEP,          /* nothing to do */
	LIFETIME_WAKE,          /* in use again: forget since when it was idle */
	LIFETIME_NOTE,          /* idle from now on */
	LIFETIME_REMOVE,
};

/**
 * lifetime_decide() - the next step
 *
 * Remains that are not whole are nobody's to join and are not kept.
 */
enum lifetime_step lifetime_decide(const struct lifetime *lifetime);

/** lifetime_cuts() - whatever is still in there is to have no network */
bool lifetime_cuts(const struct lifetime *lifetime);

#endif
