/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/check.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "cli/cli.h"

/** add() - append one finding, not counted; 0 or -ENOMEM */
static int add(struct findings *findings, struct arena *arena, enum severity severity,
	       const char *path, const char *message)
{
	struct diagnostic *finding = ARENA_APPEND(arena, &findings->list);

	if (!finding)
		return -ENOMEM;
	*finding = (struct diagnostic){ .severity = severity, .message = message };
	finding->position.file = path;
	return 0;
}

/** is_known() - was the same said already? Of a text that several policies include, it is. */
static bool is_known(const struct findings *findings, const struct diagnostic *finding)
{
	for (size_t i = 0; i < findings->list.count; i++) {
		const struct diagnostic *known = &findings->list.items[i];

		if (known->position.line == finding->position.line &&
		    known->position.column == finding->position.column &&
		    known->severity == finding->severity &&
		    strcmp(known->position.file, finding->position.file) == 0 &&
		    strcmp(known->message, finding->message) == 0)
			return true;
	}
	return false;
}

int findings_add_file(struct findings *findings, struct arena *arena, const char *path,
		      const char *message)
{
	const char *kept_path = arena_strdup(arena, path);
	const char *kept_message = arena_strdup(arena, message);

	if (!kept_path || !kept_message)
		return -ENOMEM;
	const struct diagnostic finding = {
		.severity = SEVERITY_ERROR, .message = kept_message, .position.file = kept_path,
	};
	if (is_known(findings, &finding))
		return 0;
	findings->errors++;
	return add(findings, arena, SEVERITY_ERROR, kept_path, kept_message);
}

int findings_add(struct findings *findings, struct arena *arena, const char *path,
		 const struct diagnostics *diagnostics)
{
	size_t all = (size_t)diagnostics->errors + diagnostics->warnings;
	size_t kept = diagnostics->list.count;

	findings->errors += diagnostics->errors;
	findings->warnings += diagnostics->warnings;
	for (size_t i = 0; i < kept; i++) {
		const struct diagnostic *one = &diagnostics->list.items[i];

		if (is_known(findings, one)) {
			*(one->severity == SEVERITY_ERROR ? &findings->errors :
							    &findings->warnings) -= 1;
			continue;
		}
		struct diagnostic *finding = ARENA_APPEND(arena, &findings->list);
		if (!finding)
			return -ENOMEM;
		*finding = *one;
	}
	if (all == kept)
		return 0;

	const char *kept_path = arena_strdup(arena, path);
	const char *rest = arena_printf(arena, "%zu more findings are not shown", all - kept);
	if (!kept_path || !rest)
		return -ENOMEM;
	return add(findings, arena, diagnostics->errors ? SEVERITY_ERROR : SEVERITY_WARNING,
		   kept_path, rest);
}

/** severity_name() - the word compilers use */
static const char *severity_name(enum severity severity)
{
	switch (severity) {
	case SEVERITY_ERROR:
		return "error";
	case SEVERITY_WARNING:
		return "warning";
	}
	return "";
}

/** put_finding() - append one line */
static void put_finding(const struct diagnostic *finding, struct buffer *text)
{
	cli_put_printable(text, finding->position.file);
	if (finding->position.line)
		buffer_printf(text, ":%u:%u", finding->position.line, finding->position.column);
	buffer_printf(text, ": %s: ", severity_name(finding->severity));
	cli_put_printable(text, finding->message);
	buffer_puts(text, "\n");
}

/** put_count() - append "1 policy", "2 policies" */
static void put_count(struct buffer *text, size_t count, const char *one, const char *several)
{
	buffer_printf(text, "%zu %s", count, count == 1 ? one : several);
}

void findings_put_text(const struct findings *findings, struct buffer *text)
{
	for (size_t i = 0; i < findings->list.count; i++)
		put_finding(&findings->list.items[i], text);

	put_count(text, findings->files, "configuration file", "configuration files");
	buffer_puts(text, ", ");
	put_count(text, findings->policies, "policy", "policies");
	buffer_puts(text, ", ");
	put_count(text, findings->assignments, "assignment", "assignments");
	buffer_puts(text, ": ");
	if (findings->errors)
		put_count(text, findings->errors, "error", "errors");
	else
		buffer_puts(text, "valid");
	if (findings->warnings) {
		buffer_puts(text, ", ");
		put_count(text, findings->warnings, "warning", "warnings");
	}
	if (findings->unchecked)
		buffer_printf(text, " (policies were not checked, which takes %s)", findings->unchecked);
	buffer_puts(text, findings->trust_checked ? "\n" :
						    " (owners and modes were not checked)\n");
}

/** put_json_finding() - append one finding's object */
static void put_json_finding(const struct diagnostic *finding, struct buffer *text)
{
	buffer_puts(text, "{");
	json_string(text, "severity", severity_name(finding->severity));
	json_string(text, "file", finding->position.file);
	if (finding->position.line) {
		json_number(text, "line", finding->position.line);
		json_number(text, "column", finding->position.column);
	} else {
		json_null(text, "line");
		json_null(text, "column");
	}
	json_string(text, "message", finding->message);
	buffer_puts(text, "}");
}

void findings_put_json(const struct findings *findings, struct buffer *text)
{
	buffer_puts(text, "{");
	json_bool(text, "valid", !findings->errors);
	json_number(text, "files", findings->files);
	json_number(text, "policies", findings->policies);
	json_number(text, "assignments", findings->assignments);
	json_number(text, "errors", findings->errors);
	json_number(text, "warnings", findings->warnings);
	json_bool(text, "trust_checked", findings->trust_checked);
	json_bool(text, "policies_checked", !findings->unchecked);
	buffer_puts(text, ",\n ");
	json_list(text, "findings");
	for (size_t i = 0; i < findings->list.count; i++) {
		buffer_puts(text, i ? ",\n  " : "");
		put_json_finding(&findings->list.items[i], text);
	}
	buffer_puts(text, "]}\n");
}
