/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is what administrators wrote valid, and is it what decides? */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "cli/check.h"
#include "cli/cli.h"
#include "doctor/checks.h"
#include "state/source.h"

/** place_of() - "FILE:LINE:COLUMN: ", or "FILE: " for a whole file; NULL: out of memory */
static const char *place_of(struct doctor *doctor, const struct position *position)
{
	if (!position->line)
		return arena_printf(doctor->arena, "%s: ", position->file);
	return arena_printf(doctor->arena, "%s:%u:%u: ", position->file, position->line,
			    position->column);
}

/** add_finding() - what `carrel check` says */
static int add_finding(struct doctor *doctor, const struct diagnostic *diagnostic)
{
	bool error = diagnostic->severity == SEVERITY_ERROR;
	const char *place = place_of(doctor, &diagnostic->position);

	if (!place)
		return -ENOMEM;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = error ? DOCTOR_WRONG : DOCTOR_NOTICE,
		.what = arena_printf(doctor->arena, "%s%s", place, diagnostic->message),
		.why = error ? "what is invalid decides nothing: the last valid text does, or, where "
			       "there is none, confined users are refused" : "",
		.fix = error ? arena_printf(doctor->arena, "edit %s, then: carrel check",
					    diagnostic->position.file) : "",
	});
}

/** since() - when the file at @path was changed last, as text; "" when that is not known */
static const char *since(struct doctor *doctor, const char *path)
{
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct stat st;

	if (stat(path, &st) < 0)
		return "";
	buffer_puts(&text, ", since ");
	cli_put_time(&text, (uint64_t)st.st_mtim.tv_sec);
	return text.failed ? NULL : arena_strdup(doctor->arena, text.data);
}

/** add_stale() - the last valid text is in force instead of the one on disk */
static int add_stale(struct doctor *doctor, const char *what, const char *path,
		     const char *warning)
{
	const char *when = since(doctor, path);

	if (!when)
		return -ENOMEM;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "an earlier version of %s is in force%s: %s",
				     what, when, warning),
		.why = "edits have no effect, and after a reboot there is no earlier version: "
		       "confined users are refused then",
		.fix = "carrel check",
	});
}

/** add_unusable() - there is nothing that could decide */
static int add_unusable(struct doctor *doctor, const char *what, const char *why_not)
{
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "no version of %s can be used: %s", what,
				     why_not),
		.why = "its users are refused",
		.fix = "carrel check",
	});
}

/** is_named_before() - does an assignment before the one at @index give the same policy? */
static bool is_named_before(const struct config *config, size_t index)
{
	const struct assignment *assignments = config->assignments.items;

	for (size_t i = 0; i < index; i++)
		if (assignments[i].kind == ASSIGN_POLICY &&
		    strcmp(assignments[i].policy, assignments[index].policy) == 0)
			return true;
	return false;
}

/** check_policy() - which text of the policy @name decides? */
static int check_policy(struct doctor *doctor, const struct config *config, const char *name)
{
	struct carrel_error err = { 0 };
	struct policy policy;
	const char *warning = NULL;
	const char *what = arena_printf(doctor->arena, "the policy '%s'", name);

	int rc = source_policy_in_force(doctor->config_path, config, name, doctor->state_fd, false,
					doctor->arena, &policy, &warning, &err);
	if (rc == -ENOMEM || !what)
		return -ENOMEM;
	if (rc < 0)
		return add_unusable(doctor, what, err.text);
	if (!warning)
		return 0;
	const char *path = arena_strndup(doctor->arena, warning, strcspn(warning, ":"));
	return path ? add_stale(doctor, what, path, warning) : -ENOMEM;
}

/** confines_anyone() - does an assignment give a policy, or refuse? */
static bool confines_anyone(const struct config *config)
{
	for (size_t i = 0; i < config->assignments.count; i++)
		if (!config_is_free(&config->assignments.items[i]))
			return true;
	return false;
}

/** check_purpose() - tell where all this is in place and does nothing yet */
static int check_purpose(struct doctor *doctor)
{
	const struct config *config;
	struct carrel_error err = { 0 };

	int rc = doctor_config(doctor, &config, &err);
	if (rc < 0 || confines_anyone(config))
		return rc == -ENOMEM ? rc : 0;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_NOTICE,
		.what = "no assignment confines anyone",
		.why = "every session stays in the host's network",
		.fix = arena_printf(doctor->arena, "add a line to %s, such as: assign lab group students",
				    doctor->config_path),
	});
}

/** check_in_force() - what decides, of the configuration and of each policy that is assigned */
static int check_in_force(struct doctor *doctor)
{
	struct carrel_error err = { 0 };
	const char *warning = NULL;
	struct config config;

	int rc = source_config_in_force(doctor->config_path, doctor->state_fd, false,
					doctor->arena, &config, &warning, &err);
	if (rc == -ENOMEM)
		return rc;
	if (rc < 0)
		return add_unusable(doctor, "the configuration", err.text);
	if (warning)
		rc = add_stale(doctor, "the configuration", doctor->config_path, warning);
	for (size_t i = 0; rc == 0 && i < config.assignments.count; i++)
		if (config.assignments.items[i].kind == ASSIGN_POLICY &&
		    !is_named_before(&config, i))
			rc = check_policy(doctor, &config, config.assignments.items[i].policy);
	return rc;
}

int doctor_check_config(struct doctor *doctor, struct carrel_error *err)
{
	struct findings findings;

	(void)err;
	int rc = check_configuration(doctor->config_path, doctor->arena, &findings);
	for (size_t i = 0; rc == 0 && i < findings.list.count; i++)
		rc = add_finding(doctor, &findings.list.items[i]);
	if (rc == 0)
		rc = check_purpose(doctor);
	/* What is kept of earlier versions is for root to read. */
	return rc < 0 || !doctor->root ? rc : check_in_force(doctor);
}
