/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tests/faults/every_fault.c orders of tests/faults/tracer.c, and learns from it: a file that both
 * have mapped. The tracer holds a lock on it (flock) as long as it lives.
 */
#ifndef FAULTS_EVERY_ORDER_H
#define FAULTS_EVERY_ORDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define ORDER_FILE "/tmp/faults/order"

/* No request makes as many. */
#define ORDER_CALLS_MAX 2048

enum fault {
	FAULT_NONE,             /* let it run to its end */
	FAULT_KILL,             /* kill it when it is about to make call .at */
	FAULT_HOLD,             /* stop it there until .go */
	FAULT_CALL,             /* call .at fails in way .way of every/ways.h */
	FAULT_NETLINK,          /* the kernel refuses request .at with error .way of them */
};

struct order {
	char helper[256];       /* the real one */
	enum fault fault;
	unsigned at;            /* from 1 */
	unsigned way;           /* from 0 */
	volatile bool go;

	/* Written by the tracer. */
	volatile bool done;     /* the fault has happened, or, with FAULT_HOLD, is happening */
	volatile int errnum;    /* what was answered; 0: another fault */
	volatile pid_t pid;     /* of the helper */
	char what[64];          /* for people: "openat: Too many open files" */
	unsigned calls, requests;       /* made, and netlink requests sent, in all */
	int16_t numbers[ORDER_CALLS_MAX];       /* of the calls */
};

#endif
