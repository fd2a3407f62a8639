/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was measured, round by round. */
#ifndef CARREL_BENCH_SAMPLES_H
#define CARREL_BENCH_SAMPLES_H

#include <stddef.h>
#include "bare.h"
#include "count.h"

enum series {
	SERIES_BARE,            /* the bare kernel steps */
	SERIES_BARE_EXEC,       /* the same after one fork+exec */
	SERIES_FIRST, SERIES_SECOND, SERIES_LOGOUT, SERIES_UNCONFINED,
	SERIES_PAM,             /* a session whose one module does nothing */
	SERIES_PLAIN,           /* script, one ip a step */
	SERIES_BATCH,           /* script, ip -batch */
	SERIES_CNI,             /* container network plugins, where they are installed */
};
#define SERIES_COUNT (SERIES_CNI + 1)

struct samples {
	size_t rounds;
	double *us[SERIES_COUNT];               /* each of @rounds; NAN where not taken */
	double *step_us[BARE_STEP_COUNT];       /* of SERIES_BARE */
	double *scratch;                        /* room for the statistics */
	bool counted[SERIES_COUNT];
	struct counts counts[SERIES_COUNT];     /* of those that were counted */
	unsigned long long seed;                /* of the order */
};

/** samples_alloc() - room for @rounds rounds; 0 or -ENOMEM */
int samples_alloc(struct samples *ret_samples, size_t rounds);
void samples_free(struct samples *samples);

/** series_key() - for JSON; series_title() - for the table */
const char *series_key(enum series series);
const char *series_title(enum series series);

#endif
