/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/prospect.h"

#include <errno.h>

#include "base/error.h"
#include "cli/cli.h"
#include "cli/login.h"
#include "cli/policyfile.h"
#include "cli/view.h"
#include "core/allocate.h"
#include "kernel/facts.h"
#include "kernel/rtnl.h"
#include "state/editionsfile.h"
#include "state/resolvers.h"
#include "state/source.h"
#include "state/state.h"

/** status_of() - what the exit status is for a text that cannot be used */
static enum cli_exit status_of(int rc)
{
	return rc == -ENOMEM ? CLI_FAILURE : CLI_INVALID;
}

int prospect_read_config(struct prospect *prospect)
{
	struct carrel_error err = { 0 };
	const char *warning;

	int rc = source_config_in_force(prospect->config_path, prospect->state_fd, false,
					prospect->arena, &prospect->config, &warning, &err);
	if (rc < 0)
		return cli_fail(status_of(rc), &err);
	if (warning)
		cli_complain("%s", warning);
	return CLI_OK;
}

/** refuse_policy() - complain that there is no policy @name, and which one may be meant */
static int refuse_policy(const struct prospect *prospect, const char *name)
{
	struct policy_files files;
	const char *nearest = NULL;

	if (policyfile_find(prospect->config_path, prospect->arena, &files, NULL) == 0)
		nearest = policyfile_nearest(&files, name, prospect->arena);
	if (nearest)
		cli_complain("there is no policy '%s'; did you mean '%s'?", name, nearest);
	else
		cli_complain("there is no policy '%s'", name);
	return CLI_NOT_FOUND;
}

int prospect_read_policy(struct prospect *prospect, const char *name)
{
	struct carrel_error err = { 0 };
	const char *warning;

	int rc = source_policy_in_force(prospect->config_path, &prospect->config, name,
					prospect->state_fd, false, prospect->arena,
					&prospect->policy, &warning, &err);
	if (rc == -ENOENT)
		return refuse_policy(prospect, name);
	if (rc < 0)
		return cli_fail(status_of(rc), &err);
	if (warning)
		cli_complain("%s", warning);
	if (view_bind_names(prospect->state_fd, &prospect->policy, prospect->arena) < 0)
		return cli_out_of_memory();
	prospect->confined = true;
	return CLI_OK;
}

int prospect_assign(struct prospect *prospect, const struct subject *subject)
{
	struct carrel_error err = { 0 };

	if (config_assign(&prospect->config, subject, &prospect->assignment, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	if (!prospect->assignment || prospect->assignment->kind != ASSIGN_POLICY)
		return CLI_OK;
	return prospect_read_policy(prospect, prospect->assignment->policy);
}

/** find_addresses() - where a carrel that is made now would be */
static int find_addresses(struct prospect *prospect, struct carrel_error *err)
{
	struct plan_input *input = &prospect->input;

	allocate_address6(&prospect->config.pool6, input->uid, &input->address6);
	return state_expect_address4(prospect->state_fd, &prospect->config.pool4, input->uid,
				     &input->address4, err);
}

/** choose() - the course, and the addresses that it is about */
static int choose(struct prospect *prospect, struct carrel_error *err)
{
	const struct record *record = &prospect->sight.record;
	struct plan_input *input = &prospect->input;
	struct standing standing = sight_standing(record);

	standing.cut = standing.cut && prospect->login;

	prospect->course = course_choose(prospect->standing ? &standing : NULL, input);
	switch (prospect->course) {
	case COURSE_JOIN:
	case COURSE_UPDATE:
		input->address4 = record->address4;
		input->address6 = record->address6;
		input->reconnect = standing.cut;
		return 0;
	case COURSE_REBUILD:
	case COURSE_BUILD:
		break;
	}
	return prospect->policy.uplink == UPLINK_NONE ? 0 : find_addresses(prospect, err);
}

/** expect_edition() - the number that the host's addresses have, or would get now */
static int expect_edition(struct prospect *prospect, struct carrel_error *err)
{
	struct facts *facts = &prospect->facts;
	const struct edition *newest;
	struct editions next;

	int rc = editionsfile_read(prospect->state_fd, prospect->arena, &prospect->editions, err);
	if (rc < 0 && rc != -EBADMSG)
		return rc;
	newest = editions_newest(&prospect->editions);
	if (newest && edition_has(newest, &facts->host)) {
		facts->edition = newest->number;
		return 0;
	}
	rc = editions_next(&prospect->editions, &facts->host, NULL, 0, prospect->arena, &next);
	if (rc < 0)
		return error_set_errno(err, -rc, "numbering the host's addresses");
	facts->edition = editions_newest(&next)->number;
	return 0;
}

/** gather() - what prospect_look() needs of the kernel and of /run/carrel */
static int gather(struct prospect *prospect, uid_t uid, struct carrel_error *err)
{
	RTNL_CLEANUP struct rtnl host = { 0 };

	int rc = rtnl_open(&host, err);
	if (rc == 0 && prospect->state_fd >= 0)
		rc = sight_take(prospect->state_fd, uid, &prospect->sight, err);
	if (rc == 0)
		rc = facts_gather(&host, policy_names_host(&prospect->policy), prospect->arena,
				  &prospect->facts, err);
	if (rc == 0)
		rc = resolvers_settle(&prospect->policy, prospect->arena, &prospect->no_names, err);
	if (rc == 0 && policy_names_host(&prospect->policy))
		rc = expect_edition(prospect, err);
	if (rc < 0)
		return rc;
	facts_find_mtu(&host, &prospect->facts);
	prospect->standing = prospect->sight.whole;
	return 0;
}

int prospect_of_record(struct prospect *prospect, const struct record *record)
{
	struct carrel_error err = { 0 };
	struct subject subject;
	int status = CLI_OK;

	if (login_of_record(record, &prospect->config, prospect->arena, &subject, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	if (subject.service[0])
		status = prospect_assign(prospect, &subject);
	if (status == CLI_OK && !prospect->confined)
		status = prospect_read_policy(prospect, record->policy);
	return status == CLI_OK ? prospect_look(prospect, record->uid, record->user) : status;
}

int prospect_look(struct prospect *prospect, uid_t uid, const char *user)
{
	struct carrel_error err = { 0 };

	prospect->input = (struct plan_input){
		.uid = uid, .user = user, .policy = &prospect->policy,
		.config = &prospect->config, .facts = &prospect->facts,
	};
	int rc = gather(prospect, uid, &err);
	if (rc == 0 && prospect->login && prospect->no_names)
		cli_complain("%s", prospect->no_names);
	if (rc == 0)
		rc = choose(prospect, &err);
	return rc < 0 ? cli_fail(CLI_FAILURE, &err) : CLI_OK;
}
