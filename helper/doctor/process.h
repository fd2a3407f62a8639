/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processes of the machine, as /proc shows them. */
#ifndef CARREL_DOCTOR_PROCESS_H
#define CARREL_DOCTOR_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

struct arena;
struct carrel_error;

struct process {
	pid_t pid, parent;
	uid_t uid;                      /* effective */
	const char *name;               /* of the program, 15 characters at most */
	const char *command;            /* with its arguments; the name in brackets where it has none */
};

/** process_visitor - 0 to go on; other values end the walk. What @process points to stays. */
typedef int process_visitor(const struct process *process, void *context);

/**
 * process_each() - call @visit for each process but kernel threads and those that have ended
 * @arena:	what processes' texts live in
 *
 * Return: 0; what @visit returned; -errno
 */
int process_each(struct arena *arena, process_visitor *visit, void *context,
		 struct carrel_error *err);

#endif
