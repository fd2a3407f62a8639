/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests know of the addresses of hosts: www.example, which answers more than it should. */
#ifndef CARREL_TESTS_UNIT_KNOWN_H
#define CARREL_TESTS_UNIT_KNOWN_H

#include <stdlib.h>
#include <string.h>

#include "core/names.h"

static inline struct known_names known_names(struct arena *arena)
{
	static const char *const addresses[] = {
		"203.0.113.80", "2001:db8:80::80", "10.9.9.9", "203.0.113.81", "169.254.169.254",
		"10.213.0.7", "192.0.2.1", "fd00::9",
	};
	struct known_names known = { 0 };
	struct known_name *name = ARENA_APPEND(arena, &known.list);

	name->name = "www.example";
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		struct known_address *address = ARENA_APPEND(arena, &name->addresses);

		if (address_parse(addresses[i], strlen(addresses[i]), &address->address) < 0)
			abort();
	}
	return known;
}

#endif
