/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <math.h>
#include <stdbool.h>

#include "samples.h"
#include "stats.h"

/* What every variant is compared with. */
static const enum series references[] = { SERIES_BARE, SERIES_BARE_EXEC, SERIES_PLAIN };
#define REFERENCE_COUNT (sizeof(references) / sizeof(references[0]))

/* Ratios that are judged. Times are not: they are the machine's. */
static const struct target {
	const char *text;
	enum series numerator, denominator;
	bool at_most;
	double limit;
} targets[] = {
	{ "first login / (bare steps + fork+exec)", SERIES_FIRST, SERIES_BARE_EXEC, true, 1.5 },
	{ "plain script / first login",             SERIES_PLAIN, SERIES_FIRST, false, 10 },
	{ "plain script / first login, the goal",   SERIES_PLAIN, SERIES_FIRST, false, 15 },
	{ "ip -batch script / first login",         SERIES_BATCH, SERIES_FIRST, false, 5 },
	{ "CNI ptp + firewall / first login",        SERIES_CNI,   SERIES_FIRST, false, 15 },
	{ "first login / second login",             SERIES_FIRST, SERIES_SECOND, false, 3 },
};
#define TARGET_COUNT (sizeof(targets) / sizeof(targets[0]))

/* Times that were aimed at on the machine where the aims were set. */
static const struct aim {
	const char *text;
	enum series series, less;       /* SERIES_COUNT: nothing is taken off */
	double us;
} aims[] = {
	{ "first login less the bare steps", SERIES_FIRST,      SERIES_BARE,  600 },
	{ "second login",                    SERIES_SECOND,     SERIES_COUNT, 700 },
	{ "logout",                          SERIES_LOGOUT,     SERIES_COUNT, 700 },
	{ "unconfined user less PAM alone",  SERIES_UNCONFINED, SERIES_PAM,    20 },
};

static double ratio(const struct samples *samples, enum series numerator, enum series denominator)
{
	return stats_ratio(samples->us[numerator], samples->us[denominator], samples->rounds,
			   samples->scratch);
}

static double quantile(const struct samples *samples, const double *values, double fraction)
{
	return stats_quantile(values, samples->rounds, fraction, samples->scratch);
}

static bool is_met(const struct target *target, double value)
{
	return target->at_most ? value <= target->limit : value >= target->limit;
}

static void print_times(const struct samples *samples, FILE *file)
{
	fprintf(file, "%-26s %6s %10s %10s %9s %9s %9s\n", "", "n", "median us", "p99 us",
		"/ bare", "/ +exec", "/ script");
	for (enum series series = 0; series < SERIES_COUNT; series++) {
		size_t count = stats_count(samples->us[series], samples->rounds);

		if (!count)
			continue;
		fprintf(file, "%-26s %6zu %10.1f %10.1f", series_title(series), count,
			quantile(samples, samples->us[series], 0.5),
			quantile(samples, samples->us[series], 0.99));
		for (size_t i = 0; i < REFERENCE_COUNT; i++)
			fprintf(file, " %9.3f", ratio(samples, series, references[i]));
		fputc('\n', file);
	}
}

static void print_steps(const struct samples *samples, FILE *file)
{
	fputs("\nThe bare steps, median us:", file);
	for (enum bare_step step = 0; step < BARE_STEP_COUNT; step++)
		fprintf(file, "  %s %.1f", bare_step_name(step),
			quantile(samples, samples->step_us[step], 0.5));
	fputc('\n', file);
}

static void print_counts(const struct samples *samples, FILE *file)
{
	fprintf(file, "\n%-26s %14s %10s %14s %16s\n", "", "system calls", "processes",
		"netlink sends", "netlink messages");
	for (enum series series = 0; series < SERIES_COUNT; series++) {
		const struct counts *counts = &samples->counts[series];

		if (samples->counted[series])
			fprintf(file, "%-26s %14u %10u %14u %16u\n", series_title(series),
				counts->system_calls, counts->processes, counts->netlink_sends,
				counts->netlink_messages);
	}
}

static void print_targets(const struct samples *samples, FILE *file)
{
	fputs("\nTargets (medians of the ratios within a round)\n", file);
	for (size_t i = 0; i < TARGET_COUNT; i++) {
		const struct target *target = &targets[i];
		double value = ratio(samples, target->numerator, target->denominator);

		if (isnan(value))
			continue;
		fprintf(file, "  %-44s %8.2f   %s %-5g %s\n", target->text, value,
			target->at_most ? "at most " : "at least", target->limit,
			is_met(target, value) ? "met" : "NOT met");
	}
}

/* Beside, never judged. */
static void print_aims(const struct samples *samples, FILE *file)
{
	if (!stats_count(samples->us[SERIES_FIRST], samples->rounds))
		return;
	fputs("Times beside what was aimed at elsewhere (machines differ: not judged)\n", file);
	for (size_t i = 0; i < sizeof(aims) / sizeof(aims[0]); i++) {
		double us = quantile(samples, samples->us[aims[i].series], 0.5);

		if (aims[i].less != SERIES_COUNT)
			us -= quantile(samples, samples->us[aims[i].less], 0.5);
		fprintf(file, "  %-44s %8.1f us   %g\n", aims[i].text, us, aims[i].us);
	}
}

void report_table(const struct samples *samples, FILE *file)
{
	fprintf(file, "%zu rounds, shuffled with SEED=%llu; ratios are medians over the rounds\n\n",
		samples->rounds, samples->seed);
	print_times(samples, file);
	print_steps(samples, file);
	print_counts(samples, file);
	print_targets(samples, file);
	print_aims(samples, file);
}

/* ,"@key":@value, the comma unless it is the first; JSON has no NAN. */
static void json_number(FILE *file, bool first, const char *key, double value)
{
	fprintf(file, "%s\"%s\":", first ? "" : ",", key);
	if (isnan(value))
		fputs("null", file);
	else
		fprintf(file, "%.6g", value);
}

static void json_series(const struct samples *samples, enum series series, FILE *file)
{
	const struct counts *counts = &samples->counts[series];
	const double *us = samples->us[series];

	json_number(file, true, "n", (double)stats_count(us, samples->rounds));
	json_number(file, false, "median_us", quantile(samples, us, 0.5));
	json_number(file, false, "p99_us", quantile(samples, us, 0.99));
	for (size_t i = 0; i < REFERENCE_COUNT; i++) {
		char key[64];

		(void)snprintf(key, sizeof(key), "ratio_to_%s", series_key(references[i]));
		json_number(file, false, key, ratio(samples, series, references[i]));
	}
	if (samples->counted[series]) {
		json_number(file, false, "system_calls", counts->system_calls);
		json_number(file, false, "processes", counts->processes);
		json_number(file, false, "netlink_sends", counts->netlink_sends);
		json_number(file, false, "netlink_messages", counts->netlink_messages);
	}
}

void report_json(const struct samples *samples, FILE *file)
{
	fprintf(file, "{\"rounds\":%zu,\"seed\":%llu,\"series\":{", samples->rounds, samples->seed);
	for (enum series series = 0; series < SERIES_COUNT; series++) {
		fprintf(file, "%s\"%s\":{", series ? "," : "", series_key(series));
		json_series(samples, series, file);
		fputc('}', file);
	}
	fputs("},\"bare_steps_us\":{", file);
	for (enum bare_step step = 0; step < BARE_STEP_COUNT; step++)
		json_number(file, step == 0, bare_step_name(step),
			    quantile(samples, samples->step_us[step], 0.5));
	fputs("},\"targets\":[", file);
	for (size_t i = 0; i < TARGET_COUNT; i++) {
		double value = ratio(samples, targets[i].numerator, targets[i].denominator);

		fprintf(file, "%s{\"text\":\"%s\",", i ? "," : "", targets[i].text);
		json_number(file, true, "value", value);
		json_number(file, false, targets[i].at_most ? "at_most" : "at_least",
			    targets[i].limit);
		fprintf(file, ",\"met\":%s}",
			isnan(value) ? "null" : is_met(&targets[i], value) ? "true" : "false");
	}
	fputs("]}\n", file);
}
