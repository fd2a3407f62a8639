/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is a set of addresses and numbers (ports, types of ICMP) held by others together? */
#ifndef CARREL_CORE_COVER_H
#define CARREL_CORE_COVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/arena.h"
#include "core/policy.h"

/* Where a rule, or what acts like one, decides. */
struct cover {
	const struct policy_rule *rule;         /* NULL: none */
	bool inverted;                          /* every address but those of the list */
	const struct prefix *prefixes;          /* sorted, no overlap */
	size_t count;
	const struct port_range *numbers;       /* sorted, no overlap */
	size_t number_count;                    /* 0: every number */
	size_t name;                            /* it is about this name of the policy alone; or: */
};

#define COVER_NO_NAME SIZE_MAX

struct covers { ARENA_LIST(struct cover) list; };

/* What is asked about: every address of the prefix, with every number. */
struct box { struct prefix prefix; struct port_range numbers; };

struct cover_question {
	struct arena *scratch;                  /* for the covers that overlap a part */
	size_t steps, steps_max;                /* covers looked at, from the beginning; and at most */
	size_t name;                            /* the boxes are this name's addresses; COVER_NO_NAME */
	/* Told of every cover that holds a part, or all. */
	void (*note)(void *context, const struct cover *cover);
	void *context;
};

/**
 * cover_holds() - is all of @box in @covers, in one or in several together?
 * @covers:	@count of them, in any order
 *
 * Return: 1 or 0; -E2BIG when it took too many steps to tell; -ENOMEM
 * Context: pure
 */
int cover_holds(struct cover_question *question, const struct box *box,
		const struct cover *covers, size_t count);

#endif
