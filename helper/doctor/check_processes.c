/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes of confined users outside their carrels, in words. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "cli/table.h"
#include "doctor/checks.h"
#include "doctor/coverage.h"

bool coverage_is_leak(const struct stray *stray)
{
	switch (stray->place) {
	case STRAY_HOST:
	case STRAY_OTHER_CARREL:
		return true;
	case STRAY_FORMER:
	case STRAY_ELSEWHERE:
		return false;
	}
	return true;
}

/** place_name() - where it is: "host", "carrel-1001", "elsewhere"; NULL: out of memory */
static const char *place_name(const struct stray *stray, struct arena *arena)
{
	char name[NETNS_NAME_SIZE];

	switch (stray->place) {
	case STRAY_HOST:
		return "host";
	case STRAY_OTHER_CARREL:
		name_of_netns(stray->owner, name);
		return arena_strdup(arena, name);
	case STRAY_FORMER:
		return "former";
	case STRAY_ELSEWHERE:
		return "elsewhere";
	}
	return "";
}

/** origin_text() - how it got there, in words; NULL: out of memory */
static const char *origin_text(const struct stray *stray, struct arena *arena)
{
	const struct origin *origin = &stray->origin;
	const char *unit = *origin->unit ? arena_printf(arena, " (%s)", origin->unit) : "";

	if (!unit)
		return NULL;
	switch (origin->kind) {
	case ORIGIN_LOGIN:
		return arena_printf(arena, "session of %s%s", *origin->service ? origin->service :
				    "a service that asks no PAM", unit);
	case ORIGIN_USER_MANAGER:
		return arena_printf(arena, "systemd --user%s", unit);
	case ORIGIN_SYSTEM_SERVICE:
		return arena_printf(arena, "system service%s", unit);
	case ORIGIN_CONTAINER:
		return arena_printf(arena, "container%s", unit);
	case ORIGIN_UNKNOWN:
		break;
	}
	return "no session";
}

/** fix_of() - the command that ends it, or has it confined; NULL: out of memory */
static const char *fix_of(const struct stray *stray, struct arena *arena)
{
	const struct origin *origin = &stray->origin;
	size_t length = strlen(origin->unit);

	if (stray->lost)
		return arena_printf(arena, "carrel repair %s", stray->user);
	switch (origin->kind) {
	case ORIGIN_USER_MANAGER:
		return arena_printf(arena, "systemctl restart %s", origin->unit);
	case ORIGIN_SYSTEM_SERVICE:
		return arena_printf(arena, "systemctl edit %s, and add below [Service]: "
				    "PAMName=login; then: systemctl restart %s", origin->unit,
				    origin->unit);
	case ORIGIN_LOGIN:
		if (strncmp(origin->unit, "session-", strlen("session-")) != 0)
			break;
		return arena_printf(arena, "loginctl terminate-session %.*s",
				    (int)(length - strlen("session-") - strlen(".scope")),
				    origin->unit + strlen("session-"));
	case ORIGIN_CONTAINER:
	case ORIGIN_UNKNOWN:
		break;
	}
	return arena_printf(arena, "kill %d", stray->process.pid);
}

int coverage_put_table(const struct strays *strays, struct arena *arena, struct buffer *text)
{
	static const char *const headings[] = { "PID", "USER", "NETWORK", "ORIGIN", "COMMAND" };
	struct table table = { .columns = sizeof(headings) / sizeof(headings[0]) };
	int rc = table_add_row(&table, arena, headings);

	if (!strays->list.count) {
		buffer_puts(text, "Every process of a confined user is in its carrel.\n");
		return 0;
	}
	for (size_t i = 0; rc == 0 && i < strays->list.count; i++) {
		const struct stray *stray = &strays->list.items[i];
		const char *const cells[] = {
			arena_printf(arena, "%d", stray->process.pid), stray->user,
			place_name(stray, arena), origin_text(stray, arena),
			stray->process.command,
		};

		for (size_t k = 0; k < sizeof(cells) / sizeof(cells[0]); k++)
			if (!cells[k])
				return -ENOMEM;
		rc = table_add_row(&table, arena, cells);
	}
	if (rc == 0)
		table_write(&table, 0, text);
	return rc;
}

int coverage_put_json(const struct strays *strays, struct arena *arena, struct buffer *text)
{
	buffer_puts(text, "[");
	for (size_t i = 0; i < strays->list.count; i++) {
		const struct stray *stray = &strays->list.items[i];
		const struct { const char *name, *value; } members[] = {
			{ "user", stray->user }, { "command", stray->process.command },
			{ "network", place_name(stray, arena) },
			{ "origin", origin_name(stray->origin.kind) },
			{ "service", stray->origin.service }, { "unit", stray->origin.unit },
			{ "fix", fix_of(stray, arena) },
		};

		buffer_puts(text, i ? ",\n {" : "{");
		json_number(text, "pid", (uint64_t)stray->process.pid);
		json_number(text, "uid", stray->process.uid);
		for (size_t k = 0; k < sizeof(members) / sizeof(members[0]); k++) {
			if (!members[k].value)
				return -ENOMEM;
			json_string(text, members[k].name, members[k].value);
		}
		buffer_puts(text, "}");
	}
	buffer_puts(text, "]\n");
	return 0;
}

/** why() - what it means that it is there */
static const char *why(const struct stray *stray)
{
	if (stray->lost)
		return "the record and the pin of the carrel are lost, and sessions are open in it: the "
		       "user's next login, or repair, makes both anew";
	if (stray->place == STRAY_FORMER)
		return "it was removed, or a new one is in its place, which has its uplink: what is left "
		       "there reaches nothing, and no edit of a policy reaches it";
	switch (stray->origin.kind) {
	case ORIGIN_LOGIN:
	case ORIGIN_USER_MANAGER:
		return "it began before the module was in PAM's way, or through a service without it "
		       "(see the findings of pam)";
	case ORIGIN_SYSTEM_SERVICE:
		return "a service with User= alone opens no session; with PAMName= it does";
	case ORIGIN_CONTAINER:
		return "what root's daemons start for a user is theirs: the user's policy does not hold "
		       "there. It may also be another account with the same uid";
	case ORIGIN_UNKNOWN:
		break;
	}
	return "no policy holds for it; it was started by root without a session (setpriv, a daemon "
	       "that changes its uid)";
}

/** is_repeated() - is there one before with the same user, place, origin and unit? */
static bool is_repeated(const struct strays *strays, size_t index)
{
	const struct stray *one = &strays->list.items[index];

	if (one->origin.kind == ORIGIN_UNKNOWN || !*one->origin.unit)
		return false;
	for (size_t i = 0; i < index; i++) {
		const struct stray *other = &strays->list.items[i];

		if (other->process.uid == one->process.uid && other->place == one->place &&
		    other->origin.kind == one->origin.kind &&
		    strcmp(other->origin.unit, one->origin.unit) == 0)
			return true;
	}
	return false;
}

/** add_stray() - as a finding */
static int add_stray(struct doctor *doctor, const struct stray *stray)
{
	const char *origin = origin_text(stray, doctor->arena);
	const char *place = place_name(stray, doctor->arena);

	if (!origin || !place)
		return -ENOMEM;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = coverage_is_leak(stray) || stray->lost ? DOCTOR_WRONG : DOCTOR_NOTICE,
		.what = arena_printf(doctor->arena, "process %d of %s is outside its carrel (%s), from: "
				     "%s: %s", stray->process.pid, stray->user, place, origin,
				     stray->process.command),
		.why = why(stray), .fix = fix_of(stray, doctor->arena),
	});
}

int doctor_check_processes(struct doctor *doctor, struct carrel_error *err)
{
	struct strays strays;
	int rc = coverage_take(doctor, &strays, err);

	/* Of a unit the first is enough; --coverage has them all. */
	for (size_t i = 0; rc == 0 && i < strays.list.count; i++)
		if (!is_repeated(&strays, i))
			rc = add_stray(doctor, &strays.list.items[i]);
	return rc;
}
