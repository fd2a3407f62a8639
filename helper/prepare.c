/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What carrels need of the host: seen to by every login, and looked at closely by `carrel repair`. */

#include "base/error.h"
#include "base/fd.h"
#include "editions.h"
#include "kernel/facts.h"
#include "kernel/host.h"
#include "state/editionsfile.h"
#include "state/hoststate.h"
#include "state/resolvers.h"
#include "work.h"

/*
 * Did somebody change rules in the host's table? 1, 0 or -errno
 * @differences: which
 * @ret_generation: of the host's firewall that was looked at
 */
static int was_altered(struct work *work, const struct host_state *recorded,
		       struct differences *differences, uint32_t *ret_generation,
		       struct carrel_error *err)
{
	struct editions editions;
	int rc = editions_read(work->request, work->state_fd, &editions, err);

	if (rc == 0)
		rc = inspect_host(recorded, &editions, false, &work->request->arena, differences,
				  ret_generation, err);
	return rc < 0 ? rc : differences->list.count > 0;
}

/* Is all in place, as far as can be said without a look at a firewall that somebody changed? */
static bool is_firewall_news(const struct host_survey *survey, const struct host_state *recorded)
{
	struct host_state seen = *recorded;

	seen.generation = survey->generation;
	return recorded->known && recorded->generation != HOST_UNPREPARED &&
	       recorded->generation != survey->generation && host_is_prepared(survey, &seen);
}

/*
 * Most who change a firewall (containers, blockers of addresses) have tables of their own. Where
 * carrel's is as it should be, that is noted: to load it again would be dearer, set its counters back,
 * and be a change of the firewall itself.
 */
static int look_at_firewall(struct work *work, const struct host_state *recorded,
			    struct differences *differences, bool *ret_changed,
			    struct carrel_error *err)
{
	struct host_state state = *recorded;

	/* Where it cannot be said, it is loaded. */
	*ret_changed = was_altered(work, recorded, differences, &state.generation, err) != 0;
	return *ret_changed ? 0 : hoststate_write(work->state_fd, &state, err);
}

/* What @survey, or a look at the table (@differences), found not to be in place. @recorded: before */
static int put_in_place(struct work *work, const struct host_survey *survey,
			const struct host_state *recorded, const struct differences *differences,
			struct carrel_error *err)
{
	struct host_state state = host_intend(survey, recorded);
	FD_CLEANUP int lock_fd = -1;
	struct editions editions;
	bool existed;
	int rc = hoststate_write(work->state_fd, &state, err);

	if (rc == 0)
		rc = editionsfile_lock(work->state_fd, &lock_fd, err);
	if (rc == 0)
		rc = editions_read(work->request, work->state_fd, &editions, err);
	if (rc == 0)
		rc = host_prepare(survey, &state, &editions, &existed, err);
	if (rc < 0)
		return rc;
	if (existed)
		work_warn_of(work, differences, false);
	else if (recorded->known && recorded->generation != HOST_UNPREPARED)
		request_warn(work->request, "the host's table inet %s was gone (was its firewall "
			     "reloaded?) and has been put back", CARREL_TABLE);
	return hoststate_write(work->state_fd, &state, err);
}

/*
 * Make sure that the host's table and forwarding are in place, and remember that they are.
 * @closely:	look at each rule, though nobody may have changed any
 * @ret_changed: something was not in place
 */
static int prepare_host(struct work *work, bool closely, bool *ret_changed,
			struct carrel_error *err)
{
	struct host_state recorded;
	struct host_survey survey;
	struct differences differences = { 0 };
	uint32_t generation;
	int rc = host_survey(work->facts.ipv6, &survey, err);

	if (rc == 0)
		rc = host_survey_way_out(&work->kernel.host, &survey, err);
	if (rc == 0 && closely)
		rc = host_survey_links(&survey, err);
	if (rc < 0)
		return rc;
	rc = hoststate_read(work->state_fd, &recorded, err);
	if (rc < 0)
		return rc;
	*ret_changed = !host_is_prepared(&survey, &recorded);
	if (closely && recorded.known) {
		rc = was_altered(work, &recorded, &differences, &generation, err);
		if (rc < 0)
			return rc;
		*ret_changed = *ret_changed || rc > 0;
	} else if (is_firewall_news(&survey, &recorded)) {
		rc = look_at_firewall(work, &recorded, &differences, ret_changed, err);
		if (rc < 0)
			return rc;
	}
	return *ret_changed ? put_in_place(work, &survey, &recorded, &differences, err) : 0;
}

int work_prepare(struct work *work, struct carrel_error *err)
{
	bool changed;
	int rc = facts_gather(&work->kernel.host, policy_names_host(&work->policy),
			      &work->request->arena, &work->facts, err);

	if (rc == 0)
		rc = resolvers_settle(&work->policy, &work->request->arena, &work->no_names, err);
	if (rc < 0 || work->policy.uplink == UPLINK_NONE)
		return rc;
	rc = prepare_host(work, false, &changed, err);
	if (rc == 0 && policy_names_host(&work->policy))
		rc = editions_settle(work->request, work->state_fd, &work->kernel.host, &work->facts,
				     err);
	return rc < 0 ? error_wrap(err, rc, "preparing the host") : 0;
}

/* Where nobody ever logged in there is nothing to repair. */
static int repair_host(struct work *work, struct carrel_error *err)
{
	struct host_state recorded;
	bool changed = false;
	int rc = facts_gather(&work->kernel.host, false, &work->request->arena, &work->facts, err);

	if (rc == 0)
		rc = hoststate_read(work->state_fd, &recorded, err);
	if (rc == 0 && recorded.known)
		rc = prepare_host(work, true, &changed, err);
	if (rc < 0)
		return error_wrap(err, rc, "repairing the host");
	work->request->reply.status = changed ? WIRE_OK : WIRE_UNCHANGED;
	return 0;
}

int request_repair_host(struct request *request, struct carrel_error *err)
{
	WORK_CLEANUP struct work work;
	int rc = work_begin(&work, request, err);

	/* Of root, who has no carrel: one repair at a time. */
	if (rc == 0)
		rc = work_lock(&work, err);
	return rc < 0 ? rc : repair_host(&work, err);
}
