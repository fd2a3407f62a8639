/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `carrel doctor` looks at, in the order of the table (checks.c). */
#ifndef CARREL_DOCTOR_CHECKS_H
#define CARREL_DOCTOR_CHECKS_H

#include "doctor/doctor.h"

int doctor_check_account(struct doctor *doctor, struct carrel_error *err);
int doctor_check_modes(struct doctor *doctor, struct carrel_error *err);
int doctor_check_versions(struct doctor *doctor, struct carrel_error *err);
int doctor_check_config(struct doctor *doctor, struct carrel_error *err);
int doctor_check_pam(struct doctor *doctor, struct carrel_error *err);
int doctor_check_exempt(struct doctor *doctor, struct carrel_error *err);
int doctor_check_sshd(struct doctor *doctor, struct carrel_error *err);
int doctor_check_processes(struct doctor *doctor, struct carrel_error *err);
int doctor_check_daemons(struct doctor *doctor, struct carrel_error *err);
int doctor_check_groups(struct doctor *doctor, struct carrel_error *err);
int doctor_check_timer(struct doctor *doctor, struct carrel_error *err);
int doctor_check_names(struct doctor *doctor, struct carrel_error *err);
int doctor_check_pools(struct doctor *doctor, struct carrel_error *err);
int doctor_check_forwarding(struct doctor *doctor, struct carrel_error *err);
int doctor_check_resolvers(struct doctor *doctor, struct carrel_error *err);
int doctor_check_addresses(struct doctor *doctor, struct carrel_error *err);
int doctor_check_host(struct doctor *doctor, struct carrel_error *err);
int doctor_check_carrels(struct doctor *doctor, struct carrel_error *err);
int doctor_check_helper(struct doctor *doctor, struct carrel_error *err);
int doctor_check_firewall(struct doctor *doctor, struct carrel_error *err);

#endif
