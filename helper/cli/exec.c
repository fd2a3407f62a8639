/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/cli.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/paths.h"
#include "cli/owner.h"
#include "cli/arguments.h"
#include "cli/run.h"
#include "pam/client.h"
#include "pam/subject.h"
#include "state/session.h"
#include "state/source.h"

/* The configuration would have to change groups between reading and asking, each time. */
#define STALE_ATTEMPTS 3

/**
 * ask_helper() - open a session of @user, once
 * @ret:	the helper's answer, to be freed also on failure
 *
 * Return: CLI_OK; another exit status after a complaint
 */
static int ask_helper(const struct invocation *invocation, const char *user, int state_fd,
		      struct client_reply *ret)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct client_options options = {
		.helper = PATH_HELPER, .timeout_ms = CLI_HELPER_TIMEOUT_MS,
	};
	struct wire_request request = { .operation = WIRE_OPEN, .config = invocation->config };
	struct carrel_error err = { 0 };
	struct config config;
	/* The helper reads the same files and sends the same warning. */
	const char *warning;

	int rc = source_config_in_force(invocation->config, state_fd, false, &arena, &config,
					&warning, &err);
	if (rc < 0)
		return cli_fail(rc == -ENOMEM ? CLI_FAILURE : CLI_INVALID, &err);
	rc = subject_look_up(user, invocation->service ? invocation->service : CLI_SERVICE, "",
			     invocation->from ? invocation->from : "", &config, &arena,
			     &request.subject, &err);
	if (rc < 0)
		return cli_fail(rc == -ENOENT ? CLI_NOT_FOUND : CLI_FAILURE, &err);
	options.private_pins = config.pins == PINS_PRIVATE;
	if (client_call(&options, &request, ret, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	return CLI_OK;
}

/** judge_reply() - exit status for what the helper answered; complains unless it is CLI_OK */
static int judge_reply(const struct wire_reply *reply, const char *user)
{
	cli_complain_lines(reply->warnings);
	switch (reply->status) {
	case WIRE_OK:
		return CLI_OK;
	case WIRE_UNCONFINED:
		cli_complain("%s has no carrel: no assignment gives one to this user (see "
			     "--service and --from)", user);
		return CLI_NOT_FOUND;
	case WIRE_DENIED:
		cli_complain("%s has no carrel: %s", user, reply->message);
		return CLI_NOT_FOUND;
	case WIRE_STALE:
		cli_complain("the configuration changes faster than it can be read; try again");
		return CLI_FAILURE;
	case WIRE_FAILED:
		cli_complain("cannot open the carrel of %s: %s", user, reply->message);
		return CLI_FAILURE;
	case WIRE_UNCHANGED:
	case WIRE_NOT_FOUND:
	case WIRE_OTHER_UPLINK:
	case WIRE_UNPINNED:
		break;
	}
	cli_complain("the helper's answer does not fit the request: are both of one version?");
	return CLI_FAILURE;
}

/**
 * open_session() - join @user's carrel, or have it made
 * @ret_session_fd: the session lives until this is closed; owned by the caller
 *
 * Return: CLI_OK; another exit status after a complaint
 */
static int open_session(const struct invocation *invocation, const char *user, int state_fd,
			int *ret_netns_fd, int *ret_session_fd)
{
	for (int attempt = 1;; attempt++) {
		CLIENT_REPLY_CLEANUP struct client_reply reply = {
			.netns_fd = -1, .session_fd = -1,
		};

		int status = ask_helper(invocation, user, state_fd, &reply);
		if (status != CLI_OK)
			return status;
		if (reply.reply.status == WIRE_STALE && attempt < STALE_ATTEMPTS)
			continue;
		status = judge_reply(&reply.reply, user);
		if (status != CLI_OK)
			return status;
		/* The command may close descriptors that it does not know. */
		int rc = session_accept(reply.session_fd);
		if (rc < 0) {
			cli_complain("accepting the session: %s", strerror(-rc));
			return CLI_FAILURE;
		}
		*ret_netns_fd = fd_steal(&reply.netns_fd);
		*ret_session_fd = fd_steal(&reply.session_fd);
		return CLI_OK;
	}
}

int cli_exec(const struct invocation *invocation)
{
	FD_CLEANUP int state_fd = -1, netns_fd = -1, session_fd = -1;
	struct owner owner;

	int status = cli_need_root("exec");
	if (status != CLI_OK)
		return status;
	status = owner_begin(invocation->arguments[0], &state_fd, &owner);
	if (status != CLI_OK)
		return status;

	status = open_session(invocation, owner.name, state_fd, &netns_fd, &session_fd);
	if (status != CLI_OK)
		return status;
	const struct run_options options = { .netns_fd = netns_fd, .inherited_fd = -1 };
	return run_command(&options, invocation->arguments + 1);
}
