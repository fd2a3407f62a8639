/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doctor/doctor.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "state/source.h"

/** said() - has the current check said @text already, as what there is or as a fix? */
static bool said(const struct doctor *doctor, const char *text, bool fix)
{
	for (size_t i = 0; i < doctor->findings.count; i++) {
		const struct doctor_finding *finding = &doctor->findings.items[i];

		if (strcmp(finding->check, doctor->current->name) == 0 &&
		    strcmp(fix ? finding->fix : finding->what, text) == 0)
			return true;
	}
	return false;
}

int doctor_add(struct doctor *doctor, struct doctor_finding finding)
{
	struct doctor_finding *place;

	if (!finding.what || !finding.why || !finding.fix)
		return -ENOMEM;
	/* Of a line that several services include, the same is found more than once. */
	if (said(doctor, finding.what, false))
		return 0;
	if (said(doctor, finding.fix, true))
		finding.fix = "";
	place = ARENA_APPEND(doctor->arena, &doctor->findings);
	if (!place)
		return -ENOMEM;
	finding.check = doctor->current->name;
	*place = finding;
	return 0;
}

int doctor_config(struct doctor *doctor, const struct config **ret, struct carrel_error *err)
{
	const char *warning;

	if (!doctor->config) {
		struct config *config = arena_alloc(doctor->arena, sizeof(*config));

		if (!config)
			return error_set_errno(err, ENOMEM, "reading the configuration");
		int rc = source_config_in_force(doctor->config_path, doctor->state_fd, false,
						doctor->arena, config, &warning, err);
		if (rc < 0)
			return rc;
		doctor->config = config;
	}
	*ret = doctor->config;
	return 0;
}

int doctor_each_policy(struct doctor *doctor,
		       int (*check)(struct doctor *doctor, struct policy *policy,
				    struct carrel_error *err),
		       struct carrel_error *err)
{
	const struct config *config;
	int rc = doctor_config(doctor, &config, err);

	if (rc < 0)
		return rc == -ENOMEM ? rc : 0;
	for (size_t i = 0; i < config->assignments.count && rc == 0; i++) {
		const struct assignment *assignment = &config->assignments.items[i];
		struct policy policy;
		const char *warning;

		if (assignment->kind != ASSIGN_POLICY)
			continue;
		rc = source_policy_in_force(doctor->config_path, config, assignment->policy,
					    doctor->state_fd, false, doctor->arena, &policy,
					    &warning, err);
		if (rc == 0)
			rc = check(doctor, &policy, err);
		else if (rc != -ENOMEM)
			rc = 0;
	}
	return rc;
}

bool doctor_is_well(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->findings.count; i++)
		if (doctor->findings.items[i].severity == DOCTOR_WRONG)
			return false;
	return true;
}
