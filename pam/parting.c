/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pam/parting.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/paths.h"
#include "pam/client.h"
#include "pam/launcher.h"
#include "state/record.h"
#include "state/session.h"
#include "state/state.h"

/* One turn and a half of the timer: where that runs, logins leave it to it. */
#define COLLECT_INTERVAL_S 90

/** found_session() - callback of session_each(): one is enough */
static int found_session(const struct session *session, void *context)
{
	(void)session;
	(void)context;
	return 1;
}

int parting_cut(const struct options *options, uid_t uid, struct carrel_error *err)
{
	const struct client_options client = { .helper = options->helper };
	FD_CLEANUP int state_fd = -1;
	struct record record;

	int rc = state_open(PATH_STATE, false, &state_fd, err);
	if (rc == 0)
		rc = record_read(state_fd, uid, &record, err);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	if (!record.cut_at_logout || record.cut)
		return 0;
	rc = session_each(state_fd, uid, false, found_session, NULL, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;

	const struct wire_request request = {
		.operation = WIRE_CLOSE,
		.subject = {
			.user = record.user, .uid = uid, .service = "", .tty = "", .rhost = "",
		},
		.config = "",
	};
	return client_tell(&client, &request, err);
}

int parting_collect(const struct options *options, struct carrel_error *err)
{
	static const char path[] = PATH_STATE "/" NAME_COLLECTED;
	struct timespec now;
	struct stat st;

	clock_gettime(CLOCK_REALTIME, &now);
	/* A time to come is one that was noted before somebody set the clock. */
	if (fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (st.st_mtim.tv_sec <= now.tv_sec &&
		    now.tv_sec - st.st_mtim.tv_sec < COLLECT_INTERVAL_S)
			return 0;
		/* First, so that of many who log in at once only one starts it. */
		if (utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW) < 0)
			return error_set_errno(err, errno, "touching %s", path);
	}
	return launcher_start_gc(PATH_COMMAND, options->config, err);
}
