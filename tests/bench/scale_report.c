/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scale.h"

#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "clock.h"
#include "command.h"
#include "memory.h"
#include "stats.h"

/* So much more than at the beginning, beside the bare steps. */
#define GROWTH_MAX 1.2
/* Without private pins it is 100 and more. */
#define MOUNTS_GROWTH_MAX 2
/* In /run, of each carrel. */
#define OWN_BYTES_MAX 8192
/* The time that a command takes, to that of reading alone what it must read. */
#define LIST_RATIO_MAX 30

/* One thing that must hold. */
static void judge(struct scale *scale, bool holds, const char *what)
{
	printf("%s: %s\n", holds ? "met" : "NOT met", what);
	scale->failed |= !holds;
}

static double median(const struct scale *scale, const double *samples)
{
	return stats_quantile(samples, scale->samples, 0.5, scale->scratch);
}

static double ratio(const struct scale *scale, const double *a, const double *b)
{
	return stats_ratio(a, b, scale->samples, scale->scratch);
}

static void print_phase(const struct scale *scale, const struct phase *phase, unsigned carrels)
{
	printf("%8u %10.0f %10.0f %10.0f %10.0f %10.0f %10.0f %8u\n", carrels,
	       median(scale, phase->bare_us), median(scale, phase->bare_cpu_us),
	       median(scale, phase->first_us), median(scale, phase->first_cpu_us),
	       median(scale, phase->second_us), median(scale, phase->second_cpu_us),
	       phase->counts.system_calls);
}

/*
 * How much dearer @full is than @empty, beside the bare steps. Of each, a quarter of the samples took
 * less: what comes of other load on the machine is in the rest.
 */
static double growth(const struct scale *scale, const double *full, const double *empty)
{
	const double *const lists[] = {
		full, scale->full.bare_cpu_us, empty, scale->empty.bare_cpu_us,
	};
	double quarter[sizeof(lists) / sizeof(lists[0])];

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		quarter[i] = stats_quantile(lists[i], scale->samples, 0.25, scale->scratch);
	return quarter[0] / quarter[1] / (quarter[2] / quarter[3]);
}

static void judge_growth(struct scale *scale, const char *what, const double *full,
			 const double *empty)
{
	double times = growth(scale, full, empty);
	char text[128];

	(void)snprintf(text, sizeof(text), "processor time of a %s login grows %.2f times, beside the "
		       "bare steps', at most %.1f", what, times, GROWTH_MAX);
	judge(scale, times <= GROWTH_MAX, text);
}

void scale_report_mounts(struct scale *scale)
{
	double empty_us = median(scale, scale->empty.mounts_us);
	double full_us = median(scale, scale->full.mounts_us);
	char text[128];

	(void)snprintf(text, sizeof(text), "a mount namespace of the host's takes %.0f us, %.0f on an "
		       "empty host", full_us, empty_us);
	if (scale->private_pins)
		judge(scale, full_us <= empty_us * MOUNTS_GROWTH_MAX, text);
	else
		printf("%s\n", text);
}

void scale_report_logins(struct scale *scale)
{
	const struct phase *empty = &scale->empty, *full = &scale->full;
	char text[128];

	printf("\nmedians, us\n%8s %10s %10s %10s %10s %10s %10s %8s\n", "carrels", "bare", "cpu",
	       "first", "cpu", "second", "cpu", "calls");
	print_phase(scale, empty, 0);
	print_phase(scale, full, scale->made);
	printf("the kernel's own growth: %.2f; beside it a first login's: %.2f\n",
	       median(scale, full->bare_us) / median(scale, empty->bare_us),
	       ratio(scale, full->first_us, full->bare_us) /
	       ratio(scale, empty->first_us, empty->bare_us));
	judge_growth(scale, "first", full->first_cpu_us, empty->first_cpu_us);
	judge_growth(scale, "second", full->second_cpu_us, empty->second_cpu_us);
	/* Of a full pool, one or two addresses are asked about more. */
	(void)snprintf(text, sizeof(text), "a login makes %u system calls, %u on an empty host",
		       full->counts.system_calls, empty->counts.system_calls);
	judge(scale, full->counts.system_calls <= empty->counts.system_calls + 8 &&
	      full->counts.netlink_messages == empty->counts.netlink_messages, text);
}

int scale_report_memory(struct scale *scale, double kernel_bytes, double bare_bytes,
			struct carrel_error *err)
{
	double own_bytes;
	char text[128];
	int rc = memory_of_files("/run/carrel", &own_bytes, err);

	if (rc < 0)
		return rc;
	own_bytes /= scale->made;
	printf("kernel memory: %.0f KiB for each carrel, %.0f KiB for each bare namespace (with what "
	       "else the machine does)\n", kernel_bytes / 1024, bare_bytes / 1024);
	(void)snprintf(text, sizeof(text), "%.0f bytes in /run for each carrel, at most %d",
		       own_bytes, OWN_BYTES_MAX);
	judge(scale, own_bytes <= OWN_BYTES_MAX, text);
	return 0;
}

int scale_report_commands(struct scale *scale, struct carrel_error *err)
{
	/* The first turn of the last one notes who is idle. */
	static const char *const commands[] = {
		"carrel list", "carrel list --json", "carrel gc --dry-run", "carrel gc",
	};
	double floor_us[COMMAND_TURNS], us = NAN, floor;
	char text[128];

	for (size_t i = 0; i < COMMAND_TURNS; i++) {
		double start_us = clock_us();
		int rc = memory_read_all(err);

		if (rc < 0)
			return rc;
		floor_us[i] = clock_us() - start_us;
	}
	floor = stats_quantile(floor_us, COMMAND_TURNS, 0.5, scale->scratch);
	printf("reading every record and looking at every pin: %.1f ms\n", floor / 1e3);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		int rc = command_time(commands[i], &us, err);

		if (rc < 0)
			return rc;
		(void)snprintf(text, sizeof(text), "%s: %.1f ms, %.1f times that, at most %d",
			       commands[i], us / 1e3, us / floor, LIST_RATIO_MAX);
		judge(scale, us / floor <= LIST_RATIO_MAX, text);
	}
	return 0;
}
