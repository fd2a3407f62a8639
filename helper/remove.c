/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A carrel is taken away: its uplink first, so that whatever process is left in the
 * namespace is cut off, then the pin, then what /run/carrel knows of it.
 */
#include "request.h"

#include <errno.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/name.h"
#include "base/paths.h"
#include "kernel/apply.h"
#include "kernel/netns.h"
#include "kernel/rtnl.h"
#include "state/record.h"
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

static int remove_locked(struct request *request, int state_fd, struct carrel_error *err)
{
	uid_t uid = request->wire->subject.uid;
	char pin[NETNS_NAME_SIZE];
	struct record record;
	FD_CLEANUP int netns_fd = -1;
	int rc, known;

	name_of_netns(uid, pin);
	known = record_read(state_fd, uid, &record, err);
	if (known < 0 && known != -ENOENT && known != -EBADMSG)
		return known;
	if (known == -ENOENT && netns_open_pin(pin, &netns_fd, NULL) < 0) {
		request->reply.status = WIRE_NOT_FOUND;
		return 0;
	}
	rc = delete_uplink(uid, err);
	if (rc == 0)
		rc = netns_unpin(pin, err);
	if (rc == 0)
		rc = record_remove(state_fd, uid, err);
	if (rc == 0 && known == 0 && record.has_address4)
		rc = state_release_address4(state_fd, uid, &record.address4, err);
	return rc;
}

int request_remove(struct request *request, struct carrel_error *err)
{
	FD_CLEANUP int state_fd = -1, lock_fd = -1;
	int rc = state_open(PATH_STATE, true, &state_fd, err);

	if (rc == 0)
		rc = state_lock(state_fd, request->wire->subject.uid, &lock_fd, err);
	return rc < 0 ? rc : remove_locked(request, state_fd, err);
}
