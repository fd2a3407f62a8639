/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who controls a control group can freeze and starve what is in it. In the part of the hierarchy
 * that belongs to a user (systemd delegates user@UID.service) such a process would hold the lock of
 * another user's carrel for as long as the first one likes.
 */
#ifndef CARREL_PAM_CGROUP_H
#define CARREL_PAM_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

/**
 * cgroup_find_path() - the place in the unified hierarchy
 * @text:	what /proc/PID/cgroup says, terminated; changed: the path is terminated in it
 *
 * Return: the path, in @text; NULL when there is none
 */
char *cgroup_find_path(char *text);

/**
 * cgroup_leave() - move this process to the control group of process 1, unless root alone
 * controls the one it is in
 *
 * Where that cannot be done, it stays: without cgroup v2 nothing is delegated to users.
 *
 * Context: as descent_run(); the mount namespace of process 1
 */
void cgroup_leave(void);

#endif
