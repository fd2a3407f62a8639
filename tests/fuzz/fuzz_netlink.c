/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as the kernel's answers: whoever asked gets an error, or an answer, and comes to
 * an end.
 *
 * Byte 0 chooses who asks. The others are datagrams: two bytes of length, the most
 * significant first, then so many bytes. Where a message in them has no sequence number, it
 * answers the last request; so does what a fuzzer makes up, mostly.
 */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <libmnl/libmnl.h>

#include "base/error.h"
#include "core/connection.h"
#include "kernel/conntrack.h"
#include "kernel/facts.h"
#include "kernel/nft.h"
#include "kernel/rtnl.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* What is still to be received, and the sequence number of what was sent last. */
static struct {
	const uint8_t *bytes;
	size_t left;
	uint32_t sequence;
} kernel;

/* In place of libmnl's: nothing is sent, only understood. */
ssize_t mnl_socket_sendto(const struct mnl_socket *socket, const void *bytes, size_t length)
{
	const struct nlmsghdr *message = bytes;
	int left = (int)length;

	(void)socket;
	assert(mnl_nlmsg_ok(message, left));
	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left))
		kernel.sequence = message->nlmsg_seq;
	assert(left == 0);
	return (ssize_t)length;
}

static void number_messages(void *datagram, size_t length)
{
	struct nlmsghdr *message = datagram;

	for (int left = (int)length; rtnl_message_ok(message, left);
	     message = mnl_nlmsg_next(message, &left))
		if (message->nlmsg_seq == 0)
			message->nlmsg_seq = kernel.sequence;
}

/* In place of libmnl's. When there is no datagram any more, the kernel has nothing to say. */
ssize_t mnl_socket_recvfrom(const struct mnl_socket *socket, void *buffer, size_t size)
{
	size_t length;

	(void)socket;
	if (kernel.left < 2) {
		errno = EAGAIN;
		return -1;
	}
	length = (size_t)kernel.bytes[0] << 8 | kernel.bytes[1];
	if (length > kernel.left - 2)
		length = kernel.left - 2;
	if (length > size) {
		errno = ENOSPC;
		return -1;
	}
	memcpy(buffer, kernel.bytes + 2, length);
	kernel.bytes += 2 + length;
	kernel.left -= 2 + length;
	number_messages(buffer, length);
	return (ssize_t)length;
}

/* In place of libmnl's: so that what is asked by ioctl has no answer. */
int mnl_socket_get_fd(const struct mnl_socket *socket)
{
	(void)socket;
	return -1;
}

/* Never looked into by those above. */
static struct mnl_socket *const some_socket = (void *)&kernel;

static int ask_facts(struct carrel_error *err)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct rtnl rtnl = { .socket = some_socket };
	struct facts facts = { 0 };
	int rc = facts_gather(&rtnl, true, &arena, &facts, err);

	for (size_t i = 0; rc == 0 && i < facts.host.count; i++) {
		const struct prefix *prefix = &facts.host.items[i];
		assert(prefix->length == address_bits(prefix->address.family));
	}
	return rc;
}

static int ask_mtu(struct carrel_error *err)
{
	struct rtnl rtnl = { .socket = some_socket };
	struct facts facts = { .ipv6 = true };

	(void)err;
	facts_find_mtu(&rtnl, &facts);
	assert(facts.mtu_bytes > 0);
	return 0;
}

static int ask_generation(struct carrel_error *err)
{
	uint32_t generation;

	return nft_generation(some_socket, &generation, err);
}

static int ask_table(struct carrel_error *err)
{
	int rc = nft_table_exists(some_socket, "carrel", err);

	assert(rc <= 1);
	return rc < 0 ? rc : 0;
}

static int judge_connections(struct carrel_error *err)
{
	static const struct policy policy = { .name = "closed", .defaults = {
		VERDICT_DENY, VERDICT_DENY,
	} };
	static const struct config config;
	static const struct prefix_list host;
	const struct connection_judge judge = {
		.policy = &policy, .config = &config, .host = &host,
		.own = { { .family = FAMILY_IPV4 }, { .family = FAMILY_IPV6 } },
	};
	unsigned cut;

	return conntrack_judge(some_socket, &judge, &cut, err);
}

static int (*const ask[])(struct carrel_error *err) = {
	ask_facts, ask_mtu, ask_generation, ask_table, judge_connections,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct carrel_error err = { 0 };

	if (length == 0)
		return 0;
	kernel.bytes = bytes + 1;
	kernel.left = length - 1;
	int rc = ask[bytes[0] % (sizeof(ask) / sizeof(*ask))](&err);
	assert(rc == 0 || (rc < 0 && err.text[0]));
	return 0;
}
