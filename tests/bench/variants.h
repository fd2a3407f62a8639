/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is compared: each makes a namespace its own way, and takes it away again untimed. */
#ifndef CARREL_BENCH_VARIANTS_H
#define CARREL_BENCH_VARIANTS_H

#include <stdbool.h>
#include "samples.h"

struct carrel_error;

struct bench {
	const char *site;       /* directory that world.sh filled */
	bool carrel;            /* with the module and the helper, not the floor and scripts alone */
	int home_fd;            /* the bench's own network namespace */
	unsigned used;          /* numbers given to namespaces so far: none is used twice */
	struct samples samples;
};

/** variants_prepare() - write the rules in the forms that scripts and carrel want */
int variants_prepare(const struct bench *bench, struct carrel_error *err);

/** variants_count() - how many there are */
unsigned variants_count(const struct bench *bench);

/**
 * variants_measure() - run variant number @variant once, into samples of @round, and clean up
 *
 * The kernel destroys namespaces when it has time: returns when that is likely over.
 */
int variants_measure(struct bench *bench, unsigned variant, size_t round, struct carrel_error *err);

/** variants_trace() - fill samples.counts */
int variants_trace(struct bench *bench, struct carrel_error *err);

#endif
