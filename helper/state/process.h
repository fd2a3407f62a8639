/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Telling a process from a later one that has the same number. */
#ifndef CARREL_STATE_PROCESS_H
#define CARREL_STATE_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

/**
 * process_start_ticks() - when @pid started, in clock ticks since boot
 *
 * Return: 0; -ESRCH when there is no such process, it has ended (and waits to be reaped), or
 *	   /proc does not show it; -EBADMSG or another -errno
 * Source: proc_pid_stat(5), fields 3 and 22
 */
int process_start_ticks(pid_t pid, uint64_t *ret_ticks);

#endif
