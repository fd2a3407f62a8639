/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: a carrel is used again
 *
 * Before somebody joins a carrel, or gets other rules in it, what the kernel has is compared
 * with what there should be, and what is missing or altered is put right (inspect.h): the uplink
 * is made anew in the same namespace if need be, so that sessions in it have their network back.
 * The rules come before the links, as in a new carrel: nothing passes that they do not see.
 *
 * Most logins find nothing to do. The record has the generation of the firewall with which the
 * rules were right; while that is the same, they are not read.
 */
#include "work.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "core/edition.h"
#include "core/names.h"
#include "kernel/facts.h"
#include "kernel/netns.h"
#include "kernel/nft.h"
#include "sets.h"

/* The log is to say what happened, not to be filled: a carrel that lost everything has 15. */
#define WARNINGS_MAX 16

/* What does an update change by itself, rightly, and what was somebody else's doing? */
static bool is_news(const struct difference *difference, bool update)
{
	return difference->remedy == REMEDY_REPAIR &&
	       (!update || difference->kind == DIFFERENCE_MISSING);
}

void work_warn_of(struct work *work, const struct differences *differences, bool update)
{
	size_t warned = 0;

	for (size_t i = 0; i < differences->list.count && warned < WARNINGS_MAX; i++) {
		const struct difference *difference = &differences->list.items[i];
		BUFFER_CLEANUP struct buffer words = { 0 };

		if (!is_news(difference, update))
			continue;
		difference_describe(difference, &words);
		request_warn(work->request, "mended in the %s: %s",
			     difference->place == PLACE_HOST ? "host" : "carrel",
			     words.failed ? "?" : words.data);
		warned++;
	}
}

/* A veth that is made anew is as wide as the way out, which joining does not ask for. */
static void find_width(struct work *work, struct plan *plan)
{
	for (size_t i = 0; i < plan->operations.count; i++) {
		struct plan_operation *operation = &plan->operations.items[i];

		if (operation->kind != PLAN_LINK_PAIR || operation->pair.mtu_bytes)
			continue;
		facts_find_mtu(&work->kernel.host, &work->facts);
		operation->pair.mtu_bytes = work->facts.mtu_bytes;
	}
}

int work_mend(struct work *work, const struct record *old, const struct inspect_rules *rules,
	      struct inspection *ret, struct carrel_error *err)
{
	struct facts facts = work->facts;
	struct plan_input input = work->input;
	struct inspection inspection;
	int rc;

	/* One that was made while the host had no IPv6 goes without. */
	if (work->policy.uplink != UPLINK_NONE)
		facts.ipv6 = facts.ipv6 && old->has_address6;
	input.facts = &facts;
	input.address4 = old->address4;
	input.address6 = old->address6;
	input.cut = old->cut;
	/* A link that is made anew says so only when that is sure: see know_host(). */
	facts.edition = EDITION_NONE;
	rc = inspect_carrel(&work->kernel, &input, rules, &work->request->arena, &inspection, err);
	if (rc == 0 && inspection.mend.operations.count) {
		find_width(work, &inspection.mend);
		rc = kernel_apply(&work->kernel, &inspection.mend, err);
		if (rc == 0)
			rc = nft_generation(work->kernel.carrel_nft, &inspection.generation, err);
	}
	if (rc < 0)
		return error_wrap(err, rc, "mending the carrel");
	*ret = inspection;
	return 0;
}

/*
 * Bring what the carrel knows of the host's addresses to work->facts, where its link says that it
 * knows others, or where somebody may have changed what is in its sets (@anyway).
 * Return: 1 when there was anything to do; 0; -ENOMEM. Other failures are worth a warning: what is
 * not known stays closed
 */
static int know_host(struct work *work, struct inspection *inspection, bool anyway,
		     struct carrel_error *err)
{
	const struct sets_known known = { .host = &work->facts.host };
	bool behind = inspection->edition != work->facts.edition;
	struct plan plan;
	int rc, changed;

	if (work->facts.edition == EDITION_NONE || (!behind && !anyway))
		return 0;
	rc = changed = sets_update(work->kernel.carrel_nft, &known, &inspection->generation, err);
	if (rc >= 0 && behind) {
		rc = plan_know_host(&work->input, &work->request->arena, &plan, err);
		if (rc == 0)
			rc = kernel_apply(&work->kernel, &plan, err);
	}
	if (rc == -ENOMEM)
		return rc;
	if (rc < 0) {
		request_warn(work->request, "the carrel does not reach new addresses of the host: %s",
			     err->text);
		return 0;
	}
	return behind || changed > 0;
}

/*
 * Bring the sets of names to what is known, where the record says that they hold something else, or
 * where somebody may have changed what is in them (@anyway).
 * Return: 1 when there was anything to do; 0; -ENOMEM
 */
static int know_names(struct work *work, const struct record *old, struct inspection *inspection,
		      bool anyway, struct carrel_error *err)
{
	int rc = 0;

	if (anyway || old->names_digest != names_digest(&work->policy))
		rc = work_settle_names(work, true, err);
	if (rc <= 0)
		return rc;
	/* That was another step: the next login looks again, and finds nothing. */
	inspection->generation = 0;
	request_warn(work->request, "the carrel had other addresses of names than are known, and has "
		     "these now");
	return 1;
}

/*
 * The record of the carrel as it is now; written where that differs from @old.
 * @login:	somebody comes, so it is not idle any more
 */
static int renew_record(struct work *work, const struct record *old,
			const struct inspection *inspection, bool login, struct carrel_error *err)
{
	struct record *record = &work->record;

	*record = *old;
	record->generation = inspection->generation;
	record->names_digest = names_digest(&work->policy);
	if (login)
		record->idle_since_s = 0;
	if (record->generation == old->generation && record->names_digest == old->names_digest &&
	    record->idle_since_s == old->idle_since_s)
		return 0;
	return record_write(work->state_fd, record, err);
}

int work_join(struct work *work, const struct record *old, int netns_fd,
	      struct carrel_error *err)
{
	const struct inspect_rules rules = { .known_generation = old->generation };
	struct inspection inspection;
	int rc = kernel_join(&work->kernel, netns_fd, err);

	if (rc == 0)
		rc = work_mend(work, old, &rules, &inspection, err);
	if (rc < 0)
		return rc;
	work_warn_of(work, &inspection.differences, false);
	/* What is in the sets of names is not part of what was compared. */
	rc = know_names(work, old, &inspection, old->generation != inspection.generation, err);
	if (rc < 0)
		return rc;
	rc = know_host(work, &inspection, old->generation != inspection.generation, err);
	if (rc < 0)
		return rc;
	return renew_record(work, old, &inspection, true, err);
}

int work_repair(struct work *work, const struct record *old, int netns_fd,
		struct carrel_error *err)
{
	const struct inspect_rules rules = { .known_generation = 0 };
	struct inspection inspection;
	int names, rc = kernel_join(&work->kernel, netns_fd, err);

	if (rc < 0)
		return rc;
	if (work->policy.uplink != UPLINK_NONE)
		facts_find_mtu(&work->kernel.host, &work->facts);
	rc = work_mend(work, old, &rules, &inspection, err);
	if (rc < 0)
		return rc;
	work_warn_of(work, &inspection.differences, false);
	rc = names = know_names(work, old, &inspection, true, err);
	if (rc >= 0)
		rc = know_host(work, &inspection, true, err);
	if (rc < 0)
		return rc;
	if (rc > 0)
		request_warn(work->request, "mended in the carrel: what it knew of the host's addresses");
	work->request->reply.status = inspection.mend.operations.count || work->pinned_again ||
				      names > 0 || rc > 0 ? WIRE_OK : WIRE_UNCHANGED;
	return renew_record(work, old, &inspection, false, err);
}

/* What nobody's coming does not change. */
static void keep_use(struct record *record, const struct record *old)
{
	record->login = old->login;
	record->cut = old->cut;
	record->idle_since_s = old->idle_since_s;
}

/*
 * What "peers" means to others does not cover an address of a former pool. The host lets none of
 * them through that it would not let through otherwise; but to give the carrel another would
 * cut its sessions, so that is left to an administrator, or to the end of its idle time.
 */
static void warn_of_former_pool(struct work *work, const struct record *old)
{
	const struct config *config = &work->config;

	if ((old->has_address4 && !prefix_contains(&config->pool4, &old->address4)) ||
	    (old->has_address6 && !prefix_contains(&config->pool6, &old->address6)))
		request_warn(work->request, "the carrel of %s has addresses of a former pool until it "
			     "is made anew: 'carrel remove %s', which cuts its open sessions",
			     old->user, old->user);
}

/* The carrel's kernel side: what somebody broke, then what today's policy says. */
static int mend_and_update(struct work *work, const struct record *old, struct carrel_error *err)
{
	const struct inspect_rules rules = {
		.known_generation = old->generation, .reload = true,
	};
	struct inspection inspection;
	struct plan plan = { 0 };
	int rc = work_mend(work, old, &rules, &inspection, err);

	if (rc < 0)
		return rc;
	work_warn_of(work, &inspection.differences, true);
	warn_of_former_pool(work, old);
	rc = plan_update(&work->input, &work->request->arena, &plan, err);
	if (rc == 0)
		rc = kernel_apply(&work->kernel, &plan, err);
	if (rc == 0)
		rc = nft_generation(work->kernel.carrel_nft, &work->record.generation, err);
	return rc < 0 ? error_wrap(err, rc, "updating the rules") : 0;
}

int work_update(struct work *work, const struct record *old, int netns_fd, bool login,
		struct carrel_error *err)
{
	int rc = kernel_join(&work->kernel, netns_fd, err);

	if (rc < 0)
		return rc;
	if (work->no_names)
		request_warn(work->request, "%s", work->no_names);
	work->input.address4 = old->address4;
	work->input.address6 = old->address6;
	work->input.reconnect = login && old->cut;
	rc = work_fill_record(work, err);
	if (rc < 0)
		return rc;
	work->record.created_s = old->created_s;
	work->record.has_address6 = old->has_address6;
	if (!login)
		keep_use(&work->record, old);
	rc = mend_and_update(work, old, err);
	if (rc == 0)
		rc = work_write_record(work, err);
	if (rc == 0)
		rc = work_settle_names(work, false, err);
	return rc < 0 ? rc : 0;
}
