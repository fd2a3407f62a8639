/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/arguments.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "base/name.h"

/* Far more than there are: name_nearest() wants an array of names. */
#define SUBCOMMANDS_MAX 32

enum option_value {
	VALUE_CONFIG = 1,
	VALUE_JSON,
	VALUE_SERVICE,
	VALUE_FROM,
	VALUE_POLICY,
	VALUE_DRY_RUN,
	VALUE_NFT,
	VALUE_USER,
	VALUE_COVERAGE,
	VALUE_FOLLOW,
	VALUE_SYSLOG,
	VALUE_STATE,
	VALUE_HELP,
	VALUE_VERSION,
};

static const struct option long_options[] = {
	{ "config", required_argument, NULL, VALUE_CONFIG },
	{ "json", no_argument, NULL, VALUE_JSON },
	{ "service", required_argument, NULL, VALUE_SERVICE },
	{ "from", required_argument, NULL, VALUE_FROM },
	{ "policy", required_argument, NULL, VALUE_POLICY },
	{ "dry-run", no_argument, NULL, VALUE_DRY_RUN },
	{ "nft", no_argument, NULL, VALUE_NFT },
	{ "user", required_argument, NULL, VALUE_USER },
	{ "coverage", no_argument, NULL, VALUE_COVERAGE },
	{ "follow", no_argument, NULL, VALUE_FOLLOW },
	{ "syslog", no_argument, NULL, VALUE_SYSLOG },
	{ "state", required_argument, NULL, VALUE_STATE },
	{ "help", no_argument, NULL, VALUE_HELP },
	{ "version", no_argument, NULL, VALUE_VERSION },
	{ 0 },
};

/** find_subcommand() - the one called @name; 0; -EINVAL, with the nearest name there is */
static int find_subcommand(const struct subcommand *table, const char *name,
			   const struct subcommand **ret, struct carrel_error *err)
{
	const char *names[SUBCOMMANDS_MAX + 1] = { 0 };

	for (size_t i = 0; table[i].name; i++) {
		assert(i < SUBCOMMANDS_MAX);
		names[i] = table[i].name;
		if (strcmp(table[i].name, name) == 0) {
			*ret = &table[i];
			return 0;
		}
	}

	const char *nearest = name_nearest(name, strlen(name), names);
	if (nearest)
		return error_set(err, EINVAL, "'%s' is not a subcommand; did you mean '%s'?",
				 name, nearest);
	return error_set(err, EINVAL, "'%s' is not a subcommand; 'carrel help' lists them", name);
}

/** option_word() - how the option that getopt_long() returned as @value is written */
static const char *option_word(int value, char **argv, char short_word[3])
{
	for (size_t i = 0; long_options[i].name; i++)
		if (long_options[i].val == value)
			return long_options[i].name;
	/* An unknown letter is in optopt; of an unknown word only its place is known. */
	int letter = value == '?' || value == ':' ? optopt : value;
	if (letter <= ' ')
		return argv[optind - 1];
	short_word[0] = '-';
	short_word[1] = (char)letter;
	short_word[2] = '\0';
	return short_word;
}

/** is_taken() - @subcommand (NULL: before its name) has the option @value */
static bool is_taken(const struct subcommand *subcommand, int value)
{
	unsigned options = subcommand ? subcommand->options : 0;

	switch (value) {
	case VALUE_CONFIG:
	case VALUE_HELP:
	case 'h':
		return true;
	case VALUE_VERSION:
	case 'V':
		return !subcommand;
	case VALUE_JSON:
		return options & OPTION_JSON;
	case VALUE_SERVICE:
	case VALUE_FROM:
		return options & OPTION_LOGIN;
	case VALUE_POLICY:
		return options & OPTION_POLICY;
	case VALUE_DRY_RUN:
		return options & OPTION_DRY_RUN;
	case VALUE_NFT:
		return options & OPTION_NFT;
	case VALUE_USER:
		return options & OPTION_USER;
	case VALUE_FOLLOW:
	case 'f':
		return options & OPTION_FOLLOW;
	case VALUE_SYSLOG:
	case VALUE_STATE:
		return options & OPTION_LOG;
	case VALUE_COVERAGE:
		return options & OPTION_COVERAGE;
	default:
		return false;
	}
}

/** nearest_option() - the one of @subcommand that @word, which is none, may be meant for; or NULL */
static const char *nearest_option(const struct subcommand *subcommand, const char *word)
{
	const char *names[sizeof(long_options) / sizeof(long_options[0])] = { 0 };
	size_t count = 0, length;

	if (strncmp(word, "--", 2) != 0)
		return NULL;
	word += 2;
	length = strcspn(word, "=");
	for (size_t i = 0; long_options[i].name; i++)
		if (is_taken(subcommand, long_options[i].val))
			names[count++] = long_options[i].name;
	return name_nearest(word, length, names);
}

/** refuse_option() - an option that is unknown, lacks its value, or is another subcommand's */
static int refuse_option(const struct subcommand *subcommand, int value, char **argv,
			 struct carrel_error *err)
{
	char short_word[3];
	const char *word = option_word(value, argv, short_word);
	const char *dashes = word[0] == '-' ? "" : "--";
	const char *nearest = nearest_option(subcommand, word);

	if (value == ':')
		return error_set(err, EINVAL, "'%s%s' needs a value", dashes, word);
	if (nearest)
		return error_set(err, EINVAL, "'%s' is not an option; did you mean '--%s'?", word,
				 nearest);
	if (subcommand)
		return error_set(err, EINVAL, "'%s%s' is not an option of %s; see 'carrel help %s'",
				 dashes, word, subcommand->name, subcommand->name);
	if (value == '?')
		return error_set(err, EINVAL, "'%s' is not an option; see 'carrel help'", word);
	return error_set(err, EINVAL, "'%s%s' is an option of subcommands: it goes after the "
			 "subcommand", dashes, word);
}

/** refuse_both() - two options that ask for different output; -EINVAL or 0 */
static int refuse_both(const struct invocation *invocation, struct carrel_error *err)
{
	const char *other = invocation->nft ? "--nft" : invocation->syslog ? "--syslog" : NULL;

	if (invocation->help || !invocation->json || !other)
		return 0;
	return error_set(err, EINVAL, "'--json' and '%s' exclude each other", other);
}

/** note_option() - the option @value, with its argument in optarg if it has one */
static void note_option(struct invocation *invocation, int value)
{
	switch (value) {
	case VALUE_CONFIG:
		invocation->config = optarg;
		return;
	case VALUE_SERVICE:
		invocation->service = optarg;
		return;
	case VALUE_FROM:
		invocation->from = optarg;
		return;
	case VALUE_POLICY:
		invocation->policy = optarg;
		return;
	case VALUE_USER:
		invocation->user = optarg;
		return;
	case VALUE_STATE:
		invocation->state = optarg;
		return;
	case VALUE_FOLLOW:
	case 'f':
		invocation->follow = true;
		return;
	case VALUE_SYSLOG:
		invocation->syslog = true;
		return;
	case VALUE_JSON:
		invocation->json = true;
		return;
	case VALUE_DRY_RUN:
		invocation->dry_run = true;
		return;
	case VALUE_NFT:
		invocation->nft = true;
		return;
	case VALUE_COVERAGE:
		invocation->coverage = true;
		return;
	case VALUE_VERSION:
	case 'V':
		invocation->version = true;
		return;
	default:
		invocation->help = true;
		return;
	}
}

/**
 * take_options() - note the options in @argv[1...]
 * @subcommand:	whose they are, or NULL for those before its name
 * @whole:	options may stand between operands; else the first operand ends them
 *
 * Return: index of the first operand (@argv is permuted when @whole), or -EINVAL
 */
static int take_options(const struct subcommand *subcommand, bool whole, int argc, char **argv,
			struct invocation *invocation, struct carrel_error *err)
{
	/* ":" first: tell a missing value from an unknown option, print nothing. */
	const char *letters = whole ? ":fhV" : "+:fhV";
	int value;

	optind = 0;     /* start afresh: glibc's and musl's way to say so */
	while ((value = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
		if (!is_taken(subcommand, value))
			return refuse_option(subcommand, value, argv, err);
		note_option(invocation, value);
	}
	return optind;
}

/** take_command() - the operands are a user, or a policy, and a command: drop the "--" between them */
static int take_command(struct invocation *invocation, struct carrel_error *err)
{
	char **arguments = invocation->arguments;

	if (invocation->argument_count < 2 || arguments[1][0] != '-')
		return 0;
	if (strcmp(arguments[1], "--") != 0)
		return error_set(err, EINVAL, "'%s' comes after '%s': options go before that, "
				 "the command after '--'", arguments[1], arguments[0]);
	arguments[1] = arguments[0];
	invocation->arguments++;
	invocation->argument_count--;
	return 0;
}

/** refuse_count() - too @few_or_many operands: say which there are, on one line; -EINVAL */
static int refuse_count(const struct subcommand *subcommand, const char *few_or_many,
			struct carrel_error *err)
{
	const char *first = subcommand->synopsis, *rest = first + strcspn(first, "\n");
	int length = (int)(rest - first);

	rest += strspn(rest, "\n ");
	return error_set(err, EINVAL, "too %s arguments; usage: carrel %s %.*s%s%s", few_or_many,
			 subcommand->name, length, first, *rest ? " " : "", rest);
}

/** take_operands() - check how many there are, and what "help" is asked about */
static int take_operands(const struct subcommand *table, struct invocation *invocation,
			 struct carrel_error *err)
{
	const struct subcommand *subcommand = invocation->subcommand;

	if (invocation->help)
		return 0;
	if (subcommand->options & OPTION_COMMAND) {
		int rc = take_command(invocation, err);
		if (rc < 0)
			return rc;
	}
	if (invocation->argument_count < subcommand->min_arguments)
		return refuse_count(subcommand, "few", err);
	if (invocation->argument_count > subcommand->max_arguments)
		return refuse_count(subcommand, "many", err);
	if (subcommand->run)
		return 0;
	invocation->help = true;
	invocation->subcommand = NULL;
	if (invocation->argument_count == 0)
		return 0;
	return find_subcommand(table, invocation->arguments[0], &invocation->subcommand, err);
}

int arguments_parse(const struct subcommand *table, int argc, char **argv,
		    struct invocation *ret, struct carrel_error *err)
{
	struct invocation invocation = { 0 };

	int name = take_options(NULL, false, argc, argv, &invocation, err);
	if (name < 0)
		return name;
	if (invocation.help || invocation.version) {
		*ret = invocation;
		return 0;
	}
	if (name >= argc)
		return error_set(err, EINVAL, "no subcommand; 'carrel help' lists them");

	int rc = find_subcommand(table, argv[name], &invocation.subcommand, err);
	if (rc < 0)
		return rc;
	bool whole = !(invocation.subcommand->options & OPTION_COMMAND);
	int operand = take_options(invocation.subcommand, whole, argc - name, argv + name,
				   &invocation, err);
	if (operand < 0)
		return operand;
	rc = refuse_both(&invocation, err);
	if (rc < 0)
		return rc;
	invocation.arguments = argv + name + operand;
	invocation.argument_count = argc - name - operand;
	rc = take_operands(table, &invocation, err);
	if (rc < 0)
		return rc;
	*ret = invocation;
	return 0;
}
