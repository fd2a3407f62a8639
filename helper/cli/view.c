/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/view.h"

#include <errno.h>
#include <time.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/paths.h"
#include "cli/cli.h"
#include "cli/hostns.h"
#include "kernel/netns.h"
#include "state/namesfile.h"
#include "state/state.h"

int view_open_state(int *ret_fd, struct carrel_error *err)
{
	int fd, rc = state_open(PATH_STATE, false, &fd, err);

	if (rc == -ENOENT)
		fd = -1;
	else if (rc < 0)
		return rc;
	*ret_fd = fd;
	return 0;
}

int view_each_record(int state_fd, record_visitor *visit, void *context, struct carrel_error *err)
{
	if (state_fd < 0)
		return 0;
	int rc = record_each(state_fd, visit, context, err);
	return rc == -ENOENT ? 0 : rc;
}

/** look_at_pin() - compare what is pinned as @netns with what the record says was */
static enum pin_state look_at_pin(const char *netns, uint64_t expected_inode)
{
	FD_CLEANUP int fd = -1;
	uint64_t inode;

	int rc = netns_open_pin(netns, &fd, NULL);
	if (rc == -ENOENT)
		return PIN_MISSING;
	if (rc < 0 || netns_inode(fd, &inode, NULL) < 0)
		return PIN_UNKNOWN;
	return inode == expected_inode ? PIN_PRESENT : PIN_FOREIGN;
}

/* What a callback that fills lists needs. */
struct collection {
	int state_fd;
	bool pins_seen;
	struct arena *arena;
	struct view *view;
	struct views *views;
	struct carrel_error *err;
};

/** collect_session() - callback of session_each() */
static int collect_session(const struct session *session, void *context)
{
	struct collection *collection = context;
	struct session *copy = ARENA_APPEND(collection->arena, &collection->view->sessions);

	if (!copy)
		return error_set_errno(collection->err, ENOMEM, "noting a session");
	*copy = *session;
	return 0;
}

/** note_idleness() - the record counts on a clock that nobody sets; people do not */
static void note_idleness(struct view *view)
{
	uint64_t since_s = view->record.idle_since_s;
	struct timespec uptime, now;

	clock_gettime(CLOCK_BOOTTIME, &uptime);
	clock_gettime(CLOCK_REALTIME, &now);
	if (since_s == 0 || since_s > (uint64_t)uptime.tv_sec)
		return;
	view->idle_s = (uint64_t)uptime.tv_sec - since_s;
	view->idle_since_s = (uint64_t)now.tv_sec - view->idle_s;
}

/** complete() - add to collection->view what its record does not say */
static int complete(struct collection *collection)
{
	struct view *view = collection->view;

	note_idleness(view);
	name_of_netns(view->record.uid, view->netns);
	view->pin = collection->pins_seen ? look_at_pin(view->netns, view->record.netns_inode) :
					    PIN_UNKNOWN;
	return session_each(collection->state_fd, view->record.uid, false, collect_session,
			    collection, collection->err);
}

int view_read(int state_fd, uid_t uid, struct arena *arena, struct view *ret,
	      struct carrel_error *err)
{
	HOSTNS_VISIT_CLEANUP struct hostns_visit visit;
	struct view view = { 0 };
	struct collection collection = {
		.state_fd = state_fd, .arena = arena, .view = &view, .err = err,
		.pins_seen = hostns_visit_pins(&visit, NULL) == 0,
	};

	if (state_fd < 0)
		return error_set(err, ENOENT, "there is no carrel of uid %u", uid);
	int rc = record_read(state_fd, uid, &view.record, err);
	if (rc < 0)
		return rc;
	rc = complete(&collection);
	if (rc < 0)
		return rc;
	*ret = view;
	return 0;
}

/** collect_record() - callback of view_each_record() */
static int collect_record(const struct record *record, int rc, const struct carrel_error *why,
			  void *context)
{
	struct collection *collection = context;
	struct arena *arena = collection->arena;

	if (rc < 0) {
		const char **reason = ARENA_APPEND(arena, &collection->views->unreadable);
		if (reason)
			*reason = arena_strdup(arena, why->text);
		if (!reason || !*reason)
			return error_set_errno(collection->err, ENOMEM, "noting a record");
		return 0;
	}

	struct view *view = ARENA_APPEND(arena, &collection->views->list);
	if (!view)
		return error_set_errno(collection->err, ENOMEM, "noting a record");
	view->record = *record;
	collection->view = view;
	return complete(collection);
}

int view_read_all(int state_fd, struct arena *arena, struct views *ret, struct carrel_error *err)
{
	HOSTNS_VISIT_CLEANUP struct hostns_visit visit;
	struct views views = { 0 };
	struct collection collection = {
		.state_fd = state_fd, .arena = arena, .views = &views, .err = err,
		.pins_seen = hostns_visit_pins(&visit, NULL) == 0,
	};

	int rc = view_each_record(state_fd, collect_record, &collection, err);
	if (rc < 0)
		return rc;
	*ret = views;
	return 0;
}

int view_bind_names(int state_fd, struct policy *policy, struct arena *arena)
{
	struct carrel_error err = { 0 };

	int rc = namesfile_bind(state_fd, policy, arena, NULL, &err);
	if (rc < 0 && rc != -ENOMEM)
		cli_complain("%s", err.text);
	return rc == -ENOMEM ? rc : 0;
}

const char *pin_state_name(enum pin_state pin)
{
	switch (pin) {
	case PIN_PRESENT:
		return "present";
	case PIN_MISSING:
		return "missing";
	case PIN_FOREIGN:
		return "foreign";
	case PIN_UNKNOWN:
		return "unknown";
	}
	return "unknown";
}

/** put_json_address() - append a member for @address, null when there is none */
static void put_json_address(struct buffer *buffer, const char *name, bool there,
			     const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE] = "";

	if (there)
		address_format(address, text);
	json_string(buffer, name, text);
}

/** put_json_session() - append one session's object */
static void put_json_session(struct buffer *buffer, const struct session *session)
{
	buffer_puts(buffer, "{");
	json_string(buffer, "service", session->service);
	json_string(buffer, "origin", session->origin);
	json_number(buffer, "pid", (uint64_t)session->pid);
	json_key(buffer, "since");
	cli_put_json_time(buffer, session->opened_s);
	buffer_puts(buffer, "}");
}

void view_put_json(const struct view *view, struct buffer *buffer)
{
	const struct record *record = &view->record;

	json_string(buffer, "user", record->user);
	json_number(buffer, "uid", record->uid);
	json_string(buffer, "policy", record->policy);
	json_string(buffer, "uplink", record->uplink);
	put_json_address(buffer, "address4", record->has_address4, &record->address4);
	put_json_address(buffer, "address6", record->has_address6, &record->address6);
	json_string(buffer, "netns", view->netns);
	json_number(buffer, "netns_inode", record->netns_inode);
	json_string(buffer, "pin", pin_state_name(view->pin));
	json_key(buffer, "since");
	cli_put_json_time(buffer, record->created_s);
	json_key(buffer, "idle_since");
	if (view->idle_since_s)
		cli_put_json_time(buffer, view->idle_since_s);
	else
		buffer_puts(buffer, "null");
	json_bool(buffer, "cut", record->cut);
	json_list(buffer, "sessions");
	for (size_t i = 0; i < view->sessions.count; i++) {
		buffer_puts(buffer, i ? ", " : "");
		put_json_session(buffer, &view->sessions.items[i]);
	}
	buffer_puts(buffer, "]");
}
