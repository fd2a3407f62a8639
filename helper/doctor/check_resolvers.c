/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Will programs in a carrel find names? */
#include <errno.h>

#include "base/error.h"
#include "doctor/doctor.h"
#include "state/resolvers.h"
#include "state/source.h"

/** check_policy() - what keeps programs under the policy @name from finding names */
static int check_policy(struct doctor *doctor, const struct config *config, const char *name,
			struct carrel_error *err)
{
	const char *warning;
	struct policy policy;

	/* What is invalid another check reports. */
	int rc = source_policy_in_force(doctor->config_path, config, name, doctor->state_fd, false,
					doctor->arena, &policy, &warning, NULL);
	if (rc < 0)
		return rc == -ENOMEM ? rc : 0;
	rc = resolvers_settle(&policy, doctor->arena, &warning, err);
	if (rc < 0 || !warning)
		return rc;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "the policy '%s': %s", name, warning),
		.why = "programs in these carrels do not find names",
		.fix = arena_printf(doctor->arena, "add to the policy '%s' a line 'dns ADDRESS', of a "
				    "resolver that carrels can reach; then: carrel apply", name),
	});
}

int doctor_check_resolvers(struct doctor *doctor, struct carrel_error *err)
{
	const struct config *config;
	int rc = doctor_config(doctor, &config, err);

	/* A policy that several assignments give says the same each time, and is told once. */
	for (size_t i = 0; rc == 0 && i < config->assignments.count; i++)
		if (config->assignments.items[i].kind == ASSIGN_POLICY)
			rc = check_policy(doctor, config, config->assignments.items[i].policy, err);
	return rc;
}
