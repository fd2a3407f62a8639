/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the command line to one invocation of a subcommand. Pure. */
#ifndef CARREL_CLI_ARGUMENTS_H
#define CARREL_CLI_ARGUMENTS_H

#include <limits.h>
#include <stdbool.h>

struct carrel_error;

struct invocation;

/* Which options a subcommand takes, beside --config and --help. A bit each. */
enum subcommand_option {
	OPTION_JSON    = 1 << 0,
	OPTION_LOGIN   = 1 << 1,        /* --service, --from */
	OPTION_COMMAND = 1 << 2,        /* arguments end with a command line, after "--" */
	OPTION_POLICY  = 1 << 3,        /* --policy, instead of a user */
	OPTION_DRY_RUN = 1 << 4,        /* --dry-run: show what would be done */
	OPTION_NFT     = 1 << 5,        /* --nft: print rules as nft reads them */
	OPTION_USER    = 1 << 6,        /* --user: whom a command runs as */
	OPTION_COVERAGE = 1 << 7,       /* --coverage: processes outside carrels */
	OPTION_FOLLOW  = 1 << 8,        /* --follow, -f: go on with what comes */
	OPTION_LOG     = 1 << 9,        /* --syslog; --state, with what was read already */
};

#define ARGUMENTS_ANY INT_MAX

struct subcommand {
	const char *name;
	const char *synopsis;           /* what stands behind the name */
	const char *summary;            /* half a line, for the list of subcommands */
	const char *description;        /* the whole story, lines of 80 characters at most */
	unsigned options;               /* enum subcommand_option bits */
	int min_arguments, max_arguments;
	/* Return: exit status. NULL for "help" */
	int (*run)(const struct invocation *invocation);
};

/* What is asked for. Everything points into the command line. */
struct invocation {
	const struct subcommand *subcommand;
	bool help, version;             /* instead of running; with help, subcommand may be NULL */
	bool json, dry_run, nft, coverage, follow, syslog;
	const char *config;             /* path of carrel.conf; NULL: not given. Absolute when run */
	const char *service, *from;     /* NULL when not given */
	const char *policy, *user, *state;      /* likewise */
	int argument_count;
	char **arguments;               /* operands; for OPTION_COMMAND the first, then the command */
};

/**
 * arguments_parse() - understand the command line
 * @table:	ends with a subcommand without a name
 *
 * Options of the whole command may stand before the subcommand's name or behind it.
 *
 * Return: 0; -EINVAL with what is wrong and what to do
 */
int arguments_parse(const struct subcommand *table, int argc, char **argv,
		    struct invocation *ret, struct carrel_error *err);

#endif
