/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/compile_match.h"

#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>

void range_add(struct ruleset_builder *builder, range_list *list, const void *first,
	       const void *last, size_t size_bytes)
{
	struct value_range *range = ARENA_APPEND(builder->arena, list);

	if (!range) {
		builder->failed = true;
		return;
	}
	memcpy(range->first, first, size_bytes);
	memcpy(range->last, last, size_bytes);
}

void match_protocols(struct ruleset_builder *builder, unsigned protocols, int family)
{
	static const struct { unsigned bit; uint8_t number; int family; } numbers[] = {
		{ PROTOCOL_TCP,  IPPROTO_TCP,    FAMILIES_BOTH },
		{ PROTOCOL_UDP,  IPPROTO_UDP,    FAMILIES_BOTH },
		{ PROTOCOL_SCTP, IPPROTO_SCTP,   FAMILIES_BOTH },
		{ PROTOCOL_ICMP, IPPROTO_ICMP,   FAMILY_IPV4 },
		{ PROTOCOL_ICMP, IPPROTO_ICMPV6, FAMILY_IPV6 },
	};
	struct value_range ranges[sizeof(numbers) / sizeof(numbers[0])] = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (!(protocols & numbers[i].bit) ||
		    (family != FAMILIES_BOTH && numbers[i].family != FAMILIES_BOTH &&
		     family != numbers[i].family))
			continue;
		ranges[count].first[0] = ranges[count].last[0] = numbers[i].number;
		count++;
	}
	if (count)
		rule_match_ranges(builder, FIELD_L4PROTO, false, ranges, count);
}

void match_ports(struct ruleset_builder *builder, const struct policy_rule *rule)
{
	range_list ranges = { 0 };

	for (size_t i = 0; i < rule->ports.count; i++) {
		uint16_t first = htons(rule->ports.items[i].first);
		uint16_t last = htons(rule->ports.items[i].last);

		range_add(builder, &ranges, &first, &last, sizeof(first));
	}
	if (ranges.count && range_prefix_length(&ranges.items[0], sizeof(uint16_t)) != 0)
		rule_match_ranges(builder, FIELD_DPORT, false, ranges.items, ranges.count);
}

void match_icmp_types(struct ruleset_builder *builder, const struct policy_rule *rule,
		      int family)
{
	static const enum field fields[FAMILY_COUNT] = {
		[FAMILY_IPV4] = FIELD_ICMP_TYPE, [FAMILY_IPV6] = FIELD_ICMPV6_TYPE,
	};
	range_list ranges = { 0 };

	for (size_t i = 0; i < rule->icmp_types.count; i++) {
		const struct icmp_type *type = &rule->icmp_types.items[i];

		if ((int)type->family == family)
			range_add(builder, &ranges, &type->number, &type->number,
				  sizeof(type->number));
	}
	if (ranges.count)
		rule_match_ranges(builder, fields[family], false, ranges.items, ranges.count);
}
