/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: carrel-helper
 *
 * One process serves one request on descriptor 0 and ends. Its stages, in this order:
 *
 *   1. privileges_confine()	what was handed over is checked: the account, exactly two
 *				capabilities, a socket whose other end is root
 *   2. sandbox_enter()		from here on only the system calls of the table in
 *				kernel/sandbox-calls.h
 *   3. receive			the request's bytes are read: nothing untrusted came before
 *   4. a handler		the closed table below
 *   5. send			the reply, with the descriptors of a session that opened
 *
 * It logs nothing: what an administrator must know travels in the reply.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/version.h"
#include "base/wire.h"
#include "kernel/privileges.h"
#include "kernel/sandbox.h"
#include "request.h"

VERSION_MARK_HERE;

#define REQUEST_FD 0

static request_handler *const handlers[] = {
	[WIRE_OPEN]    = request_open,
	[WIRE_REMOVE]  = request_remove,
	[WIRE_CLOSE]   = request_close,
	[WIRE_COLLECT] = request_collect,
	[WIRE_APPLY]   = request_apply,
	[WIRE_RUN]     = request_run,
	[WIRE_REPAIR]  = request_repair,
	[WIRE_REPAIR_HOST] = request_repair_host,
	[WIRE_NAMES]   = request_names,
	[WIRE_EDITIONS] = request_editions,
};

void request_warn(struct request *request, const char *format, ...)
{
	char line[ERROR_TEXT_SIZE];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	buffer_printf(&request->warnings, "%s\n", line);
}

/* The descriptor that came with @message, or -1; more than one is none that is meant. */
static int take_descriptor(struct msghdr *message)
{
	int found = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
		    c->cmsg_len == CMSG_LEN(sizeof(found)))
			memcpy(&found, CMSG_DATA(c), sizeof(found));
	return found;
}

/*
 * Read the request. @bytes: WIRE_MAX_BYTES. @ret_fd: what came with it, or -1.
 * Return: its length, or -errno
 */
static int receive_request(uint8_t *bytes, int *ret_fd, struct carrel_error *err)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct iovec part = { .iov_base = bytes, .iov_len = WIRE_MAX_BYTES };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	ssize_t length;

	do
		length = recvmsg(REQUEST_FD, &message, MSG_TRUNC | MSG_CMSG_CLOEXEC);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		return error_set_errno(err, errno, "receiving the request");
	*ret_fd = take_descriptor(&message);
	if (length == 0)
		return error_set(err, EPIPE, "the other end hung up without a request");
	if (length > WIRE_MAX_BYTES)
		return error_set(err, EMSGSIZE, "the request has %zd bytes, more than %d", length,
				 WIRE_MAX_BYTES);
	return (int)length;
}

/* With the session's descriptors, if it has them. */
static int send_reply(const struct request *request, struct carrel_error *err)
{
	static uint8_t bytes[WIRE_MAX_BYTES];
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(WIRE_MAX_FDS * sizeof(int))] = { 0 };
	int length = wire_encode_reply(&request->reply, bytes, sizeof(bytes), err);
	const int fds[WIRE_MAX_FDS] = { request->netns_fd, request->session_fd };
	struct iovec part = { .iov_base = bytes };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (length < 0)
		return length;
	part.iov_len = (size_t)length;
	if (request->reply.status == WIRE_OK && request->netns_fd >= 0)
		fd_attach(&message, control, fds, WIRE_MAX_FDS);
	/* The other end may be gone; no signal for that. */
	while (sendmsg(REQUEST_FD, &message, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return error_set_errno(err, errno, "sending the reply");
	return 0;
}

/* Stages 3 and 4: what the reply is to say ends up in @request. */
static int serve(struct request *request, struct carrel_error *err)
{
	static uint8_t bytes[WIRE_MAX_BYTES];
	static struct wire_storage storage;
	static struct wire_request wire;
	int rc = receive_request(bytes, &request->given_fd, err);

	if (rc >= 0)
		rc = wire_decode_request(bytes, (size_t)rc, &storage, &wire, err);
	if (rc < 0)
		return rc;
	request->wire = &wire;
	return handlers[wire.operation](request, err);
}

int main(void)
{
	struct carrel_error err = { 0 };
	struct request request = {
		.given_fd = -1, .netns_fd = -1, .session_fd = -1,
		.reply = { .policy = "", .netns = "", .address4 = "", .address6 = "",
			   .message = "", .warnings = "" },
	};
	sigset_t none;
	int rc;

	/* The launcher leaves it most of them blocked: its own are their default ones by now. */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	/* Started by execveat(), it would have a descriptor's number for its name before 6.14. */
	(void)prctl(PR_SET_NAME, "carrel-helper", 0, 0, 0);
	rc = privileges_confine(REQUEST_FD, &request.peer, &err);

	/* Who started it by hand hears why it ends; a login's helper has /dev/null there. */
	if (rc < 0)
		(void)dprintf(STDERR_FILENO, "%s\n", err.text);
	if (rc == 0)
		rc = sandbox_enter(&err);
	if (rc == 0)
		rc = serve(&request, &err);
	if (rc < 0) {
		request.reply.status = WIRE_FAILED;
		request.reply.message = err.text;
	}
	if (request.warnings.length && !request.warnings.failed)
		request.reply.warnings = request.warnings.data;
	/* Whom could it be told? The other end sees that no reply came. */
	return send_reply(&request, &err) < 0 || rc < 0;
}
