/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * From the outside inwards: the record and the pin say which namespace it is and what it
 * was made from; the configuration, what it should be made from now; only then is there
 * something to compare. What stands in the way of the next step is itself a difference.
 */
#include "cli/diff.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/paths.h"
#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/hostns.h"
#include "cli/owner.h"
#include "cli/prospect.h"
#include "cli/view.h"
#include "inspect.h"
#include "kernel/apply.h"
#include "kernel/netns.h"
#include "pam/subject.h"
#include "state/editionsfile.h"
#include "state/hoststate.h"
#include "state/namesfile.h"

/** add() - note a difference; CLI_OK or, after a complaint, CLI_FAILURE */
static int add(struct diff *diff, struct arena *arena, struct difference difference)
{
	if (differences_add(&diff->differences, arena, difference) < 0)
		return cli_out_of_memory();
	return CLI_OK;
}

/** compare_pin() - is the recorded namespace the pinned one? *@ret_whole */
static int compare_pin(const struct sight *sight, struct arena *arena, struct diff *diff,
		       bool *ret_whole)
{
	const struct wire_carrel *seen = &sight->seen;
	char name[NETNS_NAME_SIZE];
	struct difference difference = {
		.kind = seen->pinned_inode ? DIFFERENCE_ALTERED : DIFFERENCE_MISSING,
		.place = PLACE_HOST,
	};

	*ret_whole = sight->whole;
	if (sight->whole || !sight->recorded)
		return CLI_OK;
	name_of_netns(seen->uid, name);
	difference.object = arena_printf(arena, "pin " PATH_PINS "/%s", name);
	difference.intended = arena_printf(arena, "the namespace %llu",
					   (unsigned long long)seen->recorded_inode);
	if (seen->pinned_inode)
		difference.found = arena_printf(arena, "the namespace %llu",
						(unsigned long long)seen->pinned_inode);
	return difference.intended ? add(diff, arena, difference) : cli_out_of_memory();
}

/** foresee_unrecorded() - a carrel without a record: what a login of its user would get */
static int foresee_unrecorded(struct prospect *prospect, struct diff *diff)
{
	struct carrel_error err = { 0 };
	struct subject subject;
	int status = add(diff, prospect->arena, (struct difference){
		.kind = DIFFERENCE_MISSING, .place = PLACE_HOST,
		.object = arena_printf(prospect->arena, "record " PATH_STATE "/carrels/%u",
				       diff->uid),
	});

	if (status != CLI_OK)
		return status;
	int rc = subject_look_up(diff->user, CLI_SERVICE, "", "", &prospect->config,
				 prospect->arena, &subject, &err);
	if (rc < 0)
		return rc == -ENOENT ? CLI_OK : cli_fail(CLI_FAILURE, &err);
	status = prospect_assign(prospect, &subject);
	if (status != CLI_OK || !prospect->confined)
		return status;
	return prospect_look(prospect, diff->uid, diff->user);
}

/** compare_policy() - is it the one that it should have, and of the same uplink? *@ret_same_uplink */
static int compare_policy(const struct prospect *prospect, const struct record *record,
			  struct diff *diff, bool *ret_same_uplink)
{
	const char *uplink = uplink_name(prospect->policy.uplink);
	int status = CLI_OK;

	*ret_same_uplink = prospect->course != COURSE_REBUILD;
	if (strcmp(record->policy, prospect->policy.name) != 0)
		status = add(diff, prospect->arena, (struct difference){
			.kind = DIFFERENCE_ALTERED, .place = PLACE_CARREL, .object = "policy",
			.intended = arena_printf(prospect->arena, "'%s'", prospect->policy.name),
			.found = arena_printf(prospect->arena, "'%s'", record->policy),
		});
	if (status == CLI_OK && !*ret_same_uplink)
		status = add(diff, prospect->arena, (struct difference){
			.kind = DIFFERENCE_ALTERED, .place = PLACE_CARREL, .object = "uplink",
			.remedy = REMEDY_REMOVE,
			.intended = arena_printf(prospect->arena, "'%s'", uplink),
			.found = arena_printf(prospect->arena, "'%s'", record->uplink),
		});
	return status;
}

/** compare_pool() - is @address one of today's @pool? Else it takes a new carrel to have one */
static int compare_pool(const struct prefix *pool, bool there, const struct address *address,
			struct arena *arena, struct diff *diff)
{
	char found[ADDRESS_TEXT_SIZE], intended[PREFIX_TEXT_SIZE];

	if (!there || prefix_contains(pool, address))
		return CLI_OK;
	address_format(address, found);
	prefix_format(pool, intended);
	return add(diff, arena, (struct difference){
		.kind = DIFFERENCE_ALTERED, .place = PLACE_CARREL, .object = "address",
		.remedy = REMEDY_REMOVE,
		.intended = arena_printf(arena, "one of %s", intended),
		.found = arena_strdup(arena, found),
	});
}

/** compare_pools() - both families */
static int compare_pools(const struct prospect *prospect, const struct record *record,
			 struct diff *diff)
{
	int status = compare_pool(&prospect->config.pool4, record->has_address4,
				  &record->address4, prospect->arena, diff);

	return status != CLI_OK ? status :
	       compare_pool(&prospect->config.pool6, record->has_address6, &record->address6,
			    prospect->arena, diff);
}

/** how_to_inspect() - whether what the rules were made from has changed since, and all texts */
static struct inspect_rules how_to_inspect(const struct prospect *prospect)
{
	const struct record *record = &prospect->sight.record;
	struct inspect_rules rules = { .texts = true };

	if (prospect->sight.recorded && record->rules_digest != course_digest(&prospect->input)) {
		rules.former = true;
		rules.former_generation = record->generation;
	}
	return rules;
}

/** inspect_addresses() - what sets hold of names, and, where it knows today's, of the host */
static int inspect_addresses(const struct prospect *prospect, struct kernel *kernel,
			     struct inspection *inspection, struct carrel_error *err)
{
	const struct facts *facts = &prospect->facts;
	struct known_names known = { 0 };
	const struct holding_wanted wanted = {
		.known = &known,
		.host = facts->edition != EDITION_NONE && inspection->edition == facts->edition ?
			&facts->host : NULL,
	};
	int rc = 0;

	/* That the file cannot be understood was said when the policy was read. */
	if (prospect->state_fd >= 0 &&
	    namesfile_read(prospect->state_fd, prospect->arena, &known, NULL, NULL) == -ENOMEM)
		return error_set_errno(err, ENOMEM, "reading the known names");
	if (prospect->policy.names.count || wanted.host)
		rc = inspect_sets(kernel, &wanted, prospect->arena, &inspection->differences, err);
	return rc;
}

/** inspect() - compare the kernel's side; leaves the command in the carrel's network namespace */
static int inspect(const struct prospect *prospect, const struct inspect_rules *rules,
		   struct inspection *inspection, struct carrel_error *err)
{
	const struct plan_input *input = &prospect->input;
	KERNEL_CLEANUP struct kernel kernel = { .netns_fd = -1, .proc_fd = -1 };
	char pin[NETNS_NAME_SIZE];
	int netns_fd, rc = kernel_open(&kernel, input->uid, err);

	name_of_netns(input->uid, pin);
	if (rc == 0)
		rc = netns_open_pin(pin, &netns_fd, err);
	if (rc == 0)
		rc = kernel_join(&kernel, netns_fd, err);
	if (rc == 0)
		rc = inspect_carrel(&kernel, input, rules, prospect->arena, inspection, err);
	return rc < 0 ? rc : inspect_addresses(prospect, &kernel, inspection, err);
}

/**
 * add_former() - say once of rules that an edit left behind what they are, and what to do
 * @touched:	somebody changed them since they were made
 */
static int add_former(struct prospect *prospect, const struct differences *found, bool touched,
		      struct diff *diff)
{
	struct difference summary = {
		.kind = DIFFERENCE_ALTERED, .place = PLACE_CARREL, .remedy = REMEDY_APPLY,
		.object = "rules",
	};

	summary.found = arena_printf(prospect->arena, "of an earlier text of the policy, or of what it "
				     "refers to%s; 'carrel apply', or the user's next login, brings "
				     "today's", touched ? ", and changed by someone since" : "");
	for (size_t i = 0; i < found->list.count; i++)
		if (found->list.items[i].remedy == REMEDY_APPLY)
			return add(diff, prospect->arena, summary);
	return CLI_OK;
}

/** add_edition() - does the carrel know other addresses of the host than it has now? */
static int add_edition(const struct prospect *prospect, const struct inspection *inspection,
		       struct diff *diff)
{
	if (prospect->policy.uplink == UPLINK_NONE ||
	    inspection->edition == prospect->facts.edition)
		return CLI_OK;
	return add(diff, prospect->arena, (struct difference){
		.kind = DIFFERENCE_ALTERED, .place = PLACE_CARREL,
		.object = "addresses of the host that it knows",
		.intended = "those of today",
		.found = inspection->edition != EDITION_NONE &&
			 !editions_find(&prospect->editions, inspection->edition) ?
			 "none that the host still counts, so it reaches none; 'carrel gc' brings today's" :
			 "former ones, or none; 'carrel gc' brings today's",
	});
}

/** add_inspected() - inspect(), and back to the host */
static int add_inspected(struct prospect *prospect, struct diff *diff)
{
	const struct inspect_rules rules = how_to_inspect(prospect);
	FD_CLEANUP int host_fd = -1;
	struct inspection inspection;
	struct carrel_error err = { 0 };

	prospect->input.cut = prospect->sight.recorded && prospect->sight.record.cut;
	int rc = netns_current(&host_fd, &err);
	if (rc < 0)
		return cli_fail(CLI_FAILURE, &err);
	rc = inspect(prospect, &rules, &inspection, &err);
	int back = netns_enter(host_fd, rc < 0 ? NULL : &err);
	if (rc < 0 || back < 0)
		return cli_fail(CLI_FAILURE, &err);
	bool touched = rules.former_generation && rules.former_generation != inspection.generation;
	int status = add_former(prospect, &inspection.differences, touched, diff);
	for (size_t i = 0; status == CLI_OK && i < inspection.differences.list.count; i++)
		status = add(diff, prospect->arena, inspection.differences.list.items[i]);
	return status == CLI_OK && !rules.former ? add_edition(prospect, &inspection, diff) : status;
}

/** compare() - everything that can be, step by step */
static int compare(struct prospect *prospect, const struct sight *sight, struct diff *diff)
{
	const struct record *record = &sight->record;
	bool same_uplink = true, whole = true;

	int status = compare_pin(sight, prospect->arena, diff, &whole);
	if (status == CLI_OK)
		status = prospect_read_config(prospect);
	if (status == CLI_OK)
		status = sight->recorded ? prospect_of_record(prospect, record)
					 : foresee_unrecorded(prospect, diff);
	if (status != CLI_OK || !prospect->confined)
		return status;
	diff->policy = prospect->policy.name;
	if (sight->recorded && whole)
		status = compare_policy(prospect, record, diff, &same_uplink);
	if (status == CLI_OK && sight->recorded && whole && same_uplink)
		status = compare_pools(prospect, record, diff);
	if (status != CLI_OK || !same_uplink || (sight->recorded && !whole))
		return status;
	return add_inspected(prospect, diff);
}

int diff_carrel(const char *config_path, int state_fd, uid_t uid, const char *user,
		struct arena *arena, struct diff *ret)
{
	struct prospect prospect = {
		.config_path = config_path, .state_fd = state_fd, .arena = arena,
	};
	struct diff diff = { .uid = uid, .user = user };
	struct carrel_error err = { 0 };
	struct sight *sight = arena_alloc(arena, sizeof(*sight));

	if (!sight)
		return cli_out_of_memory();
	if (state_fd >= 0 && sight_take(state_fd, uid, sight, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	if (!sight->recorded && !sight->seen.pinned_inode) {
		cli_complain("%s has no carrel", user);
		return CLI_NOT_FOUND;
	}
	if (sight->recorded)
		diff.user = sight->record.user;
	int status = compare(&prospect, sight, &diff);
	if (status == CLI_OK)
		*ret = diff;
	return status;
}

int diff_host(int state_fd, struct arena *arena, struct differences *differences)
{
	struct carrel_error err = { 0 };
	struct host_state state = { 0 };
	struct editions editions;
	uint32_t generation;

	if (state_fd >= 0 && hoststate_read(state_fd, &state, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	/* What cannot be understood counts for nothing: so it is with logins. */
	int rc = editionsfile_read(state_fd, arena, &editions, &err);
	if (rc < 0 && rc != -EBADMSG)
		return cli_fail(CLI_FAILURE, &err);
	/* Before the first login it is not there, rightly. */
	if (state.known &&
	    inspect_host(&state, &editions, true, arena, differences, &generation, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	return CLI_OK;
}

/** remedy_sentence() - what to do where a login does not help; "" where it does */
static const char *remedy_sentence(enum remedy remedy)
{
	switch (remedy) {
	case REMEDY_REPAIR:
	case REMEDY_APPLY:      /* the first of them says it */
		return "";
	case REMEDY_REMOVE:
		return " (takes a new carrel: 'carrel remove', which cuts the open sessions)";
	case REMEDY_OTHERS:
		return " (and stays)";
	}
	return "";
}

void diff_put_text(const struct diff *diff, struct buffer *text)
{
	cli_put_printable(text, diff->user);
	if (diff->policy)
		buffer_printf(text, " (policy %s)", diff->policy);
	buffer_puts(text, diff->differences.list.count ? ":\n" : ": no difference\n");
	for (size_t i = 0; i < diff->differences.list.count; i++) {
		const struct difference *difference = &diff->differences.list.items[i];
		BUFFER_CLEANUP struct buffer words = { 0 };

		difference_describe(difference, &words);
		text->failed |= words.failed;
		buffer_printf(text, "  %-6s  ", plan_place_name(difference->place));
		cli_put_printable(text, words.failed ? "" : words.data);
		buffer_printf(text, "%s\n", remedy_sentence(difference->remedy));
	}
}

/** put_json_list() - append the array of @differences alone */
static void put_json_list(const struct differences *differences, struct buffer *text)
{
	buffer_puts(text, "[");
	for (size_t i = 0; i < differences->list.count; i++) {
		const struct difference *difference = &differences->list.items[i];

		buffer_puts(text, i ? ",\n  {" : "\n  {");
		json_string(text, "place", plan_place_name(difference->place));
		json_string(text, "object", difference->object);
		json_string(text, "kind", difference_kind_name(difference->kind));
		json_string(text, "intended", difference->intended);
		json_string(text, "found", difference->found);
		json_string(text, "remedy", remedy_name(difference->remedy));
		buffer_puts(text, "}");
	}
	buffer_puts(text, "]");
}

void diff_put_json(const struct diff *diff, struct buffer *text)
{
	buffer_puts(text, "{");
	json_string(text, "user", diff->user);
	json_number(text, "uid", diff->uid);
	json_string(text, "policy", diff->policy);
	json_key(text, "differences");
	put_json_list(&diff->differences, text);
	buffer_puts(text, "}");
}

/** show() - print @diff; exit status */
static int show(const struct invocation *invocation, const struct diff *diff)
{
	BUFFER_CLEANUP struct buffer text = { 0 };

	if (invocation->json) {
		diff_put_json(diff, &text);
		buffer_puts(&text, "\n");
	} else {
		diff_put_text(diff, &text);
	}
	int status = cli_print(&text);
	if (status != CLI_OK)
		return status;
	return diff->differences.list.count ? CLI_NO : CLI_OK;
}

int cli_diff(const struct invocation *invocation)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	FD_CLEANUP int state_fd = -1;
	struct carrel_error err = { 0 };
	struct owner owner;
	struct diff diff;

	int status = cli_need_root("diff");
	if (status != CLI_OK)
		return status;
	if (hostns_enter_pins(&err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	status = owner_begin(invocation->arguments[0], &state_fd, &owner);
	if (status != CLI_OK)
		return status;
	status = diff_carrel(invocation->config, state_fd, owner.uid, owner.name, &arena, &diff);
	if (status == CLI_OK)
		status = diff_host(state_fd, &arena, &diff.differences);
	return status == CLI_OK ? show(invocation, &diff) : status;
}
