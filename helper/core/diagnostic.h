/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wrong with a text that an administrator wrote, and where. A parser goes
 * on after an error to find the others; the text is valid when no error was added.
 */
#ifndef CARREL_CORE_DIAGNOSTIC_H
#define CARREL_CORE_DIAGNOSTIC_H

#include <stdarg.h>
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

/**
 * diagnostic_add() - note one more finding
 * @position:	copied; its file must live as long as @diagnostics
 * @format:	printf format of the message
 *
 * It is counted even when there is no memory or no room to keep it; the first error is
 * always kept.
 */
void diagnostic_add(struct diagnostics *diagnostics, enum severity severity,
		    const struct position *position, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/** diagnostic_vadd() - as diagnostic_add(), for functions that have a va_list */
void diagnostic_vadd(struct diagnostics *diagnostics, enum severity severity,
		     const struct position *position, const char *format, va_list arguments)
	__attribute__((format(printf, 4, 0)));

struct carrel_error;
/**
 * diagnostic_to_error() - the first error as "FILE:LINE:COLUMN: message (and N more)"
 * Return: -EINVAL
 */
int diagnostic_to_error(const struct diagnostics *diagnostics, struct carrel_error *err);

#endif
