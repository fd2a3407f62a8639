/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network namespaces and their pins. */
#ifndef CARREL_KERNEL_NETNS_H
#define CARREL_KERNEL_NETNS_H

#include <stdint.h>

struct carrel_error;

/**
 * netns_create() - leave the current network namespace for a fresh one
 * @ret_fd:	the new namespace, owned by the caller
 * Context: CAP_SYS_ADMIN
 */
int netns_create(int *ret_fd, struct carrel_error *err);

/** netns_current() - a descriptor of the namespace that the calling thread is in */
int netns_current(int *ret_fd, struct carrel_error *err);

/** netns_enter() - move the calling thread to @fd (borrowed). Context: CAP_SYS_ADMIN */
int netns_enter(int fd, struct carrel_error *err);

/**
 * netns_pin() - keep @fd (borrowed) alive as /run/netns/@name
 *
 * What stood there without being a namespace (left by a helper that was killed) is replaced.
 * Return: 0; -EEXIST when a namespace is pinned under that name; -errno
 * Context: CAP_SYS_ADMIN; may write to /run/netns
 */
int netns_pin(int fd, const char *name, struct carrel_error *err);

/** netns_release() - netns_unpin() where another is to be pinned at once: the file may stay */
int netns_release(const char *name, struct carrel_error *err);

/**
 * netns_unpin() - the kernel destroys the namespace once no process is in it
 *
 * A file that somebody else made for it may stay.
 *
 * Return: 0, also without a pin; -errno
 */
int netns_unpin(const char *name, struct carrel_error *err);

/**
 * netns_open_pin() - open /run/netns/@name
 * Return: 0; -ENOENT when there is none, or it is no network namespace (not complete)
 */
int netns_open_pin(const char *name, int *ret_fd, struct carrel_error *err);

/**
 * netns_clear() - remove what netns_unpin() had to leave, if it is the caller's
 *
 * Such a file is root's: the helper may not remove it from a sticky directory, and its own are not
 * touched here, which a login may be about to use.
 */
void netns_clear(const char *name);

/** netns_check() - 0 when @fd (borrowed) is a network namespace; -EBADMSG; -errno */
int netns_check(int fd, struct carrel_error *err);

/**
 * netns_is_own() - was it made in the caller's user namespace, and not in one that a user made?
 * @fd:		of a network namespace (borrowed)
 *
 * In one of a user namespace of their own, users are root: what it says is what they say.
 *
 * Return: 1, 0 or -errno
 * Source: ioctl_ns(2)
 */
int netns_is_own(int fd, struct carrel_error *err);

/** netns_inode() - what tells one namespace from another */
int netns_inode(int fd, uint64_t *ret_inode, struct carrel_error *err);

#endif
