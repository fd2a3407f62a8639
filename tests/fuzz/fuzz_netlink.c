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
#include "kernel/network.h"
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

/* In place of the C library's: all datagrams that there are, but for the room. */
int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
{
	unsigned received = 0;

	(void)fd, (void)flags, (void)timeout;
	for (; received < count; received++) {
		const struct iovec *part = messages[received].msg_hdr.msg_iov;
		ssize_t length = mnl_socket_recvfrom(NULL, part->iov_base, part->iov_len);

		if (length < 0)
			break;
		messages[received].msg_len = (unsigned)length;
		messages[received].msg_hdr.msg_flags = 0;
	}
	return received ? (int)received : -1;
}

/* In place of libmnl's: so that what is asked by ioctl has no answer. */
int mnl_socket_get_fd(const struct mnl_socket *socket)
{
	(void)socket;
	return -1;
}

/* Never looked into by those above. */
static struct mnl_socket *const some_socket = (void *)&kernel;

/* The rest of libmnl's, so that none of them is taken; nothing that is fuzzed opens a socket. */
struct mnl_socket *mnl_socket_open(int bus)
{
	(void)bus;
	return some_socket;
}

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	(void)flags;
	return mnl_socket_open(bus);
}

int mnl_socket_bind(struct mnl_socket *socket, unsigned groups, pid_t port)
{
	(void)socket, (void)groups, (void)port;
	return 0;
}

int mnl_socket_close(struct mnl_socket *socket)
{
	(void)socket;
	return 0;
}

unsigned mnl_socket_get_portid(const struct mnl_socket *socket)
{
	(void)socket;
	return 0;
}

int mnl_socket_setsockopt(const struct mnl_socket *socket, int option, void *value, socklen_t size)
{
	(void)socket, (void)option, (void)value, (void)size;
	return 0;
}

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

/* Several questions at once. */
static int ask_carrel(struct carrel_error *err)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct rtnl rtnl = { .socket = some_socket };
	struct plan_operation operations[] = {
		{ .kind = PLAN_ROUTE, .place = PLACE_CARREL },
		{ .kind = PLAN_NEIGHBOUR, .place = PLACE_CARREL },
	};
	const struct plan intent = { .operations = { .items = operations, .count = 2 } };
	struct network network = { 0 };
	int rc = network_look_carrel(&rtnl, &intent, 2, &arena, &network, err);

	for (size_t i = 0; rc == 0 && i < network.links.count; i++)
		assert(memchr(network.links.items[i].name, 0, LINK_NAME_SIZE));
	return rc;
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
	ask_carrel,
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
