/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CARREL_BENCH_CLOCK_H
#define CARREL_BENCH_CLOCK_H

#include <time.h>

/** clock_us() - microseconds since some fixed moment, not stepped by anyone */
static inline double clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

#endif
