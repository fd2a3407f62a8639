/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: a session opens
 *
 *   configuration in force -> assignment -> policy in force    who gets what
 *   the user's lock                                            from here on, alone
 *   facts -> survey, intention, host_prepare()                 the host does its part
 *   record + pin                                               what is there
 *   join | update | build                                      what is to be done
 *   session file -> reply
 *
 * A carrel is whole when its pin is there and is the namespace that its record names.
 * The record is written right before the pin: a helper that is killed leaves at most a
 * record without a pin, an address claim, or a session file that nobody locks, and the
 * next login uses or replaces each of them.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/fd.h"
#include "state/session.h"
#include "work.h"

/* Under the user's lock: see what is there, and do what is missing. */
static int join_or_build(struct work *work, struct carrel_error *err)
{
	struct record old;
	int netns_fd, rc = work_find(work, &old, &netns_fd, err);

	if (rc < 0 || work->request->reply.status == WIRE_UNPINNED)
		return rc;
	switch (work_choose(work, netns_fd >= 0 ? &old : NULL)) {
	case COURSE_JOIN:
		return work_join(work, &old, netns_fd, err);
	case COURSE_UPDATE:
		return work_update(work, &old, netns_fd, true, err);
	case COURSE_REBUILD:
		request_warn(work->request, "policy '%s' has another uplink than the open carrel: "
			     "sessions that are still in it lose their network",
			     work->policy.name);
		fd_close(&netns_fd);
		return work_build(work, err);
	case COURSE_BUILD:
		return work_build(work, err);
	}
	return -EINVAL;
}

/* Leave a trace of the session that lives as long as it; sweep up those of dead ones. */
static int open_session(struct work *work, struct carrel_error *err)
{
	const struct subject *subject = work->subject;
	const char *origin = subject->rhost[0] ? subject->rhost : subject->tty;
	struct session session = {
		.uid = subject->uid,
		.pid = work->request->peer,
		.opened_s = (uint64_t)time(NULL),
		.netns_inode = work->record.netns_inode,
	};

	/* Cut where they are too long: they are for people to read. */
	strncpy(session.service, subject->service, sizeof(session.service) - 1);
	strncpy(session.origin, origin, sizeof(session.origin) - 1);
	if (session_each(work->state_fd, subject->uid, true, NULL, NULL, err) < 0)
		request_warn(work->request, "%s", err->text);
	return session_create(work->state_fd, &session, &work->request->session_fd, err);
}

/* Text of an address for the reply, or "". */
static const char *address_text(struct arena *arena, bool present, const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	if (!present)
		return "";
	address_format(address, text);
	return arena_strdup(arena, text);
}

static int fill_reply(struct work *work, struct carrel_error *err)
{
	struct request *request = work->request;
	const struct record *record = &work->record;
	struct wire_reply *reply = &request->reply;
	char pin[NETNS_NAME_SIZE];

	name_of_netns(record->uid, pin);
	reply->policy = arena_strdup(&request->arena, record->policy);
	reply->netns = arena_strdup(&request->arena, pin);
	reply->address4 = address_text(&request->arena, record->has_address4, &record->address4);
	reply->address6 = address_text(&request->arena, record->has_address6, &record->address6);
	if (!reply->policy || !reply->netns || !reply->address4 || !reply->address6)
		return error_set(err, ENOMEM, "out of memory");
	request->netns_fd = fd_steal(&work->kernel.netns_fd);
	return 0;
}

/* The part that is done alone. */
static int open_locked(struct work *work, struct carrel_error *err)
{
	int rc = work_lock(work, err);

	if (rc == 0)
		rc = work_prepare(work, err);
	if (rc == 0)
		rc = join_or_build(work, err);
	if (rc < 0 || work->request->reply.status != WIRE_OK)
		return rc;
	rc = open_session(work, err);
	return rc == 0 ? fill_reply(work, err) : rc;
}

int request_open(struct request *request, struct carrel_error *err)
{
	WORK_CLEANUP struct work work;
	int rc = work_begin(&work, request, err);

	if (rc == 0)
		rc = work_read_config(&work, err);
	if (rc == 0)
		rc = work_assign(&work, err);
	if (rc < 0 || request->reply.status != WIRE_OK)
		return rc;
	work_warn_unknown(&work);
	rc = open_locked(&work, err);
	return rc < 0 ? error_wrap(err, rc, "making the network of '%s' (policy '%s')",
				   work.subject->user, work.policy.name) : 0;
}
