/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: what there is of a carrel
 *
 *   record  pin
 *   good    its namespace        whole
 *   good    none, or another's   whoever asks looks for a process in the recorded namespace
 *                                (root may, the helper may not), and sends that; it is pinned again
 *   lost    there                the namespace says whose it is: the record is written anew
 *   lost    none                 the same, in the namespace that the session opened last names, as long
 *                                as its uplink is there: else there is nothing to save
 *
 * A number of an inode may be given to another namespace once the first is no more. So a
 * namespace that is to be taken for a user's must say so itself: the loopback link in it has its
 * name for an alias (plan_build()), which only root can give. In a user namespace of their own
 * users are root, too, so one that was made there is never taken.
 */
#include "work.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/paths.h"
#include "core/allocate.h"
#include "kernel/link.h"
#include "kernel/netns.h"
#include "kernel/network.h"
#include "state/session.h"
#include "state/state.h"

/* The address of @family that the uplink has; NULL when it has none. */
static const struct address *address_of(const struct network *network, enum family family)
{
	const struct network_link *uplink = network_link(network, CARREL_UPLINK);

	for (size_t i = 0; uplink && i < network->addresses.count; i++)
		if (network->addresses.items[i].link == uplink->index &&
		    network->addresses.items[i].address.family == family)
			return &network->addresses.items[i].address;
	return NULL;
}

/* Its addresses, if they are those that it would get: any other may be somebody else's by now. */
static int adopt_addresses(struct work *work, const struct network *network,
			   struct record *record, bool *ret_own, struct carrel_error *err)
{
	const struct address *found4 = address_of(network, FAMILY_IPV4);
	const struct address *found6 = address_of(network, FAMILY_IPV6);
	int rc = state_claim_address4(work->state_fd, &work->config.pool4, work->input.uid,
				      &record->address4, err);

	if (rc < 0)
		return rc;
	allocate_address6(&work->config.pool6, work->input.uid, &record->address6);
	record->has_address4 = true;
	record->has_address6 = found6 || work->facts.ipv6;
	*ret_own = (!found4 || address_equal(found4, &record->address4)) &&
		   (!found6 || address_equal(found6, &record->address6));
	return 0;
}

/* The uplink that it has, or had: where there is none now, a login's policy says what was meant. */
static enum uplink uplink_of(const struct work *work, const struct network *network)
{
	if (network_link(network, CARREL_UPLINK))
		return UPLINK_NAT;
	return work->policy.name ? work->policy.uplink : UPLINK_NONE;
}

/*
 * A record for the namespace @netns_fd (borrowed), of what can be seen of it. Its rules count as
 * out of date: what they were made from is not to be seen.
 * @ret_own:	it is the user's carrel
 */
static int adopt(struct work *work, int netns_fd, struct record *ret_record, bool *ret_own,
		 struct carrel_error *err)
{
	struct record record = {
		.uid = work->input.uid, .created_s = (uint64_t)time(NULL),
		.login = record_login(work->subject),
	};
	struct network network;
	enum uplink uplink;
	int rc = network_read_inside(netns_fd, &work->request->arena, &network, err);

	*ret_own = false;
	if (rc < 0 || !network_is_of(&network, work->input.uid))
		return rc;
	uplink = uplink_of(work, &network);
	*ret_own = true;
	rc = netns_inode(netns_fd, &record.netns_inode, err);
	if (rc == 0 && uplink != UPLINK_NONE)
		rc = adopt_addresses(work, &network, &record, ret_own, err);
	if (rc < 0 || !*ret_own)
		return rc;
	strcpy(record.uplink, uplink_name(uplink));
	if (strlen(work->subject->user) < sizeof(record.user))
		strcpy(record.user, work->subject->user);
	*ret_record = record;
	return 0;
}

/* The record is lost, and @netns_fd (borrowed) is pinned. */
static int find_unrecorded(struct work *work, int netns_fd, struct record *ret_record,
			   bool *ret_found, struct carrel_error *err)
{
	int rc = adopt(work, netns_fd, ret_record, ret_found, err);

	if (rc == 0)
		request_warn(work->request, *ret_found ?
			     "the record of the carrel was lost and has been written anew" :
			     "the record of the carrel is lost; it must be made anew");
	return rc;
}

/*
 * Is what came with the request the user's namespace @inode? 1, 0 or -errno
 * @ret_network: what there is in it; only where it is
 */
static int is_given(struct work *work, uint64_t expected_inode, struct network *ret_network,
		    struct carrel_error *err)
{
	uint64_t inode;
	int rc;

	if (work->request->given_fd < 0)
		return 0;
	rc = netns_check(work->request->given_fd, err);
	if (rc == 0)
		rc = netns_inode(work->request->given_fd, &inode, err);
	if (rc < 0 || inode != expected_inode)
		return rc;
	rc = netns_is_own(work->request->given_fd, err);
	if (rc <= 0)
		return rc;
	rc = network_read_inside(work->request->given_fd, &work->request->arena, ret_network, err);
	return rc < 0 ? rc : network_is_of(ret_network, work->input.uid);
}

/* Pin what came with the request, which is_given(). @ret_netns_fd: it */
static int pin_given(struct work *work, const char *pin, int *ret_netns_fd,
		     struct carrel_error *err)
{
	int rc = netns_release(pin, err);

	if (rc == 0)
		rc = netns_pin(work->request->given_fd, pin, err);
	if (rc < 0)
		return rc;
	work->pinned_again = true;
	*ret_netns_fd = fd_steal(&work->request->given_fd);
	return 0;
}

/* Have who asks look for the namespace @inode, unless that was done. */
static void seek(struct work *work, uint64_t inode)
{
	if (work->request->wire->sought == inode || inode > UINT32_MAX)
		return;
	work->request->reply.status = WIRE_UNPINNED;
	work->request->reply.number = (uint32_t)inode;
}

/* The pin of @record's carrel is lost. @ret_netns_fd: pinned again, or -1 */
static int find_unpinned(struct work *work, const char *pin, const struct record *record,
			 int *ret_netns_fd, struct carrel_error *err)
{
	struct network network;
	int rc = is_given(work, record->netns_inode, &network, err);

	if (rc == 0)
		seek(work, record->netns_inode);
	if (rc <= 0)
		return rc;
	rc = pin_given(work, pin, ret_netns_fd, err);
	if (rc == 0)
		request_warn(work->request, "the pin %s/%s was gone, or another namespace's, and has "
			     "been put back", PATH_PINS, pin);
	return rc;
}

/* session_each() callback: the one that was opened last, of those that say where they are */
static int keep_latest(const struct session *session, void *context)
{
	struct session *latest = context;

	if (session->netns_inode && session->opened_s >= latest->opened_s)
		*latest = *session;
	return 0;
}

/*
 * Record and pin are lost. Who made a new carrel would take the uplink away from sessions that are
 * open in this one. Where it has none any more it was removed, or there is another in its place.
 */
static int find_lost(struct work *work, const char *pin, struct record *ret_record,
		     int *ret_netns_fd, struct carrel_error *err)
{
	int link = link_index(&work->kernel.host, work->kernel.host_link);
	struct session latest = { 0 };
	const struct network_link *uplink;
	struct network network;
	bool own;
	int rc;

	if (link < 0)
		return 0;
	rc = session_each(work->state_fd, work->input.uid, false, keep_latest, &latest, err);
	if (rc < 0 || !latest.netns_inode)
		return rc;
	rc = is_given(work, latest.netns_inode, &network, err);
	if (rc == 0)
		seek(work, latest.netns_inode);
	uplink = rc > 0 ? network_link(&network, CARREL_UPLINK) : NULL;
	if (!uplink || uplink->peer != link)
		return rc < 0 ? rc : 0;
	rc = adopt(work, work->request->given_fd, ret_record, &own, err);
	if (rc < 0 || !own)
		return rc;
	rc = pin_given(work, pin, ret_netns_fd, err);
	if (rc == 0)
		request_warn(work->request, "the record and the pin of the carrel were lost; sessions are "
			     "open in it, and both have been made anew");
	return rc;
}

int work_find(struct work *work, struct record *ret_record, int *ret_netns_fd,
	      struct carrel_error *err)
{
	char pin[NETNS_NAME_SIZE];
	FD_CLEANUP int pinned_fd = -1;
	uint64_t inode = 0;
	bool found = false;
	int rc, recorded = record_read(work->state_fd, work->input.uid, ret_record, err);

	*ret_netns_fd = -1;
	if (recorded == -EBADMSG)
		request_warn(work->request, "%s", err->text);
	else if (recorded < 0 && recorded != -ENOENT)
		return recorded;
	name_of_netns(work->input.uid, pin);
	rc = netns_open_pin(pin, &pinned_fd, err);
	if (rc == 0)
		rc = netns_inode(pinned_fd, &inode, err);
	if (rc < 0 && rc != -ENOENT)
		return rc;
	if (recorded == 0 && inode != ret_record->netns_inode)
		return find_unpinned(work, pin, ret_record, ret_netns_fd, err);
	if (pinned_fd < 0)
		return find_lost(work, pin, ret_record, ret_netns_fd, err);
	rc = recorded < 0 ? find_unrecorded(work, pinned_fd, ret_record, &found, err) : 0;
	if (rc == 0 && (recorded == 0 || found))
		*ret_netns_fd = fd_steal(&pinned_fd);
	return rc;
}
