/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/survey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/paths.h"
#include "kernel/link.h"
#include "kernel/rtnl.h"
#include "state/directory.h"
#include "state/occupancy.h"
#include "state/session.h"
#include "state/sweep.h"
#include "state/textfile.h"

/* A uid, and what is known of its link before anything else is looked at. */
struct trace {
	uid_t uid;
	bool link_up;
};

struct traces {
	struct arena *arena;
	ARENA_LIST(struct trace) list;
};

/** add_trace() - when @name is @prefix and a uid */
static int add_trace(struct traces *traces, const char *name, const char *prefix, bool link_up)
{
	size_t length = strlen(prefix);
	uid_t uid;

	if (strncmp(name, prefix, length) != 0 || !textfile_parse_uid(name + length, &uid))
		return 0;
	struct trace *trace = ARENA_APPEND(traces->arena, &traces->list);
	if (!trace)
		return -ENOMEM;
	*trace = (struct trace){ .uid = uid, .link_up = link_up };
	return 0;
}

/** trace_directory() - the uids that names in a directory have behind @prefix */
static int trace_directory(struct traces *traces, int dir_fd, const char *path,
			   const char *prefix)
{
	DIRECTORY_CLEANUP DIR *directory = NULL;
	const char *name;

	int rc = directory_open(dir_fd, path, &directory);
	while (!rc && !(rc = directory_next(directory, &name)) && name)
		rc = add_trace(traces, name, prefix, false);
	return rc == -ENOENT ? 0 : rc;
}

/** trace_link() - callback of link_each() */
static int trace_link(const char *name, bool up, void *context)
{
	return add_trace(context, name, "cr-", up);
}

/** trace_links() - the uids of host ends, and whether they are up */
static int trace_links(struct traces *traces, struct carrel_error *err)
{
	RTNL_CLEANUP struct rtnl rtnl = { 0 };
	int rc = rtnl_open(&rtnl, err);

	if (rc < 0)
		return rc;
	rc = link_each(&rtnl, trace_link, traces, err);
	return rc == -ENOMEM ? error_set_errno(err, ENOMEM, "noting a link") : rc;
}

/** compare_traces() - for qsort(): by uid, the link that is up first */
static int compare_traces(const void *a, const void *b)
{
	const struct trace *first = a, *second = b;

	if (first->uid != second->uid)
		return first->uid > second->uid ? 1 : -1;
	return second->link_up - first->link_up;
}

/** trace_all() - everyone of whom there is something */
static int trace_all(int state_fd, struct traces *traces, struct carrel_error *err)
{
	static const struct { const char *path, *prefix; } places[] = {
		{ "carrels", "" }, { "sessions", "" }, { "addresses", "uid-" },
	};
	int rc = 0;

	for (size_t i = 0; !rc && i < sizeof(places) / sizeof(places[0]); i++)
		rc = trace_directory(traces, state_fd, places[i].path, places[i].prefix);
	if (!rc)
		rc = trace_directory(traces, AT_FDCWD, PATH_PINS, "carrel-");
	if (rc)
		return error_set_errno(err, -rc, "looking for carrels");
	rc = trace_links(traces, err);
	if (rc)
		return error_wrap(err, rc, "looking for carrels");
	if (traces->list.count)
		qsort(traces->list.items, traces->list.count, sizeof(*traces->list.items),
		      compare_traces);
	return 0;
}

/** found_session() - callback of session_each(): one is enough */
static int found_session(const struct session *session, void *context)
{
	(void)session;
	(void)context;
	return 1;
}

/** add_surveyed() - look at the carrel of @trace */
static int add_surveyed(int state_fd, const struct trace *trace, struct arena *arena,
			struct survey *survey, struct carrel_error *err)
{
	struct surveyed *surveyed = ARENA_APPEND(arena, &survey->list);

	if (!surveyed)
		return error_set_errno(err, ENOMEM, "noting a carrel");
	int rc = sight_take(state_fd, trace->uid, &surveyed->sight, err);
	if (rc == 0)
		rc = session_each(state_fd, trace->uid, false, found_session, NULL, err);
	if (rc < 0)
		return rc;
	surveyed->sessions = rc > 0;
	surveyed->link_up = trace->link_up;
	return 0;
}

/** look_for_processes() - in the namespaces of those without a session */
static int look_for_processes(struct survey *survey, struct arena *arena,
			      struct carrel_error *err)
{
	struct occupancy occupancy;
	int rc = occupancy_scan("/proc", arena, &occupancy, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < survey->list.count; i++) {
		struct wire_carrel *seen = &survey->list.items[i].sight.seen;

		seen->processes = occupancy_has(&occupancy, seen->recorded_inode) ||
				  occupancy_has(&occupancy, seen->pinned_inode);
	}
	return 0;
}

int survey_take(int state_fd, struct arena *arena, struct survey *ret, struct carrel_error *err)
{
	struct traces traces = { .arena = arena };
	struct survey survey = { 0 };
	bool idle = false;
	int rc = trace_all(state_fd, &traces, err);

	for (size_t i = 0; rc == 0 && i < traces.list.count; i++) {
		const struct trace *trace = &traces.list.items[i];

		if (i > 0 && trace->uid == trace[-1].uid)
			continue;
		rc = add_surveyed(state_fd, trace, arena, &survey, err);
		idle = idle || (rc == 0 && !survey.list.items[survey.list.count - 1].sessions);
	}
	/* The dearest part: not where everyone is logged in. */
	if (rc == 0 && idle)
		rc = look_for_processes(&survey, arena, err);
	if (rc == 0)
		rc = sweep_temporaries(state_fd, false, &survey.temporaries, err);
	if (rc < 0)
		return rc;
	*ret = survey;
	return 0;
}

struct lifetime survey_lifetime(const struct surveyed *surveyed, uint64_t now_s,
				uint64_t linger_s)
{
	const struct sight *sight = &surveyed->sight;

	return (struct lifetime){
		.whole = sight->whole, .sessions = surveyed->sessions,
		.processes = sight->seen.processes,
		.cut_at_logout = sight->record.cut_at_logout,
		.idle_since_s = sight->seen.idle_since_s, .now_s = now_s, .linger_s = linger_s,
	};
}
