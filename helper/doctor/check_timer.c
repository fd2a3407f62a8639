/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does systemd do what it is to do for carrel: remove idle carrels, look names up again? Without it,
 * logins see to the one, and nobody to the other.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "doctor/checks.h"
#include "doctor/program.h"

#define TIMER   "carrel-gc.timer"
#define REFRESH "carrel-refresh.service"

/** answer() - the word that "systemctl @question @unit" says; NULL on failure, with @err */
static const char *answer(struct doctor *doctor, const char *question, const char *unit,
			  struct carrel_error *err)
{
	const char *const argv[] = { "systemctl", question, unit, NULL };
	const char *text;
	int status;

	if (program_output(argv, doctor->arena, &text, &status, err) < 0)
		return NULL;
	const char *word = arena_strndup(doctor->arena, text, strcspn(text, "\n"));
	if (!word)
		(void)error_set_errno(err, ENOMEM, "asking systemctl");
	return word;
}

/** check_unit() - is @unit enabled, and does it run? @why: what comes of it when not */
static int check_unit(struct doctor *doctor, const char *unit, const char *why,
		      struct carrel_error *err)
{
	const char *enabled = answer(doctor, "is-enabled", unit, err);
	const char *active = enabled ? answer(doctor, "is-active", unit, err) : NULL;

	if (!active)
		return -err->errnum;
	if (strcmp(enabled, "enabled") == 0 && strcmp(active, "active") == 0)
		return 0;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "%s is %s and %s", unit, enabled, active),
		.why = why,
		.fix = arena_printf(doctor->arena, "systemctl enable --now %s", unit),
	});
}

/** check_policy() - doctor_each_policy() callback: does it name hosts? */
static int check_policy(struct doctor *doctor, struct policy *policy, struct carrel_error *err)
{
	if (!policy->names.count)
		return 0;
	return check_unit(doctor, REFRESH, "hosts that policies name are not looked up again: rules go "
			  "on to match the addresses of before", err);
}

int doctor_check_timer(struct doctor *doctor, struct carrel_error *err)
{
	if (access("/run/systemd/system", F_OK) < 0)
		return 0;
	int rc = check_unit(doctor, TIMER, "carrels that nobody uses any more are not removed, and "
			    "'logout cut' comes late", err);
	return rc < 0 ? rc : doctor_each_policy(doctor, check_policy, err);
}
