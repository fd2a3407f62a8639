/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * The journal takes a datagram with a line "FIELD=value" for each field; values have no
 * line ends here. Source: https://systemd.io/JOURNAL_NATIVE_PROTOCOL/
 */
#include "cli/journal.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "cli/cli.h"
#include "core/policy.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* What the lines are found by: journalctl -t carrel. */
#define IDENTIFIER "carrel"

int journal_open(int *ret_fd, struct carrel_error *err)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET };
	FD_CLEANUP int fd = -1;

	openlog(IDENTIFIER, 0, LOG_DAEMON);
	if (access(JOURNAL_SOCKET, F_OK) < 0) {
		*ret_fd = -1;
		return 0;
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return error_set_errno(err, errno, "cannot reach the journal at " JOURNAL_SOCKET);
	*ret_fd = fd_steal(&fd);
	return 0;
}

/** put_field() - append one */
static void put_field(struct buffer *text, const char *name, const char *value)
{
	buffer_printf(text, "%s=", name);
	cli_put_printable(text, value);
	buffer_puts(text, "\n");
}

/** put_fields() - what the line says, apart, for journalctl CARREL_USER=student1 */
static void put_fields(const struct logged *logged, struct buffer *text)
{
	char address[ADDRESS_TEXT_SIZE], number[LOG_PROTOCOL_SIZE];

	buffer_printf(text, "PRIORITY=%d\nSYSLOG_IDENTIFIER=" IDENTIFIER "\n", LOG_INFO);
	put_field(text, "CARREL_USER", logged->user);
	buffer_printf(text, "CARREL_UID=%u\n", logged->uid);
	put_field(text, "CARREL_POLICY", logged->rule.policy);
	put_field(text, "CARREL_DIRECTION", direction_words[logged->rule.direction]);
	put_field(text, "CARREL_VERDICT", logged->rule.verdict);
	put_field(text, "CARREL_PLACE", logged->rule.place);
	if (!logged->has_flow)
		return;
	address_format(&logged->flow.remote, address);
	put_field(text, "CARREL_PROTOCOL", log_protocol(logged->flow.l4proto, number));
	put_field(text, "CARREL_REMOTE", address);
	if (logged->flow.port)
		buffer_printf(text, "CARREL_PORT=%u\n", logged->flow.port);
}

int journal_send(int fd, const struct logged *logged, struct carrel_error *err)
{
	BUFFER_CLEANUP struct buffer text = { 0 };

	if (fd >= 0)
		buffer_puts(&text, "MESSAGE=");
	logread_put_text(logged, false, &text);
	if (fd >= 0) {
		buffer_puts(&text, "\n");
		put_fields(logged, &text);
	}
	if (text.failed)
		return error_set(err, ENOMEM, "out of memory");
	if (fd < 0)
		syslog(LOG_INFO, "%s", text.data);
	else if (send(fd, text.data, text.length, MSG_NOSIGNAL) < 0)
		return error_set_errno(err, errno, "writing to the journal");
	return 0;
}
