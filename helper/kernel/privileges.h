/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the helper may do: two capabilities, as an account of its own, for root alone. */
#ifndef CARREL_KERNEL_PRIVILEGES_H
#define CARREL_KERNEL_PRIVILEGES_H

#include <sys/types.h>

struct carrel_error;

/**
 * privileges_confine() - check what was handed over, and give up all but what is needed
 * @fd:		borrowed; the socket that the request will come from
 * @ret_peer:	the process at its other end
 *
 * Return: 0; -EPERM when this runs as root, lacks a capability, could regain root, or the
 *	   other end is not root's; -ENOTSOCK, -EPROTOTYPE when @fd is no SOCK_SEQPACKET socket
 *	   of the unix domain; -errno
 * Context: first thing in the process, before it has read anything; single-threaded
 */
int privileges_confine(int fd, pid_t *ret_peer, struct carrel_error *err);

#endif
