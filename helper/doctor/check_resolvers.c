/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Will programs in a carrel find names? */

#include "base/error.h"
#include "doctor/checks.h"
#include "state/resolvers.h"

/** check_policy() - what keeps programs under @policy from finding names */
static int check_policy(struct doctor *doctor, struct policy *policy, struct carrel_error *err)
{
	const char *warning;
	int rc = resolvers_settle(policy, doctor->arena, &warning, err);
	if (rc < 0 || !warning)
		return rc;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "the policy '%s': %s", policy->name, warning),
		.why = "programs in these carrels do not find names",
		.fix = arena_printf(doctor->arena, "add to the policy '%s' a line 'dns ADDRESS', of a "
				    "resolver that carrels can reach; then: carrel apply",
				    policy->name),
	});
}

int doctor_check_resolvers(struct doctor *doctor, struct carrel_error *err)
{
	/* A policy that several assignments give says the same each time, and is told once. */
	return doctor_each_policy(doctor, check_policy, err);
}
