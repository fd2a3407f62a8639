/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/rtnl.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "base/error.h"

/* MAX_ERRNO of include/linux/err.h, which the kernel keeps to itself. */
#define ERRNO_MAX 4095

/* Room kept free at the end of the batch: no request of ours is longer. */
#define REQUEST_MAX_BYTES 512

int rtnl_open(struct rtnl *ret_rtnl, struct carrel_error *err)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int on = 1;

	if (!socket)
		return error_set_errno(err, errno, "opening a route netlink socket");
	/* Its address is the kernel's choice, at the first send. Without reasons older kernels do, too. */
	(void)mnl_socket_setsockopt(socket, NETLINK_EXT_ACK, &on, sizeof(on));
	*ret_rtnl = (struct rtnl){ .socket = socket };
	return 0;
}

void rtnl_close(struct rtnl *rtnl)
{
	if (rtnl->socket)
		mnl_socket_close(rtnl->socket);
	rtnl->socket = NULL;
}

struct nlmsghdr *rtnl_request(struct rtnl *rtnl, uint16_t type, uint16_t flags, const char *what)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(rtnl->bytes + rtnl->used_bytes);

	request->nlmsg_type = type;
	request->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	request->nlmsg_seq = ++rtnl->sequence;
	rtnl->what[rtnl->sequence - rtnl->sent - 1] = what;
	return request;
}

int rtnl_end(struct rtnl *rtnl, struct nlmsghdr *request, struct carrel_error *err)
{
	rtnl->used_bytes += NLMSG_ALIGN(request->nlmsg_len);
	if (rtnl->used_bytes > RTNL_BATCH_BYTES - REQUEST_MAX_BYTES ||
	    rtnl_pending(rtnl) == RTNL_BATCH_REQUESTS)
		return error_set(err, E2BIG, "too many requests for one netlink batch");
	return 0;
}

unsigned rtnl_pending(const struct rtnl *rtnl)
{
	return rtnl->sequence - rtnl->sent;
}

struct wanted {
	uint16_t type;
	const struct nlattr *attribute;
};

/* mnl_attr_parse() callback */
static int keep_wanted(const struct nlattr *attribute, void *context)
{
	struct wanted *wanted = context;

	if (mnl_attr_get_type(attribute) == wanted->type)
		wanted->attribute = attribute;
	return MNL_CB_OK;
}

const struct nlattr *rtnl_attribute(const struct nlmsghdr *message, size_t header_bytes,
				    uint16_t type)
{
	struct wanted wanted = { .type = type };

	if (header_bytes <= mnl_nlmsg_get_payload_len(message))
		mnl_attr_parse(message, (unsigned)header_bytes, keep_wanted, &wanted);
	return wanted.attribute;
}

const struct nlattr *rtnl_nested_attribute(const struct nlattr *nest, uint16_t type)
{
	struct wanted wanted = { .type = type };

	if (nest)
		mnl_attr_parse_nested(nest, keep_wanted, &wanted);
	return wanted.attribute;
}

bool rtnl_message_ok(const struct nlmsghdr *message, int left)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

	if (!mnl_nlmsg_ok(message, left) || message->nlmsg_len > (uint32_t)left)
		return false;
	return message->nlmsg_type != NLMSG_ERROR ||
	       (mnl_nlmsg_get_payload_len(message) >= sizeof(*error) &&
		error->error <= 0 && error->error >= -ERRNO_MAX);
}

const char *rtnl_ack_text(const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;
	size_t offset = sizeof(*error);

	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	/* The request's payload is echoed before the attributes unless the reply is capped. */
	if (!(message->nlmsg_flags & NLM_F_CAPPED))
		offset += error->msg.nlmsg_len - sizeof(error->msg);
	attribute = rtnl_attribute(message, offset, NLMSGERR_ATTR_MSG);
	if (!attribute || mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) < 0)
		return NULL;
	return mnl_attr_get_str(attribute);
}

/* Send what was written; the batch is empty afterwards. */
static int send_batch(struct rtnl *rtnl, struct carrel_error *err)
{
	ssize_t sent = mnl_socket_sendto(rtnl->socket, rtnl->bytes, rtnl->used_bytes);

	rtnl->used_bytes = 0;
	if (sent < 0)
		return error_set_errno(err, errno, "sending to netlink");
	return 0;
}

/* What is on its way: the requests (first, last], and what became of them so far. */
struct exchange {
	const struct rtnl *rtnl;
	uint32_t first, last;
	int (*answer)(const struct nlmsghdr *message, void *context);   /* queries only */
	void *context;
	bool dump;
	int result;
	struct carrel_error *err;
};

/* The kernel refused the request that @message answers. */
static int refused(const struct exchange *exchange, const struct nlmsghdr *message, int errnum)
{
	const char *text = rtnl_ack_text(message);
	const char *what = exchange->rtnl->what[message->nlmsg_seq - exchange->first - 1];

	if (text)
		return error_set_errno(exchange->err, errnum, "%s: the kernel says \"%s\"", what,
				       text);
	return error_set_errno(exchange->err, errnum, "%s", what);
}

/* Take one message that answers a request. Return: was it the last? */
static bool take(struct exchange *exchange, const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

	switch (message->nlmsg_type) {
	case NLMSG_ERROR:
		if (error->error && !exchange->result)
			exchange->result = refused(exchange, message, -error->error);
		return message->nlmsg_seq == exchange->last;
	case NLMSG_DONE:
		return true;
	default:
		if (exchange->answer && !exchange->result)
			exchange->result = exchange->answer(message, exchange->context);
		return exchange->answer && !exchange->dump;
	}
}

/* Send the batch and take every answer. Return: the first failure, or 0 */
static int carry_out(struct rtnl *rtnl, struct exchange *exchange)
{
	/* The kernel fills dumps in pieces of up to 32 KiB (netlink_dump in af_netlink.c). */
	_Alignas(struct nlmsghdr) uint8_t bytes[32768];
	int rc;

	exchange->rtnl = rtnl;
	exchange->first = rtnl->sent;
	exchange->last = rtnl->sequence;
	rtnl->sent = rtnl->sequence;
	rc = send_batch(rtnl, exchange->err);
	if (rc < 0)
		return rc;
	for (;;) {
		ssize_t received = mnl_socket_recvfrom(rtnl->socket, bytes, sizeof(bytes));
		int left = (int)received;

		if (received < 0 && errno == EINTR)
			continue;
		if (received < 0)
			return error_set_errno(exchange->err, errno, "receiving from netlink");
		for (const struct nlmsghdr *message = (const void *)bytes; left > 0;
		     message = mnl_nlmsg_next(message, &left)) {
			if (!rtnl_message_ok(message, left))
				return error_set(exchange->err, EPROTO,
						 "the kernel gave a malformed answer");
			/* Not ours: a reply to a query that was broken off. */
			if (message->nlmsg_seq - exchange->first - 1 >=
			    exchange->last - exchange->first)
				continue;
			if (take(exchange, message))
				return exchange->result;
		}
	}
}

/* Ask for an answer to the last request of the batch. */
static void ask_for_ack(struct rtnl *rtnl)
{
	struct nlmsghdr *request = (void *)rtnl->bytes;

	for (unsigned i = 1; i < rtnl_pending(rtnl); i++)
		request = (void *)((uint8_t *)request + NLMSG_ALIGN(request->nlmsg_len));
	request->nlmsg_flags |= NLM_F_ACK;
}

int rtnl_commit(struct rtnl *rtnl, struct carrel_error *err)
{
	struct exchange exchange = { .err = err };

	if (rtnl_pending(rtnl) == 0)
		return 0;
	ask_for_ack(rtnl);
	return carry_out(rtnl, &exchange);
}

int rtnl_query(struct rtnl *rtnl, int (*answer)(const struct nlmsghdr *message, void *context),
	       void *context, struct carrel_error *err)
{
	const struct nlmsghdr *request = (const void *)rtnl->bytes;
	struct exchange exchange = {
		.answer = answer, .context = context, .err = err,
		.dump = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP,
	};

	return carry_out(rtnl, &exchange);
}
