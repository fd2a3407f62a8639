/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "base/error.h"
#include "cli/arguments.h"

/* Stands for every subcommand; the parser only passes it on. */
static int run_nothing(const struct invocation *invocation)
{
	(void)invocation;
	return 0;
}

static const struct subcommand table[] = {
	{ "list", "[--json]", "", "", OPTION_JSON, 0, 0, run_nothing },
	{ "show", "[--json] USER", "", "", OPTION_JSON, 1, 1, run_nothing },
	{ "exec", "USER -- COMMAND", "", "", OPTION_LOGIN | OPTION_COMMAND, 2, ARGUMENTS_ANY,
	  run_nothing },
	{ "explain", "USER|--policy POLICY\n               PACKET", "", "", OPTION_POLICY, 2, ARGUMENTS_ANY,
	  run_nothing },
	{ "plan", "[--json|--nft] USER", "", "", OPTION_JSON | OPTION_NFT, 1, 1, run_nothing },
	{ "log", "[--json|--syslog]", "", "", OPTION_JSON | OPTION_LOG, 0, 1, run_nothing },
	{ "check", "[FILE...]", "", "", OPTION_JSON, 0, ARGUMENTS_ANY, run_nothing },
	{ "help", "[SUBCOMMAND]", "", "", 0, 0, 1, NULL },
	{ 0 },
};

#define WORDS_MAX 12

/* Parse "carrel" and @words. The array is static because the invocation points into it. */
static int parse(const char *const *words, struct invocation *ret, struct carrel_error *err)
{
	static char *argv[WORDS_MAX + 2];
	int argc = 0;

	argv[argc++] = (char *)(uintptr_t)"carrel";
	while (words[argc - 1]) {
		assert_true(argc <= WORDS_MAX);
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
		argc++;
	}
	argv[argc] = NULL;
	return arguments_parse(table, argc, argv, ret, err);
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_arguments_parse_finds_a_subcommand(void **state)
{
	struct invocation invocation;

	(void)state;
	assert_int_equal(parse(WORDS("list"), &invocation, NULL), 0);
	assert_string_equal(invocation.subcommand->name, "list");
	assert_int_equal(invocation.argument_count, 0);
	assert_false(invocation.json);
	assert_null(invocation.config);
}

static void test_arguments_parse_takes_options_on_both_sides(void **state)
{
	const char *const *const lines[] = {
		WORDS("--config", "/c", "show", "--json", "ann"),
		WORDS("show", "--config", "/c", "--json", "ann"),
		WORDS("show", "ann", "--json", "--config=/c"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct invocation invocation;

		assert_int_equal(parse(lines[i], &invocation, NULL), 0);
		assert_string_equal(invocation.config, "/c");
		assert_true(invocation.json);
		assert_int_equal(invocation.argument_count, 1);
		assert_string_equal(invocation.arguments[0], "ann");
	}
}

static void test_arguments_parse_takes_a_policy_where_there_may_be_one(void **state)
{
	struct invocation invocation;
	struct carrel_error err = { 0 };

	(void)state;
	assert_int_equal(parse(WORDS("explain", "--policy", "lab", "tcp", "host:53"), &invocation,
			       NULL), 0);
	assert_string_equal(invocation.policy, "lab");
	assert_int_equal(invocation.argument_count, 2);
	assert_int_equal(parse(WORDS("show", "--policy", "lab", "ann"), &invocation, &err),
			 -EINVAL);
	assert_string_equal(err.text, "'--policy' is not an option of show; see 'carrel help show'");
}

static void test_arguments_parse_leaves_the_command_alone_after_dashes(void **state)
{
	struct invocation invocation;

	(void)state;
	assert_int_equal(parse(WORDS("exec", "--service", "sshd", "--from", "192.0.2.7", "ann", "--",
				     "ls", "--json", "--", "-h"), &invocation, NULL), 0);
	assert_string_equal(invocation.service, "sshd");
	assert_string_equal(invocation.from, "192.0.2.7");
	assert_false(invocation.json);
	assert_false(invocation.help);
	assert_int_equal(invocation.argument_count, 5);
	assert_string_equal(invocation.arguments[0], "ann");
	assert_string_equal(invocation.arguments[1], "ls");
	assert_string_equal(invocation.arguments[2], "--json");
	assert_string_equal(invocation.arguments[3], "--");
	assert_string_equal(invocation.arguments[4], "-h");
	assert_null(invocation.arguments[5]);
}

static void test_arguments_parse_takes_a_command_without_dashes(void **state)
{
	struct invocation invocation;

	(void)state;
	assert_int_equal(parse(WORDS("exec", "ann", "ls", "-l"), &invocation, NULL), 0);
	assert_int_equal(invocation.argument_count, 3);
	assert_string_equal(invocation.arguments[1], "ls");
	assert_string_equal(invocation.arguments[2], "-l");
}

static void test_arguments_parse_sees_help_everywhere(void **state)
{
	struct invocation invocation;

	(void)state;
	assert_int_equal(parse(WORDS("--help"), &invocation, NULL), 0);
	assert_true(invocation.help);
	assert_null(invocation.subcommand);
	assert_int_equal(parse(WORDS("help"), &invocation, NULL), 0);
	assert_true(invocation.help);
	assert_null(invocation.subcommand);
	assert_int_equal(parse(WORDS("help", "show"), &invocation, NULL), 0);
	assert_true(invocation.help);
	assert_string_equal(invocation.subcommand->name, "show");
	/* The user that is missing does not matter to whoever asks for help. */
	assert_int_equal(parse(WORDS("show", "-h"), &invocation, NULL), 0);
	assert_true(invocation.help);
	assert_string_equal(invocation.subcommand->name, "show");
	assert_int_equal(parse(WORDS("--version"), &invocation, NULL), 0);
	assert_true(invocation.version);
	assert_int_equal(parse(WORDS("-V"), &invocation, NULL), 0);
	assert_true(invocation.version);
}

static void test_arguments_parse_refuses_with_a_reason(void **state)
{
	const struct { const char *const *words; const char *text; } cases[] = {
		{ (const char *const[]){ NULL }, "no subcommand; 'carrel help' lists them" },
		{ WORDS("lits"), "'lits' is not a subcommand; did you mean 'list'?" },
		{ WORDS("frobnicate"),
		  "'frobnicate' is not a subcommand; 'carrel help' lists them" },
		{ WORDS("--json", "list"),
		  "'--json' is an option of subcommands: it goes after the subcommand" },
		{ WORDS("--frob"), "'--frob' is not an option; see 'carrel help'" },
		{ WORDS("-x"), "'-x' is not an option; see 'carrel help'" },
		{ WORDS("--confg=x", "list"), "'--confg=x' is not an option; did you mean '--config'?" },
		{ WORDS("list", "--jsno"), "'--jsno' is not an option; did you mean '--json'?" },
		{ WORDS("list", "--frob"),
		  "'--frob' is not an option of list; see 'carrel help list'" },
		{ WORDS("list", "-x"), "'-x' is not an option of list; see 'carrel help list'" },
		{ WORDS("show", "ann", "-x"),
		  "'-x' is not an option of show; see 'carrel help show'" },
		{ WORDS("show", "ann", "--service=x"),
		  "'--service' is not an option of show; see 'carrel help show'" },
		{ WORDS("list", "-V"), "'-V' is not an option of list; see 'carrel help list'" },
		{ WORDS("list", "--version"),
		  "'--version' is not an option of list; see 'carrel help list'" },
		{ WORDS("check", "--config"), "'--config' needs a value" },
		{ WORDS("plan", "--json", "--nft", "ann"), "'--json' and '--nft' exclude each other" },
		{ WORDS("log", "--syslog", "--json"), "'--json' and '--syslog' exclude each other" },
		{ WORDS("show"), "too few arguments; usage: carrel show [--json] USER" },
		{ WORDS("explain", "ann"),
		  "too few arguments; usage: carrel explain USER|--policy POLICY PACKET" },
		{ WORDS("show", "a", "b"), "too many arguments; usage: carrel show [--json] USER" },
		{ WORDS("exec", "ann"), "too few arguments; usage: carrel exec USER -- COMMAND" },
		{ WORDS("exec", "ann", "--"),
		  "too few arguments; usage: carrel exec USER -- COMMAND" },
		{ WORDS("exec", "ann", "--from", "x", "ls"),
		  "'--from' comes after 'ann': options go before that, the command after '--'" },
		{ WORDS("help", "shwo"), "'shwo' is not a subcommand; did you mean 'show'?" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct carrel_error err = { 0 };
		struct invocation invocation;

		assert_int_equal(parse(cases[i].words, &invocation, &err), -EINVAL);
		assert_string_equal(err.text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments_parse_finds_a_subcommand),
		cmocka_unit_test(test_arguments_parse_takes_options_on_both_sides),
		cmocka_unit_test(test_arguments_parse_takes_a_policy_where_there_may_be_one),
		cmocka_unit_test(test_arguments_parse_leaves_the_command_alone_after_dashes),
		cmocka_unit_test(test_arguments_parse_takes_a_command_without_dashes),
		cmocka_unit_test(test_arguments_parse_sees_help_everywhere),
		cmocka_unit_test(test_arguments_parse_refuses_with_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
