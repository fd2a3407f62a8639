/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of core/compile.h that is about hosts that rules name, and the host that it all runs on. */
#ifndef CARREL_CORE_COMPILE_NAME_H
#define CARREL_CORE_COMPILE_NAME_H

#include "core/policy.h"
#include "core/prefixes.h"
#include "core/ruleset.h"

/**
 * compile_name() - the set with the addresses of @name that @rule believes; made on first use
 * Return: its name; NULL when memory ran out, which @builder then knows
 */
const char *compile_name(struct ruleset_builder *builder, const struct policy *policy,
			 const struct policy_rule *rule, const struct policy_name *name,
			 enum family family);

/**
 * compile_host() - the sets of the host's addresses: they come and go while the rules stay
 * @host:	as compile_policy() is given it
 */
void compile_host(struct ruleset_builder *builder, const struct prefix_list *host);

/** compile_host_set() - the name of the one of @family; NULL when memory ran out, as above */
const char *compile_host_set(struct ruleset_builder *builder, enum family family);

#endif
