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
		"list the open carrels",
		"One line for each carrel: its user, policy, live sessions, addresses, the name of\n"
		"its network namespace (for ip netns), and when it was made.\n",
		OPTION_JSON, 0, 0, cli_list,
	}, {
		"show", "[--json] USER",
		"show a user's carrel, its sessions and the rules of its policy",
		"USER is a name or a uid. The rules are those in the policy's file now.\n",
		OPTION_JSON, 1, 1, cli_show,
	}, {
		"exec", "[--service SERVICE] [--from HOST] USER -- COMMAND [ARGUMENT...]",
		"run a command as root in a user's carrel",
		"As at a login, the user's carrel is joined, or made if there is none. Assignments see\n"
		"the service 'carrel' and a local login, unless --service and --from say otherwise.\n"
		"The exit status is that of the command; 126 if it cannot be executed, 127 if it was\n"
		"not found.\n",
		OPTION_LOGIN | OPTION_COMMAND, 2, ARGUMENTS_ANY, cli_exec,
	}, {
		"check", "[--json] [FILE...]",
		"check the configuration and the policies for errors",
		"Without a FILE: carrel.conf, its drop-ins, and every policy that a login could get.\n"
		"A FILE whose name ends in .policy is a policy, any other a configuration. Changes\n"
		"nothing and needs no privilege; as root, owners and modes are checked, too.\n",
		OPTION_JSON, 0, ARGUMENTS_ANY, cli_check,
	}, {
		"explain", "[--json] [--service SERVICE] [--from HOST] USER|--policy POLICY\n"
		"                      [out|in] PROTOCOL ADDRESS[:PORT]",
		"say whether a connection would get through, and by which rule",
		"No packet is sent. PROTOCOL is tcp, udp, sctp or icmp. ADDRESS is an IPv4 address, an\n"
		"IPv6 address in brackets, a host name that policies have, 'host', 'peers' or\n"
		"'resolver'. The policy is that of the user's carrel; with --service or --from, or if\n"
		"there is no carrel, it is the one that the assignments give. Exits 0 if the\n"
		"connection gets through, 5 if not.\n",
		OPTION_JSON | OPTION_LOGIN | OPTION_POLICY, 2, ARGUMENTS_ANY, cli_explain,
	}, {
		"plan", "[--json|--nft] [--service SERVICE] [--from HOST] USER",
		"show what a login would do to the kernel",
		"Changes nothing. With --nft: the user's rules in the syntax of 'nft -f'.\n",
		OPTION_JSON | OPTION_LOGIN | OPTION_NFT, 1, 1, cli_plan,
	}, {
		"apply", "[--dry-run] [--json] [USER...]",
		"apply the current configuration to open carrels",
		"Without a USER: every carrel. Rules are replaced in one transaction. Open connections\n"
		"that the new policy forbids are cut; no others lose a packet. If anything in the\n"
		"configuration is invalid, nothing is changed anywhere.\n",
		OPTION_JSON | OPTION_DRY_RUN, 0, ARGUMENTS_ANY, cli_apply,
	}, {
		"diff", "[--json] USER",
		"show how the kernel differs from what a user's policy asks for",
		"Compares the carrel and the host with the policy as it is now: rules by the bytes of\n"
		"their expressions, links, addresses, routes, neighbours, settings, the pin and the\n"
		"record. Changes nothing. Exits 0 if there is no difference, 5 if there is one.\n",
		OPTION_JSON, 1, 1, cli_diff,
	}, {
		"repair", "[--dry-run] [--json] [USER...]",
		"repair carrels and what they need on the host",
		"Without a USER: every carrel. Compares as 'diff' does, and restores what is missing or\n"
		"altered, without cutting a session. With --dry-run: shows the differences, and exits 5\n"
		"if there are any.\n",
		OPTION_JSON | OPTION_DRY_RUN, 0, ARGUMENTS_ANY, cli_repair,
	}, {
		"run", "[--user USER] POLICY -- COMMAND [ARGUMENT...]",
		"run a command in a temporary network with a policy",
		"The network is removed when the command ends. The command runs as root, or as USER.\n"
		"The exit status is that of the command; 126 if it cannot be executed, 127 if it was\n"
		"not found.\n",
		OPTION_USER | OPTION_COMMAND, 2, ARGUMENTS_ANY, cli_run,
	}, {
		"status", "[--json]",
		"show your own carrel",
		"For users, about themselves: the policy, the addresses, the number of sessions, and\n"
		"whether the command itself runs in the carrel.\n",
		OPTION_JSON, 0, 0, cli_status,
	}, {
		"remove", "USER",
		"remove a user's carrel",
		"USER is a name or a uid. Open sessions keep their network namespace, but lose their\n"
		"network. The user's next login makes a new carrel.\n",
		0, 1, 1, cli_remove,
	}, {
		"gc", "[--dry-run] [--json]",
		"remove idle carrels",
		"A carrel is in use while a session is open or a process is in its namespace. The\n"
		"first run that finds it idle notes the time; a run that comes 'linger' later (see\n"
		"carrel.conf(5)) removes it. Remains of incomplete carrels are removed at once.\n"
		"Prints what was done, and nothing if there was nothing to do.\n",
		OPTION_JSON | OPTION_DRY_RUN, 0, 0, cli_gc,
	}, {
		"doctor", "[--coverage] [--json]",
		"find problems on this machine, and say how to fix them",
		"Examines the installation, configuration, PAM, sshd, processes, network and firewall.\n"
		"Each finding says what was found, why it matters, and the command or the edit that\n"
		"fixes it. Changes nothing. Exits 0 if nothing is wrong, 5 if something is. Run it as\n"
		"root: otherwise it says what it could not examine. With --coverage: lists the\n"
		"processes of confined users outside their carrels, and how they got there.\n",
		OPTION_JSON | OPTION_COVERAGE, 0, 0, cli_doctor,
	}, {
		"log", "[-f|--follow] [--json|--syslog] [--state FILE] [USER]",
		"show what rules have logged",
		"A line for each destination and rule of the last hour, with the time of the last\n"
		"packet; see 'log' in carrel.policy(5). With --follow, continues with new entries. With\n"
		"--syslog, sends the lines to the journal or syslog. With --state, skips what an\n"
		"earlier run with the same FILE has read.\n",
		OPTION_JSON | OPTION_FOLLOW | OPTION_LOG, 0, 1, cli_log,
	}, {
		"refresh", "[--json] [--follow | NAME...]",
		"resolve the host names in policies",
		"Resolves the names whose answers have expired, or each NAME, and puts new addresses\n"
		"into the carrels whose policies name them. With --follow: keeps running, as\n"
		"carrel-refresh.service does.\n",
		OPTION_JSON | OPTION_FOLLOW, 0, ARGUMENTS_ANY, cli_refresh,
	}, {
		"help", "[SUBCOMMAND]",
		"show this text, or describe a subcommand",
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
