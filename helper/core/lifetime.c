/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/lifetime.h"

enum lifetime_step lifetime_decide(const struct lifetime *lifetime)
{
	uint64_t since_s = lifetime->idle_since_s;

	if (lifetime->sessions || lifetime->processes)
		return since_s ? LIFETIME_WAKE : LIFETIME_KEEP;
	if (!lifetime->whole)
		return LIFETIME_REMOVE;
	/* A time to come was not written by us: begin anew. */
	if (since_s == 0 || since_s > lifetime->now_s)
		return LIFETIME_NOTE;
	return lifetime->now_s - since_s >= lifetime->linger_s ? LIFETIME_REMOVE : LIFETIME_KEEP;
}

bool lifetime_cuts(const struct lifetime *lifetime)
{
	return lifetime->cut_at_logout && lifetime->whole && !lifetime->sessions;
}
