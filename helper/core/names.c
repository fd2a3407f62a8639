/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/names.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "core/rebind.h"

static const char *const set_prefixes[2][FAMILY_COUNT] = {
	{ [FAMILY_IPV4] = "name4-", [FAMILY_IPV6] = "name6-" },
	{ [FAMILY_IPV4] = "rebind4-", [FAMILY_IPV6] = "rebind6-" },
};

static const char *const host_sets[FAMILY_COUNT] = {
	[FAMILY_IPV4] = "host4", [FAMILY_IPV6] = "host6",
};

const struct known_name *names_find(const struct known_names *known, const char *name)
{
	size_t low = 0, high = known->list.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, known->list.items[middle].name);

		if (order == 0)
			return &known->list.items[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

int names_bind(struct policy *policy, const struct known_names *known, struct arena *arena)
{
	for (size_t i = 0; i < policy->names.count; i++) {
		struct policy_name *name = &policy->names.items[i];
		const struct known_name *found = names_find(known, name->name);

		name->addresses.count = 0;
		for (size_t j = 0; found && j < found->addresses.count; j++) {
			struct address *address = ARENA_APPEND(arena, &name->addresses);

			if (!address)
				return -ENOMEM;
			*address = found->addresses.items[j].address;
		}
	}
	return 0;
}

uint64_t names_digest(const struct policy *policy)
{
	uint64_t digest = policy->names.count ? DIGEST_START : 0;

	for (size_t i = 0; i < policy->names.count; i++) {
		const struct policy_name *name = &policy->names.items[i];

		digest = digest_add(digest, name->name, strlen(name->name) + 1);
		for (size_t j = 0; j < name->addresses.count; j++)
			digest = digest_add(digest, name->addresses.items[j].bytes,
					    sizeof(name->addresses.items[j].bytes));
	}
	return digest;
}

bool names_is_unknown(const struct policy *policy, const struct policy_name *name)
{
	for (size_t i = 0; i < name->addresses.count; i++)
		if (policy->rebind || !rebind_refused(&name->addresses.items[i]))
			return false;
	return true;
}

size_t names_unknown(const struct policy *policy)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->names.count; i++)
		count += names_is_unknown(policy, &policy->names.items[i]);
	return count;
}

void names_set_format(const struct names_set *set, char text[NAMES_SET_SIZE])
{
	const char *prefix = set->name ? set_prefixes[set->rebind][set->family]
				       : host_sets[set->family];
	int length = snprintf(text, NAMES_SET_SIZE, "%s%s", prefix, set->name ? set->name : "");

	assert(length > 0 && (size_t)length < NAMES_SET_SIZE);
	(void)length;
}

bool names_set_parse(const char *text, struct names_set *ret)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		if (strcmp(text, host_sets[family]) == 0) {
			*ret = (struct names_set){ .family = family };
			return true;
		}
	}
	for (int rebind = 0; rebind < 2; rebind++) {
		for (enum family family = 0; family < FAMILY_COUNT; family++) {
			const char *prefix = set_prefixes[rebind][family];
			size_t length = strlen(prefix);

			if (strncmp(text, prefix, length) != 0 || !hostname_valid(text + length))
				continue;
			*ret = (struct names_set){ text + length, family, rebind };
			return true;
		}
	}
	return false;
}

/* The one value that is @address. */
static struct value_range value_of(const struct address *address)
{
	struct value_range value = { 0 };

	memcpy(value.first, address->bytes, address_size(address->family));
	memcpy(value.last, address->bytes, address_size(address->family));
	return value;
}

size_t names_host_values(const struct prefix_list *host, enum family family,
			 struct value_range *ret)
{
	size_t count = 0;

	for (size_t i = 0; i < host->count; i++)
		if (host->items[i].address.family == family)
			ret[count++] = value_of(&host->items[i].address);
	return count;
}

size_t names_set_values(const struct names_set *set, const struct known_name *known,
			struct value_range *ret)
{
	size_t count = 0;

	for (size_t i = 0; known && i < known->addresses.count; i++) {
		const struct address *address = &known->addresses.items[i].address;

		if (address->family != set->family || (!set->rebind && rebind_refused(address)))
			continue;
		assert(count < NAMES_ADDRESSES_MAX);
		ret[count++] = value_of(address);
	}
	return count;
}
