/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host, as far as every carrel needs the same of it. */
#ifndef CARREL_CORE_HOST_H
#define CARREL_CORE_HOST_H

#include <stdbool.h>
#include <stdint.h>

/* No firewall has this generation: the kernel counts from 1, and leaves 0 out. */
#define HOST_UNPREPARED 0

/* What was found good last time; kept in /run/carrel/host. */
struct host_state {
	bool known;             /* false: nothing was recorded since the last boot */
	uint32_t generation;    /* of the host's firewall right after it was looked at */
	bool guard4, guard6;    /* forwarding was off before: see hosttable_build() */
};

#endif
