/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: a carrel is taken away
 *
 *   pin			from here on nobody joins it: the next login makes a new one
 *   uplink		whatever is left in the namespace is cut off
 *   record		it says no longer that there is something to join
 *   address		free for others
 *   dead sessions	that one of them cannot be removed is no reason to keep the rest
 *
 * Killed anywhere, it leaves what the next login replaces and the next `carrel gc` removes: a
 * pin, a record, a link or a claim without the others is whole in no case.
 */
#include "remove.h"

#include <errno.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/name.h"
#include "base/paths.h"
#include "kernel/apply.h"
#include "kernel/netns.h"
#include "kernel/rtnl.h"
#include "request.h"
#include "state/record.h"
#include "state/session.h"
#include "state/state.h"

static int delete_uplink(uid_t uid, struct carrel_error *err)
{
	RTNL_CLEANUP struct rtnl rtnl = { 0 };
	char name[LINK_NAME_SIZE];
	int rc;

	name_of_host_link(uid, name);
	rc = rtnl_open(&rtnl, err);
	return rc < 0 ? rc : kernel_cut_off(&rtnl, name, err);
}

int remove_carrel(int state_fd, uid_t uid, bool cut_off, struct carrel_error *err)
{
	char pin[NETNS_NAME_SIZE];
	int rc;

	name_of_netns(uid, pin);
	rc = netns_unpin(pin, err);
	if (rc == 0 && cut_off)
		rc = delete_uplink(uid, err);
	if (rc == 0)
		rc = record_remove(state_fd, uid, err);
	if (rc == 0)
		rc = state_forget_address4(state_fd, uid, err);
	return rc < 0 ? rc : session_each(state_fd, uid, true, NULL, NULL, err);
}

/* Is there anything by which an administrator would call it a carrel? */
static bool exists(int state_fd, uid_t uid)
{
	FD_CLEANUP int netns_fd = -1;
	char pin[NETNS_NAME_SIZE];
	struct record record;

	name_of_netns(uid, pin);
	return record_read(state_fd, uid, &record, NULL) != -ENOENT ||
	       netns_open_pin(pin, &netns_fd, NULL) != -ENOENT;
}

int request_remove(struct request *request, struct carrel_error *err)
{
	uid_t uid = request->wire->subject.uid;
	FD_CLEANUP int state_fd = -1, lock_fd = -1;
	int rc = state_open(PATH_STATE, true, &state_fd, err);

	if (rc == 0)
		rc = state_lock(state_fd, uid, &lock_fd, err);
	if (rc == 0 && !exists(state_fd, uid))
		request->reply.status = WIRE_NOT_FOUND;
	/* Also where there is no carrel: a link or an address may be left of one. */
	return rc < 0 ? rc : remove_carrel(state_fd, uid, true, err);
}
