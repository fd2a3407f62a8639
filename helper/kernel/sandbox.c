/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The filter is compiled when carrel is built (sandbox-filter.c): libseccomp takes several
 * hundred microseconds for it, which no login needs to wait for.
 */
#include "kernel/sandbox.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"

static const struct sock_filter helper_filter[] = {
#include "helper-calls.inc"
};

static const struct sock_filter resolver_filter[] = {
#include "resolver-calls.inc"
};

/** enter() - put @filter in force */
static int enter(const struct sock_filter *filter, unsigned short length, struct carrel_error *err)
{
	const struct sock_fprog program = {
		.len = length,
		/* The kernel copies it; its type knows no const. */
		.filter = (struct sock_filter *)filter,
	};

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		return error_set_errno(err, errno, "entering the sandbox (seccomp)");
	return 0;
}

int sandbox_enter(struct carrel_error *err)
{
	return enter(helper_filter, sizeof(helper_filter) / sizeof(helper_filter[0]), err);
}

int sandbox_enter_resolver(struct carrel_error *err)
{
	return enter(resolver_filter, sizeof(resolver_filter) / sizeof(resolver_filter[0]), err);
}
