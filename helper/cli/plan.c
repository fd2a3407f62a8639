/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a login would do to the kernel now. Only looks, so nobody is locked out meanwhile. */
#include "cli/cli.h"

#include <errno.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "cli/arguments.h"
#include "cli/hostns.h"
#include "cli/owner.h"
#include "cli/prospect.h"
#include "cli/view.h"
#include "core/compile.h"
#include "core/nfttext.h"
#include "pam/subject.h"

/* What is shown. */
struct outlook {
	const struct owner *owner;
	const struct prospect *prospect;
	struct plan plan;               /* empty when the user is not confined, or nothing is done */
	struct ruleset ruleset;         /* of a confined user */
};

/** make_plan() - what the course amounts to; 0 or -ENOMEM */
static int make_plan(struct outlook *outlook, struct arena *arena, struct carrel_error *err)
{
	const struct plan_input *input = &outlook->prospect->input;
	int rc = 0;

	if (!outlook->prospect->confined)
		return 0;
	switch (outlook->prospect->course) {
	case COURSE_JOIN:
		break;
	case COURSE_UPDATE:
		rc = plan_update(input, arena, &outlook->plan, err);
		break;
	case COURSE_REBUILD:
	case COURSE_BUILD:
		rc = plan_build(input, arena, &outlook->plan, err);
		break;
	}
	return rc < 0 ? rc : compile_policy(input->policy, input->config, &input->facts->host, arena,
					    &outlook->ruleset, err);
}

/** course_sentence() - what becomes of the carrel; "%s" is the policy */
static const char *course_sentence(enum course course)
{
	switch (course) {
	case COURSE_JOIN:
		return "joins the carrel that is there; nothing is done";
	case COURSE_UPDATE:
		return "joins the carrel that is there and updates it";
	case COURSE_REBUILD:
		return "makes a new carrel in place of one that has another uplink; sessions in "
		       "that lose their network";
	case COURSE_BUILD:
		return "makes a carrel";
	}
	return "";
}

/** put_text() - for people: a sentence, then an operation a line */
static void put_text(const struct outlook *outlook, struct buffer *text)
{
	const struct prospect *prospect = outlook->prospect;
	const struct assignment *assignment = prospect->assignment;

	buffer_puts(text, "A login of ");
	cli_put_printable(text, outlook->owner->name);
	if (!prospect->confined && assignment && assignment->kind == ASSIGN_DENY) {
		buffer_puts(text, " is refused: ");
		cli_put_printable(text, assignment->position.file);
		buffer_printf(text, ":%u denies it\n", assignment->position.line);
		return;
	}
	if (!prospect->confined) {
		buffer_puts(text, " stays in the host's network: nothing is done\n");
		return;
	}
	buffer_printf(text, " has the policy '%s' (", prospect->policy.name);
	cli_put_printable(text, assignment->position.file);
	buffer_printf(text, ":%u) and %s\n", assignment->position.line,
		      course_sentence(prospect->course));
	for (size_t i = 0; i < outlook->plan.operations.count; i++) {
		const struct plan_operation *operation = &outlook->plan.operations.items[i];

		buffer_printf(text, "  %-6s  ", plan_place_name(operation->place));
		plan_describe(operation, text);
		buffer_puts(text, "\n");
	}
}

/** put_json_operations() - append the member that lists them */
static void put_json_operations(const struct plan *plan, struct buffer *text)
{
	json_list(text, "operations");
	for (size_t i = 0; i < plan->operations.count; i++) {
		const struct plan_operation *operation = &plan->operations.items[i];
		BUFFER_CLEANUP struct buffer words = { 0 };

		plan_describe(operation, &words);
		text->failed |= words.failed;
		buffer_puts(text, i ? ",\n  {" : "\n  {");
		json_string(text, "place", plan_place_name(operation->place));
		json_string(text, "operation", words.failed ? NULL : words.data);
		buffer_puts(text, "}");
	}
	buffer_puts(text, "]");
}

/** put_json() - append one object */
static void put_json(const struct outlook *outlook, struct buffer *text)
{
	const struct prospect *prospect = outlook->prospect;
	const struct assignment *assignment = prospect->assignment;
	BUFFER_CLEANUP struct buffer ruleset = { 0 };
	const char *action = assignment && assignment->kind == ASSIGN_DENY ? "deny" : "unconfined";

	if (prospect->confined) {
		action = course_name(prospect->course);
		nfttext_write(&outlook->ruleset, &ruleset);
		text->failed |= ruleset.failed;
	}
	buffer_puts(text, "{");
	json_string(text, "user", outlook->owner->name);
	json_number(text, "uid", outlook->owner->uid);
	json_string(text, "action", action);
	json_string(text, "policy", prospect->confined ? prospect->policy.name : NULL);
	json_string(text, "file", assignment ? assignment->position.file : NULL);
	json_number(text, "line", assignment ? assignment->position.line : 0);
	put_json_operations(&outlook->plan, text);
	buffer_puts(text, ",\n ");
	json_string(text, "nft", ruleset.length ? ruleset.data : NULL);
	buffer_puts(text, "}\n");
}

/** show() - print what is asked for; exit status */
static int show(const struct invocation *invocation, const struct outlook *outlook)
{
	BUFFER_CLEANUP struct buffer text = { 0 };

	if (invocation->nft && !outlook->prospect->confined) {
		cli_complain("%s has no carrel: there are no rules", outlook->owner->name);
		return CLI_NOT_FOUND;
	}
	if (invocation->nft)
		nfttext_write(&outlook->ruleset, &text);
	else if (invocation->json)
		put_json(outlook, &text);
	else
		put_text(outlook, &text);
	return cli_print(&text);
}

/** foresee() - gather what a login of @owner would find */
static int foresee(const struct invocation *invocation, const struct owner *owner,
		   struct prospect *prospect)
{
	struct carrel_error err = { 0 };
	struct subject subject;

	int status = prospect_read_config(prospect);
	if (status != CLI_OK)
		return status;
	int rc = subject_look_up(owner->name, invocation->service ? invocation->service : CLI_SERVICE,
				 "", invocation->from ? invocation->from : "", &prospect->config,
				 prospect->arena, &subject, &err);
	if (rc < 0)
		return cli_fail(rc == -ENOENT ? CLI_NOT_FOUND : CLI_FAILURE, &err);
	status = prospect_assign(prospect, &subject);
	if (status != CLI_OK || !prospect->confined)
		return status;
	return prospect_look(prospect, owner->uid, owner->name);
}

int cli_plan(const struct invocation *invocation)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	FD_CLEANUP int state_fd = -1;
	struct prospect prospect = {
		.config_path = invocation->config, .arena = &arena, .login = true,
	};
	struct owner owner;
	struct outlook outlook = { .owner = &owner, .prospect = &prospect };
	struct carrel_error err = { 0 };

	/* Without privilege the host looks as it does from here. */
	if ((geteuid() == 0 && hostns_enter(&err) < 0) || view_open_state(&state_fd, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	HOSTNS_VISIT_CLEANUP struct hostns_visit visit;
	if (hostns_visit_pins(&visit, &err) < 0)
		cli_complain("%s; this is the plan for a user without a carrel", err.text);
	prospect.state_fd = state_fd;
	int status = owner_meant(invocation->arguments[0], state_fd, &owner);
	if (status == CLI_OK)
		status = foresee(invocation, &owner, &prospect);
	if (status != CLI_OK)
		return status;
	if (make_plan(&outlook, &arena, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	return show(invocation, &outlook);
}
