/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/faults/every/ways.h"

#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>

#define WAYS_MAX 9
#define SHORT WAY_SHORT

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct call {
	long number;
	const char *name;
	int ways[WAYS_MAX];             /* 0 after the last */
} calls[] = {
#define WAYS(name, ...) { SYS_##name, #name, { __VA_ARGS__ } },
#include "tests/faults/every/ways-calls.h"
};

/* rtnetlink(7): what can befall any of them. */
static const int requests[] = { EPERM, ENOMEM, EBUSY, ENOSPC };

int way_of_call(long number, unsigned way, const char **ret_name)
{
	for (size_t i = 0; i < COUNT(calls); i++) {
		if (calls[i].number != number)
			continue;
		if (ret_name)
			*ret_name = calls[i].name;
		return way < WAYS_MAX ? calls[i].ways[way] : 0;
	}
	return 0;
}

int way_of_request(unsigned way)
{
	return way < COUNT(requests) ? requests[way] : 0;
}
