/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In which network namespaces there are processes. */
#ifndef CARREL_STATE_OCCUPANCY_H
#define CARREL_STATE_OCCUPANCY_H

#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"

struct carrel_error;

/* Inodes of namespaces, sorted, each once. */
struct occupancy {
	ARENA_LIST(uint64_t) inodes;
};

/**
 * occupancy_scan() - look at every thread there is
 * @proc:	where procfs is mounted
 *
 * Sees threads: one of them may be elsewhere than its process. Does not see who merely holds
 * a descriptor or a socket of a namespace.
 *
 * Return: 0; -EACCES when a thread does not let itself be looked at: then nobody knows; -EBADMSG
 *	   when @proc is no procfs; -ENOMEM; -errno
 * Context: CAP_SYS_PTRACE, in the process namespace that shows all users' processes
 */
int occupancy_scan(const char *proc, struct arena *arena, struct occupancy *ret,
		   struct carrel_error *err);

/** occupancy_has() - a thread is in the namespace @inode */
bool occupancy_has(const struct occupancy *occupancy, uint64_t inode);

#endif
