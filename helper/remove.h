/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking a carrel away, for an administrator or because nobody needs it any more. */
#ifndef CARREL_REMOVE_H
#define CARREL_REMOVE_H

#include <stdbool.h>
#include <sys/types.h>

struct carrel_error;

/**
 * remove_carrel() - take away whatever there is of the carrel of @uid
 * @cut_off:	delete the uplink too, which takes 20 to 40 ms; without, the kernel does that
 *		later, when nothing holds the namespace any more
 *
 * Return: 0, also when there was nothing; -errno
 * Context: the caller holds the lock of the carrel; in the host's network namespace
 */
int remove_carrel(int state_fd, uid_t uid, bool cut_off, struct carrel_error *err);

#endif
