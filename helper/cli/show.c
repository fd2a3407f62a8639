/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/show.h"

#include <errno.h>
#include <inttypes.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "cli/owner.h"
#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "core/rebind.h"
#include "state/source.h"

/** put_line() - append one fact: its label, and its value after a fixed column */
static void put_line(struct buffer *text, const char *label, const char *value)
{
	buffer_printf(text, "  %-10s  ", label);
	cli_put_printable(text, value);
	buffer_puts(text, "\n");
}

/** put_address() - append a line for an address, if there is one */
static void put_address(struct buffer *text, const char *label, bool there,
			const struct address *address)
{
	char formatted[ADDRESS_TEXT_SIZE];

	if (!there)
		return;
	address_format(address, formatted);
	put_line(text, label, formatted);
}

/** pin_sentence() - what it means */
static const char *pin_sentence(enum pin_state pin)
{
	switch (pin) {
	case PIN_PRESENT:
		return "pinned";
	case PIN_MISSING:
		return "its pin is missing: the next login makes a new one";
	case PIN_FOREIGN:
		return "another namespace is pinned under its name";
	case PIN_UNKNOWN:
		return "its pin cannot be looked at";
	}
	return "";
}

/** put_sessions() - append a line for each live session */
static int put_sessions(const struct view *view, struct arena *arena, struct buffer *text)
{
	struct table table = { .columns = 4 };

	buffer_printf(text, "  %-10s  %zu%s", "sessions", view->sessions.count,
		      view->record.cut ? ", and so without a network" : "");
	if (view->idle_since_s) {
		buffer_puts(text, ", idle since ");
		cli_put_time(text, view->idle_since_s);
	}
	buffer_puts(text, "\n");
	for (size_t i = 0; i < view->sessions.count; i++) {
		const struct session *session = &view->sessions.items[i];
		BUFFER_CLEANUP struct buffer since = { 0 };

		cli_put_time(&since, session->opened_s);
		const char *const cells[] = {
			session->service,
			*session->origin ? arena_printf(arena, "from %s", session->origin) : "",
			arena_printf(arena, "pid %d", session->pid),
			since.failed ? NULL : arena_printf(arena, "since %s", since.data),
		};
		if (!cells[1] || !cells[2] || !cells[3] ||
		    table_add_row(&table, arena, cells) < 0)
			return -ENOMEM;
	}
	table_write(&table, 4, text);
	return 0;
}

/** put_overrides() - append the rules that decide before the policy's, if there are any */
static void put_overrides(const struct policy *policy, struct buffer *text)
{
	for (size_t i = 0; i < policy->rules.count && policy->rules.items[i].override; i++)
		put_line(text, i ? "" : "overrides", policy->rules.items[i].text);
}

/** put_rules() - append the policy: its defaults and its rules, as they were written */
static void put_rules(const struct policy *policy, struct buffer *text)
{
	if (policy->description)
		put_line(text, "about", policy->description);
	put_overrides(policy, text);
	buffer_printf(text, "  %-10s  default %s out, %s in\n", "rules",
		      verdict_name(policy->defaults[DIRECTION_OUT]),
		      verdict_name(policy->defaults[DIRECTION_IN]));
	for (size_t i = 0; i < policy->rules.count; i++)
		if (!policy->rules.items[i].override)
			put_line(text, "", policy->rules.items[i].text);
}

/** put_addresses() - those of @name that are believed, or (@refused) are not; how many */
static size_t put_addresses(const struct policy *policy, const struct policy_name *name,
			    bool refused, const char *quote, struct buffer *text)
{
	char address[ADDRESS_TEXT_SIZE];
	size_t count = 0;

	for (size_t i = 0; i < name->addresses.count; i++) {
		const struct address *one = &name->addresses.items[i];

		if ((!policy->rebind && rebind_refused(one)) != refused)
			continue;
		address_format(one, address);
		buffer_printf(text, "%s%s%s%s", count++ ? ", " : "", quote, address, quote);
	}
	return count;
}

/** put_names() - append the hosts that rules name, with what is known of them */
static void put_names(const struct policy *policy, struct buffer *text)
{
	for (size_t i = 0; i < policy->names.count; i++) {
		const struct policy_name *name = &policy->names.items[i];
		BUFFER_CLEANUP struct buffer refused = { 0 };

		buffer_printf(text, "  %-10s  %s: ", i ? "" : "names", name->name);
		if (!put_addresses(policy, name, false, "", text))
			buffer_puts(text, "no address is known");
		if (put_addresses(policy, name, true, "", &refused))
			buffer_printf(text, "; refused: %s", refused.failed ? "?" : refused.data);
		buffer_puts(text, "\n");
	}
}

int show_put_text(const struct view *view, const struct show_policy *shown, struct arena *arena,
		  struct buffer *text)
{
	const struct record *record = &view->record;

	cli_put_printable(text, record->user);
	buffer_printf(text, " (uid %u)\n", record->uid);
	put_line(text, "policy", record->policy);
	if (shown->path)
		put_line(text, "file", shown->path);
	put_line(text, "uplink", record->uplink);
	put_address(text, "IPv4", record->has_address4, &record->address4);
	put_address(text, "IPv6", record->has_address6, &record->address6);
	buffer_printf(text, "  %-10s  %s, inode %" PRIu64 ", %s\n", "namespace", view->netns,
		      record->netns_inode, pin_sentence(view->pin));
	buffer_printf(text, "  %-10s  ", "since");
	cli_put_time(text, record->created_s);
	buffer_puts(text, "\n");
	if (shown->policy) {
		put_rules(shown->policy, text);
		put_names(shown->policy, text);
	}
	return put_sessions(view, arena, text);
}

/** put_json_rules() - append the rules that are (@override), or are not, overrides; or null */
static void put_json_rules(const struct policy *policy, bool override, struct buffer *text)
{
	const char *separator = "";

	if (!policy) {
		buffer_puts(text, "null");
		return;
	}
	buffer_puts(text, "[");
	for (size_t i = 0; i < policy->rules.count; i++) {
		if (policy->rules.items[i].override != override)
			continue;
		buffer_puts(text, separator);
		json_quote(text, policy->rules.items[i].text);
		separator = ", ";
	}
	buffer_puts(text, "]");
}

/** put_json_names() - append what put_names() does, or null */
static void put_json_names(const struct policy *policy, struct buffer *text)
{
	if (!policy) {
		buffer_puts(text, "null");
		return;
	}
	buffer_puts(text, "[");
	for (size_t i = 0; i < policy->names.count; i++) {
		buffer_puts(text, i ? ", {" : "{");
		json_string(text, "name", policy->names.items[i].name);
		json_list(text, "addresses");
		put_addresses(policy, &policy->names.items[i], false, "\"", text);
		buffer_puts(text, "]");
		json_list(text, "refused");
		put_addresses(policy, &policy->names.items[i], true, "\"", text);
		buffer_puts(text, "]}");
	}
	buffer_puts(text, "]");
}

void show_put_json(const struct view *view, const struct show_policy *shown, struct buffer *text)
{
	const struct policy *policy = shown->policy;

	buffer_puts(text, "{");
	view_put_json(view, text);
	json_string(text, "policy_file", shown->path);
	json_string(text, "description", policy ? policy->description : NULL);
	json_string(text, "default_out",
			     policy ? verdict_name(policy->defaults[DIRECTION_OUT]) : NULL);
	json_string(text, "default_in",
			     policy ? verdict_name(policy->defaults[DIRECTION_IN]) : NULL);
	json_key(text, "overrides");
	put_json_rules(policy, true, text);
	json_key(text, "rules");
	put_json_rules(policy, false, text);
	json_key(text, "names");
	put_json_names(policy, text);
	buffer_puts(text, "}\n");
}

/**
 * read_policy() - the policy that @name means now
 * @policy:	room for it
 *
 * Return: CLI_OK; CLI_FAILURE after a complaint: the rest can still be shown
 */
static int read_policy(const char *config_path, const char *name, int state_fd,
		       struct arena *arena, struct policy *policy, struct show_policy *ret)
{
	struct policy_files files;
	struct config config;
	struct carrel_error err = { 0 };
	const char *warning;

	if (policyfile_find(config_path, arena, &files, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	const struct policy_file *file = policyfile_get(&files, name);
	ret->path = file ? file->path : NULL;

	/* What is wrong with the configuration is for "check" to say. */
	if (source_config_in_force(config_path, state_fd, false, arena, &config, &warning,
				   &err) < 0 ||
	    source_policy_in_force(config_path, &config, name, state_fd, false, arena, policy,
				   &warning, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	if (warning)
		cli_complain("%s", warning);
	if (view_bind_names(state_fd, policy, arena) < 0)
		return cli_out_of_memory();
	ret->policy = policy;
	return CLI_OK;
}

int cli_show(const struct invocation *invocation)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };
	FD_CLEANUP int state_fd = -1;
	struct carrel_error err = { 0 };
	struct show_policy shown = { 0 };
	struct owner owner;
	struct policy policy;
	struct view view;

	int status = owner_begin(invocation->arguments[0], &state_fd, &owner);
	if (status != CLI_OK)
		return status;
	int rc = view_read(state_fd, owner.uid, &arena, &view, &err);
	if (rc == -ENOENT) {
		cli_complain("%s has no carrel", owner.name);
		return CLI_NOT_FOUND;
	}
	if (rc < 0)
		return cli_fail(CLI_FAILURE, &err);

	status = read_policy(invocation->config, view.record.policy, state_fd, &arena, &policy,
			     &shown);
	if (invocation->json)
		show_put_json(&view, &shown, &text);
	else if (show_put_text(&view, &shown, &arena, &text) < 0)
		return cli_out_of_memory();
	int printed = cli_print(&text);
	return status != CLI_OK ? status : printed;
}
