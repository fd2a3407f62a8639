/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CARREL_BENCH_COMMAND_H
#define CARREL_BENCH_COMMAND_H

struct carrel_error;

/**
 * command_run() - start a program, the cheapest way there is, and wait for its end
 * @arguments:	NULL-terminated; the first is its absolute path
 *
 * Return: 0; -ECHILD when it did not exit with 0; -errno
 */
int command_run(const char *const *arguments, struct carrel_error *err);

/* Turns of a command that is timed. */
#define COMMAND_TURNS 5

/** command_time() - the median time that a shell takes for @line, several times, its output thrown away */
int command_time(const char *line, double *ret_us, struct carrel_error *err);

#endif
