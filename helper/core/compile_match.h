/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of core/compile.h that matches what a rule says beside its addresses. */
#ifndef CARREL_CORE_COMPILE_MATCH_H
#define CARREL_CORE_COMPILE_MATCH_H

#include "core/policy.h"
#include "core/ruleset.h"

/* In the place of an enum family: either. */
#define FAMILIES_BOTH (-1)

typedef ARENA_LIST(struct value_range) range_list;

/** range_add() - append to @list; the lists need no order, as the builder sorts */
void range_add(struct ruleset_builder *builder, range_list *list, const void *first,
	       const void *last, size_t size_bytes);

/** match_protocols() - match @protocols (none: every one); ICMP is the family's own, or both */
void match_protocols(struct ruleset_builder *builder, unsigned protocols, int family);

/** match_ports() - match the rule's ports, unless they are all */
void match_ports(struct ruleset_builder *builder, const struct policy_rule *rule);

/** match_icmp_types() - match those of the rule's types of ICMP that are of @family */
void match_icmp_types(struct ruleset_builder *builder, const struct policy_rule *rule,
		      int family);

#endif
