/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where what is differs from what should be: for `carrel diff`, repair and doctor. */
#ifndef CARREL_CORE_DIFFERENCE_H
#define CARREL_CORE_DIFFERENCE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "core/plan.h"

enum difference_kind {
	DIFFERENCE_MISSING,             /* intended, and not there */
	DIFFERENCE_ALTERED,             /* there, but not as intended */
	DIFFERENCE_EXTRA,               /* there, and not intended: somebody else made it */
	DIFFERENCE_FORMER,              /* there, of what was intended before an edit */
	DIFFERENCE_UNCLEAR,             /* there, and not intended: one of the two, nobody knows which */
};

/* What brings the two together. */
enum remedy {
	REMEDY_REPAIR,                  /* the user's next login, or `carrel repair` */
	REMEDY_APPLY,                   /* the user's next login, or `carrel apply`: it is new */
	REMEDY_REMOVE,                  /* `carrel remove`, which cuts the open sessions */
	REMEDY_OTHERS,                  /* whoever made it: it is not carrel's to take away */
};

struct difference {
	enum difference_kind kind;
	enum place place;
	enum remedy remedy;
	const char *object;             /* "address of uplink0", "rule 4 of chain output" */
	const char *intended, *found;   /* NULL where there is nothing to say */
};

struct differences { ARENA_LIST(struct difference) list; };

/** difference_kind_name() - "missing", "altered", "extra", "former" or "unclear" */
const char *difference_kind_name(enum difference_kind kind);

/** remedy_name() - "repair", "apply", "remove" or "others" */
const char *remedy_name(enum remedy remedy);

/**
 * differences_add() - append one
 * @difference:	its strings are not copied
 * Return: 0 or -ENOMEM; also when one of the strings that its kind needs is NULL, because memory
 *	   ran out where it was made
 */
int differences_add(struct differences *differences, struct arena *arena,
		    struct difference difference);

/** difference_describe() - append it without its place: "rule 4 of chain output: missing: accept" */
void difference_describe(const struct difference *difference, struct buffer *buffer);

#endif
