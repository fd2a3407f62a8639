/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /run/carrel/editions: the editions of the host's addresses that carrels know, and that the
 * host's table holds (core/edition.h).
 *
 *	carrel-editions 1
 *	edition 6			in the order in which they were made
 *	address 192.0.2.1
 *	address 2001:db8::1
 */
#ifndef CARREL_STATE_EDITIONSFILE_H
#define CARREL_STATE_EDITIONSFILE_H

#include "base/buffer.h"
#include "core/edition.h"

struct carrel_error;

/** editionsfile_format() - append @editions as text. Context: pure */
void editionsfile_format(const struct editions *editions, struct buffer *text);

/**
 * editionsfile_parse() - the reverse
 * @ret:	lives in @arena; keeps no pointer into @text
 * Return: 0; -EBADMSG: another first line, a number or address that cannot be, doubled or too
 *	   many; -ENOMEM
 * Context: pure
 */
int editionsfile_parse(const char *text, size_t length, struct arena *arena,
		       struct editions *ret, struct carrel_error *err);

/**
 * editionsfile_read() - what is known; none, where the file is not there
 * @state_fd:	/run/carrel, or -1: it is not there either
 * Return: 0; -EBADMSG when it cannot be understood; -errno
 */
int editionsfile_read(int state_fd, struct arena *arena, struct editions *ret,
		      struct carrel_error *err);

/**
 * editionsfile_write() - by temporary file and rename
 * Context: under editionsfile_lock()
 */
int editionsfile_write(int state_fd, const struct editions *editions, struct carrel_error *err);

/**
 * editionsfile_lock() - wait until nobody else makes editions, or loads the host's table
 * @ret_fd:	keeps others out until it is closed
 *
 * Who has it takes no other lock, so it may be taken by who has a user's.
 */
int editionsfile_lock(int state_fd, int *ret_fd, struct carrel_error *err);

#endif
