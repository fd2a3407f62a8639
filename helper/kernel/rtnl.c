/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/rtnl.h"

#include <assert.h>
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

/* As many as a carrel that is looked at needs, and one more. */
#define ANSWERS_AT_ONCE 10

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
	const struct rtnl_question *questions;  /* of each request; NULL: the last is acknowledged */
	uint32_t open;                          /* a bit for each whose answer is waited for */
	uint32_t dumps;                         /* those with answers of many messages */
	int result;
	struct carrel_error *err;
};
static_assert(RTNL_BATCH_REQUESTS <= 32, "a request is a bit");

/* The kernel refused the request number @index. */
static int refused(const struct exchange *exchange, const struct nlmsghdr *message,
		   uint32_t index, int errnum)
{
	const char *text = rtnl_ack_text(message);
	const char *what = exchange->rtnl->what[index];

	if (text)
		return error_set_errno(exchange->err, errnum, "%s: the kernel says \"%s\"", what,
				       text);
	return error_set_errno(exchange->err, errnum, "%s", what);
}

/* Take one message that answers the request number @index. */
static void take(struct exchange *exchange, const struct nlmsghdr *message, uint32_t index)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);
	const struct rtnl_question *question = exchange->questions ? &exchange->questions[index]
								   : NULL;
	bool more = false;

	switch (message->nlmsg_type) {
	case NLMSG_ERROR:
		if (error->error && !exchange->result &&
		    !(question && question->is_absent && question->is_absent(error->error)))
			exchange->result = refused(exchange, message, index, -error->error);
		break;
	case NLMSG_DONE:
		break;
	default:
		if (question && !exchange->result)
			exchange->result = question->answer(message, question->context);
		more = !question || (exchange->dumps & UINT32_C(1) << index);
	}
	if (!more)
		exchange->open &= ~(UINT32_C(1) << index);
}

/* Take what was received: @length bytes at @message. */
static int take_all(struct exchange *exchange, const struct nlmsghdr *message, size_t length)
{
	int left = (int)length;

	for (; left > 0; message = mnl_nlmsg_next(message, &left)) {
		if (!rtnl_message_ok(message, left))
			return error_set(exchange->err, EPROTO, "the kernel gave a malformed answer");
		uint32_t index = message->nlmsg_seq - exchange->first - 1;
		/* Not ours: a reply to a query that was broken off. */
		if (index < exchange->last - exchange->first &&
		    (!exchange->questions || exchange->open & UINT32_C(1) << index))
			take(exchange, message, index);
	}
	return 0;
}

/*
 * Take the answers to several questions: as many as are there by one system call.
 *
 * They were written when the questions were sent. Of a list (of which there may be one) the kernel
 * has written the first part; it writes the next one when that was received.
 */
static int receive_answers(struct exchange *exchange)
{
	_Alignas(struct nlmsghdr) uint8_t bytes[ANSWERS_AT_ONCE][RTNL_ANSWER_BYTES];
	struct iovec parts[ANSWERS_AT_ONCE];
	struct mmsghdr answers[ANSWERS_AT_ONCE] = { 0 };
	int received;

	for (size_t i = 0; i < ANSWERS_AT_ONCE; i++) {
		parts[i] = (struct iovec){ bytes[i], sizeof(bytes[i]) };
		answers[i].msg_hdr.msg_iov = &parts[i];
		answers[i].msg_hdr.msg_iovlen = 1;
	}
	do
		received = recvmmsg(mnl_socket_get_fd(exchange->rtnl->socket), answers,
				    ANSWERS_AT_ONCE, MSG_WAITFORONE, NULL);
	while (received < 0 && errno == EINTR);
	if (received < 0)
		return error_set_errno(exchange->err, errno, "receiving from netlink");
	for (int i = 0; i < received; i++) {
		if (answers[i].msg_hdr.msg_flags & MSG_TRUNC)
			return error_set(exchange->err, EMSGSIZE, "the kernel's answer has more than "
					 "%d bytes", RTNL_ANSWER_BYTES);
		int rc = take_all(exchange, (const void *)bytes[i], answers[i].msg_len);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Take one message's worth of answers: a part of a long list, or what one request came to. */
static int receive_answer(struct exchange *exchange)
{
	/* The kernel fills dumps in pieces of up to 32 KiB (netlink_dump in af_netlink.c). */
	_Alignas(struct nlmsghdr) uint8_t bytes[32768];
	ssize_t received;

	do
		received = mnl_socket_recvfrom(exchange->rtnl->socket, bytes, sizeof(bytes));
	while (received < 0 && errno == EINTR);
	if (received < 0)
		return error_set_errno(exchange->err, errno, "receiving from netlink");
	return take_all(exchange, (const void *)bytes, (size_t)received);
}

/*
 * Answers could not be taken. Those that are left are of no use; but of a list that is not read to
 * its end the kernel says "busy" to whoever asks for another.
 */
static void drain(const struct rtnl *rtnl)
{
	uint8_t bytes[RTNL_ANSWER_BYTES];

	while (recv(mnl_socket_get_fd(rtnl->socket), bytes, sizeof(bytes), MSG_DONTWAIT) >= 0 ||
	       errno == EINTR)
		;
}

/* Send the batch and take every answer. Return: the first failure, or 0 */
static int carry_out(struct rtnl *rtnl, struct exchange *exchange)
{
	int rc;

	exchange->rtnl = rtnl;
	exchange->first = rtnl->sent;
	exchange->last = rtnl->sequence;
	rtnl->sent = rtnl->sequence;
	rc = send_batch(rtnl, exchange->err);
	while (rc == 0 && exchange->open)
		rc = exchange->questions && exchange->last - exchange->first > 1 ?
		     receive_answers(exchange) : receive_answer(exchange);
	if (rc < 0)
		drain(rtnl);
	return rc < 0 ? rc : exchange->result;
}

/* A bit for each request of the batch that asks for a list. */
static uint32_t find_dumps(struct rtnl *rtnl, struct nlmsghdr **ret_last)
{
	struct nlmsghdr *request = (void *)rtnl->bytes;
	uint32_t dumps = 0;

	for (unsigned i = 0; i < rtnl_pending(rtnl); i++) {
		*ret_last = request;
		if ((request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP)
			dumps |= UINT32_C(1) << i;
		request = (void *)((uint8_t *)request + NLMSG_ALIGN(request->nlmsg_len));
	}
	return dumps;
}

int rtnl_commit(struct rtnl *rtnl, struct carrel_error *err)
{
	unsigned count = rtnl_pending(rtnl);
	struct nlmsghdr *last;

	if (count == 0)
		return 0;
	struct exchange exchange = { .err = err, .open = UINT32_C(1) << (count - 1) };
	(void)find_dumps(rtnl, &last);
	last->nlmsg_flags |= NLM_F_ACK;
	return carry_out(rtnl, &exchange);
}

int rtnl_ask(struct rtnl *rtnl, const struct rtnl_question *questions, struct carrel_error *err)
{
	unsigned count = rtnl_pending(rtnl);
	struct nlmsghdr *last;

	if (count == 0)
		return 0;
	struct exchange exchange = {
		.err = err, .questions = questions,
		.open = UINT32_MAX >> (RTNL_BATCH_REQUESTS - count),
		.dumps = find_dumps(rtnl, &last),
	};
	return carry_out(rtnl, &exchange);
}

int rtnl_query(struct rtnl *rtnl, int (*answer)(const struct nlmsghdr *message, void *context),
	       void *context, struct carrel_error *err)
{
	const struct rtnl_question question = { .answer = answer, .context = context };

	return rtnl_ask(rtnl, &question, err);
}
