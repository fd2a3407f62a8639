/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table of the firewall as the kernel shows it, in bytes that are the same whenever it does the
 * same: without handles, what counters have counted, and the numbers of anonymous sets.
 * Two images are compared byte by byte; what an expression means nobody needs to know here.
 */
#ifndef CARREL_CORE_IMAGE_H
#define CARREL_CORE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "core/difference.h"
#include "core/ruleset.h"

struct image_bytes { const uint8_t *bytes; size_t length; };

struct image_rule {
	struct image_bytes content;     /* expressions and comment */
	const char *text;               /* its comment and expressions, for people who know them; or NULL */
};

struct image_chain {
	const char *name;
	struct image_bytes properties;
	ARENA_LIST(struct image_rule) rules;
};

/* A limit, or a set that has a name. */
struct image_object {
	const char *kind, *name;
	struct image_bytes content;
};

struct image {
	bool exists;
	uint32_t flags;                 /* of the table: dormant or not */
	ARENA_LIST(struct image_chain) chains;
	ARENA_LIST(struct image_object) objects;
	ARENA_LIST(const char *) other_tables;  /* of the namespace: "ip filter" */
};

/* What is known of the rules that are found. */
enum image_past {
	IMAGE_OF_TODAY,                 /* they were made from what is intended */
	IMAGE_FORMER,                   /* from what was intended before an edit; nobody touched them */
	IMAGE_FORMER_TOUCHED,           /* likewise, and somebody may have */
};

struct image_comparison {
	enum place place;
	enum image_past past;
	const struct ruleset *ruleset;  /* what @intended was made from, for its text */
	const struct image *intended, *found;
};

/**
 * image_compare() - find the differences
 * @differences: appended to
 * @ret_differ:	there is one that loading @intended again would mend
 *
 * Return: 0 or -ENOMEM
 * Context: pure
 */
int image_compare(const struct image_comparison *comparison, struct arena *arena,
		  struct differences *differences, bool *ret_differ);

#endif
