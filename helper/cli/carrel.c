/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The carrel command: which subcommands there are, and what it says about itself. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/paths.h"
#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/table.h"

static const struct subcommand subcommands[] = {
	{
		"list", "[--json]",
		"the carrels there are",
		"One line for each carrel: its user, policy, live sessions, addresses, the name of\n"
		"its network namespace (for ip netns), and since when it has been there.\n",
		OPTION_JSON, 0, 0, cli_list,
	}, {
		"show", "[--json] USER",
		"one user's carrel, its sessions and the rules of its policy",
		"USER is a name or a uid. The rules are those of the policy's file as it is now.\n",
		OPTION_JSON, 1, 1, cli_show,
	}, {
		"exec", "[--service SERVICE] [--from HOST] USER -- COMMAND [ARGUMENT...]",
		"run a command as root in a user's carrel",
		"The user's carrel is joined, or made, as a login of the user would. Assignments see\n"
		"the service 'carrel' and a local login, unless --service and --from say otherwise.\n"
		"The exit status is the command's; 126 when it cannot be executed, 127 when there is\n"
		"none.\n",
		OPTION_LOGIN | OPTION_COMMAND, 2, ARGUMENTS_ANY, cli_exec,
	}, {
		"check", "[--json] [FILE...]",
		"look for errors in the configuration and the policies",
		"Without a FILE: carrel.conf, its drop-ins, and every policy that a login could be\n"
		"given. A FILE that ends in .policy is a policy, any other a configuration.\n"
		"Changes nothing and needs no privilege; as root, owners and modes are checked too.\n",
		OPTION_JSON, 0, ARGUMENTS_ANY, cli_check,
	}, {
		"explain", "[--json] [--service SERVICE] [--from HOST] USER|--policy POLICY\n"
		"                      [out|in] PROTOCOL ADDRESS[:PORT]",
		"say whether a packet would get through, and by which rule",
		"Nothing is sent. PROTOCOL is tcp, udp, sctp or icmp; ADDRESS is one of IPv4 or, in\n"
		"brackets, of IPv6, the name of a host that policies name, or 'host', 'peers' or\n"
		"'resolver'. Of the policies, it is the one of the user's carrel, or, with --service or\n"
		"--from or where there is no carrel, the one that assignments give. Exits 0 when it\n"
		"gets through, 5 when not.\n",
		OPTION_JSON | OPTION_LOGIN | OPTION_POLICY, 2, ARGUMENTS_ANY, cli_explain,
	}, {
		"plan", "[--json|--nft] [--service SERVICE] [--from HOST] USER",
		"show what a login would do to the kernel",
		"Only looks. With --nft: the user's rules, as 'nft -f' reads them.\n",
		OPTION_JSON | OPTION_LOGIN | OPTION_NFT, 1, 1, cli_plan,
	}, {
		"apply", "[--dry-run] [--json] [USER...]",
		"bring open carrels under the configuration as it is now",
		"Without a USER: every carrel. Rules are replaced in one step; open connections that\n"
		"the new policy forbids are cut, and no other loses a packet. When anything in the\n"
		"configuration is invalid, nothing is changed anywhere.\n",
		OPTION_JSON | OPTION_DRY_RUN, 0, ARGUMENTS_ANY, cli_apply,
	}, {
		"diff", "[--json] USER",
		"show where a user's carrel, or the host, is not as it should be",
		"Compares what the kernel has with what the policy says now: rules by the bytes of\n"
		"their expressions, links, addresses, routes, neighbours, settings, the pin and the\n"
		"record. Only looks. Exits 0 when there is no difference, 5 when there is one.\n",
		OPTION_JSON, 1, 1, cli_diff,
	}, {
		"repair", "[--dry-run] [--json] [USER...]",
		"mend what is not as it should be, without cutting a session",
		"Without a USER: every carrel. Compares as 'diff' does, on the host too, and puts right\n"
		"what is missing or altered. With --dry-run: shows what that is, and exits 5 when there\n"
		"is any.\n",
		OPTION_JSON | OPTION_DRY_RUN, 0, ARGUMENTS_ANY, cli_repair,
	}, {
		"run", "[--user USER] POLICY -- COMMAND [ARGUMENT...]",
		"run a command in a network of its own, with a policy",
		"The network is gone when the command has ended. The command runs as root, or as\n"
		"USER. The exit status is the command's; 126 when it cannot be executed, 127 when\n"
		"there is none.\n",
		OPTION_USER | OPTION_COMMAND, 2, ARGUMENTS_ANY, cli_run,
	}, {
		"status", "[--json]",
		"your own carrel",
		"For users, about themselves: the policy, the addresses, the number of sessions, and\n"
		"whether the command itself runs in the carrel.\n",
		OPTION_JSON, 0, 0, cli_status,
	}, {
		"remove", "USER",
		"take a user's carrel away",
		"USER is a name or a uid. Sessions that are still open keep their network namespace,\n"
		"but it leads nowhere any more. The user's next login makes a new carrel.\n",
		0, 1, 1, cli_remove,
	}, {
		"gc", "[--dry-run] [--json]",
		"remove the carrels that nobody has used for a while",
		"A carrel is in use while a session is open or a process is in its namespace. The\n"
		"first run that finds it idle takes note of that; a run that comes 'linger' later (see\n"
		"carrel.conf(5)) removes it. What is left of carrels that are no more goes at once.\n"
		"Says what was done, and nothing where there was nothing to do.\n",
		OPTION_JSON | OPTION_DRY_RUN, 0, 0, cli_gc,
	}, {
		"doctor", "[--coverage] [--json]",
		"look for what keeps carrel from confining users, or users from working",
		"Looks at this machine: installation, configuration, PAM, sshd, processes, network and\n"
		"firewall. Each finding says what there is, why it matters, and the command or the edit\n"
		"that mends it. Changes nothing. Exits 0 when nothing is wrong, 5 when something is.\n"
		"Run it as root: without, it says what it could not look at. With --coverage: only the\n"
		"processes of confined users that are not in their carrels, and how they got there.\n",
		OPTION_JSON | OPTION_COVERAGE, 0, 0, cli_doctor,
	}, {
		"log", "[-f|--follow] [--json|--syslog] [--state FILE] [USER]",
		"what rules denied, or say is to be logged",
		"A line for each destination and rule of the last hour, with the time of the last\n"
		"packet; see 'log' in carrel.policy(5). With --follow, go on with what comes. With\n"
		"--syslog, to the journal or syslog instead. With --state, only what was not read\n"
		"yet by a run with the same FILE.\n",
		OPTION_JSON | OPTION_FOLLOW | OPTION_LOG, 0, 1, cli_log,
	}, {
		"refresh", "[--json] [--follow | NAME...]",
		"look up the hosts that policies name",
		"Asks about the names whose answers have become old, or about each NAME, and puts new\n"
		"addresses into the carrels whose policies name them. With --follow: goes on doing\n"
		"that, as carrel-refresh.service does.\n",
		OPTION_JSON | OPTION_FOLLOW, 0, ARGUMENTS_ANY, cli_refresh,
	}, {
		"help", "[SUBCOMMAND]",
		"this text, or what a subcommand does",
		"",
		0, 0, 1, NULL,
	},
	{ 0 },
};

/** put_usage() - what the whole command does */
static int put_usage(struct buffer *text)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct table table = { .columns = 2 };

	buffer_puts(text, "usage: carrel [--config FILE] SUBCOMMAND [ARGUMENT...]\n"
			  "       carrel --help | --version\n\n"
			  "A network of one's own for every login.\n\n");
	for (const struct subcommand *s = subcommands; s->name; s++) {
		const char *cells[] = { s->name, s->summary };

		if (table_add_row(&table, &arena, cells) < 0)
			return cli_out_of_memory();
	}
	table_write(&table, 2, text);
	buffer_puts(text, "\nThe manual is carrel(8).\n");
	return CLI_OK;
}

/** put_help() - what @subcommand (NULL: the whole command) does */
static int put_help(const struct subcommand *subcommand, struct buffer *text)
{
	if (!subcommand)
		return put_usage(text);
	buffer_printf(text, "usage: carrel %s %s\n\n%s%s%s", subcommand->name,
		      subcommand->synopsis, subcommand->summary,
		      *subcommand->description ? "\n\n" : "\n", subcommand->description);
	return CLI_OK;
}

/** say() - the text that --help or --version asks for */
static int say(const struct invocation *invocation)
{
	BUFFER_CLEANUP struct buffer text = { 0 };

	if (invocation->version) {
		buffer_puts(&text, "carrel " CARREL_VERSION "\n");
	} else {
		int status = put_help(invocation->subcommand, &text);
		if (status != CLI_OK)
			return status;
	}
	return cli_print(&text);
}

/**
 * open_standard_descriptors() - let nothing that is opened later become standard output
 * Return: 0 or -1
 */
static int open_standard_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return -1;
	return close(fd);
}

/**
 * settle_config() - make @invocation's path of carrel.conf absolute: the helper is elsewhere
 * @arena:	where a new path lives
 *
 * Symbolic links stay: drop-ins and policies are beside the name that was given.
 */
static int settle_config(struct invocation *invocation, struct arena *arena,
			 struct carrel_error *err)
{
	char directory[PATH_MAX];

	if (!invocation->config)
		invocation->config = PATH_CONFIG;
	if (invocation->config[0] == '/')
		return 0;
	if (!getcwd(directory, sizeof(directory)))
		return error_set_errno(err, errno, "cannot tell the current directory");
	invocation->config = arena_printf(arena, "%s/%s", directory, invocation->config);
	return invocation->config ? 0 : error_set_errno(err, ENOMEM, "starting");
}

int main(int argc, char **argv)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct carrel_error err = { 0 };
	struct invocation invocation;

	if (open_standard_descriptors() < 0)
		return CLI_FAILURE;
	if (arguments_parse(subcommands, argc, argv, &invocation, &err) < 0)
		return cli_fail(CLI_USAGE, &err);
	if (invocation.help || invocation.version)
		return say(&invocation);
	if (settle_config(&invocation, &arena, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	return invocation.subcommand->run(&invocation);
}
