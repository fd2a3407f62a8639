/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wrong with a text that an administrator wrote, and where. A parser goes
 * on after an error to find the others; the text is valid when no error was added.
 */
#ifndef CARREL_CORE_DIAGNOSTIC_H
#define CARREL_CORE_DIAGNOSTIC_H

#include <stdbool.h>
#include "base/arena.h"

struct position {
	const char *file;       /* path, lives in the arena of what was parsed */
	unsigned line;          /* from 1 */
	unsigned column;        /* from 1, in bytes */
};

enum severity { SEVERITY_WARNING, SEVERITY_ERROR };

struct diagnostic {
	enum severity severity;
	struct position position;
	const char *message;    /* what was found, what was expected, the nearest word */
};

/* More than these are counted but not kept: a binary file must not cost memory. */
#define DIAGNOSTICS_MAX 100

struct diagnostics {
	struct arena *arena;    /* borrowed */
	ARENA_LIST(struct diagnostic) list;
	unsigned errors, warnings;
};

void diagnostic_add(struct diagnostics *diagnostics, enum severity severity,
		    const struct position *position, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

struct carrel_error;
/**
 * diagnostic_to_error() - the first error as "FILE:LINE:COLUMN: message (and N more)"
 * Return: -EINVAL
 */
int diagnostic_to_error(const struct diagnostics *diagnostics, struct carrel_error *err);

#endif
