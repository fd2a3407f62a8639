/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was measured with no carrels, and with as many as are wanted (scale.c), and what to say of it. */
#ifndef CARREL_TESTS_BENCH_SCALE_H
#define CARREL_TESTS_BENCH_SCALE_H

#include <stdbool.h>
#include <stddef.h>

#include "count.h"
#include "login.h"

struct carrel_error;

#define CARRELS_MAX 60000               /* addresses of the pool */

/* Every so manieth carrel has a session that stays open. */
#define SESSION_EVERY 16
#define SESSIONS_MAX  (CARRELS_MAX / SESSION_EVERY + 1)

/* At one number of carrels. */
struct phase {
	double *bare_us, *bare_cpu_us, *first_us, *first_cpu_us, *second_us, *second_cpu_us;
	double *mounts_us;
	struct counts counts;
};

/* All of a run. */
struct scale {
	size_t carrels, samples;
	int home_fd;
	unsigned bare_number;           /* of the last bare namespace */
	unsigned made;                  /* carrels so far */
	char *passwd;                   /* /etc/passwd without users of ours */
	size_t passwd_length;
	struct login sessions[SESSIONS_MAX];
	size_t session_count;
	struct phase empty, full;
	double *scratch;
	bool private_pins, failed;
};

/* Of those that follow, each prints, and sets @scale->failed where something is not as it must be. */

/** scale_report_logins() - what logins took */
void scale_report_logins(struct scale *scale);

/** scale_report_mounts() - what a mount namespace of the host's took */
void scale_report_mounts(struct scale *scale);

/**
 * scale_report_memory() - what a carrel needs
 * @kernel_bytes:	of each carrel
 * @bare_bytes:		of each bare namespace, to compare with
 *
 * Return: 0 or -errno
 */
int scale_report_memory(struct scale *scale, double kernel_bytes, double bare_bytes,
			struct carrel_error *err);

/** scale_report_commands() - run those that look at all carrels; 0 or -errno */
int scale_report_commands(struct scale *scale, struct carrel_error *err);

#endif
