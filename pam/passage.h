/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The thread of a PAM application between network namespaces, and its way back. */
#ifndef CARREL_PAM_PASSAGE_H
#define CARREL_PAM_PASSAGE_H

#include <security/pam_modules.h>
#include <stdbool.h>
#include <sys/types.h>

struct carrel_error;

/**
 * passage_go() - move this thread to the namespace @netns_fd (borrowed), and see it arrive
 * @ret_original_fd: where it came from
 *
 * Return: 0 or -errno: then it is where it was
 * Context: CAP_SYS_ADMIN
 */
int passage_go(pam_handle_t *pamh, int netns_fd, int *ret_original_fd, struct carrel_error *err);

/** passage_undo() - back to @original_fd (borrowed); what fails is for the log: nobody could help */
void passage_undo(pam_handle_t *pamh, int original_fd);

/**
 * passage_is_elsewhere() - is this thread in another network than the host's, that of process 1?
 *
 * Return: false also where that cannot be seen
 */
bool passage_is_elsewhere(void);

/**
 * passage_go_to_host() - move this thread to the host's network, and keep the way back
 *
 * Return: 0 or -errno: then it is where it was
 * Context: CAP_SYS_ADMIN, and CAP_SYS_PTRACE to see process 1
 */
int passage_go_to_host(pam_handle_t *pamh, uid_t uid, struct carrel_error *err);

/**
 * passage_keep() - hand the session's lock (-1: it has none) and the way back to PAM's care
 * @lock_fd:	this and @original_fd are consumed on success
 *
 * The session counts from now on, with its lock or as long as its process lives.
 */
int passage_keep(pam_handle_t *pamh, uid_t uid, int *lock_fd, int *original_fd,
		 struct carrel_error *err);

/**
 * passage_end() - end what passage_keep() keeps in @pamh, and go back
 * @ret_uid:	whose session it was
 *
 * Return: there was a session in a carrel
 */
bool passage_end(pam_handle_t *pamh, uid_t *ret_uid);

#endif
