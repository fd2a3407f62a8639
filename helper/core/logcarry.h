/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stays of a log when the rules are replaced. */
#ifndef CARREL_CORE_LOGCARRY_H
#define CARREL_CORE_LOGCARRY_H

#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "core/log.h"
#include "core/ruleset.h"

/* The log of one carrel at one moment. */
struct log_state {
	ARENA_LIST(struct log_rule) rules;      /* in order of mark */
	ARENA_LIST(struct log_entry) entries;
};

/* A rule that there is no more, with a number that none of today's has. */
struct log_former { uint32_t mark; const char *comment; };

struct log_carry {
	ARENA_LIST(struct log_entry) entries;   /* with today's numbers */
	ARENA_LIST(struct log_former) former;
};

/** log_find_rule() - what @mark stands for, or NULL */
const struct log_rule *log_find_rule(const struct log_state *state, uint32_t mark);

/** log_is_kept() - does @ruleset log at all? */
bool log_is_kept(const struct ruleset *ruleset);

/**
 * log_carry_over() - what of @before is to be in the sets of @ruleset from the beginning
 *
 * Rules that are as they were, of the same policy at the same place, keep theirs. Never more
 * than there is room for.
 *
 * Return: 0 or -ENOMEM
 */
int log_carry_over(const struct log_state *before, const struct ruleset *ruleset,
		   struct arena *arena, struct log_carry *ret);

#endif
