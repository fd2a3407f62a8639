/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Nothing but processes keeps the network of the command: see helper/run.c. The lock of
 * its number is open in the command too, so a command that outlives this process, or
 * leaves a process behind when this one was killed, keeps what it uses to itself. Where
 * this process lives to see the command's end, it deletes the link: what was left behind has
 * no network then, and the address is free at once.
 */
#include "cli/throwaway.h"

#include <errno.h>
#include <pwd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/name.h"
#include "base/paths.h"
#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/hostns.h"
#include "cli/prospect.h"
#include "cli/run.h"
#include "cli/view.h"
#include "kernel/apply.h"
#include "kernel/rtnl.h"
#include "pam/client.h"
#include "state/state.h"

struct use {
	int state_fd;
	struct throwaway throwaway;
};

int throwaway_clear(struct throwaway *throwaway, int state_fd, struct carrel_error *err)
{
	RTNL_CLEANUP struct rtnl host = { 0 };
	char link[LINK_NAME_SIZE];

	fd_close(&throwaway->netns_fd);
	name_of_host_link(throwaway->number, link);
	int rc = rtnl_open(&host, err);
	if (rc == 0)
		rc = kernel_cut_off(&host, link, err);
	return rc < 0 ? rc : state_forget_address4(state_fd, throwaway->number, err);
}

/** clear() - run_command() callback: take the network away; the kernel does the rest */
static void clear(void *context)
{
	struct use *use = context;
	struct carrel_error err = { 0 };

	if (throwaway_clear(&use->throwaway, use->state_fd, &err) < 0)
		cli_complain("%s", err.text);
}

/** check_policy() - complain of a policy that cannot be used; exit status */
static int check_policy(const struct invocation *invocation, int state_fd)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct prospect prospect = {
		.config_path = invocation->config, .state_fd = state_fd, .arena = &arena,
	};

	int status = prospect_read_config(&prospect);
	if (status != CLI_OK)
		return status;
	return prospect_read_policy(&prospect, invocation->arguments[0]);
}

/** find_user() - whom the command is to run as; NULL in *@ret for the caller; exit status */
static int find_user(const struct invocation *invocation, const struct passwd **ret)
{
	*ret = NULL;
	if (!invocation->user)
		return CLI_OK;
	errno = 0;
	*ret = getpwnam(invocation->user);
	if (*ret)
		return CLI_OK;
	if (errno) {
		cli_complain("cannot look up '%s'", invocation->user);
		return CLI_FAILURE;
	}
	cli_complain("there is no user '%s'", invocation->user);
	return CLI_NOT_FOUND;
}

int throwaway_make(const char *config_path, const char *policy, const struct passwd *user,
		   struct throwaway *ret, struct carrel_error *err)
{
	const struct client_options options = {
		.helper = PATH_HELPER, .timeout_ms = CLI_HELPER_TIMEOUT_MS,
	};
	const struct wire_request request = {
		.operation = WIRE_RUN,
		.subject = {
			.user = user ? user->pw_name : "root", .uid = user ? user->pw_uid : 0,
			.service = CLI_SERVICE, .tty = "", .rhost = "",
		},
		.config = config_path, .policy = policy,
	};
	CLIENT_REPLY_CLEANUP struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };

	int rc = client_call(&options, &request, &reply, err);
	if (rc < 0)
		return rc;
	if (reply.reply.status != WIRE_OK)
		return error_set(err, ECANCELED, "%s", reply.reply.message);
	*ret = (struct throwaway){
		.number = reply.reply.number, .netns_fd = fd_steal(&reply.netns_fd),
		.lease_fd = fd_steal(&reply.session_fd),
	};
	return 0;
}

int cli_run(const struct invocation *invocation)
{
	FD_CLEANUP int state_fd = -1;
	struct use use = { .throwaway = { .netns_fd = -1, .lease_fd = -1 } };
	const struct passwd *user;
	struct carrel_error err = { 0 };

	int status = cli_need_root("run");
	if (status != CLI_OK)
		return status;
	if (hostns_enter(&err) < 0 || view_open_state(&state_fd, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	status = check_policy(invocation, state_fd);
	if (status == CLI_OK)
		status = find_user(invocation, &user);
	if (status != CLI_OK)
		return status;
	if (throwaway_make(invocation->config, invocation->arguments[0], user, &use.throwaway,
			   &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	/* The helper has made it where it was missing. */
	fd_close(&state_fd);
	if (view_open_state(&state_fd, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	use.state_fd = state_fd;
	const struct run_options options = {
		.netns_fd = use.throwaway.netns_fd, .inherited_fd = use.throwaway.lease_fd, .user = user,
		.ended = clear, .context = &use,
	};
	status = run_command(&options, invocation->arguments + 1);
	fd_close(&use.throwaway.netns_fd);
	fd_close(&use.throwaway.lease_fd);
	return status;
}
