/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a directory without allocating: in memory that is shared with the application. */
#ifndef CARREL_PAM_ENTRIES_H
#define CARREL_PAM_ENTRIES_H

#include <stdint.h>

/* Of getdents64(2). */
#define ENTRIES_BYTES 2048

struct entries {
	int fd;                         /* borrowed; given, with the rest zero */
	long length, offset;            /* of what was read, and in it */
	_Alignas(uint64_t) char bytes[ENTRIES_BYTES];
};

/**
 * entries_next() - the next name
 * @ret_name:	valid until the next call
 *
 * Return: 1; 0 at the end; -errno
 */
int entries_next(struct entries *entries, const char **ret_name);

#endif
