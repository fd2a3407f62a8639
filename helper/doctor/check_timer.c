/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Are idle carrels removed? Without systemd, logins see to it. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "doctor/doctor.h"
#include "doctor/program.h"

#define TIMER "carrel-gc.timer"

/** answer() - the word that "systemctl @question TIMER" says; NULL on failure, with @err */
static const char *answer(struct doctor *doctor, const char *question, struct carrel_error *err)
{
	const char *const argv[] = { "systemctl", question, TIMER, NULL };
	const char *text;
	int status;

	if (program_output(argv, doctor->arena, &text, &status, err) < 0)
		return NULL;
	const char *word = arena_strndup(doctor->arena, text, strcspn(text, "\n"));
	if (!word)
		(void)error_set_errno(err, ENOMEM, "asking systemctl");
	return word;
}

int doctor_check_timer(struct doctor *doctor, struct carrel_error *err)
{
	if (access("/run/systemd/system", F_OK) < 0)
		return 0;
	const char *enabled = answer(doctor, "is-enabled", err);
	const char *active = enabled ? answer(doctor, "is-active", err) : NULL;
	if (!active)
		return -err->errnum;
	if (strcmp(enabled, "enabled") == 0 && strcmp(active, "active") == 0)
		return 0;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, TIMER " is %s and %s", enabled, active),
		.why = "carrels that nobody uses any more are not removed, and 'logout cut' comes late",
		.fix = "systemctl enable --now " TIMER,
	});
}
