/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sight.h"

#include <errno.h>

#include "base/error.h"
#include "base/fd.h"
#include "kernel/netns.h"

/** look_at_pin() - inode of the namespace that is pinned for @uid; 0 when there is none */
static int look_at_pin(uid_t uid, uint64_t *ret_inode, struct carrel_error *err)
{
	FD_CLEANUP int fd = -1;
	char pin[NETNS_NAME_SIZE];

	name_of_netns(uid, pin);
	int rc = netns_open_pin(pin, &fd, err);
	if (rc == -ENOENT) {
		*ret_inode = 0;
		return 0;
	}
	return rc < 0 ? rc : netns_inode(fd, ret_inode, err);
}

int sight_take(int state_fd, uid_t uid, struct sight *ret, struct carrel_error *err)
{
	struct sight sight = { .seen = { .uid = uid } };

	int rc = record_read(state_fd, uid, &sight.record, err);
	if (rc < 0 && rc != -ENOENT && rc != -EBADMSG)
		return rc;
	if (rc == 0) {
		sight.recorded = true;
		sight.seen.recorded_inode = sight.record.netns_inode;
		sight.seen.idle_since_s = sight.record.idle_since_s;
	}
	rc = look_at_pin(uid, &sight.seen.pinned_inode, err);
	if (rc < 0)
		return rc;
	sight.whole = sight.recorded && sight.seen.pinned_inode &&
		      sight.seen.pinned_inode == sight.seen.recorded_inode;
	*ret = sight;
	return 0;
}

bool sight_same(const struct wire_carrel *a, const struct wire_carrel *b)
{
	return a->uid == b->uid && a->recorded_inode == b->recorded_inode &&
	       a->pinned_inode == b->pinned_inode && a->idle_since_s == b->idle_since_s;
}

struct standing sight_standing(const struct record *record)
{
	return (struct standing){
		.user = record->user, .policy = record->policy, .uplink = record->uplink,
		.rules_digest = record->rules_digest, .cut = record->cut,
	};
}
