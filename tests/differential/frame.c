/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frame.h"

#include <string.h>
#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

/* RFC 9260, section 3: the common header, then an INIT chunk. */
struct sctp_init {
	uint16_t source, dest;
	uint32_t tag, checksum;
	uint8_t type, flags;
	uint16_t length;
	uint32_t initiate_tag, window;
	uint16_t streams_out, streams_in;
	uint32_t tsn;
};

#define SCTP_INIT 1

/* The Internet checksum's sum (RFC 1071), not yet folded. */
static uint32_t add_words(uint32_t sum, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* CRC32c, bit by bit (RFC 9260, appendix A). */
static uint32_t crc32c(const uint8_t *bytes, size_t length)
{
	uint32_t crc = ~UINT32_C(0);

	for (size_t i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ UINT32_C(0x82f63b78) : crc >> 1;
	}
	return ~crc;
}

static size_t put_tcp(uint8_t *bytes, uint16_t source, uint16_t dest)
{
	struct tcphdr tcp = {
		.source = htons(source), .dest = htons(dest), .seq = htonl(1), .doff = 5,
		.syn = 1, .window = htons(64240),
	};

	memcpy(bytes, &tcp, sizeof(tcp));
	return sizeof(tcp);
}

static size_t put_udp(uint8_t *bytes, uint16_t source, uint16_t dest)
{
	struct udphdr udp = {
		.source = htons(source), .dest = htons(dest), .len = htons(sizeof(udp)),
	};

	memcpy(bytes, &udp, sizeof(udp));
	return sizeof(udp);
}

static size_t put_sctp(uint8_t *bytes, uint16_t source, uint16_t dest)
{
	struct sctp_init init = {
		.source = htons(source), .dest = htons(dest), .type = SCTP_INIT,
		.length = htons(sizeof(init) - 12), .initiate_tag = htonl(1),
		.window = htonl(65536), .streams_out = htons(1), .streams_in = htons(1),
		.tsn = htonl(1),
	};
	uint32_t crc;

	memcpy(bytes, &init, sizeof(init));
	crc = crc32c(bytes, sizeof(init));
	memcpy(bytes + offsetof(struct sctp_init, checksum), &crc, sizeof(crc));
	return sizeof(init);
}

/* What asks for an answer has its number at the same place in both families. */
static size_t put_icmp(uint8_t *bytes, uint8_t type, uint16_t id)
{
	struct icmphdr echo = { .type = type, .un.echo.id = htons(id) };

	memcpy(bytes, &echo, sizeof(echo));
	return sizeof(echo);
}

/* What stands above IP; its checksum is still to be put in. */
static size_t put_transport(uint8_t *bytes, const struct packet *packet, uint16_t id)
{
	switch (packet->l4proto) {
	case IPPROTO_TCP:
		return put_tcp(bytes, id, packet->port);
	case IPPROTO_UDP:
		return put_udp(bytes, id, packet->port);
	case IPPROTO_SCTP:
		return put_sctp(bytes, id, packet->port);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return put_icmp(bytes, packet->icmp_type, id);
	default:
		id = htons(id);
		memset(bytes, 0, 8);
		memcpy(bytes, &id, sizeof(id));
		return 8;
	}
}

/*
 * Where the protocol keeps an Internet checksum; -1: it has none. The kernel refuses
 * (nf_reject_ipv4.c) only what has a good one, and where it does not know the protocol it
 * takes all bytes together for one, as it does with ICMP: so the unknown one gets one.
 */
static int checksum_offset(uint8_t l4proto)
{
	switch (l4proto) {
	case IPPROTO_TCP:
		return offsetof(struct tcphdr, check);
	case IPPROTO_UDP:
		return offsetof(struct udphdr, check);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return offsetof(struct icmphdr, checksum);
	case FRAME_OTHER_PROTOCOL:
		return sizeof(uint16_t);
	default:
		return -1;
	}
}

static void put_checksum(uint8_t *bytes, size_t length, uint8_t l4proto,
			 const struct address *source, const struct address *dest)
{
	int offset = checksum_offset(l4proto);
	uint32_t sum = 0;
	uint16_t check;

	if (offset < 0)
		return;
	/* In IPv4 that of TCP and UDP covers a pseudo header, in IPv6 every one does. */
	if (source->family == FAMILY_IPV6 || l4proto == IPPROTO_TCP || l4proto == IPPROTO_UDP) {
		sum = add_words(sum, source->bytes, address_size(source->family));
		sum = add_words(sum, dest->bytes, address_size(dest->family));
		sum += (uint32_t)length + l4proto;
	}
	check = fold(add_words(sum, bytes, length));
	memcpy(bytes + offset, &check, sizeof(check));
}

static size_t put_ip4(uint8_t *bytes, const struct packet *packet, const struct address *source,
		      const struct address *dest, size_t payload)
{
	struct iphdr ip = {
		.version = 4, .ihl = 5, .tot_len = htons((uint16_t)(sizeof(ip) + payload)),
		.ttl = 64, .protocol = packet->l4proto,
	};

	memcpy(&ip.saddr, source->bytes, sizeof(ip.saddr));
	memcpy(&ip.daddr, dest->bytes, sizeof(ip.daddr));
	memcpy(bytes, &ip, sizeof(ip));
	ip.check = fold(add_words(0, bytes, sizeof(ip)));
	memcpy(bytes, &ip, sizeof(ip));
	return sizeof(ip);
}

static size_t put_ip6(uint8_t *bytes, const struct packet *packet, const struct address *source,
		      const struct address *dest, size_t payload)
{
	struct ip6_hdr ip = {
		.ip6_plen = htons((uint16_t)payload), .ip6_nxt = packet->l4proto, .ip6_hlim = 64,
	};

	ip.ip6_vfc = 6 << 4;
	memcpy(&ip.ip6_src, source->bytes, sizeof(ip.ip6_src));
	memcpy(&ip.ip6_dst, dest->bytes, sizeof(ip.ip6_dst));
	memcpy(bytes, &ip, sizeof(ip));
	return sizeof(ip);
}

size_t frame_build(const struct packet *packet, const struct address *own, uint16_t id,
		   uint8_t bytes[FRAME_MAX_BYTES])
{
	bool out = packet->direction == DIRECTION_OUT;
	const struct address *source = out ? own : &packet->remote;
	const struct address *dest = out ? &packet->remote : own;
	uint8_t payload[FRAME_MAX_BYTES];
	size_t length = put_transport(payload, packet, id), header;

	put_checksum(payload, length, packet->l4proto, source, dest);
	header = own->family == FAMILY_IPV4 ? put_ip4(bytes, packet, source, dest, length)
					    : put_ip6(bytes, packet, source, dest, length);
	memcpy(bytes + header, payload, length);
	return header + length;
}

static uint16_t read_u16(const uint8_t *bytes)
{
	uint16_t value;

	memcpy(&value, bytes, sizeof(value));
	return ntohs(value);
}

/* An error quotes what it is about; a question names itself; the rest is foreign. */
static enum frame_meaning read_icmp(enum family family, const uint8_t *bytes, size_t length,
				    uint16_t *ret_id)
{
	bool error = family == FAMILY_IPV4 ? bytes[0] == ICMP_DEST_UNREACH
					   : bytes[0] == ICMP6_DST_UNREACH;
	bool question = family == FAMILY_IPV4
		? bytes[0] == ICMP_ECHO || bytes[0] == ICMP_TIMESTAMP
		: bytes[0] == ICMP6_ECHO_REQUEST || bytes[0] == FRAME_NODE_INFORMATION;

	if (question) {
		*ret_id = read_u16(bytes + 4);
		return FRAME_FIRST;
	}
	if (!error || frame_read_ip(bytes + 8, length - 8, ret_id) != FRAME_FIRST)
		return FRAME_FOREIGN;
	return FRAME_REFUSAL;
}

enum frame_meaning frame_read(enum family family, uint8_t l4proto, const uint8_t *bytes,
			      size_t length, uint16_t *ret_id)
{
	/* So much of a packet an ICMP error quotes at least. */
	if (length < 8)
		return FRAME_FOREIGN;
	if (l4proto == IPPROTO_ICMP || l4proto == IPPROTO_ICMPV6)
		return read_icmp(family, bytes, length, ret_id);
	if (l4proto == IPPROTO_TCP && length >= sizeof(struct tcphdr) && bytes[13] & TH_RST) {
		*ret_id = read_u16(bytes + 2);
		return FRAME_REFUSAL;
	}
	*ret_id = read_u16(bytes);
	return FRAME_FIRST;
}

bool frame_destination(const uint8_t *bytes, size_t length, struct address *ret)
{
	bool ipv4 = length >= sizeof(struct iphdr) && bytes[0] >> 4 == 4;

	if (!ipv4 && (length < sizeof(struct ip6_hdr) || bytes[0] >> 4 != 6))
		return false;
	*ret = (struct address){ .family = ipv4 ? FAMILY_IPV4 : FAMILY_IPV6 };
	memcpy(ret->bytes, bytes + (ipv4 ? offsetof(struct iphdr, daddr) :
				    offsetof(struct ip6_hdr, ip6_dst)), address_size(ret->family));
	return true;
}

enum frame_meaning frame_read_ip(const uint8_t *bytes, size_t length, uint16_t *ret_id)
{
	size_t header;

	if (length >= sizeof(struct iphdr) && bytes[0] >> 4 == 4) {
		header = (size_t)(bytes[0] & 0xf) * 4;
		return header > length ? FRAME_FOREIGN :
		       frame_read(FAMILY_IPV4, bytes[9], bytes + header, length - header, ret_id);
	}
	header = sizeof(struct ip6_hdr);
	if (length < header || bytes[0] >> 4 != 6)
		return FRAME_FOREIGN;
	return frame_read(FAMILY_IPV6, bytes[6], bytes + header, length - header, ret_id);
}
