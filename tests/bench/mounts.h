/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What carrels cost others on the host. */
#ifndef CARREL_BENCH_MOUNTS_H
#define CARREL_BENCH_MOUNTS_H

struct carrel_error;

/**
 * mounts_copy() - have a process of its own make a mount namespace, as services and containers do
 * @ret_us:	what that took it: all mounts of the host are copied
 *
 * Return: 0 or -errno
 */
int mounts_copy(double *ret_us, struct carrel_error *err);

#endif
