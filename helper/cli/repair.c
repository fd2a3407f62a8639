/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * The helper compares and mends; here it is found out which carrels there are: those with a
 * record, readable or not, and those of which only a pin is left. Each is repaired by itself,
 * under its lock; one that fails does not keep the others.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/paths.h"
#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/diff.h"
#include "cli/hostns.h"
#include "cli/login.h"
#include "cli/owner.h"
#include "cli/pins.h"
#include "cli/prospect.h"
#include "cli/view.h"
#include "pam/client.h"
#include "pam/subject.h"

/* A login would have to come in between each time. */
#define STALE_ATTEMPTS 3

struct target {
	struct owner owner;
	bool recorded;                  /* record can be read */
	struct record record;
};

struct reparation {
	const struct invocation *invocation;
	int state_fd;
	struct arena arena;
	struct config config;           /* in force: it names the groups to look up */
	ARENA_LIST(struct target) targets;
	struct buffer text;             /* what is printed at the end */
	size_t shown;
	int status;
};

/** add() - note the carrel of @uid, unless it was; 0 or -errno */
static int add(struct reparation *reparation, uid_t uid, struct carrel_error *err)
{
	char number[sizeof("4294967295")];
	struct target *target;

	for (size_t i = 0; i < reparation->targets.count; i++)
		if (reparation->targets.items[i].owner.uid == uid)
			return 0;
	target = ARENA_APPEND(&reparation->arena, &reparation->targets);
	if (!target)
		return error_set_errno(err, ENOMEM, "noting a carrel");
	(void)snprintf(number, sizeof(number), "%u", uid);
	target->recorded = record_read(reparation->state_fd, uid, &target->record, NULL) == 0;
	int rc = owner_find(number, reparation->state_fd, &target->owner, err);
	if (rc == 0 && target->recorded)
		strcpy(target->owner.name, target->record.user);
	return rc;
}

struct collection { struct reparation *reparation; struct carrel_error *err; };

/** add_record() - view_each_record() callback */
static int add_record(const struct record *record, int rc, const struct carrel_error *why,
		      void *context)
{
	struct collection *collection = context;

	(void)rc, (void)why;
	return add(collection->reparation, record->uid, collection->err);
}

/** add_pinned() - pin_visitor: there may be only a pin */
static int add_pinned(uid_t uid, void *context, struct carrel_error *err)
{
	return add(context, uid, err);
}

/** add_named() - the carrels of the users that were named; CLI_OK or an exit status */
static int add_named(struct reparation *reparation)
{
	const struct invocation *invocation = reparation->invocation;

	for (int i = 0; i < invocation->argument_count; i++) {
		struct carrel_error err = { 0 };
		struct owner owner;

		int status = owner_meant(invocation->arguments[i], reparation->state_fd, &owner);
		if (status != CLI_OK)
			return status;
		if (add(reparation, owner.uid, &err) < 0)
			return cli_fail(CLI_FAILURE, &err);
	}
	return CLI_OK;
}

/** find_targets() - the carrels that are meant; CLI_OK or an exit status */
static int find_targets(struct reparation *reparation)
{
	struct carrel_error err = { 0 };
	struct collection collection = { reparation, &err };

	if (reparation->invocation->argument_count)
		return add_named(reparation);
	if (view_each_record(reparation->state_fd, add_record, &collection, &err) < 0 ||
	    pins_each(add_pinned, reparation, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	return CLI_OK;
}

/** put_lines() - append each line of @lines, indented, or as strings of a JSON array */
static void put_lines(const char *lines, bool json, struct buffer *text)
{
	const char *separator = "";

	for (const char *end; (end = strchr(lines, '\n')); lines = end + 1) {
		BUFFER_CLEANUP struct buffer line = { 0 };

		buffer_append(&line, lines, (size_t)(end - lines));
		buffer_append(&line, "", 1);
		text->failed |= line.failed;
		if (line.failed)
			return;
		if (json) {
			buffer_puts(text, separator);
			json_quote(text, line.data);
			separator = ", ";
		} else {
			buffer_puts(text, "  ");
			cli_put_printable(text, line.data);
			buffer_puts(text, "\n");
		}
	}
}

/** show() - what became of @user's carrel, or, when that is NULL, of the host's part */
static void show(struct reparation *reparation, const struct target *target, const char *result,
		 const char *sentence, const char *lines)
{
	struct buffer *text = &reparation->text;

	if (reparation->invocation->json) {
		buffer_puts(text, reparation->shown++ ? ",\n {" : "{");
		json_string(text, "user", target ? target->owner.name : NULL);
		if (target)
			json_number(text, "uid", target->owner.uid);
		else
			json_null(text, "uid");
		json_string(text, "result", result);
		json_list(text, "messages");
		put_lines(lines, true, text);
		buffer_puts(text, "]}");
		return;
	}
	cli_put_printable(text, target ? target->owner.name : "host");
	buffer_printf(text, ": %s\n", sentence);
	put_lines(lines, false, text);
}

/** show_failure() - that it could not be repaired, and why */
static void show_failure(struct reparation *reparation, const struct target *target,
			 const char *message)
{
	BUFFER_CLEANUP struct buffer line = { 0 };

	buffer_printf(&line, "%s\n", message);
	show(reparation, target, "failed", "failed", line.failed ? "" : line.data);
	reparation->status = CLI_FAILURE;
}

/** show_reply() - what the helper says of it */
static void show_reply(struct reparation *reparation, const struct target *target,
		       const struct wire_reply *reply)
{
	switch (reply->status) {
	case WIRE_OK:
		show(reparation, target, "mended", "mended", reply->warnings);
		return;
	case WIRE_UNCHANGED:
		show(reparation, target, "unchanged", "nothing to mend", reply->warnings);
		return;
	case WIRE_OTHER_UPLINK:
		show(reparation, target, "uplink", "its policy has another uplink, which takes a new "
		     "carrel: 'carrel remove', which cuts its open sessions", reply->warnings);
		reparation->status = CLI_FAILURE;
		return;
	case WIRE_NOT_FOUND:
		show(reparation, target, "gone", "there is no carrel; the next login makes one",
		     reply->warnings);
		return;
	case WIRE_STALE:
		show_failure(reparation, target, "the user keeps logging in, or the configuration "
			     "changing; try again");
		return;
	case WIRE_FAILED:
		show_failure(reparation, target, reply->message);
		return;
	case WIRE_UNCONFINED:
	case WIRE_DENIED:
	case WIRE_UNPINNED:
		break;
	}
	show_failure(reparation, target, "the helper's answer does not fit the request: are both of "
		     "one version?");
}

/** look_up() - whom the helper is to decide about; 0 or -errno */
static int look_up(const struct reparation *reparation, const struct target *target,
		   struct arena *arena, struct subject *ret, struct carrel_error *err)
{
	if (target->recorded)
		return login_of_record(&target->record, &reparation->config, arena, ret, err);
	return subject_look_up(target->owner.name, CLI_SERVICE, "", "", &reparation->config, arena,
			       ret, err);
}

/** repair_once() - ask the helper; *@ret_stale: what it was asked is out of date, and not shown */
static void repair_once(struct reparation *reparation, const struct target *target, bool last,
			bool *ret_stale)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const struct client_options options = {
		.helper = PATH_HELPER, .timeout_ms = CLI_HELPER_TIMEOUT_MS,
		.private_pins = reparation->config.pins == PINS_PRIVATE,
	};
	struct wire_request request = {
		.operation = WIRE_REPAIR, .config = reparation->invocation->config,
	};
	CLIENT_REPLY_CLEANUP struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };
	struct carrel_error err = { 0 };

	*ret_stale = false;
	if (look_up(reparation, target, &arena, &request.subject, &err) < 0 ||
	    client_call(&options, &request, &reply, &err) < 0) {
		show_failure(reparation, target, err.text);
		return;
	}
	*ret_stale = reply.reply.status == WIRE_STALE && !last;
	if (!*ret_stale)
		show_reply(reparation, target, &reply.reply);
}

/** repair_one() - repair_once(), again where a login came in between */
static void repair_one(struct reparation *reparation, struct target *target)
{
	bool stale = true;

	for (int attempt = 1; stale && attempt <= STALE_ATTEMPTS; attempt++) {
		repair_once(reparation, target, attempt == STALE_ATTEMPTS, &stale);
		if (stale)
			target->recorded = record_read(reparation->state_fd, target->owner.uid,
						       &target->record, NULL) == 0;
	}
}

/** repair_host() - the table and forwarding, which all carrels need */
static void repair_host(struct reparation *reparation)
{
	const struct client_options options = {
		.helper = PATH_HELPER, .timeout_ms = CLI_HELPER_TIMEOUT_MS,
	};
	const struct wire_request request = {
		.operation = WIRE_REPAIR_HOST,
		.subject = { .user = "root", .service = CLI_SERVICE, .tty = "", .rhost = "" },
		.config = reparation->invocation->config,
	};
	CLIENT_REPLY_CLEANUP struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };
	struct carrel_error err = { 0 };

	if (client_call(&options, &request, &reply, &err) < 0)
		show_failure(reparation, NULL, err.text);
	else
		show_reply(reparation, NULL, &reply.reply);
}

/** show_diff() - what would be mended; @diff without a user is the host's */
static void show_diff(struct reparation *reparation, const struct diff *diff)
{
	struct buffer *text = &reparation->text;

	if (diff->differences.list.count)
		reparation->status = CLI_NO;
	if (!reparation->invocation->json) {
		diff_put_text(diff, text);
		return;
	}
	buffer_puts(text, reparation->shown++ ? ",\n " : "");
	diff_put_json(diff, text);
}

/** foresee() - compare, and change nothing; CLI_OK or, after a complaint, another exit status */
static int foresee(struct reparation *reparation)
{
	struct diff host = { .user = "host" };

	int status = diff_host(reparation->state_fd, &reparation->arena, &host.differences);
	if (status == CLI_OK)
		show_diff(reparation, &host);
	for (size_t i = 0; status == CLI_OK && i < reparation->targets.count; i++) {
		const struct owner *owner = &reparation->targets.items[i].owner;
		struct diff diff;

		status = diff_carrel(reparation->invocation->config, reparation->state_fd,
				     owner->uid, owner->name, &reparation->arena, &diff);
		if (status == CLI_OK)
			show_diff(reparation, &diff);
	}
	return status;
}

/** read_config() - the configuration in force; CLI_OK or an exit status */
static int read_config(struct reparation *reparation)
{
	struct prospect prospect = {
		.config_path = reparation->invocation->config,
		.state_fd = reparation->state_fd, .arena = &reparation->arena,
	};

	int status = prospect_read_config(&prospect);
	reparation->config = prospect.config;
	return status;
}

/** run() - find, mend, tell; exit status */
static int run(struct reparation *reparation)
{
	const struct invocation *invocation = reparation->invocation;

	int status = find_targets(reparation);
	if (status == CLI_OK)
		status = read_config(reparation);
	if (invocation->json)
		buffer_puts(&reparation->text, "[");
	if (status == CLI_OK && invocation->dry_run) {
		status = foresee(reparation);
	} else if (status == CLI_OK) {
		repair_host(reparation);
		for (size_t i = 0; i < reparation->targets.count; i++)
			repair_one(reparation, &reparation->targets.items[i]);
	}
	if (status != CLI_OK)
		return status;
	if (invocation->json)
		buffer_puts(&reparation->text, "]\n");
	status = cli_print(&reparation->text);
	return status != CLI_OK ? status : reparation->status;
}

int cli_repair(const struct invocation *invocation)
{
	struct reparation reparation = { .invocation = invocation };
	FD_CLEANUP int state_fd = -1;
	struct carrel_error err = { 0 };

	int status = cli_need_root("repair");
	if (status != CLI_OK)
		return status;
	if (hostns_enter_pins(&err) < 0 || view_open_state(&state_fd, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	reparation.state_fd = state_fd;
	status = run(&reparation);
	buffer_free(&reparation.text);
	arena_free(&reparation.arena);
	return status;
}
