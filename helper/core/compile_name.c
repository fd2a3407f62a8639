/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/compile_name.h"

#include <string.h>

#include "core/compile_match.h"
#include "core/names.h"

/* Is there a set called @name already? */
static bool has_set(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->sets.count; i++)
		if (strcmp(ruleset->sets.items[i].name, name) == 0)
			return true;
	return false;
}

/* What @set is called, kept. */
static const char *set_name(struct ruleset_builder *builder, const struct names_set *set)
{
	char text[NAMES_SET_SIZE];

	names_set_format(set, text);
	const char *kept = arena_strdup(builder->arena, text);
	if (!kept)
		builder->failed = true;
	return kept;
}

static const enum field fields[FAMILY_COUNT] = { FIELD_DADDR4, FIELD_DADDR6 };

void compile_host(struct ruleset_builder *builder, const struct prefix_list *host)
{
	struct value_range *values = arena_alloc(builder->arena, host->count * sizeof(*values));

	if (!values) {
		builder->failed = true;
		return;
	}
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		size_t count = names_host_values(host, family, values);

		ruleset_add_set(builder, compile_host_set(builder, family), fields[family], values,
				count);
	}
}

const char *compile_host_set(struct ruleset_builder *builder, enum family family)
{
	return set_name(builder, &(struct names_set){ .family = family });
}

const char *compile_name(struct ruleset_builder *builder, const struct policy *policy,
			 const struct policy_rule *rule, const struct policy_name *name,
			 enum family family)
{
	const struct names_set set = {
		name->name, family, policy->rebind && !rule->override,
	};
	range_list addresses = { 0 };
	const char *kept = set_name(builder, &set);

	if (!kept || has_set(&builder->ruleset, kept))
		return kept;
	for (size_t i = 0; i < name->addresses.count; i++) {
		const struct address *address = &name->addresses.items[i];

		if (address->family == family && policy_believes(policy, rule, address))
			range_add(builder, &addresses, address->bytes, address->bytes,
				  address_size(family));
	}
	ruleset_add_set(builder, kept, fields[family], addresses.items, addresses.count);
	return kept;
}
