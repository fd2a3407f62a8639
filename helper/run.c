/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: a carrel for one command
 *
 * Nobody else joins it, so it has neither a pin nor a record: the kernel destroys the
 * namespace, and the link with it, when the last process in it ends, however that comes.
 *
 * Its link and its addresses are made from a number in the place of a uid. The lock of that
 * number goes to whoever runs the command, and from there to the command: as long as one
 * of them lives, neither the number nor the address is anybody else's. A claim on an
 * address that is left behind is free for all, being without a record and a lock (see
 * state/claim.c); the lowest number that is free is taken, so few are.
 */
#include <errno.h>

#include "base/error.h"
#include "base/fd.h"
#include "state/state.h"
#include "work.h"

/*
 * The last uids but a few, which no system gives to accounts; the very last are left to
 * those who count downwards. A user who has one nevertheless cannot log in while a command
 * runs under it, and no command takes the number of one that is logged in.
 */
#define NUMBER_FIRST UINT32_C(4294901760)
#define NUMBER_COUNT 1024

/* Lock @number, unless somebody has it or is logged in under it: then -EWOULDBLOCK. */
static int take_number(struct work *work, uid_t number, struct carrel_error *err)
{
	FD_CLEANUP int lock_fd = -1;
	struct record record;
	int rc = state_lock_try(work->state_fd, number, &lock_fd, err);

	if (rc < 0)
		return rc;
	if (record_read(work->state_fd, number, &record, NULL) != -ENOENT)
		return -EWOULDBLOCK;
	work->lock_fd = fd_steal(&lock_fd);
	work->input.uid = number;
	return kernel_open(&work->kernel, number, err);
}

static int find_number(struct work *work, struct carrel_error *err)
{
	int rc = -EWOULDBLOCK;

	for (uid_t i = 0; i < NUMBER_COUNT && rc == -EWOULDBLOCK; i++)
		rc = take_number(work, NUMBER_FIRST + i, err);
	if (rc == -EWOULDBLOCK)
		return error_set(err, EBUSY, "%d commands run in carrels of their own; no more can",
				 NUMBER_COUNT);
	return rc;
}

static int build(struct work *work, struct carrel_error *err)
{
	struct plan plan = { 0 };
	int rc = work_prepare(work, err);

	if (rc == 0 && work->no_names)
		request_warn(work->request, "%s", work->no_names);
	work->input.throwaway = true;
	if (rc == 0)
		rc = work_find_addresses(work, err);
	if (rc < 0)
		return rc;
	rc = plan_build(&work->input, &work->request->arena, &plan, err);
	return rc < 0 ? rc : kernel_apply(&work->kernel, &plan, err);
}

int request_run(struct request *request, struct carrel_error *err)
{
	WORK_CLEANUP struct work work;
	int rc = work_begin(&work, request, err);

	if (rc == 0)
		rc = work_read_config(&work, err);
	if (rc == 0)
		rc = work_read_policy(&work, request->wire->policy, err);
	if (rc == 0) {
		work_warn_unknown(&work);
		rc = find_number(&work, err);
	}
	if (rc == 0)
		rc = build(&work, err);
	if (rc < 0)
		return error_wrap(err, rc, "making a network with the policy '%s'",
				  request->wire->policy);
	request->reply.policy = work.policy.name;
	request->reply.number = work.input.uid;
	request->netns_fd = fd_steal(&work.kernel.netns_fd);
	request->session_fd = fd_steal(&work.lock_fd);
	return 0;
}
