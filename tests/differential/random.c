/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Chance alone would never hit anything: rules and packets take their addresses and ports
 * from one small vocabulary in which prefixes nest and ranges overlap; rules narrow and
 * widen them, packets stand at their edges and one beyond. Sets, and the addresses of hosts,
 * are from the same vocabulary.
 *
 * Limits of rates and of connections are such that no packet of a test is above them.
 */
#include "random.h"

#include <stdbool.h>
#include <string.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include "base/buffer.h"
#include "frame.h"
#include "wire.h"

static const char *const places[] = {
	"10.0.0.0/8", "10.213.0.0/16", "10.213.99.0/24", "10.213.0.1", "172.16.0.0/12",
	"192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "169.254.169.254",
	"192.0.2.0/24", "192.0.2.1", "198.51.100.1", "198.51.100.53", "203.0.113.0/24",
	"203.0.113.8/29", "203.0.113.10", "128.0.0.0/2",
	"fc00::/7", "fd42:ca44:e1::/64", "fd42:ca44:e1::/96", "fe80::/10", "fd00:ec2::254",
	"2001:db8::/32", "2001:db8::1", "2001:db8:80::/48", "2001:db8:80::10", "2000::/3",
};

static const struct port_range ports[] = {
	{ 1, 1 }, { 22, 22 }, { 25, 25 }, { 53, 53 }, { 80, 80 }, { 443, 443 }, { 80, 90 },
	{ 92, 92 }, { 8000, 8099 }, { 8080, 8080 }, { 1024, 65535 }, { 1, 1023 }, { 65535, 65535 },
	{ 1, 65535 }, { 53, 443 },
};

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

/* SplitMix64: any seed will do. */
static uint64_t next(struct random *random)
{
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint32_t random_below(struct random *random, uint32_t limit)
{
	/* The bias of the remainder is nothing here. */
	return (uint32_t)(next(random) >> 32) % limit;
}

static bool one_in(struct random *random, uint32_t n)
{
	return random_below(random, n) == 0;
}

/* Set the bits of @address from number @first on: to 0, to 1, or (@value 2) by chance. */
static void fill_bits(struct random *random, struct address *address, unsigned first,
		      unsigned value)
{
	for (unsigned bit = first; bit < address_bits(address->family); bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		if (value == 1 || (value == 2 && one_in(random, 2)))
			address->bytes[bit / 8] |= mask;
		else
			address->bytes[bit / 8] &= (uint8_t)~mask;
	}
}

static struct prefix random_place(struct random *random)
{
	const char *text = places[random_below(random, COUNT(places))];
	struct prefix prefix = { 0 };

	/* All of the vocabulary is valid, or the policies with it would be refused. */
	prefix_parse(text, strlen(text), &prefix);
	return prefix;
}

/* One of the vocabulary, or narrower or wider than that. */
static struct prefix random_prefix(struct random *random)
{
	struct prefix prefix = random_place(random);
	unsigned bits = address_bits(prefix.address.family);

	if (one_in(random, 4)) {
		fill_bits(random, &prefix.address, prefix.length, 2);
		prefix.length = (uint8_t)(prefix.length +
					  random_below(random, bits - prefix.length + 1));
	} else if (one_in(random, 8)) {
		prefix.length = (uint8_t)random_below(random, prefix.length + 1U);
	}
	fill_bits(random, &prefix.address, prefix.length, 0);
	return prefix;
}

/* Add or subtract one. */
static void step(struct address *address, bool up)
{
	for (size_t i = address_size(address->family); i-- > 0;) {
		address->bytes[i] = (uint8_t)(address->bytes[i] + (up ? 1 : -1));
		if (address->bytes[i] != (up ? 0 : 0xff))
			return;
	}
}

/* An edge of a prefix, one beyond it, or somewhere inside. */
static struct address random_address(struct random *random)
{
	struct prefix prefix = random_prefix(random);
	unsigned where = random_below(random, 5);

	fill_bits(random, &prefix.address, prefix.length, where % 3);
	if (where >= 3)
		step(&prefix.address, where % 3);
	return prefix.address;
}

/* A unicast address that the kernel sends to, and takes from others. */
static bool is_sendable(const struct address *address, const struct address *own)
{
	const uint8_t *bytes = address->bytes;
	static const struct address zero[FAMILY_COUNT] = { { .family = FAMILY_IPV4 },
							   { .family = FAMILY_IPV6 } };

	if (address_equal(address, own))
		return false;
	if (address->family == FAMILY_IPV4)
		return bytes[0] != 0 && bytes[0] != 127 && bytes[0] < 224;
	/* Also without the forms that have IPv4 in them (RFC 4291, 2.5.5), and loopback. */
	return bytes[0] != 0xff && memcmp(bytes, zero[FAMILY_IPV6].bytes, 10) != 0;
}

static uint16_t random_port(struct random *random)
{
	for (;;) {
		const struct port_range *range = &ports[random_below(random, COUNT(ports))];
		uint32_t span = (uint32_t)(range->last - range->first) + 1, port;

		switch (random_below(random, 5)) {
		case 0:
			port = range->first;
			break;
		case 1:
			port = range->last;
			break;
		case 2:
			port = range->first - 1U;
			break;
		case 3:
			port = range->last + 1U;
			break;
		default:
			port = range->first + random_below(random, span);
		}
		if (port > 0 && port <= UINT16_MAX &&
		    (port < WIRE_FIRST_ID || port >= WIRE_FIRST_ID + WIRE_BATCH_MAX))
			return (uint16_t)port;
	}
}

struct packet random_packet(struct random *random, const struct address own[FAMILY_COUNT])
{
	static const uint8_t protocols[] = {
		IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_ICMP,
		FRAME_OTHER_PROTOCOL,
	};
	static const uint8_t icmp_types[FAMILY_COUNT][2] = {
		{ ICMP_ECHO, ICMP_TIMESTAMP }, { ICMP6_ECHO_REQUEST, FRAME_NODE_INFORMATION },
	};
	struct packet packet = { .direction = random_below(random, DIRECTION_COUNT) };

	do
		packet.remote = random_address(random);
	while (!is_sendable(&packet.remote, &own[packet.remote.family]));

	packet.l4proto = protocols[random_below(random, COUNT(protocols))];
	if (packet.l4proto == IPPROTO_ICMP) {
		packet.icmp_type = icmp_types[packet.remote.family][random_below(random, 2)];
		if (packet.remote.family == FAMILY_IPV6)
			packet.l4proto = IPPROTO_ICMPV6;
	}
	/* Without ports there is no telling it from the answer to one that went out. */
	if (packet.l4proto == FRAME_OTHER_PROTOCOL)
		packet.direction = DIRECTION_OUT;
	if (packet.l4proto == IPPROTO_TCP || packet.l4proto == IPPROTO_UDP ||
	    packet.l4proto == IPPROTO_SCTP)
		packet.port = one_in(random, 4) ? DNS_PORT : random_port(random);
	return packet;
}

/* What rules may refer to. */
static const char *const set_names[] = { "campus", "labs" };
static const char *const host_names[] = { "www.example", "moodle.example.edu" };

static const char *const verdicts[] = { "allow", "deny", "reject" };

/* "tcp,udp": each at most once */
static void put_protocols(struct random *random, bool with_icmp, struct buffer *text)
{
	static const char *const words[] = { "tcp", "udp", "sctp", "icmp" };
	uint32_t bits = 1 + random_below(random, with_icmp ? 15 : 7);
	const char *separator = " ";

	for (size_t i = 0; i < COUNT(words); i++) {
		if (!(bits & 1U << i))
			continue;
		buffer_printf(text, "%s%s", separator, words[i]);
		separator = ",";
	}
}

/*
 * One remote end that is neither "any" nor a word.
 * @names:	bits of host_names that may be used, which is only outwards; each at most once
 */
static void put_remote(struct random *random, uint32_t *names, struct buffer *text)
{
	struct prefix prefix = random_prefix(random);
	uint32_t name = random_below(random, COUNT(host_names));
	char formatted[PREFIX_TEXT_SIZE];

	if (one_in(random, 8)) {
		buffer_printf(text, "set %s", set_names[random_below(random, COUNT(set_names))]);
	} else if (*names & 1U << name && one_in(random, 6)) {
		*names &= ~(1U << name);
		buffer_puts(text, host_names[name]);
	} else {
		prefix_format(&prefix, formatted);
		buffer_puts(text, formatted);
	}
}

/* "to host,10.0.0.0/8"; words at most once, "any" alone */
static void put_remotes(struct random *random, bool out, struct buffer *text)
{
	static const char *const words[] = {
		"host", "peers", "private", "metadata", "internet", "resolver",
	};
	uint32_t used = 0, count = 1 + random_below(random, 4);
	uint32_t names = out ? (1U << COUNT(host_names)) - 1 : 0;

	buffer_puts(text, out ? " to" : " from");
	if (one_in(random, 8)) {
		buffer_puts(text, " any");
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint32_t word = random_below(random, 3 * COUNT(words));

		buffer_puts(text, i ? "," : " ");
		if (word < COUNT(words) && !(used & 1U << word)) {
			used |= 1U << word;
			buffer_puts(text, words[word]);
		} else {
			put_remote(random, &names, text);
		}
	}
}

/* "icmp type echo-request,13": each word at most once */
static void put_icmp_types(struct random *random, struct buffer *text)
{
	static const char *const words[] = {
		"echo-request", "timestamp-request", "packet-too-big", "139", "8", "13", "129",
	};
	uint32_t first = random_below(random, COUNT(words)), count = 1 + random_below(random, 3);

	buffer_puts(text, " icmp type");
	for (uint32_t i = 0; i < count; i++)
		buffer_printf(text, "%s%s", i ? "," : " ", words[(first + i) % COUNT(words)]);
}

/* "port 53,8000-8099" */
static void put_ports(struct random *random, struct buffer *text)
{
	uint32_t count = 1 + random_below(random, 3);

	buffer_puts(text, " port");
	for (uint32_t i = 0; i < count; i++) {
		const struct port_range *range = &ports[random_below(random, COUNT(ports))];

		buffer_printf(text, "%s%u", i ? "," : " ", range->first);
		if (range->last != range->first)
			buffer_printf(text, "-%u", range->last);
	}
}

static void put_rule(struct random *random, struct buffer *text)
{
	bool out = random_below(random, 2), with_ports = random_below(random, 2);

	buffer_printf(text, "%s %s", verdicts[random_below(random, COUNT(verdicts))],
		      out ? "out" : "in");
	if (!with_ports && one_in(random, 3))
		put_icmp_types(random, text);
	else if (one_in(random, 4) == 0)
		put_protocols(random, !with_ports, text);
	if (one_in(random, 6) == 0)
		put_remotes(random, out, text);
	if (with_ports)
		put_ports(random, text);
	if (one_in(random, 6))
		buffer_printf(text, " limit %s burst 65535",
			      one_in(random, 2) ? "1000000/second" : "9/day");
	if (one_in(random, 4))
		buffer_puts(text, " log");
	if (one_in(random, 8))
		buffer_puts(text, " \"to port 1, from any\"");
	buffer_puts(text, "\n");
}

/* "dns 10.9.0.53,2001:db8::1 enforced": neighbours in the list, some of them the host or peers */
static void put_dns(struct random *random, struct buffer *text)
{
	static const char *const resolvers[] = {
		"10.9.0.53", "192.0.2.1", "203.0.113.10", "2001:db8:80::10", "2001:db8::1",
		"198.51.100.53", "fd00:ec2::254", "10.213.0.1", "10.213.99.7",
	};
	uint32_t first = random_below(random, COUNT(resolvers)), count = 1 + random_below(random, 4);

	buffer_puts(text, "dns");
	for (uint32_t i = 0; i < count; i++)
		buffer_printf(text, "%s%s", i ? "," : " ", resolvers[(first + i) % COUNT(resolvers)]);
	buffer_puts(text, one_in(random, 2) ? " enforced\n" : "\n");
}

static void put_rules(struct random *random, uint32_t most, struct buffer *text)
{
	uint32_t rules = random_below(random, most + 1);

	for (uint32_t i = 0; i < rules; i++)
		put_rule(random, text);
}

/* "set campus 10.0.0.0/8,2001:db8::/32" */
static void put_sets(struct random *random, struct buffer *text)
{
	char formatted[PREFIX_TEXT_SIZE];

	for (size_t i = 0; i < COUNT(set_names); i++) {
		uint32_t count = 1 + random_below(random, 3);

		buffer_printf(text, "set %s", set_names[i]);
		for (uint32_t j = 0; j < count; j++) {
			struct prefix prefix = random_prefix(random);

			prefix_format(&prefix, formatted);
			buffer_printf(text, "%s%s", j ? "," : " ", formatted);
		}
		buffer_puts(text, "\n");
	}
}

/* "www.example 203.0.113.10 2001:db8:80::10"; or no address is known */
static void put_names(struct random *random, struct buffer *text)
{
	char formatted[ADDRESS_TEXT_SIZE];

	buffer_puts(text, "=== names\n");
	for (size_t i = 0; i < COUNT(host_names); i++) {
		uint32_t count = random_below(random, 5);

		buffer_puts(text, host_names[i]);
		for (uint32_t j = 0; j < count; j++) {
			static const struct address none = { 0 };
			struct prefix place;

			/* An edge, where packets come by. */
			do {
				place = random_place(random);
				fill_bits(random, &place.address, place.length,
					  random_below(random, 2));
			} while (!is_sendable(&place.address, &none));
			address_format(&place.address, formatted);
			buffer_printf(text, " %s", formatted);
		}
		buffer_puts(text, "\n");
	}
}

/* Directives that stand once. */
static void put_settings(struct random *random, struct buffer *text)
{
	if (one_in(random, 4) == 0)
		buffer_printf(text, "default %s out %s in\n",
			      verdicts[random_below(random, COUNT(verdicts))],
			      verdicts[random_below(random, COUNT(verdicts))]);
	if (one_in(random, 3))
		buffer_printf(text, "log %s\n", one_in(random, 4) ? "none" : "denied");
	if (one_in(random, 6))
		buffer_puts(text, "connections 1000000\n");
	if (one_in(random, 4))
		buffer_puts(text, "rebind ok\n");
	if (one_in(random, 3))
		put_dns(random, text);
}

const char *random_policy(struct random *random, struct arena *arena)
{
	BUFFER_CLEANUP struct buffer text = { 0 };
	bool includes = one_in(random, 3);

	put_sets(random, &text);
	put_names(random, &text);
	if (one_in(random, 4)) {
		buffer_puts(&text, "=== overrides\n");
		put_rules(random, 3, &text);
	}
	if (includes) {
		buffer_puts(&text, "=== common/a\n");
		put_rules(random, 2, &text);
		if (one_in(random, 2))
			buffer_puts(&text, "include common/b\n");
		put_rules(random, 2, &text);
		buffer_puts(&text, "=== common/b\n");
		put_rules(random, 3, &text);
	}
	buffer_puts(&text, "=== policy\n");
	put_settings(random, &text);
	put_rules(random, includes ? 5 : 9, &text);
	if (includes) {
		buffer_puts(&text, "include common/a\n");
		put_rules(random, 3, &text);
	}
	return text.failed ? NULL : arena_strdup(arena, text.data);
}
