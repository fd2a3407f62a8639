/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/list.h"

#include <assert.h>
#include <errno.h>

#include "base/error.h"
#include "base/fd.h"
#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/table.h"

static const char *const headings[] = {
	"USER", "UID", "POLICY", "SESSIONS", "IPv4", "IPv6", "NETNS", "SINCE",
};

#define COLUMNS (sizeof(headings) / sizeof(headings[0]))

static_assert(COLUMNS <= TABLE_COLUMNS_MAX, "the table holds every column");

/** address_cell() - @address as a cell, "-" when there is none; NULL on ENOMEM */
static const char *address_cell(struct arena *arena, bool there, const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE] = "-";

	if (there)
		address_format(address, text);
	return arena_strdup(arena, text);
}

/** netns_cell() - the name to give to ip netns, and whether it is there; NULL on ENOMEM */
static const char *netns_cell(struct arena *arena, const struct view *view)
{
	if (view->pin == PIN_PRESENT)
		return view->netns;
	return arena_printf(arena, "%s (%s)", view->netns, pin_state_name(view->pin));
}

/** sessions_cell() - how many there are; where there is none, what became of the carrel */
static const char *sessions_cell(struct arena *arena, const struct view *view)
{
	BUFFER_CLEANUP struct buffer text = { 0 };
	bool cut = view->record.cut, idle = view->idle_since_s != 0;

	buffer_printf(&text, "%zu", view->sessions.count);
	if (cut || idle)
		buffer_printf(&text, " (%s%s%s", cut ? "cut" : "", cut && idle ? ", " : "",
			      idle ? "idle " : "");
	if (idle)
		cli_put_duration(&text, view->idle_s);
	if (cut || idle)
		buffer_puts(&text, ")");
	return text.failed ? NULL : arena_strdup(arena, text.data);
}

/** time_cell() - a time as a cell; NULL on ENOMEM */
static const char *time_cell(struct arena *arena, uint64_t epoch_s)
{
	BUFFER_CLEANUP struct buffer text = { 0 };

	cli_put_time(&text, epoch_s);
	return text.failed ? NULL : arena_strdup(arena, text.data);
}

/** add_row() - one carrel */
static int add_row(struct table *table, struct arena *arena, const struct view *view)
{
	const struct record *record = &view->record;
	const char *const cells[COLUMNS] = {
		record->user,
		arena_printf(arena, "%u", record->uid),
		record->policy,
		sessions_cell(arena, view),
		address_cell(arena, record->has_address4, &record->address4),
		address_cell(arena, record->has_address6, &record->address6),
		netns_cell(arena, view),
		time_cell(arena, record->created_s),
	};

	for (size_t i = 0; i < COLUMNS; i++)
		if (!cells[i])
			return -ENOMEM;
	return table_add_row(table, arena, cells);
}

int list_put_table(const struct views *views, struct arena *arena, struct buffer *text)
{
	struct table table = { .columns = COLUMNS };

	if (views->list.count == 0) {
		buffer_puts(text, "No carrels.\n");
		return 0;
	}
	int rc = table_add_row(&table, arena, headings);
	for (size_t i = 0; rc == 0 && i < views->list.count; i++)
		rc = add_row(&table, arena, &views->list.items[i]);
	if (rc < 0)
		return rc;
	table_write(&table, 0, text);
	return 0;
}

void list_put_json(const struct views *views, struct buffer *text)
{
	buffer_puts(text, "[");
	for (size_t i = 0; i < views->list.count; i++) {
		buffer_puts(text, i ? ",\n {" : "{");
		view_put_json(&views->list.items[i], text);
		buffer_puts(text, "}");
	}
	buffer_puts(text, "]\n");
}

int cli_list(const struct invocation *invocation)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };
	FD_CLEANUP int state_fd = -1;
	struct carrel_error err = { 0 };
	struct views views;

	if (view_open_state(&state_fd, &err) < 0 ||
	    view_read_all(state_fd, &arena, &views, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);

	if (invocation->json)
		list_put_json(&views, &text);
	else if (list_put_table(&views, &arena, &text) < 0)
		return cli_out_of_memory();
	int status = cli_print(&text);

	for (size_t i = 0; i < views.unreadable.count; i++) {
		cli_complain("%s", views.unreadable.items[i]);
		status = CLI_FAILURE;
	}
	return status;
}
