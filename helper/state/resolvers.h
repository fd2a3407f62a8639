/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How this host finds names: read from its files. */
#ifndef CARREL_STATE_RESOLVERS_H
#define CARREL_STATE_RESOLVERS_H

#include "base/arena.h"
#include "core/policy.h"

struct carrel_error;

/**
 * resolvers_settle() - complete what @policy says of names by what the host uses
 * @arena:	what the host uses lives here
 * @ret_warning: NULL; or, from @arena, why programs in a carrel with @policy will not find names
 *
 * Files that are missing, empty, or not for everybody to read say nothing.
 *
 * Return: 0; -errno when what they say could not be found out
 * Context: in the host's mount namespace
 */
int resolvers_settle(struct policy *policy, struct arena *arena, const char **ret_warning,
		     struct carrel_error *err);

#endif
