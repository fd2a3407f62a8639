/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system calls that are left to the helper, and to the resolver. */
#ifndef CARREL_KERNEL_SANDBOX_H
#define CARREL_KERNEL_SANDBOX_H

struct carrel_error;

/**
 * sandbox_enter() - from here on, only the calls of kernel/sandbox-calls.h
 *
 * Any other one kills the process (SIGSYS; the kernel's audit log names the call).
 *
 * Return: 0; -EACCES when no_new_privs is not set; -ENOSYS, -EINVAL: a kernel without seccomp
 * Context: no_new_privs set; before anything untrusted is read; single-threaded
 */
int sandbox_enter(struct carrel_error *err);

/** sandbox_enter_resolver() - likewise those of resolver/resolver-calls.h, for carrel-resolver */
int sandbox_enter_resolver(struct carrel_error *err);

#endif
