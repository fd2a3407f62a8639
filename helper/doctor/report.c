/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "cli/cli.h"
#include "doctor/doctor.h"

/** severity_word() - as people and programs read it */
static const char *severity_word(enum doctor_severity severity)
{
	switch (severity) {
	case DOCTOR_WRONG:
		return "wrong";
	case DOCTOR_NOTICE:
		return "notice";
	case DOCTOR_UNCHECKED:
		return "unchecked";
	}
	return "";
}

/** put_lines() - append each line of @lines behind a margin, the first with @heading in it */
static void put_lines(struct buffer *text, const char *heading, const char *lines)
{
	while (*lines) {
		char line[ERROR_TEXT_SIZE];
		size_t length = strcspn(lines, "\n");
		size_t kept = length < sizeof(line) ? length : sizeof(line) - 1;

		memcpy(line, lines, kept);
		line[kept] = '\0';
		buffer_printf(text, "    %-5s", heading);
		cli_put_printable(text, line);
		buffer_puts(text, "\n");
		heading = "";
		lines += length + (lines[length] == '\n');
	}
}

/** count() - how many findings are of @severity */
static size_t count(const struct doctor *doctor, enum doctor_severity severity)
{
	size_t found = 0;

	for (size_t i = 0; i < doctor->findings.count; i++)
		found += doctor->findings.items[i].severity == severity;
	return found;
}

void doctor_put_text(const struct doctor *doctor, size_t checks, struct buffer *text)
{
	for (size_t i = 0; i < doctor->findings.count; i++) {
		const struct doctor_finding *finding = &doctor->findings.items[i];

		buffer_printf(text, "%s: %s: ", severity_word(finding->severity), finding->check);
		cli_put_printable(text, finding->what);
		buffer_puts(text, "\n");
		put_lines(text, "why", finding->why);
		put_lines(text, "fix", finding->fix);
	}
	buffer_printf(text, "%zu checks: ", checks);
	size_t wrong = count(doctor, DOCTOR_WRONG), notices = count(doctor, DOCTOR_NOTICE);
	size_t unchecked = count(doctor, DOCTOR_UNCHECKED);
	if (wrong)
		buffer_printf(text, "%zu wrong", wrong);
	else
		buffer_puts(text, "nothing is wrong");
	if (notices)
		buffer_printf(text, ", %zu to know of", notices);
	if (unchecked)
		buffer_printf(text, ", %zu could not be looked at", unchecked);
	buffer_puts(text, "\n");
}

/** put_json_finding() - append one finding's object */
static void put_json_finding(const struct doctor_finding *finding, struct buffer *text)
{
	buffer_puts(text, "{");
	json_string(text, "check", finding->check);
	json_string(text, "severity", severity_word(finding->severity));
	json_string(text, "what", finding->what);
	json_string(text, "why", finding->why);
	json_string(text, "fix", finding->fix);
	buffer_puts(text, "}");
}

void doctor_put_json(const struct doctor *doctor, const struct doctor_check *checks,
		     size_t check_count, struct buffer *text)
{
	buffer_puts(text, "{");
	json_bool(text, "well", doctor_is_well(doctor));
	buffer_puts(text, ",\n ");
	json_list(text, "checks");
	for (size_t i = 0; i < check_count; i++) {
		buffer_puts(text, i ? ", " : "");
		json_quote(text, checks[i].name);
	}
	buffer_puts(text, "],\n ");
	json_list(text, "findings");
	for (size_t i = 0; i < doctor->findings.count; i++) {
		buffer_puts(text, i ? ",\n  " : "");
		put_json_finding(&doctor->findings.items[i], text);
	}
	buffer_puts(text, "]}\n");
}
