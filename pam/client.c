/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The helper is not trusted: what it sends is bounded, counted and looked at before it is used.
 * Control data has room for more descriptors than there may be, so that extra ones arrive,
 * are counted and closed here, and the reply is refused.
 */
#include "pam/client.h"

#include <errno.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "pam/launcher.h"
#include "pam/search.h"

/* More than a reply may carry; beyond these the kernel says MSG_CTRUNC and keeps the rest. */
#define RECEIVED_FDS_MAX 16

/* A request that names a user and a configuration: both are bounded by PATH_MAX. */
#define CLIENT_TOLD_BYTES 8192

/* The client, which kills the helper and says so, is to be first. */
#define GRACE_MS 1000

/* To cut an uplink off takes milliseconds; but somebody else may hold the lock for as long as they may. */
#define TOLD_LIFETIME_MS (20 * 1000)

/* Of WIRE_UNPINNED, one after the other. */
#define UNPINNED_ATTEMPTS 3

struct received {
	int fds[RECEIVED_FDS_MAX];
	size_t count;
};

/** received_free() - close what was not stolen */
static void received_free(struct received *received)
{
	for (size_t i = 0; i < received->count; i++)
		fd_close(&received->fds[i]);
}
#define RECEIVED_CLEANUP __attribute__((cleanup(received_free)))

void client_reply_free(struct client_reply *reply)
{
	fd_close(&reply->netns_fd);
	fd_close(&reply->session_fd);
	free(reply->bytes);
	*reply = (struct client_reply){ .netns_fd = -1, .session_fd = -1 };
}

/** now_ms() - of a clock that nobody sets */
static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/** wait_for_reply() - until there is something to receive; 0, -ETIME or -errno */
static int wait_for_reply(int socket, int64_t deadline_ms)
{
	struct pollfd poll_fd = { .fd = socket, .events = POLLIN };

	for (;;) {
		int64_t left_ms = deadline_ms - now_ms();
		int rc = poll(&poll_fd, 1, left_ms > 0 ? (int)left_ms : 0);

		if (rc > 0)
			return 0;
		if (rc == 0 && left_ms <= 0)
			return -ETIME;
		if (rc < 0 && errno != EINTR)
			return -errno;
	}
}

/** take_fds() - all descriptors of @message into @received; Return: 0, -EBADMSG for other data */
static int take_fds(struct msghdr *message, struct received *received)
{
	int rc = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
			rc = -EBADMSG;
			continue;
		}
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(received->fds + received->count, CMSG_DATA(c), count * sizeof(int));
		received->count += count;
	}
	return rc;
}

/**
 * receive() - one message with its descriptors
 * @bytes:	WIRE_MAX_BYTES
 *
 * Return: its length; -EPIPE when the other end was closed; -EBADMSG; -errno
 */
static ssize_t receive(int socket, uint8_t *bytes, struct received *received,
		       struct carrel_error *err)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(RECEIVED_FDS_MAX * sizeof(int))];
	struct iovec part = { .iov_base = bytes, .iov_len = WIRE_MAX_BYTES };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	ssize_t length;

	/*
	 * A helper that ends without reading the request resets the connection. That is told once,
	 * and before what it had to say: so ask again.
	 */
	do
		length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (length < 0 && (errno == EINTR || errno == ECONNRESET));
	if (length < 0)
		return error_set_errno(err, errno, "receiving the reply");

	int rc = take_fds(&message, received);
	if (length == 0)
		return error_set(err, EPIPE, "the helper ended without a reply: was it killed, or "
				 "stopped by its sandbox? (the kernel's log says)");
	if (rc < 0)
		return error_set(err, EBADMSG, "the reply carries control data that is no descriptor");
	if (message.msg_flags & MSG_TRUNC)
		return error_set(err, EBADMSG, "the reply is longer than %d bytes", WIRE_MAX_BYTES);
	if (message.msg_flags & MSG_CTRUNC)
		return error_set(err, EBADMSG, "the reply carries more descriptors than fit");
	return length;
}

/** check_netns() - is @fd a network namespace? */
static int check_netns(int fd, struct carrel_error *err)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return error_set_errno(err, errno, "looking at the namespace");
	if (fs.f_type != NSFS_MAGIC)
		return error_set(err, EBADMSG, "the first descriptor of the reply is no namespace");
	if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
		return error_set(err, EBADMSG, "the first descriptor of the reply is a namespace, but "
				 "no network namespace");
	return 0;
}

/** check_session() - is @fd a regular file? */
static int check_session(int fd, struct carrel_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set_errno(err, errno, "looking at the session's lock");
	if (!S_ISREG(st.st_mode))
		return error_set(err, EBADMSG, "the second descriptor of the reply is no regular file");
	return 0;
}

/** check_fds() - are they as many and of the kinds that the reply must carry? */
static int check_fds(const struct wire_request *request, const struct wire_reply *reply,
		     const struct received *received, struct carrel_error *err)
{
	bool opens = request->operation == WIRE_OPEN || request->operation == WIRE_RUN;
	bool opened = opens && reply->status == WIRE_OK;
	size_t expected = opened ? WIRE_MAX_FDS : 0;

	if (received->count != expected)
		return error_set(err, EBADMSG, "the reply carries %zu descriptors instead of %zu",
				 received->count, expected);
	if (!opened)
		return 0;
	int rc = check_netns(received->fds[0], err);
	return rc < 0 ? rc : check_session(received->fds[1], err);
}

/**
 * send_request() - 0, or -errno; a helper that is gone already shows in the reply
 * @fd:		goes with it; or -1
 */
static int send_request(int socket, const uint8_t *bytes, size_t length, int fd,
			struct carrel_error *err)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(fd))] = { 0 };
	struct iovec part = { .iov_base = (uint8_t *)(uintptr_t)bytes, .iov_len = length };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t sent;

	if (fd >= 0)
		fd_attach(&message, control, &fd, 1);
	do
		sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno != EPIPE && errno != ECONNRESET)
		return error_set_errno(err, errno, "sending the request");
	return 0;
}

/**
 * exchange() - send what is in @bytes, receive the reply into them
 * @ret_reply:	its strings point into @bytes
 */
static int exchange(int socket, int64_t deadline_ms, unsigned timeout_ms,
		    const struct wire_request *request, uint8_t *bytes, size_t length, int fd,
		    struct wire_reply *ret_reply, struct received *received,
		    struct carrel_error *err)
{
	int rc = send_request(socket, bytes, length, fd, err);

	if (rc < 0)
		return rc;
	rc = wait_for_reply(socket, deadline_ms);
	if (rc == -ETIME)
		return error_set(err, ETIME, "the helper did not reply within %u ms and was killed",
				 timeout_ms);
	if (rc < 0)
		return error_set_errno(err, -rc, "waiting for the reply");
	ssize_t received_length = receive(socket, bytes, received, err);
	if (received_length < 0)
		return (int)received_length;
	rc = wire_decode_reply(bytes, (size_t)received_length, ret_reply, err);
	if (rc < 0)
		return error_wrap(err, rc, "understanding the helper's reply");
	return check_fds(request, ret_reply, received, err);
}

/** call() - client_call(), once. @fd: goes with the request; or -1 */
static int call(const struct client_options *options, int64_t deadline_ms,
		const struct wire_request *request, int fd, struct client_reply *ret_reply,
		struct carrel_error *err)
{
	CLIENT_REPLY_CLEANUP struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };
	RECEIVED_CLEANUP struct received received = { .count = 0 };
	struct launcher_child child;
	int rc;

	reply.bytes = malloc(WIRE_MAX_BYTES);
	if (!reply.bytes)
		return error_set_errno(err, ENOMEM, "making room for a request");
	int length = wire_encode_request(request, reply.bytes, WIRE_MAX_BYTES, err);
	if (length < 0)
		return length;
	rc = launcher_start(options->helper, options->timeout_ms + GRACE_MS, options->private_pins,
			    &child, err);
	if (rc < 0)
		return rc;
	rc = exchange(child.socket, deadline_ms, options->timeout_ms, request, reply.bytes,
		      (size_t)length, fd, &reply.reply, &received, err);
	/* Late, or not to be believed: it must not go on, and hand over more, or hold a lock. */
	if (rc < 0)
		(void)syscall(SYS_pidfd_send_signal, child.pidfd, SIGKILL, NULL, 0);
	fd_close(&child.socket);
	fd_close(&child.pidfd);
	if (rc < 0)
		return rc;

	if (received.count) {
		reply.netns_fd = fd_steal(&received.fds[0]);
		reply.session_fd = fd_steal(&received.fds[1]);
	}
	*ret_reply = reply;
	reply = (struct client_reply){ .netns_fd = -1, .session_fd = -1 };
	return 0;
}

/**
 * call_with_netns() - once more, with the namespace that the helper has no way to
 * @sought:	its inode
 */
static int call_with_netns(const struct client_options *options, int64_t deadline_ms,
			   const struct wire_request *request, uint32_t sought,
			   struct client_reply *ret_reply, struct carrel_error *err)
{
	struct wire_request again = *request;
	FD_CLEANUP int fd = -1;

	again.sought = sought;
	/* Where no process is in it any more, the helper is to know that it was looked for. */
	(void)search_netns(sought, &fd);
	return call(options, deadline_ms, &again, fd, ret_reply, err);
}

int client_call(const struct client_options *options, const struct wire_request *request,
		struct client_reply *ret_reply, struct carrel_error *err)
{
	int64_t deadline_ms = now_ms() + options->timeout_ms;
	CLIENT_REPLY_CLEANUP struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };
	int rc = call(options, deadline_ms, request, -1, &reply, err);

	/* A login in between may have made another namespace, whose pin is lost again; not ever. */
	for (int attempt = 0; rc == 0 && reply.reply.status == WIRE_UNPINNED; attempt++) {
		uint32_t sought = reply.reply.number;

		if (attempt == UNPINNED_ATTEMPTS)
			return error_set(err, EAGAIN, "the pin of the carrel is lost again and again");
		client_reply_free(&reply);
		rc = call_with_netns(options, deadline_ms, request, sought, &reply, err);
	}
	if (rc < 0)
		return rc;
	*ret_reply = reply;
	reply = (struct client_reply){ .netns_fd = -1, .session_fd = -1 };
	return 0;
}

int client_tell(const struct client_options *options, const struct wire_request *request,
		struct carrel_error *err)
{
	uint8_t bytes[CLIENT_TOLD_BYTES];
	struct launcher_child child;

	int length = wire_encode_request(request, bytes, sizeof(bytes), err);
	if (length < 0)
		return length;
	int rc = launcher_start(options->helper, TOLD_LIFETIME_MS, options->private_pins, &child,
				err);
	if (rc < 0)
		return rc;
	/* What was sent stays in the helper's end when ours is closed. */
	rc = send_request(child.socket, bytes, (size_t)length, -1, err);
	fd_close(&child.socket);
	fd_close(&child.pidfd);
	return rc;
}
