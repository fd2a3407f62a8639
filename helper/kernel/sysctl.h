/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/sys, of the network namespace that the caller is in. */
#ifndef CARREL_KERNEL_SYSCTL_H
#define CARREL_KERNEL_SYSCTL_H

#include <stddef.h>

struct carrel_error;

/** sysctl_write() - @path below /proc/sys, e.g. "net/ipv4/ip_forward"; 0 or -errno */
int sysctl_write(const char *path, const char *value, struct carrel_error *err);

/**
 * sysctl_read_number() - a setting that is one number
 * Return: 0; -ENOENT when the kernel has no such setting; -errno
 */
int sysctl_read_number(const char *path, long *ret_value, struct carrel_error *err);

#endif
