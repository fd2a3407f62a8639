/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Everything is validated before anything is done, so that a mistake in one file changes
 * nothing anywhere. Then the helper brings each carrel up to date by itself, under its lock;
 * one that fails does not keep the others. (A file that breaks in between meets the
 * helper's own rule: the last valid text stays in force.)
 */
#include "cli/apply.h"

#include <errno.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/paths.h"
#include "cli/arguments.h"
#include "cli/check.h"
#include "cli/cli.h"
#include "cli/hostns.h"
#include "cli/login.h"
#include "cli/owner.h"
#include "cli/prospect.h"
#include "cli/view.h"
#include "pam/client.h"

/* Carrels that are done before a person begins to wonder. */
#define PROGRESS_FROM 50
/* The record, or the groups of the configuration, would have to change each time in between. */
#define STALE_ATTEMPTS 3

struct application {
	const struct invocation *invocation;
	int state_fd;
	struct arena arena;
	struct config config;           /* in force: it names the groups to look up */
	struct applications carrels;
};

/** fail() - what became of @applied is @err */
static int fail(struct application *application, struct applied *applied,
		const struct carrel_error *err)
{
	applied->result = APPLY_FAILED;
	applied->message = arena_strdup(&application->arena, err->text);
	return applied->message ? 0 : -ENOMEM;
}

/** take_reply() - what the helper's answer says of @applied; 0 or -ENOMEM */
static int take_reply(struct application *application, struct applied *applied,
		      const struct wire_reply *reply)
{
	struct carrel_error err = { 0 };

	cli_complain_lines(reply->warnings);
	if (*reply->policy) {
		applied->policy = arena_strdup(&application->arena, reply->policy);
		if (!applied->policy)
			return -ENOMEM;
	}
	switch (reply->status) {
	case WIRE_OK:
		applied->result = APPLY_UPDATED;
		applied->connections_cut = reply->connections_cut;
		return 0;
	case WIRE_UNCHANGED:
		applied->result = APPLY_UNCHANGED;
		return 0;
	case WIRE_OTHER_UPLINK:
		applied->result = APPLY_OTHER_UPLINK;
		return 0;
	case WIRE_NOT_FOUND:
		applied->result = APPLY_GONE;
		return 0;
	case WIRE_STALE:
		error_set(&err, ESTALE, "the user keeps logging in, or the configuration "
			  "changing; try again");
		return fail(application, applied, &err);
	case WIRE_FAILED:
		error_set(&err, EIO, "%s", reply->message);
		return fail(application, applied, &err);
	case WIRE_UNCONFINED:
	case WIRE_DENIED:
	case WIRE_UNPINNED:
		break;
	}
	error_set(&err, EPROTO, "the helper's answer does not fit the request: are both of one "
		  "version?");
	return fail(application, applied, &err);
}

/** apply_once() - ask the helper; *@ret_stale: what it was asked is out of date */
static int apply_once(struct application *application, struct applied *applied, bool *ret_stale)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const struct client_options options = {
		.helper = PATH_HELPER, .timeout_ms = CLI_HELPER_TIMEOUT_MS,
		.private_pins = application->config.pins == PINS_PRIVATE,
	};
	struct wire_request request = {
		.operation = WIRE_APPLY, .config = application->invocation->config,
	};
	CLIENT_REPLY_CLEANUP struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };
	struct carrel_error err = { 0 };

	*ret_stale = false;
	if (login_of_record(&applied->record, &application->config, &arena, &request.subject,
			  &err) < 0 ||
	    client_call(&options, &request, &reply, &err) < 0)
		return fail(application, applied, &err);
	*ret_stale = reply.reply.status == WIRE_STALE;
	return take_reply(application, applied, &reply.reply);
}

/** read_config() - the configuration in force, once more; CLI_OK or an exit status */
static int read_config(struct application *application)
{
	struct prospect prospect = {
		.config_path = application->invocation->config,
		.state_fd = application->state_fd, .arena = &application->arena,
	};

	int status = prospect_read_config(&prospect);
	application->config = prospect.config;
	return status;
}

/** apply_one() - bring one carrel up to date; 0 or -ENOMEM */
static int apply_one(struct application *application, struct applied *applied)
{
	for (int attempt = 1;; attempt++) {
		bool stale;
		int rc = apply_once(application, applied, &stale);

		if (rc < 0 || !stale || attempt == STALE_ATTEMPTS)
			return rc;
		if (read_config(application) != CLI_OK)
			return 0;
		/* A login came in between; without a record there is no carrel any more. */
		(void)record_read(application->state_fd, applied->record.uid, &applied->record,
				  NULL);
	}
}

/** foresee() - what apply_one() would do; CLI_OK or, after a complaint, CLI_FAILURE */
static int foresee(struct application *application, struct applied *applied)
{
	struct prospect prospect = {
		.config_path = application->invocation->config, .config = application->config,
		.state_fd = application->state_fd, .arena = &application->arena,
	};
	if (prospect_of_record(&prospect, &applied->record) != CLI_OK)
		return CLI_FAILURE;
	applied->policy = arena_strdup(&application->arena, prospect.policy.name);
	switch (prospect.course) {
	case COURSE_JOIN:
		applied->result = APPLY_UNCHANGED;
		break;
	case COURSE_UPDATE:
		applied->result = APPLY_UPDATED;
		break;
	case COURSE_REBUILD:
		applied->result = APPLY_OTHER_UPLINK;
		break;
	case COURSE_BUILD:
		applied->result = APPLY_GONE;
		break;
	}
	return applied->policy ? CLI_OK : cli_out_of_memory();
}

/** show_progress() - for a person who waits: @done of @count */
static void show_progress(size_t done, size_t count)
{
	BUFFER_CLEANUP struct buffer line = { 0 };

	if (count < PROGRESS_FROM || !isatty(STDERR_FILENO))
		return;
	buffer_printf(&line, "\r%zu of %zu carrels%s", done, count, done == count ? "\r\033[K" : "");
	if (line.data)
		(void)fd_write_all(STDERR_FILENO, line.data, line.length);
}

/** apply_all() - CLI_OK; CLI_FAILURE when one is not as its policy says */
static int apply_all(struct application *application)
{
	size_t count = application->carrels.list.count;
	int status = CLI_OK;

	for (size_t i = 0; i < count; i++) {
		struct applied *applied = &application->carrels.list.items[i];

		if (application->invocation->dry_run) {
			int one = foresee(application, applied);
			if (one != CLI_OK)
				return one;
			continue;
		}
		if (apply_one(application, applied) < 0)
			return cli_out_of_memory();
		if (applied->result == APPLY_FAILED || applied->result == APPLY_OTHER_UPLINK)
			status = CLI_FAILURE;
		show_progress(i + 1, count);
	}
	return status;
}

/** add() - note a carrel; 0 or -ENOMEM */
static int add(struct application *application, const struct record *record)
{
	struct applied *applied = ARENA_APPEND(&application->arena, &application->carrels.list);

	if (!applied)
		return -ENOMEM;
	*applied = (struct applied){ .record = *record };
	return 0;
}

/** add_record() - view_each_record() callback: every carrel whose record can be read */
static int add_record(const struct record *record, int rc, const struct carrel_error *why,
		      void *context)
{
	struct application *application = context;

	if (rc == 0)
		return add(application, record);
	cli_complain("%s", why->text);
	return 0;
}

/** add_named() - the carrels of the users that were named; CLI_OK or an exit status */
static int add_named(struct application *application)
{
	const struct invocation *invocation = application->invocation;

	for (int i = 0; i < invocation->argument_count; i++) {
		struct carrel_error err = { 0 };
		struct owner owner;
		struct record record;

		int status = owner_meant(invocation->arguments[i], application->state_fd, &owner);
		if (status != CLI_OK)
			return status;
		int rc = application->state_fd < 0 ? -ENOENT :
			 record_read(application->state_fd, owner.uid, &record, &err);
		if (rc == -ENOENT) {
			cli_complain("%s has no carrel", owner.name);
			return CLI_NOT_FOUND;
		}
		if (rc < 0)
			return cli_fail(CLI_FAILURE, &err);
		if (add(application, &record) < 0)
			return cli_out_of_memory();
	}
	return CLI_OK;
}

/** find_carrels() - those that are meant; CLI_OK or an exit status */
static int find_carrels(struct application *application)
{
	struct carrel_error err = { 0 };

	if (application->invocation->argument_count)
		return add_named(application);
	if (view_each_record(application->state_fd, add_record, application, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	return CLI_OK;
}

/** validate() - the whole configuration; CLI_OK, or CLI_INVALID after saying all that is wrong */
static int validate(struct application *application)
{
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct findings findings = { 0 };

	if (check_configuration(application->invocation->config, &application->arena,
				&findings) < 0)
		return cli_out_of_memory();
	if (!findings.errors)
		return CLI_OK;
	findings_put_text(&findings, &text);
	if (text.failed)
		return cli_out_of_memory();
	cli_complain_lines(text.data);
	cli_complain("nothing was changed");
	return CLI_INVALID;
}

/** run() - validate, find, act, tell; exit status */
static int run(struct application *application)
{
	const struct invocation *invocation = application->invocation;
	BUFFER_CLEANUP struct buffer text = { 0 };

	int status = validate(application);
	if (status == CLI_OK)
		status = find_carrels(application);
	if (status == CLI_OK)
		status = read_config(application);
	if (status != CLI_OK)
		return status;
	int applied = apply_all(application);
	if (invocation->json)
		apply_put_json(&application->carrels, &text);
	else if (apply_put_text(&application->carrels, invocation->dry_run, &application->arena,
				&text) < 0)
		return cli_out_of_memory();
	status = cli_print(&text);
	return status != CLI_OK ? status : applied;
}

int cli_apply(const struct invocation *invocation)
{
	struct application application = { .invocation = invocation };
	FD_CLEANUP int state_fd = -1;
	struct carrel_error err = { 0 };

	int status = cli_need_root("apply");
	if (status != CLI_OK)
		return status;
	if (hostns_enter_pins(&err) < 0 || view_open_state(&state_fd, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	application.state_fd = state_fd;
	status = run(&application);
	arena_free(&application.arena);
	return status;
}
