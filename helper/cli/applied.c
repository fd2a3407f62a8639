/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/apply.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "cli/table.h"

/** result_name() - the word in JSON */
static const char *result_name(enum apply_result result)
{
	switch (result) {
	case APPLY_UNCHANGED:
		return "unchanged";
	case APPLY_UPDATED:
		return "updated";
	case APPLY_OTHER_UPLINK:
		return "uplink";
	case APPLY_GONE:
		return "gone";
	case APPLY_FAILED:
		return "failed";
	}
	return "?";
}

/** policy_cell() - "lab", "exam -> lab"; NULL on ENOMEM */
static const char *policy_cell(struct arena *arena, const struct applied *applied)
{
	const char *before = applied->record.policy;

	if (!applied->policy || strcmp(applied->policy, before) == 0)
		return before;
	return arena_printf(arena, "%s -> %s", before, applied->policy);
}

/** result_cell() - what was done, or would be; NULL on ENOMEM */
static const char *result_cell(struct arena *arena, const struct applied *applied, bool dry_run)
{
	unsigned cut = applied->connections_cut;

	switch (applied->result) {
	case APPLY_UNCHANGED:
		return "unchanged";
	case APPLY_UPDATED:
		if (dry_run)
			return "new rules";
		return cut ? arena_printf(arena, "updated, %u open connection%s cut", cut,
					  cut == 1 ? "" : "s") : "updated";
	case APPLY_OTHER_UPLINK:
		return "unchanged: another uplink, which the next login or 'carrel remove' brings";
	case APPLY_GONE:
		return "gone meanwhile";
	case APPLY_FAILED:
		return arena_printf(arena, "failed: %s", applied->message);
	}
	return "?";
}

int apply_put_text(const struct applications *applications, bool dry_run, struct arena *arena,
		   struct buffer *text)
{
	struct table table = { .columns = 3 };

	if (applications->list.count == 0) {
		buffer_puts(text, "No carrels.\n");
		return 0;
	}
	for (size_t i = 0; i < applications->list.count; i++) {
		const struct applied *applied = &applications->list.items[i];
		const char *const cells[] = {
			applied->record.user, policy_cell(arena, applied),
			result_cell(arena, applied, dry_run),
		};

		if (!cells[1] || !cells[2] || table_add_row(&table, arena, cells) < 0)
			return -ENOMEM;
	}
	table_write(&table, 0, text);
	return 0;
}

void apply_put_json(const struct applications *applications, struct buffer *text)
{
	buffer_puts(text, "[");
	for (size_t i = 0; i < applications->list.count; i++) {
		const struct applied *applied = &applications->list.items[i];

		buffer_puts(text, i ? ",\n {" : "{");
		json_string(text, "user", applied->record.user);
		json_number(text, "uid", applied->record.uid);
		json_string(text, "result", result_name(applied->result));
		json_string(text, "policy_before", applied->record.policy);
		json_string(text, "policy", applied->policy);
		json_number(text, "connections_cut", applied->connections_cut);
		json_string(text, "message", applied->message);
		buffer_puts(text, "}");
	}
	buffer_puts(text, "]\n");
}
