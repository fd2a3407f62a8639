/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What would become of a packet: asks the pure evaluator, sends nothing. Reads the
 * configuration that is in force, and which addresses are the host's.
 */
#include "cli/explain.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/owner.h"
#include "cli/policyfile.h"
#include "cli/view.h"
#include "kernel/facts.h"
#include "kernel/rtnl.h"
#include "pam/subject.h"
#include "state/resolvers.h"
#include "state/source.h"

/* What is asked, and what is found out for it. */
struct asking {
	const struct invocation *invocation;
	struct arena *arena;
	int state_fd;
	struct owner owner;             /* of the user, unless --policy was given */
	const char *policy_name;
	struct config config;
	struct policy policy;
	struct flow flow;
};

/** parse_flow() - understand @text; 0, -EINVAL after reporting (not an empty one), -ENOMEM */
static int parse_flow(const char *text, struct arena *arena, struct flow *ret,
		      struct diagnostics *diagnostics)
{
	const struct source source = { "the command line", text, strlen(text) };
	struct lexer lexer;

	int rc = lexer_open(&source, arena, diagnostics, &lexer);
	if (rc == 0)
		rc = lexer_next_line(&lexer);
	if (rc <= 0)
		return rc == 0 ? -EINVAL : rc;
	rc = flow_parse(&lexer, ret);
	return rc == 0 ? lexer_expect_end(&lexer, "nothing", NULL) : rc;
}

/**
 * parse_question() - understand the operands behind the user
 * Return: CLI_OK; another exit status after a complaint
 */
static int parse_question(struct asking *asking, int first)
{
	const struct invocation *invocation = asking->invocation;
	struct diagnostics diagnostics = { .arena = asking->arena };
	const char *text = "";

	for (int i = first; text && i < invocation->argument_count; i++)
		text = arena_printf(asking->arena, "%s %s", text, invocation->arguments[i]);
	if (!text)
		return cli_out_of_memory();

	int rc = parse_flow(text, asking->arena, &asking->flow, &diagnostics);
	if (rc == 0)
		return CLI_OK;
	if (rc == -ENOMEM)
		return cli_out_of_memory();
	cli_complain("%s; see 'carrel help explain'", diagnostics.list.count ?
		     diagnostics.list.items[0].message : "nothing is asked");
	return CLI_USAGE;
}

/**
 * assigned_policy() - the policy that a login of the user would be given
 * Return: CLI_OK; another exit status after a complaint
 */
static int assigned_policy(struct asking *asking)
{
	const struct invocation *invocation = asking->invocation;
	const char *user = asking->owner.name;
	const struct assignment *assignment;
	struct carrel_error err = { 0 };
	struct subject subject;

	int rc = subject_look_up(user, invocation->service ? invocation->service : CLI_SERVICE, "",
				 invocation->from ? invocation->from : "", &asking->config,
				 asking->arena, &subject, &err);
	if (rc < 0)
		return cli_fail(rc == -ENOENT ? CLI_NOT_FOUND : CLI_FAILURE, &err);
	if (config_assign(&asking->config, &subject, &assignment, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	if (config_is_free(assignment)) {
		cli_complain("%s has no carrel: no assignment gives one to this user", user);
		return CLI_NOT_FOUND;
	}
	if (assignment->kind == ASSIGN_DENY) {
		cli_complain("%s has no carrel: %s:%u denies this login", user,
			     assignment->position.file, assignment->position.line);
		return CLI_NOT_FOUND;
	}
	asking->policy_name = assignment->policy;
	return CLI_OK;
}

/**
 * choose_policy() - the one that is named, or that the user has, or would be given
 * Return: CLI_OK; another exit status after a complaint
 */
static int choose_policy(struct asking *asking)
{
	const struct invocation *invocation = asking->invocation;
	struct carrel_error err = { 0 };
	struct record record;

	if (invocation->policy) {
		asking->policy_name = invocation->policy;
		return CLI_OK;
	}
	int rc = owner_find(invocation->arguments[0], asking->state_fd, &asking->owner, &err);
	if (rc < 0)
		return cli_fail(rc == -ENOENT ? CLI_NOT_FOUND : CLI_FAILURE, &err);
	if (invocation->service || invocation->from || asking->state_fd < 0 ||
	    record_read(asking->state_fd, asking->owner.uid, &record, NULL) < 0)
		return assigned_policy(asking);
	asking->policy_name = arena_strdup(asking->arena, record.policy);
	return asking->policy_name ? CLI_OK : cli_out_of_memory();
}

/** refuse_policy() - complain that there is no such policy, and which one may be meant */
static int refuse_policy(const struct asking *asking)
{
	struct policy_files files;
	const char *nearest = NULL;

	if (policyfile_find(asking->invocation->config, asking->arena, &files, NULL) == 0)
		nearest = policyfile_nearest(&files, asking->policy_name, asking->arena);
	if (nearest)
		cli_complain("there is no policy '%s'; did you mean '%s'?", asking->policy_name,
			     nearest);
	else
		cli_complain("there is no policy '%s'", asking->policy_name);
	return CLI_NOT_FOUND;
}

/**
 * read_policy() - the policy, as it is in force
 * Return: CLI_OK; another exit status after a complaint
 */
static int read_policy(struct asking *asking)
{
	struct carrel_error err = { 0 };
	const char *warning;

	int rc = source_policy_in_force(asking->invocation->config, &asking->config,
					asking->policy_name, asking->state_fd, false, asking->arena, &asking->policy,
					&warning, &err);
	if (rc == -ENOENT)
		return refuse_policy(asking);
	if (rc < 0)
		return cli_fail(rc == -ENOMEM ? CLI_FAILURE : CLI_INVALID, &err);
	if (warning)
		cli_complain("%s", warning);
	if (view_bind_names(asking->state_fd, &asking->policy, asking->arena) < 0)
		return cli_out_of_memory();
	if (resolvers_settle(&asking->policy, asking->arena, &warning, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	if (warning)
		cli_complain("%s", warning);
	return CLI_OK;
}

/**
 * read_configuration() - likewise carrel.conf
 * Return: CLI_OK; another exit status after a complaint
 */
static int read_configuration(struct asking *asking)
{
	struct carrel_error err = { 0 };
	const char *warning;

	int rc = source_config_in_force(asking->invocation->config, asking->state_fd, false,
					asking->arena, &asking->config, &warning, &err);
	if (rc < 0)
		return cli_fail(rc == -ENOMEM ? CLI_FAILURE : CLI_INVALID, &err);
	if (warning)
		cli_complain("%s", warning);
	return CLI_OK;
}

/** list_host() - the host's own addresses; 0 or -errno */
static int list_host(struct arena *arena, struct prefix_list *ret_host, struct carrel_error *err)
{
	RTNL_CLEANUP struct rtnl host = { 0 };
	struct facts facts;

	int rc = rtnl_open(&host, err);
	if (rc == 0)
		rc = facts_gather(&host, true, arena, &facts, err);
	if (rc == 0)
		*ret_host = facts.host;
	return rc;
}

/** answer() - evaluate, and print what came of it; exit status */
static int answer(const struct asking *asking)
{
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct explanation explanation = {
		.user = asking->invocation->policy ? NULL : asking->owner.name,
		.policy = &asking->policy,
	};
	struct carrel_error err = { 0 };
	struct prefix_list host;

	if (list_host(asking->arena, &host, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	explanation.count = flow_packets(&asking->flow, &asking->config, &host,
					 explanation.packets);
	if (explanation.count == 0) {
		cli_complain("the host has no address that a carrel could reach");
		return CLI_FAILURE;
	}
	for (size_t i = 0; i < explanation.count; i++)
		explanation.decisions[i] = evaluate_path(&asking->policy, &asking->config, &host,
							 &explanation.packets[i]);
	if (asking->invocation->json)
		explanation_put_json(&explanation, &text);
	else
		explanation_put_text(&explanation, &text);
	int status = cli_print(&text);
	if (status != CLI_OK)
		return status;
	return explanation_allows(&explanation) ? CLI_OK : CLI_NO;
}

int cli_explain(const struct invocation *invocation)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	FD_CLEANUP int state_fd = -1;
	struct asking asking = { .invocation = invocation, .arena = &arena };
	struct carrel_error err = { 0 };

	int status = parse_question(&asking, invocation->policy ? 0 : 1);
	if (status != CLI_OK)
		return status;
	if (view_open_state(&state_fd, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	asking.state_fd = state_fd;
	status = read_configuration(&asking);
	if (status == CLI_OK)
		status = choose_policy(&asking);
	if (status == CLI_OK)
		status = read_policy(&asking);
	return status == CLI_OK ? answer(&asking) : status;
}
