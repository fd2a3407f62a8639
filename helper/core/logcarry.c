/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/logcarry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/policy.h"

/* bsearch() order of rules: by mark */
static int compare_marks(const void *a, const void *b)
{
	uint32_t mark_a = ((const struct log_rule *)a)->mark;
	uint32_t mark_b = ((const struct log_rule *)b)->mark;

	return (mark_a > mark_b) - (mark_a < mark_b);
}

const struct log_rule *log_find_rule(const struct log_state *state, uint32_t mark)
{
	const struct log_rule wanted = { .mark = mark };

	if (!state->rules.count)
		return NULL;
	return bsearch(&wanted, state->rules.items, state->rules.count, sizeof(wanted),
		       compare_marks);
}

/* LOG_SET_RULES of @ruleset, or NULL. */
static const struct element_set *find_rules(const struct ruleset *ruleset)
{
	for (size_t i = 0; i < ruleset->sets.count; i++)
		if (strcmp(ruleset->sets.items[i].name, LOG_SET_RULES) == 0)
			return &ruleset->sets.items[i];
	return NULL;
}

bool log_is_kept(const struct ruleset *ruleset)
{
	return find_rules(ruleset) != NULL;
}

/* What is carried, and which number of before has become which: in order of the former. */
struct carrier {
	const struct element_set *rules;
	struct arena *arena;
	struct log_carry carry;
	uint32_t *marks;                /* for each rule of before; 0: not asked for yet */
	size_t in_set[LOG_SET_COUNT];
};

/* The number of today's rule that has @comment, or a new one that goes on to stand for it; 0: ENOMEM */
static uint32_t number_of(struct carrier *carrier, const char *comment)
{
	const struct element_set *rules = carrier->rules;
	uint32_t mark;

	for (size_t i = 0; i < rules->comments.count; i++) {
		if (strcmp(rules->comments.items[i], comment) != 0)
			continue;
		memcpy(&mark, rules->values.items[i].first, sizeof(mark));
		return mark;
	}
	struct log_former *former = ARENA_APPEND(carrier->arena, &carrier->carry.former);
	if (!former)
		return 0;
	/* Today's are numbered from 1. */
	former->mark = (uint32_t)(rules->values.count + carrier->carry.former.count);
	former->comment = comment;
	return former->mark;
}

/* The number that the rule with number @mark before has now; 0: ENOMEM */
static uint32_t renumber(struct carrier *carrier, const struct log_state *before,
			 const struct log_rule *rule)
{
	uint32_t *mark = &carrier->marks[rule - before->rules.items];

	if (!*mark) {
		const char *comment = arena_printf(carrier->arena, "%s %s %s %s",
						   direction_words[rule->direction], rule->verdict,
						   rule->policy, rule->place);
		*mark = comment ? number_of(carrier, comment) : 0;
	}
	return *mark;
}

static int carry_entry(struct carrier *carrier, const struct log_state *before,
		       const struct log_entry *entry)
{
	const struct log_rule *rule;
	struct log_flow flow;

	if (carrier->in_set[entry->set] == LOG_SIZE || !log_read_flow(entry, &flow) ||
	    !(rule = log_find_rule(before, flow.mark)))
		return 0;
	uint32_t mark = renumber(carrier, before, rule);
	struct log_entry *kept = ARENA_APPEND(carrier->arena, &carrier->carry.entries);
	if (!mark || !kept)
		return -ENOMEM;
	*kept = *entry;
	memcpy(kept->key + kept->key_bytes - sizeof(mark), &mark, sizeof(mark));
	carrier->in_set[entry->set]++;
	return 0;
}

int log_carry_over(const struct log_state *before, const struct ruleset *ruleset,
		   struct arena *arena, struct log_carry *ret)
{
	struct carrier carrier = { .rules = find_rules(ruleset), .arena = arena };
	int rc = 0;

	if (carrier.rules && before->rules.count) {
		carrier.marks = arena_alloc(arena, before->rules.count * sizeof(*carrier.marks));
		rc = carrier.marks ? 0 : -ENOMEM;
		for (size_t i = 0; i < before->entries.count && rc == 0; i++)
			rc = carry_entry(&carrier, before, &before->entries.items[i]);
	}
	if (rc == 0)
		*ret = carrier.carry;
	return rc;
}
