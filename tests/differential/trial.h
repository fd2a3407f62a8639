/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A policy of the differential test, understood, and what there is around it: a configuration,
 * included files, overrides, known names, a host. All of it is one text, of parts that lines
 * "=== NAME" part; the first is the configuration.
 */
#ifndef CARREL_TESTS_DIFFERENTIAL_TRIAL_H
#define CARREL_TESTS_DIFFERENTIAL_TRIAL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/evaluate.h"
#include "tests/differential/wire.h"

/* The host's own addresses, and how many those are. */
#define TRIAL_HOST "192.0.2.1 198.51.100.1 10.213.0.1 2001:db8::1"
#define TRIAL_HOST_COUNT 4

/* Whom the host asks for names: a stub, and behind it the host itself among others. */
#define TRIAL_NAMED  "127.0.0.53 198.51.100.53 2001:db8::1"
#define TRIAL_BEHIND "203.0.113.10 192.0.2.1 fd00:ec2::254"

enum opinion { OPINION_EVALUATOR, OPINION_KERNEL, OPINION_TRANSLATION };
#define OPINION_COUNT 3

/* One of the files that a policy is made of; the text is part of the whole. */
struct trial_part { const char *name; struct source source; };
#define TRIAL_PARTS_MAX 8

/* Everything about one policy. */
struct trial {
	struct arena arena;
	const char *text;
	struct trial_part parts[TRIAL_PARTS_MAX];
	size_t part_count;
	bool host_known;                /* the host's addresses are given */
	struct prefix host[TRIAL_HOST_COUNT];
	struct config config;
	struct policy policy;
	enum verdict verdicts[OPINION_COUNT][WIRE_BATCH_MAX];
	/* Of those that came through to the outside: whom they were for. Not the evaluator's. */
	struct address arrivals[OPINION_COUNT][WIRE_BATCH_MAX];
	struct redirect redirects[WIRE_BATCH_MAX];      /* the evaluator's, in the place of that */
};

/**
 * trial_begin() - understand the policy
 * @text:	what it is made of, borrowed
 * @host_known:	the host's addresses are given
 *
 * Return: 0; -EINVAL when it is none. @trial->arena is the caller's to free either way.
 */
int trial_begin(struct trial *trial, const char *text, bool host_known);

/** trial_host() - the host's addresses, as far as they are known */
struct prefix_list trial_host(const struct trial *trial);

#endif
