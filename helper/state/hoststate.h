/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /run/carrel/host: what was found good of the host last time. */
#ifndef CARREL_STATE_HOSTSTATE_H
#define CARREL_STATE_HOSTSTATE_H

#include "core/host.h"

struct carrel_error;

/**
 * hoststate_read() - what is recorded
 *
 * What is not there, or cannot be understood, counts as unknown and is found out again. What
 * cannot be read just now does not: that the host did not forward before carrel came can be found
 * out only once.
 *
 * Return: 0 or -errno
 */
int hoststate_read(int state_fd, struct host_state *ret, struct carrel_error *err);

int hoststate_write(int state_fd, const struct host_state *state, struct carrel_error *err);

#endif
