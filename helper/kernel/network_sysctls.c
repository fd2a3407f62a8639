/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of a network that is read from /proc/sys, and not by netlink. */
#include "kernel/network.h"

#include <errno.h>

#include "base/error.h"
#include "kernel/sysctl.h"

/* A value of the settings that carrel makes is two numbers at most. */
#define SYSCTL_VALUE_SIZE 64

int network_read_sysctls(int proc_fd, const struct plan *intent, struct arena *arena,
			 struct network *network, struct carrel_error *err)
{
	for (size_t i = 0; i < intent->operations.count; i++) {
		const struct plan_operation *operation = &intent->operations.items[i];
		char text[SYSCTL_VALUE_SIZE];
		struct network_sysctl *sysctl;
		const char *value;

		if (operation->kind != PLAN_SYSCTL)
			continue;
		/* One that is not there shows as missing. */
		if (sysctl_read_text(proc_fd, operation->sysctl.path, text, sizeof(text),
				     NULL) < 0)
			continue;
		value = arena_strdup(arena, text);
		sysctl = value ? ARENA_APPEND(arena, &network->sysctls) : NULL;
		if (!sysctl)
			return error_set(err, ENOMEM, "out of memory");
		*sysctl = (struct network_sysctl){ operation->sysctl.path, value };
	}
	return 0;
}
