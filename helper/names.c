/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: a name has other addresses
 *
 * `carrel refresh` writes down what it found out (state/namesfile.h), then asks for the carrels
 * whose policies have one of the changed names. Here each is brought, under its user's lock,
 * to what the file says now.
 *
 * A login that has read the file before and pins its carrel later would be missed: it has no
 * record when refresh looks for them. So whoever loads rules looks at the file once more
 * when the record is there (work_settle_names()): either refresh finds the record, or the
 * login finds the new file.
 */
#include "request.h"

#include <libmnl/libmnl.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/name.h"
#include "base/paths.h"
#include "kernel/netns.h"
#include "kernel/nft.h"
#include "kernel/nft_names.h"
#include "sight.h"
#include "state/namesfile.h"
#include "state/state.h"

/*
 * Update the sets in the namespace that @socket is of: 1, 0 when nothing differs, -errno. Where the
 * firewall was the one that @record knows, it knows the new one: no login need look at it.
 */
static int update_sets(struct mnl_socket *socket, struct record *record,
		       const struct known_names *known, struct carrel_error *err)
{
	uint32_t before, after;
	int rc = nft_generation(socket, &before, err);

	if (rc == 0)
		rc = nft_update_names(socket, known, err);
	if (rc <= 0 || record->generation != before)
		return rc;
	rc = nft_generation(socket, &after, err);
	/* Not one step: somebody else's is in between. */
	record->generation = rc == 0 && after == before + 1 ? after : 0;
	return rc < 0 ? rc : 1;
}

/* Enter the pinned namespace of @record's carrel and update it: as update_sets() */
static int update_pinned(struct record *record, const struct known_names *known,
			 struct carrel_error *err)
{
	FD_CLEANUP int netns_fd = -1;
	struct mnl_socket *socket;
	char pin[NETNS_NAME_SIZE];

	name_of_netns(record->uid, pin);
	int rc = netns_open_pin(pin, &netns_fd, err);
	if (rc == 0)
		rc = netns_enter(netns_fd, err);
	if (rc == 0)
		rc = nft_open(&socket, err);
	if (rc < 0)
		return rc;
	rc = update_sets(socket, record, known, err);
	mnl_socket_close(socket);
	return rc;
}

/* Under its lock: what has been removed meanwhile is not missed. */
static int update(int state_fd, uid_t uid, const struct known_names *known,
		  struct carrel_error *err)
{
	FD_CLEANUP int lock_fd = -1;
	struct sight sight = { .whole = false };
	int rc = state_lock(state_fd, uid, &lock_fd, err);

	if (rc == 0)
		rc = sight_take(state_fd, uid, &sight, err);
	if (rc < 0 || !sight.whole)
		return rc;
	rc = update_pinned(&sight.record, known, err);
	if (rc <= 0)
		return rc;
	rc = record_write(state_fd, &sight.record, err);
	return rc < 0 ? rc : 1;
}

int request_names(struct request *request, struct carrel_error *err)
{
	const struct wire_request *wire = request->wire;
	struct known_names known;
	FD_CLEANUP int state_fd = -1;
	int rc = state_open(PATH_STATE, true, &state_fd, err);

	if (rc == 0)
		rc = namesfile_read(state_fd, &request->arena, &known, NULL, err);
	if (rc < 0)
		return rc;
	/* One that cannot be updated does not keep the others. */
	for (size_t i = 0; i < wire->carrel_count; i++) {
		rc = update(state_fd, wire->carrels[i].uid, &known, err);
		if (rc < 0)
			request_warn(request, "uid %u: %s", wire->carrels[i].uid, err->text);
		request->reply.number += rc > 0;
	}
	return 0;
}
