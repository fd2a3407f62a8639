/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is printed: the table with its targets, and the same for programs. */
#ifndef CARREL_BENCH_REPORT_H
#define CARREL_BENCH_REPORT_H

#include <stdio.h>

struct samples;

/** report_table() - for people; uses samples->scratch */
void report_table(const struct samples *samples, FILE *file);

/** report_json() - everything that the table says, in one object */
void report_json(const struct samples *samples, FILE *file);

#endif
