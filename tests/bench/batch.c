/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "batch.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/error.h"

int batch_open(struct batch *batch, int bus, struct carrel_error *err)
{
	struct mnl_socket *socket = mnl_socket_open2(bus, SOCK_CLOEXEC);

	if (!socket)
		return error_set_errno(err, errno, "opening a netlink socket");
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		int errnum = errno;

		mnl_socket_close(socket);
		return error_set_errno(err, errnum, "binding a netlink socket");
	}
	batch->socket = socket;
	batch->sequence = 0;
	batch->used_bytes = 0;
	return 0;
}

void batch_close(struct batch *batch)
{
	if (batch->socket)
		mnl_socket_close(batch->socket);
	batch->socket = NULL;
}

void *batch_place(struct batch *batch)
{
	return batch->bytes + batch->used_bytes;
}

void batch_add(struct batch *batch, struct nlmsghdr *request)
{
	request->nlmsg_seq = ++batch->sequence;
	batch->used_bytes += NLMSG_ALIGN(request->nlmsg_len);
	batch->last = request;
}

void batch_await(struct batch *batch)
{
	batch->last->nlmsg_flags |= NLM_F_ACK;
	batch->awaited = batch->sequence;
}

int batch_commit(struct batch *batch, struct carrel_error *err)
{
	_Alignas(struct nlmsghdr) uint8_t answers[8192];
	ssize_t length = mnl_socket_sendto(batch->socket, batch->bytes, batch->used_bytes);

	batch->used_bytes = 0;
	if (length < 0)
		return error_set_errno(err, errno, "sending a netlink batch");
	for (;;) {
		int left;

		length = mnl_socket_recvfrom(batch->socket, answers, sizeof(answers));
		if (length < 0)
			return error_set_errno(err, errno, "receiving a netlink answer");
		left = (int)length;
		for (const struct nlmsghdr *answer = (const void *)answers;
		     mnl_nlmsg_ok(answer, left); answer = mnl_nlmsg_next(answer, &left)) {
			const struct nlmsgerr *error = mnl_nlmsg_get_payload(answer);

			if (answer->nlmsg_type != NLMSG_ERROR)
				continue;
			if (error->error)
				return error_set_errno(err, -error->error,
						       "request %u of a netlink batch",
						       answer->nlmsg_seq);
			if (answer->nlmsg_seq == batch->awaited)
				return 0;
		}
	}
}
