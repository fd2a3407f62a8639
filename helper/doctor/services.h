/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PAM's services on this machine. */
#ifndef CARREL_DOCTOR_SERVICES_H
#define CARREL_DOCTOR_SERVICES_H

#include "core/pamstack.h"
#include "doctor/doctor.h"

struct pam_service {
	const char *name;
	const char *path;               /* of its file */
	struct pam_stack stack;
	struct pam_judgement judgement; /* points into the stack */
	const char *exempt;             /* the groups that the module's line exempts, or NULL */
};

struct pam_services {
	ARENA_LIST(struct pam_service) list;    /* in order of name */
	ARENA_LIST(const char *) unreadable;    /* why, for each that is */
};

/**
 * doctor_services_list() - every service; files that are there to be included are none
 * Return: 0; -errno when there is no directory of services
 */
int doctor_services_list(struct doctor *doctor, const struct pam_services **ret,
			 struct carrel_error *err);

#endif
