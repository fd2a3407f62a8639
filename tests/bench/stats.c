/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stats.h"

#include <math.h>
#include <stdlib.h>

/* qsort() comparison, ascending */
static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

size_t stats_count(const double *samples, size_t count)
{
	size_t taken = 0;

	for (size_t i = 0; i < count; i++)
		if (!isnan(samples[i]))
			taken++;
	return taken;
}

/* As stats_quantile(), of @scratch itself, which ends up sorted. */
static double quantile_in_place(double *scratch, size_t count, double fraction)
{
	size_t taken = 0, rank;

	for (size_t i = 0; i < count; i++)
		if (!isnan(scratch[i]))
			scratch[taken++] = scratch[i];
	if (!taken)
		return NAN;
	qsort(scratch, taken, sizeof(*scratch), compare);
	rank = (size_t)ceil(fraction * (double)taken);
	return scratch[rank ? rank - 1 : 0];
}

double stats_quantile(const double *samples, size_t count, double fraction, double *scratch)
{
	for (size_t i = 0; i < count; i++)
		scratch[i] = samples[i];
	return quantile_in_place(scratch, count, fraction);
}

double stats_ratio(const double *samples, const double *others, size_t count, double *scratch)
{
	for (size_t i = 0; i < count; i++)
		scratch[i] = samples[i] / others[i];
	return quantile_in_place(scratch, count, 0.5);
}

/* The next number of Knuth's MMIX generator; its high bits are the good ones. */
static unsigned next_random(unsigned long long *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(*seed >> 33);
}

void stats_shuffle(unsigned *items, size_t count, unsigned long long *seed)
{
	for (size_t left = count; left > 1; left--) {
		size_t other = next_random(seed) % left;
		unsigned item = items[left - 1];

		items[left - 1] = items[other];
		items[other] = item;
	}
}
