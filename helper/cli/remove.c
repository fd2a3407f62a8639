/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/cli.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/paths.h"
#include "cli/owner.h"
#include "cli/arguments.h"
#include "cli/view.h"
#include "kernel/netns.h"
#include "pam/client.h"

/** request_removal() - have the helper take @owner's carrel away; exit status */
static int request_removal(const struct owner *owner, const char *config)
{
	const struct client_options options = {
		.helper = PATH_HELPER, .timeout_ms = CLI_HELPER_TIMEOUT_MS,
	};
	const struct wire_request request = {
		.operation = WIRE_REMOVE,
		.subject = {
			.user = owner->name, .uid = owner->uid,
			.service = CLI_SERVICE, .tty = "", .rhost = "",
		},
		.config = config,
	};
	CLIENT_REPLY_CLEANUP struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };
	struct carrel_error err = { 0 };
	char pin[NETNS_NAME_SIZE];

	if (client_call(&options, &request, &reply, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	cli_complain_lines(reply.reply.warnings);
	name_of_netns(owner->uid, pin);
	netns_clear(pin);
	switch (reply.reply.status) {
	case WIRE_OK:
		return CLI_OK;
	case WIRE_NOT_FOUND:
		cli_complain("%s has no carrel", owner->name);
		return CLI_NOT_FOUND;
	case WIRE_FAILED:
		cli_complain("cannot remove the carrel of %s: %s", owner->name,
			     reply.reply.message);
		return CLI_FAILURE;
	case WIRE_UNCONFINED:
	case WIRE_DENIED:
	case WIRE_STALE:
	case WIRE_UNCHANGED:
	case WIRE_OTHER_UPLINK:
	case WIRE_UNPINNED:
		break;
	}
	cli_complain("the helper's answer does not fit the request: are both of one version?");
	return CLI_FAILURE;
}

int cli_remove(const struct invocation *invocation)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };
	FD_CLEANUP int state_fd = -1;
	struct owner owner;
	struct view view = { 0 };

	int status = cli_need_root("remove");
	if (status != CLI_OK)
		return status;
	status = owner_begin(invocation->arguments[0], &state_fd, &owner);
	if (status != CLI_OK)
		return status;

	/*
	 * Only for the warning: whether there is a carrel the helper decides, under the lock,
	 * and a record that nobody can read must not be in the way of removing it.
	 */
	(void)view_read(state_fd, owner.uid, &arena, &view, NULL);

	status = request_removal(&owner, invocation->config);
	if (status != CLI_OK)
		return status;
	buffer_puts(&text, "Removed the carrel of ");
	cli_put_printable(&text, owner.name);
	buffer_puts(&text, ".\n");
	status = cli_print(&text);
	if (view.sessions.count)
		cli_complain("%zu of %s's sessions %s still open and now without a network; a new "
			     "login makes a new carrel", view.sessions.count, owner.name,
			     view.sessions.count == 1 ? "is" : "are");
	return status;
}
