/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the carrel of tests is planned from: uid 1000, under a policy without rules. */
#ifndef CARREL_TESTS_UNIT_GIVEN_H
#define CARREL_TESTS_UNIT_GIVEN_H

#include "core/plan.h"

/* A fixture begins with it; the tests change what they are about. */
struct given {
	struct arena arena;
	struct config config;
	struct policy policy;
	struct facts facts;
	struct plan_input input;        /* points to the others */
};

/* Fill all of it. */
static inline void given_carrel(struct given *given)
{
	*given = (struct given){
		.config = {
			.pool4 = { { FAMILY_IPV4, { 10, 213 } }, 16 },
			.pool6 = { { FAMILY_IPV6, { 0xfd, 0x42, 0xca, 0x44, 0, 0xe1 } }, 64 },
		},
		.policy = {
			.name = "exam", .uplink = UPLINK_NAT,
			.defaults = { VERDICT_DENY, VERDICT_DENY },
		},
		.facts = { .ipv6 = true, .mtu_bytes = 1500 },
		.input = {
			.uid = 1000, .user = "alice",
			.address4 = { FAMILY_IPV4, { 10, 213, 0, 7 } },
			.address6 = { FAMILY_IPV6, { 0xfd, 0x42, [14] = 3, [15] = 0xe8 } },
			.policy = &given->policy, .config = &given->config,
			.facts = &given->facts,
		},
	};
}

/* The teardown of a test whose fixture begins with what is given. */
static inline int given_tear_down(void **state)
{
	struct given *given = *state;

	arena_free(&given->arena);
	return 0;
}

#endif
