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
	struct address own[FAMILY_COUNT];       /* of the user's carrel, where that is there */
	size_t own_count;
	const char *policy_name;
	struct config config;
	struct policy policy;
	struct flow flow;
	bool named;                     /* the policy names the host that is asked about */
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
	struct record record;

	if (invocation->policy) {
		asking->policy_name = invocation->policy;
		return CLI_OK;
	}
	int status = owner_meant(invocation->arguments[0], asking->state_fd, &asking->owner);
	if (status != CLI_OK)
		return status;
	if (asking->state_fd < 0 ||
	    record_read(asking->state_fd, asking->owner.uid, &record, NULL) < 0)
		return assigned_policy(asking);
	if (record.has_address4)
		asking->own[asking->own_count++] = record.address4;
	if (record.has_address6)
		asking->own[asking->own_count++] = record.address6;
	if (invocation->service || invocation->from)
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
 * meet_name() - have the policy know the host that is asked about, whose addresses may be known for
 *		 another policy's sake
 * Return: 0 or -ENOMEM
 */
static int meet_name(struct asking *asking)
{
	struct policy *policy = &asking->policy;

	if (asking->flow.remote != FLOW_NAME)
		return 0;
	for (size_t i = 0; i < policy->names.count && !asking->named; i++)
		asking->named = strcmp(policy->names.items[i].name, asking->flow.name) == 0;
	if (asking->named)
		return 0;
	struct policy_name *added = ARENA_APPEND(asking->arena, &policy->names);
	if (!added)
		return -ENOMEM;
	added->name = asking->flow.name;
	return 0;
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
	if (meet_name(asking) < 0)
		return cli_out_of_memory();
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

/**
 * refuse_nowhere() - complain that no address is known of what is asked about
 * Return: exit status
 */
static int refuse_nowhere(const struct asking *asking)
{
	switch (asking->flow.remote) {
	case FLOW_RESOLVER:
		if (asking->policy.uplink == UPLINK_NONE)
			cli_complain("there is no resolver: policy '%s' has 'uplink none'",
				     asking->policy_name);
		else
			cli_complain("no resolver is known, neither of policy '%s' nor of the host",
				     asking->policy_name);
		break;
	case FLOW_NAME:
		if (asking->named)
			cli_complain("no address is known of %s: rules about it match nothing until "
				     "'carrel refresh' finds one", asking->flow.name);
		else
			cli_complain("no address is known of %s, which policy '%s' does not name: ask "
				     "about an address", asking->flow.name, asking->policy_name);
		break;
	case FLOW_ADDRESS:
	case FLOW_HOST:
	case FLOW_PEERS:
		cli_complain("the host has no address that a carrel could reach");
		break;
	}
	return CLI_FAILURE;
}

/** is_own() - is @address that of the user's carrel? */
static bool is_own(const struct asking *asking, const struct address *address)
{
	for (size_t i = 0; i < asking->own_count; i++)
		if (address_equal(&asking->own[i], address))
			return true;
	return false;
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
	const struct flow_ends ends = { &asking->config, &host, &asking->policy };
	struct packet packet;
	size_t at = 0;

	if (list_host(asking->arena, &host, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	while (flow_packet(&asking->flow, &ends, &at, &packet)) {
		struct answer *added = ARENA_APPEND(asking->arena, &explanation.answers);

		if (!added)
			return cli_out_of_memory();
		added->packet = packet;
		added->decision = (is_own(asking, &packet.remote) ? evaluate_own : evaluate_path)
			(&asking->policy, &asking->config, &host, &packet);
	}
	if (explanation.answers.count == 0)
		return refuse_nowhere(asking);
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
