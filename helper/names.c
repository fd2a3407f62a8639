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

#include "base/error.h"
#include "base/fd.h"
#include "base/paths.h"
#include "sets.h"
#include "sight.h"
#include "state/namesfile.h"
#include "state/state.h"

/* Under its lock: what has been removed meanwhile is not missed. */
static int update(int state_fd, uid_t uid, const struct sets_known *known,
		  struct carrel_error *err)
{
	FD_CLEANUP int lock_fd = -1;
	struct sight sight = { .whole = false };
	int rc = state_lock(state_fd, uid, &lock_fd, err);

	if (rc == 0)
		rc = sight_take(state_fd, uid, &sight, err);
	if (rc < 0 || !sight.whole)
		return rc;
	rc = sets_update_pinned(&sight.record, known, err);
	if (rc <= 0)
		return rc;
	rc = record_write(state_fd, &sight.record, err);
	return rc < 0 ? rc : 1;
}

int request_names(struct request *request, struct carrel_error *err)
{
	const struct wire_request *wire = request->wire;
	struct known_names names;
	const struct sets_known known = { .names = &names };
	FD_CLEANUP int state_fd = -1;
	int rc = state_open(PATH_STATE, true, &state_fd, err);

	if (rc == 0)
		rc = namesfile_read(state_fd, &request->arena, &names, NULL, err);
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
