/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What parsers are given. */
#ifndef CARREL_CORE_SOURCE_H
#define CARREL_CORE_SOURCE_H

#include <stddef.h>
#include "base/arena.h"

/* A file and its text, which may hold NUL bytes (an error). */
struct source {
	const char *path;
	const char *text;
	size_t length;
};

/* Every file of a configuration, in the order in which it is read. */
struct sources {
	ARENA_LIST(struct source) list;
};

#endif
