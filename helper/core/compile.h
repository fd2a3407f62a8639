/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a policy to the firewall inside the carrel. */
#ifndef CARREL_CORE_COMPILE_H
#define CARREL_CORE_COMPILE_H

#include "core/policy.h"
#include "core/ruleset.h"

/* Names that appear in the carrel, for scripts and for tests. */
#define CARREL_TABLE  "carrel"
#define CARREL_UPLINK "uplink0"

struct prefix_list { const struct prefix *items; size_t count; };

/**
 * compile_policy() - the table inet carrel of one carrel
 * @policy:	a parsed policy
 * @config:	for the pools: what "peers" are
 * @host:	the host's own addresses as full-length prefixes: what "host" is. Used only
 *		when policy_names_host()
 * @arena:	the ruleset lives here; it may point into @policy
 *
 * Chains: input, output (hooked, policy drop), forward (drop: nothing is routed through a
 * carrel), and one per direction for the host and for the peers when a rule names them.
 * Replies to what was allowed, and the loopback, always pass.
 *
 * Return: 0, -ENOMEM
 * Context: pure
 */
int compile_policy(const struct policy *policy, const struct config *config,
		   const struct prefix_list *host, struct arena *arena,
		   struct ruleset *ret_ruleset, struct carrel_error *err);

#endif
