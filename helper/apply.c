/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: a changed configuration reaches an open carrel
 *
 * The request names the login that decided which policy the carrel has, as its record
 * remembers it, with the user's groups of today. So what that login would get now is
 * decided as at a login, and the carrel is brought there by the same steps. Two things
 * differ: nobody comes, so what the record says of the carrel's use stays; and sessions
 * that are open keep their network whatever is assigned now, so a user whom nothing
 * confines any more, or who is denied, keeps the policy of the carrel, in today's version.
 */
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "editions.h"
#include "work.h"

/* Is @subject the login that @record remembers? A request without a service asks for none. */
static bool is_same_login(const struct record *record, const struct subject *subject)
{
	const struct record_login login = record_login(subject);

	return !login.service[0] || (strcmp(record->login.service, login.service) == 0 &&
				     strcmp(record->login.tty, login.tty) == 0 &&
				     strcmp(record->login.rhost, login.rhost) == 0);
}

/*
 * Find the policy that the carrel of @record is to have.
 * Return: 0 with reply.status WIRE_OK, or WIRE_STALE; or -errno
 */
static int choose_policy(struct work *work, const struct record *record,
			 struct carrel_error *err)
{
	struct wire_reply *reply = &work->request->reply;
	int rc = 0;

	reply->status = WIRE_UNCONFINED;
	if (work->subject->service[0])
		rc = work_assign(work, err);
	if (rc < 0 || reply->status == WIRE_OK || reply->status == WIRE_STALE)
		return rc;
	if (work->subject->service[0])
		request_warn(work->request, "no policy is assigned to %s any more; as long as its "
			     "carrel is there, it keeps the policy '%s'", record->user,
			     record->policy);
	reply->status = WIRE_OK;
	reply->message = "";
	return work_read_policy(work, record->policy, err);
}

/*
 * Under the user's lock: bring the carrel of @old, in @netns_fd (consumed), up to date.
 * @repair:	where nothing changed in the configuration, too
 */
static int apply(struct work *work, const struct record *old, int netns_fd, bool repair,
		 struct carrel_error *err)
{
	FD_CLEANUP int owned_fd = netns_fd;
	struct wire_reply *reply = &work->request->reply;
	struct record standing = *old;
	int rc;

	/* Whether it is down is no reason to do anything: it stays so. */
	standing.cut = false;
	switch (work_choose(work, &standing)) {
	case COURSE_UPDATE:
		rc = work_update(work, old, fd_steal(&owned_fd), false, err);
		reply->connections_cut = work->kernel.connections_cut;
		return rc;
	case COURSE_REBUILD:
		reply->status = WIRE_OTHER_UPLINK;
		return 0;
	case COURSE_JOIN:
		if (repair)
			return work_repair(work, old, fd_steal(&owned_fd), err);
		standing = *old;
		rc = editions_advance(work->request, work->state_fd, &work->kernel.host, &standing,
				      err);
		if (rc < 0)
			return rc;
		break;
	case COURSE_BUILD:
		break;
	}
	reply->status = WIRE_UNCHANGED;
	return 0;
}

/* The part that is done alone. */
static int apply_locked(struct work *work, bool repair, struct carrel_error *err)
{
	struct wire_reply *reply = &work->request->reply;
	FD_CLEANUP int netns_fd = -1;
	struct record old;
	int rc = work_find(work, &old, &netns_fd, err);

	if (rc < 0 || reply->status == WIRE_UNPINNED)
		return rc;
	if (netns_fd < 0) {
		reply->status = WIRE_NOT_FOUND;
		return 0;
	}
	if (!is_same_login(&old, work->subject)) {
		reply->status = WIRE_STALE;
		return 0;
	}
	/* As the record has it: a second name of the same uid is no change. */
	work->input.user = old.user;
	rc = choose_policy(work, &old, err);
	if (rc < 0 || reply->status != WIRE_OK)
		return rc;
	reply->policy = work->policy.name;
	rc = work_prepare(work, err);
	return rc < 0 ? rc : apply(work, &old, fd_steal(&netns_fd), repair, err);
}

static int apply_or_repair(struct request *request, bool repair, struct carrel_error *err)
{
	WORK_CLEANUP struct work work;
	int rc = work_begin(&work, request, err);

	if (rc == 0)
		rc = work_read_config(&work, err);
	if (rc == 0)
		rc = work_lock(&work, err);
	return rc < 0 ? rc : apply_locked(&work, repair, err);
}

int request_apply(struct request *request, struct carrel_error *err)
{
	return apply_or_repair(request, false, err);
}

int request_repair(struct request *request, struct carrel_error *err)
{
	return apply_or_repair(request, true, err);
}
