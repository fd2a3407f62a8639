/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/log.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <netinet/in.h>


static const char *const set_names[] = {
	[LOG_IPV4] = LOG_SET_IPV4, [LOG_IPV6] = LOG_SET_IPV6, [LOG_ICMP4] = LOG_SET_ICMP4,
	[LOG_ICMP6] = LOG_SET_ICMP6, [LOG_REST] = LOG_SET_REST,
};
static_assert(sizeof(set_names) / sizeof(*set_names) == LOG_SET_COUNT, "a name for each set");

const char *log_set_name(enum log_set set)
{
	return set_names[set];
}

/* Take the next part of a key, in whole registers of 4 bytes; false when it is not there. */
static bool take(const struct log_entry *entry, size_t *offset, void *ret, size_t size_bytes)
{
	size_t next = *offset + ((size_bytes + 3) & ~(size_t)3);

	if (next > entry->key_bytes)
		return false;
	memcpy(ret, entry->key + *offset, size_bytes);
	*offset = next;
	return true;
}

bool log_read_flow(const struct log_entry *entry, struct log_flow *ret)
{
	bool icmp = entry->set == LOG_ICMP4 || entry->set == LOG_ICMP6;
	struct log_flow flow = { 0 };
	uint8_t port[2] = { 0 };
	size_t offset = 0;
	bool whole = true;

	flow.remote.family = entry->set == LOG_IPV6 || entry->set == LOG_ICMP6 ? FAMILY_IPV6
									       : FAMILY_IPV4;
	if (icmp)
		flow.l4proto = entry->set == LOG_ICMP4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	else if (entry->set != LOG_REST)
		whole = take(entry, &offset, &flow.l4proto, sizeof(flow.l4proto));
	if (entry->set != LOG_REST)
		whole = whole && take(entry, &offset, flow.remote.bytes,
				      address_size(flow.remote.family));
	if (icmp)
		whole = whole && take(entry, &offset, &flow.icmp_type, sizeof(flow.icmp_type)) &&
			take(entry, &offset, &flow.icmp_code, sizeof(flow.icmp_code));
	else if (entry->set != LOG_REST)
		whole = whole && take(entry, &offset, port, sizeof(port));
	/* The kernel keeps it in its own order. */
	whole = whole && take(entry, &offset, &flow.mark, sizeof(flow.mark));
	if (!whole || offset != entry->key_bytes)
		return false;
	/* Where others have a port, these have something else. */
	if (flow.l4proto == IPPROTO_TCP || flow.l4proto == IPPROTO_UDP ||
	    flow.l4proto == IPPROTO_SCTP)
		flow.port = (uint16_t)(port[0] << 8 | port[1]);
	*ret = flow;
	return true;
}

/* Cut the first word off @text; NULL when nothing follows it. */
static char *cut_word(char **text)
{
	char *word = *text, *blank = strchr(word, ' ');

	if (!blank)
		return NULL;
	*blank = '\0';
	*text = blank + 1;
	return word;
}

int log_read_rule(uint32_t mark, const char *comment, size_t length, struct arena *arena,
		  struct log_rule *ret)
{
	char *rest = arena_strndup(arena, comment, length);

	if (!rest)
		return -ENOMEM;
	const char *direction = cut_word(&rest);
	const char *verdict = direction ? cut_word(&rest) : NULL;
	const char *policy = verdict ? cut_word(&rest) : NULL;
	if (!policy)
		return -EINVAL;
	for (size_t i = 0; direction_words[i]; i++) {
		if (strcmp(direction, direction_words[i]) != 0)
			continue;
		*ret = (struct log_rule){ mark, (enum direction)i, verdict, policy, rest };
		return 0;
	}
	return -EINVAL;
}

const char *log_protocol(uint8_t l4proto, char text[LOG_PROTOCOL_SIZE])
{
	switch (l4proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_SCTP:
		return "sctp";
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return "icmp";
	default:
		snprintf(text, LOG_PROTOCOL_SIZE, "%u", l4proto);
		return text;
	}
}

/* "tcp 203.0.113.5:443", "tcp from 192.0.2.1 to port 80", "icmp 192.0.2.1 type 8 code 0" */
static void describe_flow(enum direction direction, const struct log_flow *flow,
			  struct buffer *text)
{
	bool icmp = flow->l4proto == IPPROTO_ICMP || flow->l4proto == IPPROTO_ICMPV6;
	bool brackets = flow->port && direction == DIRECTION_OUT &&
			flow->remote.family == FAMILY_IPV6;
	char address[ADDRESS_TEXT_SIZE], number[LOG_PROTOCOL_SIZE];
	const char *protocol = log_protocol(flow->l4proto, number);

	address_format(&flow->remote, address);
	buffer_printf(text, "%s%s %s%s%s%s", protocol == number ? "protocol " : "", protocol,
		      direction == DIRECTION_IN ? "from " : "", brackets ? "[" : "", address,
		      brackets ? "]" : "");
	if (flow->port)
		buffer_printf(text, direction == DIRECTION_OUT ? ":%u" : " to port %u", flow->port);
	if (icmp)
		buffer_printf(text, " type %u code %u", flow->icmp_type, flow->icmp_code);
}

void log_describe(const struct log_rule *rule, const struct log_flow *flow, uint64_t packets,
		  struct buffer *text)
{
	if (flow)
		describe_flow(rule->direction, flow, text);
	else
		buffer_printf(text, "other packets %s", direction_words[rule->direction]);
	buffer_printf(text, " %s, %s", rule->verdict, rule->place);
	if (packets != 1)
		buffer_printf(text, " (%" PRIu64 " packets)", packets);
}
