/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls and netlink messages: what is the same in every run, on every machine.
 */
#ifndef CARREL_BENCH_COUNT_H
#define CARREL_BENCH_COUNT_H

#include <stdbool.h>

struct carrel_error;

struct counts {
	unsigned system_calls;
	unsigned netlink_sends;
	unsigned netlink_messages;      /* in those sends: requests, batch marks of nf_tables */
	unsigned processes;             /* started */
};

/** count_begin(), count_end() - in what is being counted: from here, to here */
void count_begin(void);
void count_end(void);

/**
 * count_calls() - run @work in a traced child and count between the marks
 * @work:	calls count_begin() and count_end() once each; 0 or -errno
 *
 * A process that was started between the marks is counted until it ends, even when it
 * outlives the second: carrel's helper does, by a few calls.
 *
 * Return: 0; -errno, with @err set, also when @work failed
 * Context: the caller has no children that anybody else waits for
 */
int count_calls(int (*work)(void *context, struct carrel_error *err), void *context,
		struct counts *ret_counts, struct carrel_error *err);

#endif
