/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/sys, of the network namespace that the caller is in. */
#ifndef CARREL_KERNEL_SYSCTL_H
#define CARREL_KERNEL_SYSCTL_H

#include <stddef.h>

struct carrel_error;

/**
 * sysctl_mount_proc() - a procfs of the process's own, for settings of new namespaces
 *
 * In /proc, the kernel's cache of names keeps an entry of every namespace that was ever looked
 * into: all are called "ipv4", and who looks for one walks along all of them. With thousands of
 * carrels that takes milliseconds, for everybody on the host. In an instance of one's own there is
 * nobody else's.
 *
 * Its end may take the kernel as long as the rest of a login (RCU): not before somebody waits.
 *
 * Return: its root; -1 where that cannot be (an old kernel, a container): then /proc must do
 * Context: CAP_SYS_ADMIN. Linux 5.2; attached nowhere, seen by nobody
 */
int sysctl_mount_proc(void);

/** sysctl_write() - @path below /proc/sys, e.g. "net/ipv4/ip_forward"; 0 or -errno */
int sysctl_write(const char *path, const char *value, struct carrel_error *err);

/** sysctl_write_at() - the same by way of @proc_fd (borrowed), which is sysctl_mount_proc()'s */
int sysctl_write_at(int proc_fd, const char *path, const char *value, struct carrel_error *err);

/**
 * sysctl_read_text() - a setting as text; blanks are single, at its end there is none
 * @proc_fd:	as sysctl_write_at()
 * Return: 0; -ENOENT when the kernel has no such setting; -E2BIG; -errno
 */
int sysctl_read_text(int proc_fd, const char *path, char *ret_text, size_t size,
		     struct carrel_error *err);

/**
 * sysctl_read_number() - a setting that is one number
 * Return: 0; -ENOENT when the kernel has no such setting; -errno
 */
int sysctl_read_number(const char *path, long *ret_value, struct carrel_error *err);

#endif
