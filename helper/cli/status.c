/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where am I? For users, about themselves. */
#include "cli/cli.h"

#include <errno.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "cli/arguments.h"
#include "cli/view.h"
#include "kernel/netns.h"

/** find_own_namespace() - the network namespace that the command was started in */
static int find_own_namespace(uint64_t *ret_inode, struct carrel_error *err)
{
	FD_CLEANUP int fd = -1;
	int rc = netns_current(&fd, err);

	return rc < 0 ? rc : netns_inode(fd, ret_inode, err);
}

/** put_address() - append an address and a separator, if there is one */
static void put_address(struct buffer *text, bool there, const struct address *address)
{
	char formatted[ADDRESS_TEXT_SIZE];

	if (!there)
		return;
	address_format(address, formatted);
	buffer_printf(text, ", %s", formatted);
}

/** put_text() - as the module announces it at login, and whether it holds for this process */
static void put_text(const struct view *view, bool inside, struct buffer *text)
{
	const struct record *record = &view->record;

	buffer_printf(text, "Network: policy %s", record->policy);
	put_address(text, record->has_address4, &record->address4);
	put_address(text, record->has_address6, &record->address6);
	buffer_printf(text, "\nSessions: %zu\n", view->sessions.count);
	if (!inside)
		buffer_puts(text, "This process is not in it.\n");
}

/** put_json() - append the carrel as `carrel list` has it, and whether this process is in it */
static void put_json(const struct view *view, bool inside, struct buffer *text)
{
	buffer_puts(text, "{");
	view_put_json(view, text);
	json_bool(text, "inside", inside);
	buffer_puts(text, "}\n");
}

int cli_status(const struct invocation *invocation)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };
	FD_CLEANUP int state_fd = -1;
	struct carrel_error err = { 0 };
	struct view view;
	uint64_t inode;

	if (find_own_namespace(&inode, &err) < 0 || view_open_state(&state_fd, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	int rc = view_read(state_fd, getuid(), &arena, &view, &err);
	if (rc == -ENOENT) {
		cli_complain("you have no carrel");
		return CLI_NOT_FOUND;
	}
	if (rc < 0)
		return cli_fail(CLI_FAILURE, &err);

	bool inside = inode == view.record.netns_inode;
	if (invocation->json)
		put_json(&view, inside, &text);
	else
		put_text(&view, inside, &text);
	return cli_print(&text);
}
