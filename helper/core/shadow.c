/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * What rules are about is cut into classes in which nothing is left to compare but an
 * address and a number, which is a port or a type of ICMP: direction, protocol, and what the
 * other end is (the world, the host, a peer; outwards rules must name the latter two to mean
 * them). In a class, a rule is a list of boxes, an address prefix and a range of numbers each.
 * It can never match when each of its boxes is covered by the rules before it, one of them or
 * several together: see core/cover.c.
 *
 * Three things act as covers without being rules: what the rule itself excludes and, outwards,
 * the pools, as none but "peers" opens a way there, and queries to others than the resolvers where
 * the policy has such queries redirected. Where resolvers are is not known here, unless the policy
 * says it: of a rule about them nothing is said.
 */
#include "core/shadow.h"

#include <errno.h>

#include "core/cover.h"
#include "core/directive.h"
#include "core/prefixes.h"
#include "core/rebind.h"

/* The protocols that rules can tell apart; the last one stands for all others. */
static const unsigned protocol_classes[] = {
	PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_SCTP, PROTOCOL_ICMP, 0,
};
#define PROTOCOL_CLASSES (sizeof(protocol_classes) / sizeof(protocol_classes[0]))

/*
 * Types of ICMP as numbers: those of ICMPv6 stand behind those of ICMP, as a rule can be
 * about some of each.
 */
#define ICMP_TYPES 256
static const struct port_range icmp_numbers[FAMILY_COUNT] = {
	{ 0, ICMP_TYPES - 1 }, { ICMP_TYPES, 2 * ICMP_TYPES - 1 },
};

enum end { END_WORLD, END_HOST, END_PEER };
#define END_COUNT 3

/* Those of the world begin with the three that are no rules. */
enum cover_slot { SLOT_EXCLUDED, SLOT_POOLS, SLOT_QUERIES };
#define SLOT_COUNT 3

struct search {
	struct arena *arena;                    /* covers and messages */
	struct arena scratch;                   /* of the rule that is examined */
	struct cover_question question;         /* about that rule; counts the steps for all of them */
	struct prefix pool_prefixes[FAMILY_COUNT];
	struct covers covers[DIRECTION_COUNT][PROTOCOL_CLASSES][END_COUNT];
	const struct policy_rule *rule;         /* that is examined */
	struct cover numbers;                   /* of that; only its numbers */
	bool believes_all;                      /* its names may have private addresses */
	/* Who covers the rule that is examined, or the first of several who do. */
	const struct policy_rule *decider;
	bool several;
	bool pools;                             /* it is outwards, and they have a part in it */
	bool queries;                           /* likewise that queries are redirected */
	/* Of those who cover it: */
	bool overridden, own;                   /* one is of the overrides; one is not */
	bool disagrees;                         /* one of the overrides says the opposite */
};

static const struct prefix everything[FAMILY_COUNT] = {
	{ { .family = FAMILY_IPV4 }, 0 }, { { .family = FAMILY_IPV6 }, 0 },
};

static const struct port_range every_number = { 0, UINT16_MAX };
static const struct port_range query_number = { DNS_PORT, DNS_PORT };

/* Remember who holds a box of the rule that is examined; cover_holds()'s note. */
static void note_decider(void *context, const struct cover *cover)
{
	struct search *search = context;
	const struct policy_rule *rule = cover->rule;

	search->pools |= !rule && cover->prefixes == search->pool_prefixes;
	search->queries |= !rule && cover->numbers == &query_number;
	if (!rule)
		return;
	search->own |= !rule->override;
	search->overridden |= rule->override;
	search->disagrees |= rule->override && (rule->verdict == VERDICT_ALLOW) !=
					       (search->rule->verdict == VERDICT_ALLOW);
	if (rule == search->decider)
		return;
	search->several |= search->decider != NULL;
	if (!search->decider || rule < search->decider)
		search->decider = rule;
}

/* Does @rule speak of @end? */
static bool means_end(const struct policy_rule *rule, enum end end)
{
	bool in = rule->direction == DIRECTION_IN;

	switch (end) {
	case END_WORLD:
		return rule->remote_any || rule->remotes.count || rule->names.count ||
		       (in && rule->remote_peers);
	case END_HOST:
		return rule->remote_host;
	case END_PEER:
		/* Inwards they are addresses of the pools, and dealt with as such. */
		return !in && rule->remote_peers;
	}
	return false;
}

/* Does it decide about @end, then? Inwards who names everyone has the host in it. */
static bool covers_end(const struct policy_rule *rule, enum end end)
{
	if (end != END_HOST || rule->direction == DIRECTION_OUT)
		return means_end(rule, end);
	return rule->remote_host || (rule->remote_any && !rule->excluded.count);
}

/* 0 or -ENOMEM */
static int append(struct search *search, struct covers *covers, struct cover cover)
{
	struct cover *added = ARENA_APPEND(search->arena, &covers->list);

	if (!added)
		return -ENOMEM;
	*added = cover;
	return 0;
}

/* Make @rule a cover of those that follow, in one class; 0 or -ENOMEM. */
static int append_rule(struct search *search, const struct policy_rule *rule, enum end end,
		       struct covers *covers)
{
	struct cover cover = {
		.rule = rule, .numbers = search->numbers.numbers,
		.number_count = search->numbers.number_count, .name = COVER_NO_NAME,
	};
	int rc = 0;

	/* What it leaves to those that follow is any of its packets. */
	if (rule->limit.packets)
		return 0;
	if (end != END_WORLD || rule->remote_any) {
		cover.inverted = true;
		cover.prefixes = rule->excluded.items;
		cover.count = end == END_WORLD ? rule->excluded.count : 0;
		rc = append(search, covers, cover);
	} else if (rule->remotes.count) {
		cover.prefixes = rule->remotes.items;
		cover.count = rule->remotes.count;
		rc = append(search, covers, cover);
	}
	for (size_t i = 0; i < rule->names.count && !rc && end == END_WORLD; i++) {
		/* At every address that the name may have. */
		struct cover name = cover;

		name.inverted = true;
		name.prefixes = NULL;
		name.count = 0;
		name.name = rule->names.items[i];
		rc = append(search, covers, name);
	}
	if (rc || end != END_WORLD || rule->direction != DIRECTION_IN || !rule->remote_peers)
		return rc;
	cover.inverted = false;
	cover.prefixes = search->pool_prefixes;
	cover.count = FAMILY_COUNT;
	return append(search, covers, cover);
}

/*
 * Are all numbers of the rule at @prefix covered? 1, 0, -errno
 * @span:	numbers beyond it there are none
 */
static int is_prefix_covered(struct search *search, const struct prefix *prefix,
			     const struct port_range *span, const struct covers *covers)
{
	const struct cover *own = &search->numbers;
	size_t count = own->number_count ? own->number_count : 1;
	int rc = 1;

	for (size_t i = 0; i < count && rc > 0; i++) {
		struct box box = { *prefix, own->number_count ? own->numbers[i] : *span };

		if (box.numbers.last < span->first || box.numbers.first > span->last)
			continue;
		rc = cover_holds(&search->question, &box, covers->list.items, covers->list.count);
	}
	return rc;
}

/* All of @prefixes: 1, 0, -errno */
static int are_prefixes_covered(struct search *search, const struct prefix *prefixes, size_t count,
				bool icmp, const struct covers *covers)
{
	int rc = 1;

	for (size_t i = 0; i < count && rc > 0; i++)
		rc = is_prefix_covered(search, &prefixes[i],
				       icmp ? &icmp_numbers[prefixes[i].address.family] :
				       &every_number, covers);
	return rc;
}

/*
 * All that @rule says of the hosts that it names: 1, 0, -errno. What addresses they have is not
 * known here: any that is believed.
 */
static int are_names_covered(struct search *search, const struct policy_rule *rule, bool icmp,
			     struct covers *covers)
{
	const struct prefix_list refused = rebind_prefixes();
	int rc = 1;

	covers->list.items[SLOT_EXCLUDED].prefixes = refused.items;
	covers->list.items[SLOT_EXCLUDED].count = search->believes_all ? 0 : refused.count;
	for (size_t i = 0; i < rule->names.count && rc > 0; i++) {
		search->question.name = rule->names.items[i];
		rc = are_prefixes_covered(search, everything, FAMILY_COUNT, icmp, covers);
	}
	search->question.name = COVER_NO_NAME;
	return rc;
}

/* All that @rule says of the world: 1, 0, -errno */
static int is_world_covered(struct search *search, const struct policy_rule *rule, bool icmp,
			    struct covers *covers)
{
	struct cover *excluded = &covers->list.items[SLOT_EXCLUDED];
	int rc;

	excluded->prefixes = rule->excluded.items;
	excluded->count = rule->excluded.count;
	if (rule->remote_any)
		rc = are_prefixes_covered(search, everything, FAMILY_COUNT, icmp, covers);
	else
		rc = are_prefixes_covered(search, rule->remotes.items, rule->remotes.count, icmp,
					  covers);
	if (rc > 0)
		rc = are_names_covered(search, rule, icmp, covers);
	/* Peers who are named are not excluded. */
	excluded->count = 0;
	if (rc > 0 && rule->direction == DIRECTION_IN && rule->remote_peers)
		rc = are_prefixes_covered(search, search->pool_prefixes, FAMILY_COUNT, icmp, covers);
	return rc;
}

/* All that @rule says of one class: 1, 0, -errno. Afterwards it is a cover in it. */
static int examine_class(struct search *search, const struct policy_rule *rule, size_t class,
			 enum end end, bool look)
{
	struct covers *covers = &search->covers[rule->direction][class][end];
	bool icmp = protocol_classes[class] == PROTOCOL_ICMP;
	int covered = 1;

	/* The host at addresses that are not known, a peer at any: as if it were one address. */
	if (look && means_end(rule, end))
		covered = end == END_WORLD ? is_world_covered(search, rule, icmp, covers) :
			is_prefix_covered(search, &everything[FAMILY_IPV4], &every_number, covers);
	if (covered < 0 || !covers_end(rule, end))
		return covered;
	int rc = append_rule(search, rule, end, covers);
	return rc < 0 ? rc : covered;
}

/* Put the ports or the types of ICMP of @rule where its boxes are made from; 0 or -ENOMEM. */
static int gather_numbers(struct search *search, const struct policy_rule *rule)
{
	ARENA_LIST(struct port_range) types = { 0 };

	for (size_t i = 0; i < rule->icmp_types.count; i++) {
		const struct icmp_type *type = &rule->icmp_types.items[i];
		struct port_range *range = ARENA_APPEND(search->arena, &types);

		if (!range)
			return -ENOMEM;
		range->first = range->last =
			(uint16_t)(icmp_numbers[type->family].first + type->number);
	}
	search->numbers = (struct cover){
		.numbers = rule->ports.items, .number_count = rule->ports.count,
	};
	if (types.count) {
		search->numbers.numbers = types.items;
		search->numbers.number_count = ports_normalise(types.items, types.count);
	}
	return 0;
}

/* Is nothing left for @rule? 1, 0, -errno. Afterwards it is a cover for those that follow. */
static int examine(struct search *search, const struct policy_rule *rule)
{
	bool covered = !rule->remote_resolver;
	int rc = gather_numbers(search, rule);

	search->rule = rule;
	search->decider = NULL;
	search->several = search->pools = search->queries = false;
	search->overridden = search->own = search->disagrees = false;
	if (rc < 0)
		return rc;
	for (size_t class = 0; class < PROTOCOL_CLASSES; class++) {
		if (rule->protocols && !(rule->protocols & protocol_classes[class]))
			continue;
		for (enum end end = 0; end < END_COUNT; end++) {
			rc = examine_class(search, rule, class, end, covered);
			if (rc < 0)
				return rc;
			covered &= rc > 0;
		}
	}
	return covered;
}

/* Put in place what acts as a cover without being a rule; 0 or -ENOMEM. */
static int fill_slots(struct search *search)
{
	for (enum direction direction = 0; direction < DIRECTION_COUNT; direction++) {
		for (size_t class = 0; class < PROTOCOL_CLASSES; class++) {
			struct covers *covers = &search->covers[direction][class][END_WORLD];

			for (size_t slot = 0; slot < SLOT_COUNT; slot++) {
				int rc = append(search, covers, (struct cover){ .name = COVER_NO_NAME });
				if (rc)
					return rc;
			}
			if (direction == DIRECTION_IN)
				continue;
			covers->list.items[SLOT_POOLS].prefixes = search->pool_prefixes;
			covers->list.items[SLOT_POOLS].count = FAMILY_COUNT;
		}
	}
	return 0;
}

/* Whatever is sent to port 53 of another than @dns's resolvers never meets a rule; 0 or -ENOMEM. */
static int fill_queries(struct search *search, const struct dns *dns)
{
	ARENA_LIST(struct prefix) resolvers = { 0 };

	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		for (size_t i = 0; i < dns->resolvers[family].list.count; i++) {
			struct prefix *prefix = ARENA_APPEND(search->arena, &resolvers);

			if (!prefix)
				return -ENOMEM;
			prefix->address = dns->resolvers[family].list.items[i];
			prefix->length = (uint8_t)address_bits(family);
		}
	}
	resolvers.count = prefixes_normalise(resolvers.items, resolvers.count);
	for (size_t class = 0; class < PROTOCOL_CLASSES; class++) {
		struct covers *covers = &search->covers[DIRECTION_OUT][class][END_WORLD];
		struct cover *queries = &covers->list.items[SLOT_QUERIES];

		if (!(protocol_classes[class] & (PROTOCOL_TCP | PROTOCOL_UDP)))
			continue;
		queries->inverted = true;
		queries->prefixes = resolvers.items;
		queries->count = resolvers.count;
		queries->numbers = &query_number;
		queries->number_count = 1;
	}
	return 0;
}

/*
 * To decide before packaged policies is what overrides are for, and nobody edits those. In the
 * administrator's own, a rule against them is likely a mistake; one that agrees does no harm.
 */
static bool is_meant(const struct search *search, const struct policy_rule *rule)
{
	if (rule->override || !search->overridden)
		return false;
	return policy_is_packaged(rule->position.file) || (!search->own && !search->disagrees);
}

/* Tell that @rule decides nothing, and who does in its place. */
static void warn(const struct search *search, const struct policy_rule *rule,
		 struct diagnostics *diagnostics)
{
	const struct policy_rule *decider = search->decider;

	if (!decider && search->pools)
		diagnostic_add(diagnostics, SEVERITY_WARNING, &rule->position,
			       "this rule can never match: these are other carrels' addresses, "
			       "which only 'peers' lets out");
	else if (!decider && search->queries)
		diagnostic_add(diagnostics, SEVERITY_WARNING, &rule->position,
			       "this rule can never match: such queries go to the resolvers of "
			       "'dns' instead");
	else if (!decider)
		diagnostic_add(diagnostics, SEVERITY_WARNING, &rule->position,
			       "this rule can never match: the addresses are of one family, the "
			       "types of ICMP of the other");
	else
		diagnostic_add(diagnostics, SEVERITY_WARNING, &rule->position,
			       "this rule can never match: %s%s decide%s before it",
			       position_relative(search->arena, &decider->position,
						 &rule->position),
			       search->several ? " and others" : "",
			       search->several ? "" : "s");
}

int shadow_check(const struct policy *policy, const struct config *config, struct arena *arena,
		 struct diagnostics *diagnostics)
{
	struct search search = {
		.arena = arena, .pool_prefixes = { config->pool4, config->pool6 },
	};
	search.question = (struct cover_question){
		.scratch = &search.scratch, .steps_max = SHADOW_STEPS_MAX, .name = COVER_NO_NAME,
		.note = note_decider, .context = &search,
	};
	int rc = fill_slots(&search);

	if (!rc && policy->dns.enforced)
		rc = fill_queries(&search, &policy->dns);
	for (size_t i = 0; i < policy->rules.count && rc >= 0; i++) {
		const struct policy_rule *rule = &policy->rules.items[i];

		search.believes_all = policy->rebind && !rule->override;
		rc = examine(&search, rule);
		arena_free(&search.scratch);
		if (rc == -E2BIG) {
			diagnostic_add(diagnostics, SEVERITY_WARNING, &rule->position,
				       "too much to compare: whether the rules from here on can "
				       "match was not looked at");
			return 0;
		}
		if (rc > 0 && !is_meant(&search, rule))
			warn(&search, rule, diagnostics);
	}
	return rc < 0 ? rc : 0;
}
