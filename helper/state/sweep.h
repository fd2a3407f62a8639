/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Temporary files in /run/carrel whose makers were killed. */
#ifndef CARREL_STATE_SWEEP_H
#define CARREL_STATE_SWEEP_H

#include <stdbool.h>
#include <stddef.h>

struct carrel_error;

/**
 * sweep_temporaries() - find, and remove, those that nobody is writing any more
 * @remove:	false: only count them
 * @ret_count:	how many there were
 *
 * Those of session files are not among them: session_each() removes them, under the lock.
 *
 * Return: 0 or -errno
 */
int sweep_temporaries(int state_fd, bool remove, size_t *ret_count, struct carrel_error *err);

#endif
