/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "samples.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static const struct { const char *key, *title; } names[SERIES_COUNT] = {
	[SERIES_BARE]       = { "bare",          "bare kernel steps" },
	[SERIES_BARE_EXEC]  = { "bare_exec",     "bare + fork+exec" },
	[SERIES_FIRST]      = { "first_login",   "carrel: first login" },
	[SERIES_SECOND]     = { "second_login",  "carrel: second login" },
	[SERIES_LOGOUT]     = { "logout",        "carrel: logout" },
	[SERIES_UNCONFINED] = { "unconfined",    "carrel: unconfined user" },
	[SERIES_PAM]        = { "pam_alone",     "PAM alone, no module" },
	[SERIES_PLAIN]      = { "script_plain",  "script, one ip a step" },
	[SERIES_BATCH]      = { "script_batch",  "script, ip -batch" },
	[SERIES_CNI]        = { "cni",           "CNI ptp + firewall, IPv4" },
};

const char *series_key(enum series series)
{
	return names[series].key;
}

const char *series_title(enum series series)
{
	return names[series].title;
}

/* @rounds values, none of them taken yet; NULL on ENOMEM */
static double *untaken(size_t rounds)
{
	double *values = calloc(rounds, sizeof(*values));

	for (size_t i = 0; values && i < rounds; i++)
		values[i] = NAN;
	return values;
}

int samples_alloc(struct samples *ret_samples, size_t rounds)
{
	struct samples samples = { .rounds = rounds, .scratch = untaken(rounds) };
	bool failed = !samples.scratch;

	for (size_t i = 0; i < SERIES_COUNT; i++)
		failed |= !(samples.us[i] = untaken(rounds));
	for (size_t i = 0; i < BARE_STEP_COUNT; i++)
		failed |= !(samples.step_us[i] = untaken(rounds));
	if (failed) {
		samples_free(&samples);
		return -ENOMEM;
	}
	*ret_samples = samples;
	return 0;
}

void samples_free(struct samples *samples)
{
	for (size_t i = 0; i < SERIES_COUNT; i++)
		free(samples->us[i]);
	for (size_t i = 0; i < BARE_STEP_COUNT; i++)
		free(samples->step_us[i]);
	free(samples->scratch);
	*samples = (struct samples){ 0 };
}
