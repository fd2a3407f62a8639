/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: what happens to a carrel when its user leaves
 *
 *   the last session is closed    WIRE_CLOSE: where the policy says "logout cut", the uplink is
 *                                 set down
 *   `carrel gc` runs              WIRE_COLLECT: the same where no close ever came; and what is
 *                                 idle is noted, and removed "linger" later
 *
 * Whether a process is in a namespace is for root to find out: `carrel gc` looks, and says for
 * each carrel what it saw of it (struct wire_carrel). Here each is locked and looked at again. A
 * login since then has changed what there is to see: it made a new namespace, or it took
 * back the note that the carrel is idle; then the carrel is left for the next run. What is
 * removed was noted before gc looked at processes, so whoever is in there was seen.
 *
 * That the uplink is down is recorded first: a login that finds a record of that sets it up again,
 * whether it was down already or not.
 */
#include "request.h"

#include <errno.h>
#include <time.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/name.h"
#include "base/paths.h"
#include "core/lifetime.h"
#include "kernel/link.h"
#include "kernel/rtnl.h"
#include "remove.h"
#include "sight.h"
#include "state/session.h"
#include "state/source.h"
#include "state/state.h"
#include "state/sweep.h"

/* Of a clock that nobody sets, and that goes on while the machine sleeps. */
static uint64_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec;
}

/* session_each()'s callback: one is enough. */
static int found_session(const struct session *session, void *context)
{
	(void)session;
	(void)context;
	return 1;
}

/* Is a session of @uid alive? 1, 0 or -errno */
static int has_session(int state_fd, uid_t uid, struct carrel_error *err)
{
	return session_each(state_fd, uid, true, found_session, NULL, err);
}

/* At once, however many links and namespaces there are. */
static int set_uplink_down(uid_t uid, struct carrel_error *err)
{
	RTNL_CLEANUP struct rtnl rtnl = { 0 };
	char name[LINK_NAME_SIZE];
	int rc = rtnl_open(&rtnl, err), index;

	if (rc < 0)
		return rc;
	name_of_host_link(uid, name);
	index = link_index(&rtnl, name);
	if (index == -ENODEV)
		return 0;
	if (index < 0)
		return error_set_errno(err, -index, "looking for the link %s", name);
	rc = link_down(&rtnl, index, err);
	return rc < 0 ? rc : rtnl_commit(&rtnl, err);
}

/* Record that the uplink of @record's carrel is down, and see to it. */
static int cut(int state_fd, struct record *record, struct carrel_error *err)
{
	int rc = 0;

	if (!record->cut) {
		record->cut = true;
		rc = record_write(state_fd, record, err);
	}
	return rc < 0 ? rc : set_uplink_down(record->uid, err);
}

static int close_locked(int state_fd, uid_t uid, struct carrel_error *err)
{
	struct sight sight;
	struct lifetime lifetime;
	int rc = sight_take(state_fd, uid, &sight, err);

	if (rc == 0)
		rc = has_session(state_fd, uid, err);
	if (rc < 0)
		return rc;
	lifetime = (struct lifetime){
		.whole = sight.whole, .sessions = rc > 0,
		.cut_at_logout = sight.record.cut_at_logout,
	};
	return lifetime_cuts(&lifetime) ? cut(state_fd, &sight.record, err) : 0;
}

int request_close(struct request *request, struct carrel_error *err)
{
	uid_t uid = request->wire->subject.uid;
	FD_CLEANUP int state_fd = -1, lock_fd = -1;
	int rc = state_open(PATH_STATE, true, &state_fd, err);

	if (rc == 0)
		rc = state_lock(state_fd, uid, &lock_fd, err);
	return rc < 0 ? rc : close_locked(state_fd, uid, err);
}

/* What is to be done to @sight's carrel, is done. */
static int take_step(int state_fd, struct sight *sight, const struct lifetime *lifetime,
		     struct carrel_error *err)
{
	struct record *record = &sight->record;
	int rc = 0;

	switch (lifetime_decide(lifetime)) {
	case LIFETIME_REMOVE:
		/* Of remains nobody knows what still holds their link. */
		return remove_carrel(state_fd, sight->seen.uid, !sight->whole, err);
	case LIFETIME_WAKE:
		record->idle_since_s = 0;
		rc = record_write(state_fd, record, err);
		break;
	case LIFETIME_NOTE:
		record->idle_since_s = lifetime->now_s;
		rc = record_write(state_fd, record, err);
		break;
	case LIFETIME_KEEP:
		break;
	}
	return rc == 0 && lifetime_cuts(lifetime) ? cut(state_fd, record, err) : rc;
}

static int collect(int state_fd, const struct wire_carrel *seen, uint64_t linger_s,
		   struct carrel_error *err)
{
	FD_CLEANUP int lock_fd = -1;
	struct sight sight;
	struct lifetime lifetime;
	int rc = state_lock_try(state_fd, seen->uid, &lock_fd, err);

	/* Whoever has it is logging in, or removes what there is. */
	if (rc < 0)
		return rc == -EWOULDBLOCK ? 0 : rc;
	rc = sight_take(state_fd, seen->uid, &sight, err);
	if (rc < 0 || !sight_same(&sight.seen, seen))
		return rc;
	rc = has_session(state_fd, seen->uid, err);
	if (rc < 0)
		return rc;
	lifetime = (struct lifetime){
		.whole = sight.whole, .sessions = rc > 0, .processes = seen->processes,
		.cut_at_logout = sight.record.cut_at_logout,
		.idle_since_s = seen->idle_since_s, .now_s = now_s(), .linger_s = linger_s,
	};
	return take_step(state_fd, &sight, &lifetime, err);
}

int request_collect(struct request *request, struct carrel_error *err)
{
	const struct wire_request *wire = request->wire;
	const char *warning = NULL;
	FD_CLEANUP int state_fd = -1;
	struct config config;
	size_t swept;
	int rc = state_open(PATH_STATE, true, &state_fd, err);

	if (rc == 0)
		rc = source_config_in_force(wire->config[0] ? wire->config : PATH_CONFIG, state_fd,
					    false, &request->arena, &config, &warning, err);
	if (rc < 0)
		return rc;
	if (sweep_temporaries(state_fd, true, &swept, err) < 0)
		request_warn(request, "%s", err->text);
	/* One that cannot be cleared up does not keep the others. */
	for (size_t i = 0; i < wire->carrel_count; i++)
		if (collect(state_fd, &wire->carrels[i], config.linger_s, err) < 0)
			request_warn(request, "uid %u: %s", wire->carrels[i].uid, err->text);
	return 0;
}
