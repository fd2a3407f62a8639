/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /run/carrel/host: what was found good of the host last time. */
#ifndef CARREL_STATE_HOSTSTATE_H
#define CARREL_STATE_HOSTSTATE_H

#include "core/host.h"

struct carrel_error;

/**
 * hoststate_read() - what is recorded; what cannot be read or understood counts as
 * unknown, and is found out again
 */
void hoststate_read(int state_fd, struct host_state *ret);

int hoststate_write(int state_fd, const struct host_state *state, struct carrel_error *err);

#endif
