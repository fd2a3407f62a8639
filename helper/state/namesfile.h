/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /run/carrel/names: what is known of the hosts that policies name. `carrel refresh` writes
 * it, whoever loads rules reads it.
 *
 *	carrel-names 1
 *	name www.example DUE FAILURES		in ascending order
 *	address 203.0.113.80
 *	gone 203.0.113.81 SINCE
 */
#ifndef CARREL_STATE_NAMESFILE_H
#define CARREL_STATE_NAMESFILE_H

#include <stdint.h>
#include "base/buffer.h"
#include "core/names.h"

struct carrel_error;

/* What tells one version of the file from the next; 0 in both: there is none. */
struct namesfile_version { uint64_t inode, changed_ns; };

/** namesfile_format() - append @known as text. Context: pure */
void namesfile_format(const struct known_names *known, struct buffer *text);

/**
 * namesfile_parse() - the reverse
 * @arena:	@ret lives here; it keeps no pointer into @text
 * Return: 0; -EBADMSG: another first line, a name or address that cannot be, doubled or out
 *	   of order; -ENOMEM
 * Context: pure
 */
int namesfile_parse(const char *text, size_t length, struct arena *arena, struct known_names *ret,
		    struct carrel_error *err);

/**
 * namesfile_read() - what is known; nothing, where the file is not there
 * @ret_version: what was read; or NULL
 * Return: 0; -EBADMSG when it cannot be understood; -errno
 */
int namesfile_read(int state_fd, struct arena *arena, struct known_names *ret,
		   struct namesfile_version *ret_version, struct carrel_error *err);

/**
 * namesfile_bind() - give the names of @policy, if it has any, the addresses that are known
 * @state_fd:	or -1: nothing is known
 * @ret_version: as above
 *
 * Return: 0; -ENOMEM; -errno as above: nothing is known then
 */
int namesfile_bind(int state_fd, struct policy *policy, struct arena *arena,
		   struct namesfile_version *ret_version, struct carrel_error *err);

/** namesfile_is() - is the file still @version? */
bool namesfile_is(int state_fd, const struct namesfile_version *version);

/**
 * namesfile_write() - by temporary file and rename: readers see the old text or the new one
 * Context: one at a time
 */
int namesfile_write(int state_fd, const struct known_names *known, struct carrel_error *err);

#endif
