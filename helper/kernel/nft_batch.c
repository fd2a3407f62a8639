/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * The kernel handles a batch, and queues every answer to it, before sendmsg returns; so
 * the answers are read without waiting, until there are no more. Failures are answered
 * whether or not an answer was asked for. Only the last message before the batch's end
 * asks for one, so that a large ruleset cannot overflow the receive buffer, and its
 * answer is the proof that the kernel has looked at all of it. (The batch's end itself
 * is acknowledged only since Linux 6.10.)
 *
 * A refusal of the transaction as a whole carries the sequence number of its beginning.
 */
#include "kernel/nft_batch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>

#include "base/error.h"
#include "kernel/rtnl.h"

/* A policy of twenty rules fits; pages that are not used cost nothing. */
#define FIRST_CAPACITY_BYTES (64 * 1024)
#define FIRST_ORIGINS        128

/* Half of the smallest default send buffer (net.core.wmem_default, less the kernel's own). */
#define ALWAYS_SENDABLE_BYTES (64 * 1024)

void nft_batch_free(struct nft_batch *batch)
{
	free(batch->bytes);
	free(batch->origins);
	*batch = (struct nft_batch){ 0 };
}

/* Make room for a message of @room_bytes and for its origin. */
static int reserve(struct nft_batch *batch, size_t room_bytes)
{
	size_t needed_bytes, capacity = batch->capacity_bytes;

	if (__builtin_add_overflow(batch->used_bytes, room_bytes, &needed_bytes))
		return -ENOMEM;
	if (!capacity)
		capacity = FIRST_CAPACITY_BYTES;
	while (capacity < needed_bytes)
		if (__builtin_mul_overflow(capacity, 2U, &capacity))
			return -ENOMEM;
	if (capacity != batch->capacity_bytes) {
		uint8_t *bytes = realloc(batch->bytes, capacity);

		if (!bytes)
			return -ENOMEM;
		batch->bytes = bytes;
		batch->capacity_bytes = capacity;
	}
	if (batch->sequence == batch->origin_capacity) {
		size_t count = batch->origin_capacity ? 2 * batch->origin_capacity
						      : FIRST_ORIGINS;
		struct nft_origin *origins = reallocarray(batch->origins, count,
							  sizeof(*origins));

		if (!origins)
			return -ENOMEM;
		batch->origins = origins;
		batch->origin_capacity = count;
	}
	return 0;
}

/* Where the next message goes; it gets the next sequence number. NULL: ENOMEM */
static char *next_message(struct nft_batch *batch, size_t room_bytes)
{
	if (reserve(batch, room_bytes) < 0)
		return NULL;
	batch->origins[batch->sequence++] = batch->origin;
	return (char *)batch->bytes + batch->used_bytes;
}

struct nlmsghdr *nft_batch_message(struct nft_batch *batch, uint16_t type, uint16_t flags,
				   size_t room_bytes)
{
	char *place = next_message(batch, room_bytes);

	if (!place)
		return NULL;
	return nftnl_nlmsg_build_hdr(place, type, NFPROTO_INET, flags, batch->sequence);
}

void nft_batch_end(struct nft_batch *batch, const struct nlmsghdr *message)
{
	batch->last_offset = batch->used_bytes;
	batch->used_bytes += NLMSG_ALIGN(message->nlmsg_len);
}

int nft_batch_begin(struct nft_batch *batch)
{
	char *place = next_message(batch, NLMSG_HDRLEN + sizeof(struct nfgenmsg));

	if (!place)
		return -ENOMEM;
	nft_batch_end(batch, nftnl_batch_begin(place, batch->sequence));
	return 0;
}

/* The refusal to report: what came first. */
struct refusal {
	int errnum;                     /* 0: none */
	uint32_t sequence;
	char text[256];                 /* the kernel's own, or "" */
};

/* The first one counts: what comes after it may be its consequence. */
static void note_refusal(struct refusal *refusal, const struct nlmsghdr *answer, int errnum)
{
	const char *text = rtnl_ack_text(answer);

	if (refusal->errnum)
		return;
	refusal->errnum = errnum;
	refusal->sequence = answer->nlmsg_seq;
	/* A text longer than any of the kernel's loses its end. */
	if (text)
		strncat(refusal->text, text, sizeof(refusal->text) - 1);
}

/*
 * Read every answer that waits.
 * @ret_acked:	the message @last was answered with success
 */
static int read_answers(struct mnl_socket *socket, uint32_t last, struct refusal *refusal,
			bool *ret_acked)
{
	_Alignas(struct nlmsghdr) uint8_t bytes[8192];

	*ret_acked = false;
	for (;;) {
		ssize_t received = recv(mnl_socket_get_fd(socket), bytes, sizeof(bytes),
					MSG_DONTWAIT);
		const struct nlmsghdr *answer = (const struct nlmsghdr *)bytes;
		int left;

		if (received < 0) {
			if (errno == EAGAIN)
				return 0;
			/* Overrun: there were more refusals than fit; the first ones did. */
			if (errno == EINTR || errno == ENOBUFS)
				continue;
			return -errno;
		}
		for (left = (int)received; rtnl_message_ok(answer, left);
		     answer = mnl_nlmsg_next(answer, &left)) {
			const struct nlmsgerr *error = mnl_nlmsg_get_payload(answer);

			if (answer->nlmsg_type != NLMSG_ERROR)
				continue;
			if (error->error)
				note_refusal(refusal, answer, -error->error);
			else if (answer->nlmsg_seq == last)
				*ret_acked = true;
		}
	}
}

/* The refusal in words, with the rule it is about. */
static int report_refusal(const struct nft_batch *batch, const struct refusal *refusal,
			  struct carrel_error *err)
{
	struct nft_origin origin = { 0 };
	int rc;

	if (refusal->sequence > 0 && refusal->sequence <= batch->sequence)
		origin = batch->origins[refusal->sequence - 1];

	if (refusal->text[0])
		rc = error_set_errno(err, refusal->errnum, "%s", refusal->text);
	else
		rc = error_set(err, refusal->errnum, "%s", strerror(refusal->errnum));

	if (!origin.chain)
		return rc;
	if (!origin.rule)
		return error_wrap(err, rc, "chain '%s'", origin.chain->name);
	const char *comment = origin.chain->rules.items[origin.rule - 1].comment;
	return error_wrap(err, rc, "chain '%s', rule %zu%s%s%s", origin.chain->name, origin.rule,
			  comment ? " (" : "", comment ? comment : "", comment ? ")" : "");
}

/* Let the socket take a message of @length_bytes; refusals are to come without the refused message. */
static void prepare_socket(struct mnl_socket *socket, size_t length_bytes)
{
	int fd = mnl_socket_get_fd(socket), wanted = INT32_MAX / 2, on = 1;

	(void)mnl_socket_setsockopt(socket, NETLINK_CAP_ACK, &on, sizeof(on));
	if (length_bytes <= ALWAYS_SENDABLE_BYTES)
		return;
	if (length_bytes < (size_t)wanted)
		wanted = (int)length_bytes;
	/* The kernel doubles it. Where it may not be forced, sending tells whether it suffices. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &wanted, sizeof(wanted)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof(wanted));
}

int nft_batch_commit(struct nft_batch *batch, struct mnl_socket *socket,
		     struct carrel_error *err)
{
	struct nlmsghdr *last = (struct nlmsghdr *)(batch->bytes + batch->last_offset);
	uint32_t last_sequence = last->nlmsg_seq;
	struct refusal refusal = { 0 };
	bool acked;

	last->nlmsg_flags |= NLM_F_ACK;
	char *place = next_message(batch, NLMSG_HDRLEN + sizeof(struct nfgenmsg));
	if (!place)
		return error_set(err, ENOMEM, "out of memory");
	nft_batch_end(batch, nftnl_batch_end(place, batch->sequence));

	prepare_socket(socket, batch->used_bytes);
	if (mnl_socket_sendto(socket, batch->bytes, batch->used_bytes) < 0)
		return error_set_errno(err, errno, "sending %zu bytes to the kernel",
				       batch->used_bytes);
	int rc = read_answers(socket, last_sequence, &refusal, &acked);
	if (rc < 0)
		return error_set_errno(err, -rc, "reading the kernel's answer");
	if (refusal.errnum)
		return report_refusal(batch, &refusal, err);
	if (!acked)
		return error_set(err, EPROTO, "the kernel did not answer");
	return 0;
}
