/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /run/carrel: its directory, the lock of each carrel, and the claims on addresses. */
#ifndef CARREL_STATE_STATE_H
#define CARREL_STATE_STATE_H

#include <stdbool.h>
#include <sys/types.h>
#include "core/config.h"

struct carrel_error;

/**
 * state_open() - open @path (PATH_STATE), check owner and mode
 * @create:	make the subdirectories (carrels, locks, sessions, addresses, valid) that are missing
 * @ret_fd:	owned by the caller
 *
 * Return: 0; -ENOENT; -EPERM when its owner is neither root nor the caller nor somebody whom
 *	   root made the owner, or when others may write to it; -errno
 */
int state_open(const char *path, bool create, int *ret_fd, struct carrel_error *err);

/**
 * state_lock() - wait for, and take, the lock of one user's carrel
 * @ret_fd:	the lock is held until it is closed
 */
int state_lock(int state_fd, uid_t uid, int *ret_fd, struct carrel_error *err);

/** state_lock_try() - the same without waiting: -EWOULDBLOCK when somebody holds it */
int state_lock_try(int state_fd, uid_t uid, int *ret_fd, struct carrel_error *err);

/**
 * state_claim_address4() - the IPv4 address of @uid: what it had, else the first free one
 *
 * A claim is a symbolic link addresses/ADDRESS -> UID, made atomically, so users do not
 * wait for each other. Starts at a hash of @uid and probes (core/allocate.h); an address
 * claimed by a uid that has no record any more may be taken over. See claim.c.
 *
 * Return: 0; -ENOSPC when the pool is used up
 * Context: the caller holds the lock of @uid's carrel
 */
int state_claim_address4(int state_fd, const struct prefix *pool, uid_t uid,
			 struct address *ret, struct carrel_error *err);

/**
 * state_expect_address4() - what state_claim_address4() would give now, claiming nothing
 * @state_fd:	or -1: nobody has claimed anything yet
 *
 * A guess: whether a claim without a record may be taken over shows only under its lock.
 *
 * Return: 0; -ENOSPC when the pool is used up; -errno
 */
int state_expect_address4(int state_fd, const struct prefix *pool, uid_t uid,
			  struct address *ret, struct carrel_error *err);

/**
 * state_release_address4() - give it up; 0 also when not claimed
 * Context: the caller holds the lock of @uid's carrel
 */
int state_release_address4(int state_fd, uid_t uid, const struct address *address,
			   struct carrel_error *err);

/**
 * state_forget_address4() - give up whatever @uid has claimed; 0 also when that is nothing
 *
 * Needs no record: the claims themselves say what there is.
 *
 * Context: the caller holds the lock of @uid's carrel
 */
int state_forget_address4(int state_fd, uid_t uid, struct carrel_error *err);

#endif
