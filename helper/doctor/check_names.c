/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Are addresses known of the hosts that policies name? Rules about others match nothing. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "core/names.h"
#include "doctor/doctor.h"
#include "state/namesfile.h"
#include "state/source.h"

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

/** check_policy() - the names of the policy called @name; what cannot be read another check reports */
static int check_policy(struct doctor *doctor, const struct config *config, const char *name,
			struct carrel_error *err)
{
	const char *warning;
	struct policy policy;

	int rc = source_policy_in_force(doctor->config_path, config, name, doctor->state_fd, false,
					doctor->arena, &policy, &warning, NULL);
	if (rc < 0)
		return rc == -ENOMEM ? rc : 0;
	rc = namesfile_bind(doctor->state_fd, &policy, doctor->arena, NULL, err);
	for (size_t i = 0; i < policy.names.count && rc == 0; i++)
		rc = check_name(doctor, &policy, &policy.names.items[i]);
	return rc;
}

int doctor_check_names(struct doctor *doctor, struct carrel_error *err)
{
	const struct config *config;

	/* What is wrong with it another check reports. */
	int rc = doctor_config(doctor, &config, err);
	if (rc < 0)
		return rc == -ENOMEM ? rc : 0;
	for (size_t i = 0; i < config->assignments.count && rc == 0; i++) {
		const struct assignment *assignment = &config->assignments.items[i];

		if (assignment->kind == ASSIGN_POLICY)
			rc = check_policy(doctor, config, assignment->policy, err);
	}
	return rc;
}
