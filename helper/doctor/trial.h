/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be found out only by trying: a network as users get it, made and taken away. */
#ifndef CARREL_DOCTOR_TRIAL_H
#define CARREL_DOCTOR_TRIAL_H

#include "cli/throwaway.h"
#include "doctor/doctor.h"

/**
 * trial_policy() - a policy that an assignment gives, and whose uplink leads out
 * Return: its name; NULL: there is none
 */
const char *trial_policy(struct doctor *doctor, const struct config *config);

/**
 * trial_begin() - have the helper make a network under @policy, as for a login
 *
 * What that does to the host (its table, forwarding) is what a login does.
 *
 * Return: 0; -errno with the launcher's reason, or the helper's
 */
int trial_begin(struct doctor *doctor, const char *policy, struct throwaway *ret,
		struct carrel_error *err);

/** trial_end() - take it away; 0 or -errno */
int trial_end(struct doctor *doctor, struct throwaway *trial, struct carrel_error *err);

#endif
