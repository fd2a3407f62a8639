/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * make bench-rules: what policies of 10 to 10,000 rules cost, and what one rule does that names as
 * many addresses: reading the text, compiling it, loading it into a namespace that is empty.
 * Microseconds, medians, and what that is for a rule, which must not grow.
 *
 * Context: root in a network namespace of its own
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>

#include "base/buffer.h"
#include "base/error.h"
#include "clock.h"
#include "core/compile.h"
#include "core/policy_parse.h"
#include "kernel/nft.h"
#include "kernel/nft_load.h"

/* Enough for a median; the largest takes half a second each time. */
#define ROUNDS 15

enum step { STEP_PARSE, STEP_COMPILE, STEP_LOAD };
#define STEP_COUNT (STEP_LOAD + 1)

/* As many destinations, one rule each, or (@single) in one. No two of them touch. */
static const char *write_policy(unsigned count, bool single, struct arena *arena)
{
	BUFFER_CLEANUP struct buffer text = { 0 };
	/* 198.18.0.0/15 is for benchmarks (RFC 2544). */
	const uint32_t first = 0xc6120000;

	buffer_puts(&text, "default deny out\n");
	for (unsigned i = 0; i < count; i++) {
		uint32_t address = first + 2 * i;

		if (i == 0 || !single)
			buffer_puts(&text, "allow out tcp to ");
		buffer_printf(&text, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
			      address >> 8 & 255, address & 255);
		/* A line is 64 KiB at most, so the most places are in three rules. */
		if (!single)
			buffer_printf(&text, " port %u\n", i % 60000 + 1);
		else
			buffer_puts(&text, i + 1 == count ? "\n" :
				    i % 4000 == 3999 ? "\nallow out tcp to " : ",");
	}
	return text.failed ? NULL : arena_strdup(arena, text.data);
}

/* One round of all steps; 0 or -errno. */
static int run(struct mnl_socket *socket, const char *text, double us[STEP_COUNT],
	       struct carrel_error *err)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { .arena = &arena };
	const struct source source = { "scale.policy", text, strlen(text) };
	const struct config config = {
		.pool4 = { { FAMILY_IPV4, { 10, 213 } }, 16 },
		.pool6 = { { FAMILY_IPV6, { 0xfd, 0x42, 0xca, 0x44, 0x00, 0xe1 } }, 64 },
	};
	const struct prefix_list host = { 0 };
	struct policy policy;
	struct ruleset ruleset;

	double start = clock_us();
	int rc = policy_parse("scale", &source, &arena, &policy, &diagnostics);
	if (rc)
		return diagnostic_to_error(&diagnostics, err);
	us[STEP_PARSE] = clock_us() - start;

	start = clock_us();
	rc = compile_policy(&policy, &config, &host, &arena, &ruleset, err);
	if (rc)
		return rc;
	us[STEP_COMPILE] = clock_us() - start;

	/* What it costs to take a large table away is another matter. */
	const struct ruleset nothing = { .table = CARREL_TABLE };
	rc = nft_load(socket, &nothing, true, err);
	if (rc)
		return rc;
	start = clock_us();
	rc = nft_load(socket, &ruleset, true, err);
	us[STEP_LOAD] = clock_us() - start;
	return rc;
}

/* For qsort() */
static int compare(const void *a, const void *b)
{
	double difference = *(const double *)a - *(const double *)b;

	return (difference > 0) - (difference < 0);
}

/* Print the medians of one size; @base_us: of the smallest, for a rule; 0: this is it */
static int measure(struct mnl_socket *socket, unsigned count, bool single, double *base_us,
		   struct carrel_error *err)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	double us[STEP_COUNT][ROUNDS], total_us = 0;
	const char *text = write_policy(count, single, &arena);

	if (!text)
		return error_set(err, ENOMEM, "out of memory");
	for (size_t round = 0; round < ROUNDS; round++) {
		double one[STEP_COUNT] = { 0 };
		int rc = run(socket, text, one, err);

		if (rc)
			return rc;
		for (size_t step = 0; step < STEP_COUNT; step++)
			us[step][round] = one[step];
	}
	printf("%8u", count);
	for (size_t step = 0; step < STEP_COUNT; step++) {
		qsort(us[step], ROUNDS, sizeof(double), compare);
		total_us += us[step][ROUNDS / 2];
		printf("%11.0f", us[step][ROUNDS / 2]);
	}
	if (*base_us == 0)
		*base_us = total_us / count;
	printf("%11.0f%11.2f%9.2f\n", total_us, total_us / count, total_us / count / *base_us);
	return 0;
}

int main(void)
{
	static const unsigned sizes[] = { 10, 100, 1000, 10000 };
	struct carrel_error err = { 0 };
	struct mnl_socket *socket;
	int rc = nft_open(&socket, &err);

	for (int single = 0; single < 2 && rc == 0; single++) {
		double base_us = 0;

		printf("%s%8s%11s%11s%11s%11s%11s%9s\n", single ? "\nall of them in one rule\n" : "",
		       single ? "places" : "rules", "parse us", "compile us", "load us", "all us",
		       "us each", "ratio");
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) && rc == 0; i++)
			rc = measure(socket, sizes[i], single, &base_us, &err);
	}
	if (rc < 0)
		fprintf(stderr, "bench-rules: %s\n", err.text);
	return rc < 0;
}
