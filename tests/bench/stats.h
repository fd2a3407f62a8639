/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers out of samples. A sample that is NAN was not taken, and is left out. */
#ifndef CARREL_BENCH_STATS_H
#define CARREL_BENCH_STATS_H

#include <stddef.h>

/** stats_count() - samples that were taken */
size_t stats_count(const double *samples, size_t count);

/**
 * stats_quantile() - the smallest sample that at least @fraction of all do not exceed
 * @fraction:	above 0, at most 1; 0.5 is the median
 * @scratch:	room for @count values
 *
 * Return: a sample (nearest rank: nothing is interpolated), or NAN without any
 */
double stats_quantile(const double *samples, size_t count, double fraction, double *scratch);

/**
 * stats_ratio() - median of samples[i] / others[i]
 *
 * Pairs were measured side by side, so what slowed one of them slowed the other too.
 */
double stats_ratio(const double *samples, const double *others, size_t count, double *scratch);

/** stats_shuffle() - put @items into an order that depends on *@seed alone, which moves on */
void stats_shuffle(unsigned *items, size_t count, unsigned long long *seed);

#endif
