/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doctor/trial.h"

#include "base/error.h"
#include "base/fd.h"
#include "cli/view.h"
#include "state/source.h"

const char *trial_policy(struct doctor *doctor, const struct config *config)
{
	for (size_t i = 0; i < config->assignments.count; i++) {
		const struct assignment *assignment = &config->assignments.items[i];
		const char *warning;
		struct policy policy;

		if (assignment->kind == ASSIGN_POLICY &&
		    source_policy_in_force(doctor->config_path, config, assignment->policy,
					   doctor->state_fd, false, doctor->arena, &policy,
					   &warning, NULL) == 0 && policy.uplink != UPLINK_NONE)
			return assignment->policy;
	}
	return NULL;
}

int trial_begin(struct doctor *doctor, const char *policy, struct throwaway *ret,
		struct carrel_error *err)
{
	return throwaway_make(doctor->config_path, policy, NULL, ret, err);
}

int trial_end(struct doctor *doctor, struct throwaway *trial, struct carrel_error *err)
{
	FD_CLEANUP int opened = -1;
	int state_fd = doctor->state_fd, rc = 0;

	/* The helper has made the directory where it was missing. */
	if (state_fd < 0) {
		rc = view_open_state(&opened, err);
		state_fd = opened;
	}
	if (rc == 0)
		rc = throwaway_clear(trial, state_fd, err);
	fd_close(&trial->netns_fd);
	fd_close(&trial->lease_fd);
	return rc;
}
