/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What other programs say. */
#ifndef CARREL_DOCTOR_PROGRAM_H
#define CARREL_DOCTOR_PROGRAM_H

struct arena;
struct carrel_error;

#define PROGRAM_DEADLINE_MS 10000

/**
 * program_output() - run a program, and read what it writes
 * @argv:	NULL-terminated; found in the directories of the system's administrators
 * @ret_text:	standard output and standard error, from @arena
 * @ret_status:	its exit status; 128 + the number of a signal that ended it
 *
 * Return: 0; -ENOENT when there is no such program; -ETIME when it has not ended after
 *	   PROGRAM_DEADLINE_MS (it is killed); -E2BIG when it writes too much; -errno
 */
int program_output(const char *const *argv, struct arena *arena, const char **ret_text,
		   int *ret_status, struct carrel_error *err);

/** program_output_within() - as program_output(), of a program that has @deadline_ms */
int program_output_within(const char *const *argv, unsigned deadline_ms, struct arena *arena,
			  const char **ret_text, int *ret_status, struct carrel_error *err);

#endif
