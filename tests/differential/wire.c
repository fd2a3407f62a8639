/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * The carrel is as helper/core/plan.c makes it: one address of each family, default routes
 * through neighbours that are known beforehand, so nothing but the test's packets is on the
 * link. The outside has no address at all: its kernel answers nothing, and whatever comes
 * out of the carrel is seen by a link-layer socket.
 *
 * What rules let in reaches a raw socket of the protocol, which stands behind the input
 * hook. What they reject outwards is answered over the carrel's loopback and arrives at the
 * same sockets.
 *
 * When is everything there? Both ends of the veth, and the loopback, hand packets on by the
 * queue of the CPU that sent them. The process stays on one CPU, so a marker that is sent
 * after the packets arrives after them. One goes in, which leaves every answer to what was
 * sent on its way; one goes out behind those.
 *
 * The rules look at connection tracking, which must know no flow from before: it is emptied
 * before each batch.
 */
#include "wire.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if_packet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <net/ethernet.h>
#include <netinet/in.h>

#include "frame.h"
#include "kernel/netns.h"

#define MARKER_ETHERTYPE 0x88b5         /* IEEE 802: for experiments */
#define RECEIVE_BUFFER_BYTES (4 << 20)
#define MARKER_TIMEOUT_MS 10000
/* A new link carries nothing until a worker of the kernel has taken note of it. */
#define READY_ATTEMPTS 100
#define READY_TIMEOUT_MS 50
#define ANSWER_MAX_BYTES 8192           /* netlink's usual; an error is far smaller */

const struct address wire_own[FAMILY_COUNT] = {
	{ FAMILY_IPV4, { 10, 213, 99, 99 } },
	{ FAMILY_IPV6, { 0xfd, 0x42, 0xca, 0x44, 0x00, 0xe1, [15] = 0x99 } },
};

/* In the order of wire.caught_fds. */
static const int protocols[FAMILY_COUNT][WIRE_PROTOCOLS] = {
	{ IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_ICMP, FRAME_OTHER_PROTOCOL },
	{ IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_ICMPV6, FRAME_OTHER_PROTOCOL },
};

static const int domains[FAMILY_COUNT] = { AF_INET, AF_INET6 };

/* %1$s: the outside's end; %2$s: the carrel's namespace. */
static const char setup[] =
	"set -e\n"
	"ip link add %1$s type veth peer name uplink0 netns %2$s\n"
	"sysctl -qw net.ipv6.conf.%1$s.disable_ipv6=1\n"
	"ip link set %1$s up\n"
	"nsenter --net=%2$s sh -e <<-'END'\n"
	/* Every refusal is to be seen. (Before 6.11 two of these are the machine's: -e.) */
	"	sysctl -eqw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \\\n"
	"		net.ipv4.conf.uplink0.rp_filter=0 net.ipv4.icmp_ratelimit=0 \\\n"
	"		net.ipv4.icmp_msgs_per_sec=1000000 net.ipv4.icmp_msgs_burst=1000000 \\\n"
	"		net.ipv6.icmp.ratelimit=0 \\\n"
	"		net.ipv6.conf.uplink0.accept_ra=0 net.ipv6.conf.uplink0.dad_transmits=0\n"
	"	ip link set lo up\n"
	/* Nothing is on the link, link-local or not: everything goes to the same neighbour. */
	"	ip link set uplink0 addrgenmode none up\n"
	"	ip address add 10.213.99.99/32 dev uplink0\n"
	"	ip address add fd42:ca44:e1::99/128 dev uplink0 nodad\n"
	"	for gateway in 169.254.1.1 fe80::1; do\n"
	"		ip neighbour add $gateway lladdr 02:00:00:00:00:01 dev uplink0 nud permanent\n"
	"		ip route add default via $gateway dev uplink0 onlink\n"
	"	done\n"
	"END\n";

/* The link that @fd stands on. */
static int bind_to(int fd, const char *link, uint16_t ethertype, uint8_t ret_mac[6],
		   unsigned *ret_index)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ethertype),
		.sll_ifindex = (int)if_nametoindex(link),
	};
	struct ifreq request = { 0 };

	strncpy(request.ifr_name, link, IFNAMSIZ - 1);
	if (ioctl(fd, SIOCGIFHWADDR, &request) < 0)
		return -1;
	memcpy(ret_mac, request.ifr_hwaddr.sa_data, 6);
	*ret_index = (unsigned)address.sll_ifindex;
	return bind(fd, (const struct sockaddr *)&address, sizeof(address));
}

/* What every receiving socket here needs; @fd or -1. */
static int receiving(int fd)
{
	const int size = RECEIVE_BUFFER_BYTES;

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		return -1;
	return fd;
}

/* A link-layer socket that does not hear itself. */
static int link_socket(const char *link, uint16_t ethertype, uint8_t ret_mac[6],
		       unsigned *ret_index)
{
	const int on = 1;
	int fd = receiving(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));

	if (fd < 0 || bind_to(fd, link, ethertype, ret_mac, ret_index) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) < 0)
		return -1;
	return fd;
}

/* Everything that stands inside the carrel. */
static int open_inside(struct wire *wire)
{
	wire->marker_fd = link_socket("uplink0", MARKER_ETHERTYPE, wire->mac_inside, &wire->link);
	wire->conntrack = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (wire->marker_fd < 0 || !wire->conntrack ||
	    mnl_socket_bind(wire->conntrack, 0, MNL_SOCKET_AUTOPID) < 0)
		return -1;
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		wire->send_fds[family] = socket(domains[family], SOCK_RAW | SOCK_CLOEXEC,
						IPPROTO_RAW);
		if (wire->send_fds[family] < 0)
			return -1;
		for (size_t i = 0; i < WIRE_PROTOCOLS; i++) {
			int fd = receiving(socket(domains[family], SOCK_RAW | SOCK_CLOEXEC,
						  protocols[family][i]));
			if (fd < 0)
				return -1;
			wire->caught_fds[family][i] = fd;
		}
	}
	return 0;
}

/* Make connection tracking forget every flow. */
static int forget_flows(struct wire *wire)
{
	char buffer[ANSWER_MAX_BYTES];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	ssize_t length;

	message->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	header->nfgen_family = AF_UNSPEC;
	header->version = NFNETLINK_V0;
	if (mnl_socket_sendto(wire->conntrack, message, message->nlmsg_len) < 0)
		return -1;
	length = mnl_socket_recvfrom(wire->conntrack, buffer, sizeof(buffer));
	if (length < 0)
		return -1;
	return mnl_cb_run(buffer, (size_t)length, 0, mnl_socket_get_portid(wire->conntrack), NULL,
			  NULL) < 0 ? -1 : 0;
}

/* From inside. A rule that stops the packet is no error. */
static int send_out(const struct wire *wire, const struct packet *packet, uint16_t id)
{
	enum family family = packet->remote.family;
	struct sockaddr_in address4 = { .sin_family = AF_INET };
	struct sockaddr_in6 address6 = { .sin6_family = AF_INET6, .sin6_scope_id = wire->link };
	uint8_t bytes[FRAME_MAX_BYTES];
	size_t length = frame_build(packet, &wire_own[family], id, bytes);
	ssize_t sent;

	memcpy(&address4.sin_addr, packet->remote.bytes, sizeof(address4.sin_addr));
	memcpy(&address6.sin6_addr, packet->remote.bytes, sizeof(address6.sin6_addr));
	if (family == FAMILY_IPV4)
		sent = sendto(wire->send_fds[family], bytes, length, 0,
			      (const struct sockaddr *)&address4, sizeof(address4));
	else
		sent = sendto(wire->send_fds[family], bytes, length, 0,
			      (const struct sockaddr *)&address6, sizeof(address6));
	return sent < 0 && errno != EPERM ? -1 : 0;
}

/* A frame to the carrel from its only neighbour. */
static int send_frame(int fd, const uint8_t *mac, uint16_t ethertype, const void *bytes,
		      size_t length)
{
	struct ether_header header = {
		.ether_shost = { 2, 0, 0, 0, 0, 1 }, .ether_type = htons(ethertype),
	};
	uint8_t frame[sizeof(header) + FRAME_MAX_BYTES];

	memcpy(header.ether_dhost, mac, sizeof(header.ether_dhost));
	memcpy(frame, &header, sizeof(header));
	memcpy(frame + sizeof(header), bytes, length);
	return send(fd, frame, sizeof(header) + length, 0) < 0 ? -1 : 0;
}

static int send_in(const struct wire *wire, const struct packet *packet, uint16_t id)
{
	enum family family = packet->remote.family;
	uint8_t bytes[FRAME_MAX_BYTES];
	size_t length = frame_build(packet, &wire_own[family], id, bytes);

	return send_frame(wire->outside_fd, wire->mac_inside,
			  family == FAMILY_IPV4 ? ETHERTYPE_IP : ETHERTYPE_IPV6, bytes, length);
}

/* What a batch came to, as it is found out. */
struct outcome {
	const struct packet *packets;
	size_t count;
	enum verdict *verdicts;
	struct address *arrivals;       /* of those that came through to the outside */
};

/* One packet was seen on the side where those of @passes end. */
static void note(struct outcome *outcome, enum direction passes, enum frame_meaning meaning,
		 uint16_t id)
{
	size_t i = (size_t)id - WIRE_FIRST_ID;

	if (id < WIRE_FIRST_ID || i >= outcome->count)
		return;
	bool ends_here = outcome->packets[i].direction == passes;
	if (meaning == FRAME_FIRST && ends_here)
		outcome->verdicts[i] = VERDICT_ALLOW;
	else if (meaning == FRAME_REFUSAL && !ends_here && outcome->verdicts[i] != VERDICT_ALLOW)
		outcome->verdicts[i] = VERDICT_REJECT;
}

/* The packet number @id was seen outside, as @bytes. */
static void note_arrival(struct outcome *outcome, const uint8_t *bytes, size_t length, uint16_t id)
{
	size_t i = (size_t)id - WIRE_FIRST_ID;

	if (id >= WIRE_FIRST_ID && i < outcome->count)
		frame_destination(bytes, length, &outcome->arrivals[i]);
}

/* Read what reached programs in the carrel. */
static void read_inside(const struct wire *wire, struct outcome *outcome)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		for (size_t i = 0; i < WIRE_PROTOCOLS; i++) {
			uint8_t bytes[512];
			uint16_t id = 0;
			ssize_t length;

			while ((length = recv(wire->caught_fds[family][i], bytes, sizeof(bytes),
					      MSG_DONTWAIT)) >= 0) {
				/* IPv6's raw sockets give no header. */
				enum frame_meaning meaning = family == FAMILY_IPV4 ?
					frame_read_ip(bytes, (size_t)length, &id) :
					frame_read(family, (uint8_t)protocols[family][i], bytes,
						   (size_t)length, &id);
				note(outcome, DIRECTION_IN, meaning, id);
			}
		}
	}
}

/* Wait until marker number @marker arrives at @fd; what comes before it is noted. */
static int read_until(int fd, uint32_t marker, unsigned timeout_ms, struct outcome *outcome)
{
	const struct timeval limit = {
		.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000,
	};
	uint8_t bytes[512];
	ssize_t length;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
		return -1;
	while ((length = recv(fd, bytes, sizeof(bytes), 0)) >= 0) {
		const size_t header = sizeof(struct ether_header);
		enum frame_meaning meaning;
		uint16_t id = 0;

		if ((size_t)length < header + sizeof(marker))
			continue;
		if (bytes[12] == MARKER_ETHERTYPE >> 8 && bytes[13] == (MARKER_ETHERTYPE & 0xff)) {
			if (memcmp(bytes + header, &marker, sizeof(marker)) == 0)
				return 0;
			continue;
		}
		meaning = frame_read_ip(bytes + header, (size_t)length - header, &id);
		note(outcome, DIRECTION_OUT, meaning, id);
		if (meaning == FRAME_FIRST)
			note_arrival(outcome, bytes + header, (size_t)length - header, id);
	}
	return -1;
}

/* Send a marker from @from and wait for it at @to. */
static int settle(struct wire *wire, int from, int to, unsigned timeout_ms,
		  struct outcome *outcome)
{
	static const uint8_t everyone[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	uint32_t marker = ++wire->markers;

	if (send_frame(from, everyone, MARKER_ETHERTYPE, &marker, sizeof(marker)) < 0)
		return -1;
	return read_until(to, marker, timeout_ms, outcome);
}

/* Both directions, in and out again. */
static int settle_both(struct wire *wire, unsigned timeout_ms, struct outcome *outcome)
{
	if (settle(wire, wire->outside_fd, wire->marker_fd, timeout_ms, outcome) < 0)
		return -1;
	return settle(wire, wire->marker_fd, wire->outside_fd, timeout_ms, outcome);
}

/* Wait until the link carries frames. */
static int await_link(struct wire *wire)
{
	struct outcome nothing = { 0 };

	for (int attempt = 0; attempt < READY_ATTEMPTS; attempt++)
		if (settle_both(wire, READY_TIMEOUT_MS, &nothing) == 0)
			return 0;
	return -1;
}

/* The first CPU that the process may use, and no other. */
static int stay_on_one_cpu(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return -1;
	for (size_t cpu = 0, kept = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set) && kept++)
			CPU_CLR(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

int wire_open(const char *name, struct wire *ret)
{
	struct wire wire = { .netns_fd = -1 };
	uint8_t mac_outside[6];
	unsigned outside_link;
	char *command, netns[64];
	int outside_netns_fd, rc;

	if (stay_on_one_cpu() < 0 ||
	    netns_current(&outside_netns_fd, NULL) < 0 ||
	    netns_create(&wire.netns_fd, NULL) < 0 || netns_enter(outside_netns_fd, NULL) < 0)
		return -1;
	snprintf(netns, sizeof(netns), "/proc/%ld/fd/%d", (long)getpid(), wire.netns_fd);
	if (asprintf(&command, setup, name, netns) < 0)
		return -1;
	rc = system(command);
	free(command);
	if (rc != 0)
		return -1;
	wire.outside_fd = link_socket(name, ETH_P_ALL, mac_outside, &outside_link);
	if (wire.outside_fd < 0 || netns_enter(wire.netns_fd, NULL) < 0)
		return -1;
	rc = open_inside(&wire);
	if (netns_enter(outside_netns_fd, NULL) < 0 || rc < 0 || await_link(&wire) < 0)
		return -1;
	close(outside_netns_fd);
	*ret = wire;
	return 0;
}

int wire_try(struct wire *wire, const struct packet *packets, size_t count, enum verdict *ret,
	     struct address *ret_arrivals)
{
	struct outcome outcome = { packets, count, ret, ret_arrivals };

	if (forget_flows(wire) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		uint16_t id = (uint16_t)(WIRE_FIRST_ID + i);

		ret[i] = VERDICT_DENY;
		if ((packets[i].direction == DIRECTION_OUT ? send_out : send_in)(wire, &packets[i],
										 id) < 0)
			return -1;
	}
	if (settle_both(wire, MARKER_TIMEOUT_MS, &outcome) < 0)
		return -1;
	read_inside(wire, &outcome);
	return 0;
}
