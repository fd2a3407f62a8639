/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a policy to the firewall inside the carrel. */
#ifndef CARREL_CORE_COMPILE_H
#define CARREL_CORE_COMPILE_H

#include "core/policy.h"
#include "core/prefixes.h"
#include "core/ruleset.h"

/**
 * compile_policy() - the table inet carrel of one carrel
 * @policy:	a parsed policy, whose resolvers are settled (dns_settle())
 * @config:	for the pools: what "peers" are
 * @host:	the host's own addresses as full-length prefixes: what "host" is for now, in the
 *		sets that rules look into. May be empty where policy_names_host() does not ask for
 *		them; then it is the host's own table that stops what is for it
 * @arena:	the ruleset lives here; it points into @policy
 *
 * Outwards the host and the peers are reached only by rules that name them, whatever
 * else "any" or a prefix covers. Inwards "any" (and no "from") is everyone, the host
 * included, so that an administrator can test from it what a rule lets in; peers get as
 * far as their own policies let them out, which the host sees to.
 *
 * Chains: input, output (hooked, policy drop), forward (drop: nothing is routed through a
 * carrel), out-peers, out-host when the host is known, connections when their number is
 * limited, dns and dns-source when queries for names are redirected. Replies to what was
 * allowed, and the loopback, always pass.
 *
 * Return: 0, -ENOMEM
 * Context: pure
 */
int compile_policy(const struct policy *policy, const struct config *config,
		   const struct prefix_list *host, struct arena *arena,
		   struct ruleset *ret_ruleset, struct carrel_error *err);

#endif
