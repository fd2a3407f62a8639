/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Rules of a chain are compared in their order. What is the same at the beginning and at the
 * end is passed over; in between, a rule that comes later on the other side means that those
 * before it there are extra. That names one deleted, added or moved rule as just that.
 */
#include "core/image.h"

#include <errno.h>
#include <string.h>

#include "core/nfttext.h"

struct judging {
	const struct image_comparison *comparison;
	struct arena *arena;
	struct differences *differences;
	bool differ, failed;
};

static bool same_bytes(const struct image_bytes *a, const struct image_bytes *b)
{
	return a->length == b->length &&
	       (a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0);
}

static bool same_rule(const struct image_rule *a, const struct image_rule *b)
{
	return same_bytes(&a->content, &b->content);
}

/* One difference more; those that others' tables make do not count as such. */
static void report(struct judging *judging, struct difference difference)
{
	difference.place = judging->comparison->place;
	if (difference.remedy != REMEDY_OTHERS)
		judging->differ = true;
	if (differences_add(judging->differences, judging->arena, difference) < 0)
		judging->failed = true;
}

/* A difference that the past of the rules may account for. */
static void report_content(struct judging *judging, struct difference difference)
{
	bool extra = difference.kind == DIFFERENCE_EXTRA;

	switch (judging->comparison->past) {
	case IMAGE_OF_TODAY:
		break;
	case IMAGE_FORMER:
		difference.remedy = REMEDY_APPLY;
		if (extra)
			difference.kind = DIFFERENCE_FORMER;
		break;
	case IMAGE_FORMER_TOUCHED:
		difference.remedy = REMEDY_APPLY;
		if (extra)
			difference.kind = DIFFERENCE_UNCLEAR;
		break;
	}
	report(judging, difference);
}

/* The chain called @name, or NULL. */
static const struct image_chain *find_chain(const struct image *image, const char *name)
{
	for (size_t i = 0; i < image->chains.count; i++)
		if (strcmp(image->chains.items[i].name, name) == 0)
			return &image->chains.items[i];
	return NULL;
}

/* The one of the kind and the name of @like, or NULL. */
static const struct image_object *find_object(const struct image *image,
					      const struct image_object *like)
{
	for (size_t i = 0; i < image->objects.count; i++)
		if (strcmp(image->objects.items[i].kind, like->kind) == 0 &&
		    strcmp(image->objects.items[i].name, like->name) == 0)
			return &image->objects.items[i];
	return NULL;
}

/* Rule number @index of @chain as nft's text; NULL when memory ran out. */
static const char *intended_text(const struct judging *judging, const char *chain, size_t index)
{
	const struct ruleset *ruleset = judging->comparison->ruleset;
	BUFFER_CLEANUP struct buffer text = { 0 };

	for (size_t i = 0; i < ruleset->chains.count; i++)
		if (strcmp(ruleset->chains.items[i].name, chain) == 0 &&
		    index < ruleset->chains.items[i].rules.count)
			nfttext_write_rule(&text, &ruleset->chains.items[i].rules.items[index]);
	return text.failed || !text.data ? NULL : arena_strdup(judging->arena, text.data);
}

/* The rule number @index of @chain should be there. */
static void report_missing_rule(struct judging *judging, const char *chain, size_t index)
{
	const char *text = intended_text(judging, chain, index);

	if (!text)
		judging->failed = true;
	report_content(judging, (struct difference){
		.kind = DIFFERENCE_MISSING, .intended = text,
		.object = arena_printf(judging->arena, "rule %zu of chain %s", index + 1, chain),
	});
}

/* The rule number @index of @chain should not be there. */
static void report_extra_rule(struct judging *judging, const struct image_chain *chain,
			      size_t index)
{
	report_content(judging, (struct difference){
		.kind = DIFFERENCE_EXTRA, .found = chain->rules.items[index].text,
		.object = arena_printf(judging->arena, "rule %zu of chain %s", index + 1,
				       chain->name),
	});
}

/* Where in @chain, from @first to before @end, @rule stands; @end when it does not. */
static size_t find_rule(const struct image_chain *chain, size_t first, size_t end,
			const struct image_rule *rule)
{
	while (first < end && !same_rule(&chain->rules.items[first], rule))
		first++;
	return first;
}

/* What both begin and end with is left out: the rest is missing, or too much. */
static void compare_rules(struct judging *judging, const struct image_chain *intended,
			  const struct image_chain *found)
{
	size_t i = 0, j = 0, intended_end = intended->rules.count, found_end = found->rules.count;

	while (i < intended_end && i < found_end &&
	       same_rule(&intended->rules.items[i], &found->rules.items[i]))
		i++;
	j = i;
	while (intended_end > i && found_end > j &&
	       same_rule(&intended->rules.items[intended_end - 1],
			 &found->rules.items[found_end - 1])) {
		intended_end--;
		found_end--;
	}
	for (; i < intended_end; i++) {
		size_t at = find_rule(found, j, found_end, &intended->rules.items[i]);

		if (at == found_end) {
			report_missing_rule(judging, intended->name, i);
			continue;
		}
		while (j < at)
			report_extra_rule(judging, found, j++);
		j = at + 1;
	}
	while (j < found_end)
		report_extra_rule(judging, found, j++);
}

/* Is @intended there, as it should be? */
static void compare_chain(struct judging *judging, const struct image_chain *intended)
{
	const struct image_chain *found = find_chain(judging->comparison->found, intended->name);
	const char *object = arena_printf(judging->arena, "chain %s", intended->name);

	if (!found) {
		report_content(judging, (struct difference){
			.kind = DIFFERENCE_MISSING, .object = object,
		});
		return;
	}
	if (!same_bytes(&intended->properties, &found->properties))
		report_content(judging, (struct difference){
			.kind = DIFFERENCE_ALTERED, .object = object,
			.intended = "carrel's", .found = "another type, hook, priority or policy",
		});
	compare_rules(judging, intended, found);
}

/* Likewise a set or a limit. */
static void compare_object(struct judging *judging, const struct image_object *intended)
{
	const struct image_object *found = find_object(judging->comparison->found, intended);
	const char *object = arena_printf(judging->arena, "%s %s", intended->kind, intended->name);

	if (!found)
		report_content(judging, (struct difference){
			.kind = DIFFERENCE_MISSING, .object = object,
		});
	else if (!same_bytes(&intended->content, &found->content))
		report_content(judging, (struct difference){
			.kind = DIFFERENCE_ALTERED, .object = object,
			.intended = "carrel's", .found = "another content",
		});
}

/* Chains, sets and limits that nothing intends. */
static void find_extras(struct judging *judging)
{
	const struct image *intended = judging->comparison->intended;
	const struct image *found = judging->comparison->found;

	for (size_t i = 0; i < found->chains.count; i++)
		if (!find_chain(intended, found->chains.items[i].name))
			report_content(judging, (struct difference){
				.kind = DIFFERENCE_EXTRA,
				.object = arena_printf(judging->arena, "chain %s",
						       found->chains.items[i].name),
			});
	for (size_t i = 0; i < found->objects.count; i++)
		if (!find_object(intended, &found->objects.items[i]))
			report_content(judging, (struct difference){
				.kind = DIFFERENCE_EXTRA,
				.object = arena_printf(judging->arena, "%s %s",
						       found->objects.items[i].kind,
						       found->objects.items[i].name),
			});
}

/* The host's belong to others by right; in a carrel they are somebody's experiment. */
static void report_other_tables(struct judging *judging)
{
	const struct image *found = judging->comparison->found;

	if (judging->comparison->place == PLACE_HOST)
		return;
	for (size_t i = 0; i < found->other_tables.count; i++)
		report(judging, (struct difference){
			.kind = DIFFERENCE_EXTRA, .remedy = REMEDY_OTHERS,
			.object = arena_printf(judging->arena, "table %s",
					       found->other_tables.items[i]),
		});
}

int image_compare(const struct image_comparison *comparison, struct arena *arena,
		  struct differences *differences, bool *ret_differ)
{
	struct judging judging = {
		.comparison = comparison, .arena = arena, .differences = differences,
	};
	const struct image *intended = comparison->intended;
	const char *object = arena_printf(arena, "table inet %s", comparison->ruleset->table);

	report_other_tables(&judging);
	if (!comparison->found->exists) {
		report(&judging, (struct difference){
			.kind = DIFFERENCE_MISSING, .object = object,
		});
	} else {
		if (intended->flags != comparison->found->flags)
			report(&judging, (struct difference){
				.kind = DIFFERENCE_ALTERED, .object = object,
				.intended = "carrel's", .found = "other flags (is it dormant?)",
			});
		for (size_t i = 0; i < intended->objects.count; i++)
			compare_object(&judging, &intended->objects.items[i]);
		for (size_t i = 0; i < intended->chains.count; i++)
			compare_chain(&judging, &intended->chains.items[i]);
		find_extras(&judging);
	}
	if (judging.failed)
		return -ENOMEM;
	*ret_differ = judging.differ;
	return 0;
}
