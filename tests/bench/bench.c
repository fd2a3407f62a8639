/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * carrel-bench [-c] [-r ROUNDS] [-s SEED] [-j FILE] SITE
 *
 * Runs within the throwaway host that world.sh makes, and only there. In every round
 * each variant is measured once, in an order of that round's own, so that what else the
 * machine does falls on all of them alike.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/number.h"
#include "report.h"
#include "stats.h"
#include "variants.h"

/* Numbers of namespaces are 16 bits of an address, and a round uses six. */
#define ROUNDS_MAX     10000
#define ROUNDS_DEFAULT 80
#define VARIANTS_MAX   16

static int usage(void)
{
	fputs("usage: carrel-bench [-c] [-r ROUNDS] [-s SEED] [-j FILE] SITE\n", stderr);
	return 2;
}

/* All rounds, after one that is not kept: it loads modules and fills caches. */
static int measure(struct bench *bench, struct carrel_error *err)
{
	unsigned order[VARIANTS_MAX], count = variants_count(bench);
	unsigned long long seed = bench->samples.seed;

	for (unsigned i = 0; i < count; i++) {
		int rc = variants_measure(bench, i, 0, err);

		if (rc < 0)
			return rc;
		order[i] = i;
	}
	for (size_t round = 0; round < bench->samples.rounds; round++) {
		stats_shuffle(order, count, &seed);
		for (unsigned i = 0; i < count; i++) {
			int rc = variants_measure(bench, order[i], round, err);

			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

static int run(struct bench *bench, struct carrel_error *err)
{
	int rc;

	bench->home_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (bench->home_fd < 0)
		return error_set_errno(err, errno, "opening the network namespace");
	rc = variants_prepare(bench, err);
	if (rc == 0)
		rc = measure(bench, err);
	if (rc == 0)
		rc = variants_trace(bench, err);
	close(bench->home_fd);
	return rc;
}

/* Print the table, and write @json (may be NULL) beside it. */
static int report(const struct samples *samples, const char *json)
{
	FILE *file;

	report_table(samples, stdout);
	if (!json)
		return 0;
	file = fopen(json, "we");
	if (!file) {
		fprintf(stderr, "carrel-bench: %s: %s\n", json, strerror(errno));
		return 1;
	}
	report_json(samples, file);
	return fclose(file) != 0;
}

int main(int argc, char **argv)
{
	uint64_t rounds = ROUNDS_DEFAULT, seed = 1;
	struct carrel_error err = { 0 };
	struct bench bench = { 0 };
	const char *json = NULL;
	int option, rc = 0;

	while (rc == 0 && (option = getopt(argc, argv, "cr:s:j:")) != -1) {
		switch (option) {
		case 'c': bench.carrel = true; break;
		case 'r': rc = number_parse(optarg, strlen(optarg), ROUNDS_MAX, &rounds); break;
		case 's': rc = number_parse(optarg, strlen(optarg), UINT64_MAX, &seed); break;
		case 'j': json = optarg; break;
		default:  rc = -EINVAL; break;
		}
	}
	if (rc < 0 || rounds == 0 || optind != argc - 1)
		return usage();
	bench.site = argv[optind];
	if (samples_alloc(&bench.samples, rounds) < 0) {
		fputs("carrel-bench: out of memory\n", stderr);
		return 1;
	}
	bench.samples.seed = seed;
	if (run(&bench, &err) < 0) {
		fprintf(stderr, "carrel-bench: %s\n", err.text);
		rc = 1;
	} else {
		rc = report(&bench.samples, json);
	}
	samples_free(&bench.samples);
	return rc;
}
