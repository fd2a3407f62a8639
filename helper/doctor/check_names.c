/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Are addresses known of the hosts that policies name? Rules about others match nothing. */

#include "base/error.h"
#include "core/names.h"
#include "doctor/checks.h"
#include "state/namesfile.h"

/** check_name() - one name of @policy that has no address that is believed */
static int check_name(struct doctor *doctor, const struct policy *policy,
		      const struct policy_name *name)
{
	const bool refused = name->addresses.count > 0;

	if (!names_is_unknown(policy, name))
		return 0;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "%s:%u: %s of %s", name->position.file,
				     name->position.line, refused ?
				     "only private addresses are known" : "no address is known",
				     name->name),
		.why = refused ? "rules about it match nothing, as whoever owns a name could point it at "
				 "what is here" : "rules about it match nothing",
		.fix = refused ? "if these addresses are right, write 'rebind ok' into the policy" :
			arena_printf(doctor->arena, "carrel refresh %s", name->name),
	});
}

/** check_policy() - the names of @policy */
static int check_policy(struct doctor *doctor, struct policy *policy, struct carrel_error *err)
{
	int rc = namesfile_bind(doctor->state_fd, policy, doctor->arena, NULL, err);

	for (size_t i = 0; i < policy->names.count && rc == 0; i++)
		rc = check_name(doctor, policy, &policy->names.items[i]);
	return rc;
}

int doctor_check_names(struct doctor *doctor, struct carrel_error *err)
{
	return doctor_each_policy(doctor, check_policy, err);
}
