/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a host finds names, from the text of its resolv.conf and, or NULL, of that behind its stub. */
#ifndef CARREL_TESTS_UNIT_RESOLVERS_H
#define CARREL_TESTS_UNIT_RESOLVERS_H

#include <stdlib.h>
#include <string.h>

#include "core/resolvconf.h"

static inline struct host_resolvers resolvers_of(struct arena *arena, const char *named,
						 const char *behind)
{
	struct host_resolvers host, upstream;

	if (resolvconf_parse(named, strlen(named), arena, &host) < 0)
		abort();
	if (!behind)
		return host;
	if (resolvconf_parse(behind, strlen(behind), arena, &upstream) < 0)
		abort();
	resolvconf_look_behind(&host, &upstream);
	return host;
}

#endif
