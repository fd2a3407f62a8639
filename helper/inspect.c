/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect.h"

#include <errno.h>
#include <libmnl/libmnl.h>

#include "base/error.h"
#include "core/compare.h"
#include "core/hosttable.h"
#include "core/image.h"
#include "kernel/apply.h"
#include "kernel/network.h"
#include "kernel/nft.h"
#include "kernel/nft_image.h"
#include "kernel/nft_names.h"

/* How a table is compared. */
struct table_inspection {
	struct mnl_socket *nft;
	enum place place;
	const struct ruleset *ruleset;  /* what it should be */
	const struct inspect_rules *rules;
	struct arena *arena;
};

/* What is known of rules that were read at @generation? */
static enum image_past past_of(const struct inspect_rules *rules, uint32_t generation)
{
	if (!rules->former)
		return IMAGE_OF_TODAY;
	return rules->former_generation == generation ? IMAGE_FORMER : IMAGE_FORMER_TOUCHED;
}

/* Read the table, make the image of what it should be, and compare. */
static int compare_table(const struct table_inspection *table, struct differences *differences,
			 uint32_t *ret_generation, bool *ret_differ, struct carrel_error *err)
{
	const struct ruleset *ruleset = table->ruleset;
	struct image intended, found;
	struct image_comparison comparison = {
		.place = table->place, .ruleset = ruleset, .intended = &intended, .found = &found,
	};
	int rc = nft_image_read(table->nft, ruleset->table, table->rules->texts, table->arena,
				&found, ret_generation, err);

	if (rc == 0)
		rc = nft_image_intend(ruleset, table->arena, &intended, err);
	if (rc < 0)
		return rc;
	comparison.past = past_of(table->rules, *ret_generation);
	rc = image_compare(&comparison, table->arena, differences, ret_differ);
	return rc < 0 ? error_set(err, ENOMEM, "out of memory") : 0;
}

/* The ruleset of @intent; there is one in each. */
static const struct ruleset *ruleset_of(const struct plan *intent)
{
	for (size_t i = 0; i < intent->operations.count; i++)
		if (intent->operations.items[i].kind == PLAN_RULES)
			return intent->operations.items[i].rules.ruleset;
	return NULL;
}

/* Were they touched since they were known to be good? */
static int suspect_rules(struct kernel *kernel, const struct inspect_rules *rules,
			 uint32_t *ret_generation, bool *ret_suspect, struct carrel_error *err)
{
	int rc = nft_generation(kernel->carrel_nft, ret_generation, err);

	*ret_suspect = !rules->known_generation || *ret_generation != rules->known_generation;
	return rc;
}

/* What is wrong with the rules of @intent, which are suspect. */
static int inspect_rules(struct kernel *kernel, const struct plan *intent,
			 const struct inspect_rules *rules, struct arena *arena,
			 struct inspection *inspection, bool *ret_differ, struct carrel_error *err)
{
	const struct table_inspection table = {
		.nft = kernel->carrel_nft, .place = PLACE_CARREL, .ruleset = ruleset_of(intent),
		.rules = rules, .arena = arena,
	};

	*ret_differ = true;
	if (rules->reload)
		return 0;
	return compare_table(&table, &inspection->differences, &inspection->generation, ret_differ,
			     err);
}

/* The edition that @host's link says, unless @mend makes it anew. */
static uint32_t edition_of(const struct network *host, const char *host_link,
			   const struct plan *mend)
{
	const struct network_link *link = network_link(host, host_link);

	for (size_t i = 0; i < mend->operations.count; i++)
		if (mend->operations.items[i].kind == PLAN_LINK_PAIR)
			return EDITION_NONE;
	return link ? edition_of_group(link->group) : EDITION_NONE;
}

/* What there is of @intent, in the carrel and of the host what concerns it. */
struct networks {
	struct network host, carrel;
};

/* Look whether @intent is there, or, @whole, at all that there is in the carrel. */
static int see(struct kernel *kernel, const struct plan *intent, bool whole, struct arena *arena,
	       struct networks *ret, struct carrel_error *err)
{
	struct networks found;
	const struct network_link *host_end;
	int rc = network_read_host(&kernel->host, kernel->host_link, intent, arena, &found.host,
				   err);

	host_end = rc == 0 ? network_link(&found.host, kernel->host_link) : NULL;
	if (rc == 0 && whole)
		rc = network_read_carrel(&kernel->carrel, intent, arena, &found.carrel, err);
	else if (rc == 0)
		rc = network_look_carrel(&kernel->carrel, intent, host_end ? host_end->peer : 0,
					 arena, &found.carrel, err);
	if (rc == 0)
		rc = network_read_sysctls(kernel_proc(kernel), intent, arena, &found.carrel, err);
	if (rc == 0)
		*ret = found;
	return rc;
}

/*
 * Is there all of @intent, rules aside? For the price of a few questions. Where one of them cannot be
 * answered, that is for who compares everything to explain.
 */
static int is_as_intended(struct kernel *kernel, const struct plan *intent, struct arena *arena,
			  uint32_t *ret_edition, bool *ret, struct carrel_error *err)
{
	struct differences differences = { 0 };
	struct plan mend = { 0 };
	struct networks found;
	const struct compare_input compare = {
		.intent = intent, .host_link = kernel->host_link,
		.host = &found.host, .carrel = &found.carrel,
	};
	int rc = see(kernel, intent, false, arena, &found, NULL);

	if (rc == 0)
		rc = compare_networks(&compare, arena, &differences, &mend, err);
	*ret = rc == 0 && mend.operations.count == 0;
	*ret_edition = *ret ? edition_of(&found.host, kernel->host_link, &mend) : EDITION_NONE;
	return rc == -ENOMEM ? error_set(err, ENOMEM, "out of memory") : 0;
}

/* Compare everything, and the rules where they are @suspect. */
static int compare_all(struct kernel *kernel, const struct plan *intent,
		       const struct inspect_rules *rules, bool suspect, struct arena *arena,
		       struct inspection *inspection, struct carrel_error *err)
{
	struct networks found;
	struct compare_input compare = {
		.intent = intent, .host_link = kernel->host_link,
		.host = &found.host, .carrel = &found.carrel,
	};
	int rc = see(kernel, intent, true, arena, &found, err);

	if (rc == 0 && suspect)
		rc = inspect_rules(kernel, intent, rules, arena, inspection,
				   &compare.rules_differ, err);
	if (rc == 0)
		rc = compare_networks(&compare, arena, &inspection->differences,
				      &inspection->mend, err);
	if (rc == 0)
		inspection->edition = edition_of(&found.host, kernel->host_link,
						 &inspection->mend);
	return rc;
}

int inspect_carrel(struct kernel *kernel, const struct plan_input *input,
		   const struct inspect_rules *rules, struct arena *arena,
		   struct inspection *ret, struct carrel_error *err)
{
	struct inspection inspection = { 0 };
	struct plan intent = { 0 };
	bool suspect, good = false;
	int rc = suspect_rules(kernel, rules, &inspection.generation, &suspect, err);

	if (rc == 0)
		rc = plan_intend(input, suspect, arena, &intent, err);
	/* Most logins find nothing; only who finds something has to know everything. */
	if (rc == 0 && !suspect)
		rc = is_as_intended(kernel, &intent, arena, &inspection.edition, &good, err);
	if (rc == 0 && !good)
		rc = compare_all(kernel, &intent, rules, suspect, arena, &inspection, err);
	if (rc < 0)
		return error_wrap(err, rc, "inspecting the carrel");
	*ret = inspection;
	return 0;
}

int inspect_sets(struct kernel *kernel, const struct holding_wanted *wanted, struct arena *arena,
		 struct differences *differences, struct carrel_error *err)
{
	struct holding holding;
	int rc = nft_read_names(kernel->carrel_nft, arena, &holding, err);

	if (rc < 0)
		return rc == -EBADMSG ? 0 : error_wrap(err, rc, "inspecting the carrel");
	rc = holding_compare(&holding, wanted, arena, differences);
	return rc < 0 ? error_set(err, ENOMEM, "out of memory") : 0;
}

int inspect_host(const struct host_state *state, const struct editions *editions, bool texts,
		 struct arena *arena, struct differences *differences, uint32_t *ret_generation,
		 struct carrel_error *err)
{
	const struct inspect_rules rules = { .texts = texts };
	struct ruleset ruleset;
	struct table_inspection table = {
		.place = PLACE_HOST, .ruleset = &ruleset, .rules = &rules, .arena = arena,
	};
	bool differ;
	int rc;

	if (hosttable_build(state->guard4, state->guard6, editions, arena, &ruleset) < 0)
		return error_set(err, ENOMEM, "out of memory");
	rc = nft_open(&table.nft, err);
	if (rc < 0)
		return rc;
	rc = compare_table(&table, differences, ret_generation, &differ, err);
	mnl_socket_close(table.nft);
	return rc < 0 ? error_wrap(err, rc, "inspecting the host") : 0;
}
