/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/flow.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include "base/number.h"
#include "core/policy_rule.h"

/* What flows can be of, in the order of the words. */
static const char *const protocol_words[] = { "tcp", "udp", "sctp", "icmp", NULL };
static const uint8_t protocol_numbers[] = {
	IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_ICMP,
};
static_assert(sizeof(protocol_words) / sizeof(protocol_words[0]) ==
	      sizeof(protocol_numbers) / sizeof(protocol_numbers[0]) + 1,
	      "one number for each word");

/* In the order of enum flow_remote, whose first has no word. */
static const char *const remote_words[] = { "host", "peers", NULL };
static_assert(FLOW_HOST == 1 && FLOW_PEERS == 2, "remote_words begins with FLOW_HOST");

/* A remote end as it was written: what stands before the port, and the port. */
struct ends {
	struct token remote, port;
	bool has_port;
};

const char *flow_protocol_name(uint8_t l4proto)
{
	if (l4proto == IPPROTO_ICMPV6)
		l4proto = IPPROTO_ICMP;
	for (size_t i = 0; i < sizeof(protocol_numbers) / sizeof(protocol_numbers[0]); i++)
		if (protocol_numbers[i] == l4proto)
			return protocol_words[i];
	return NULL;
}

/* The @length bytes at @at of @token. */
static struct token part_of(const struct token *token, const char *at, size_t length)
{
	struct token part = *token;

	part.text = at;
	part.length = length;
	part.position.column += (unsigned)(at - token->text);
	return part;
}

/* Cut "REMOTE:PORT" where the port begins: behind a bracket, or behind the only colon. */
static struct ends cut(const struct token *token)
{
	const char *text = token->text, *end = text + token->length, *colon;
	struct ends ends = { .remote = *token };

	if (token->length > 0 && text[0] == '[') {
		const char *bracket = memchr(text, ']', token->length);

		if (!bracket || (bracket + 1 < end && bracket[1] != ':'))
			return ends;    /* no address either: refused as a whole */
		ends.remote = part_of(token, text + 1, (size_t)(bracket - text) - 1);
		colon = bracket + 1;
	} else {
		colon = memchr(text, ':', token->length);
		if (!colon || memchr(colon + 1, ':', (size_t)(end - colon) - 1))
			return ends;
		ends.remote = part_of(token, text, (size_t)(colon - text));
	}
	if (colon == end)
		return ends;
	ends.port = part_of(token, colon + 1, (size_t)(end - colon) - 1);
	ends.has_port = true;
	return ends;
}

/* An address, "host" or "peers". */
static int parse_remote(struct lexer *lexer, const struct token *token, struct flow *flow)
{
	int word = token_find(token, remote_words);

	if (word >= 0) {
		flow->remote = (enum flow_remote)(FLOW_HOST + word);
		return 0;
	}
	if (token->kind != TOKEN_WORD ||
	    address_parse(token->text, token->length, &flow->address) < 0)
		return lexer_refuse(lexer, token, "an address", "host, peers, an address, or "
				    "[ADDRESS]:PORT in IPv6", remote_words);
	flow->remote = FLOW_ADDRESS;
	return 0;
}

/* The port, where the protocol has one. @whole is what was written. */
static int parse_port(struct lexer *lexer, const struct token *whole, const struct ends *ends,
		      struct flow *flow)
{
	char shown[TOKEN_SHOWN_SIZE];
	bool icmp = flow->l4proto == IPPROTO_ICMP;
	bool bracket = flow->remote == FLOW_ADDRESS && flow->address.family == FAMILY_IPV6;
	uint64_t port;

	if (icmp && ends->has_port)
		return lexer_error(lexer, &ends->port, "a port behind icmp, which has none");
	if (icmp)
		return 0;
	if (!ends->has_port)
		return lexer_error(lexer, whole, "%s is without a port; expected '%s%.*s%s:PORT'",
				   token_show(whole, shown), bracket ? "[" : "",
				   (int)ends->remote.length, ends->remote.text,
				   bracket ? "]" : "");
	if (number_parse(ends->port.text, ends->port.length, UINT16_MAX, &port) < 0 || port == 0)
		return lexer_refuse(lexer, &ends->port, "a port", "a number from 1 to 65535",
				    NULL);
	flow->port = (uint16_t)port;
	return 0;
}

int flow_parse(struct lexer *lexer, struct flow *ret)
{
	struct flow flow = { .direction = DIRECTION_OUT };
	size_t protocol;

	for (int i = 0; i < DIRECTION_COUNT; i++)
		if (lexer_accept_word(lexer, direction_words[i])) {
			flow.direction = (enum direction)i;
			break;
		}
	int rc = lexer_expect(lexer, "a protocol", protocol_words, &protocol);
	if (rc)
		return rc;
	flow.l4proto = protocol_numbers[protocol];

	const struct token *token = lexer_take(lexer);
	struct ends ends = cut(token);
	rc = parse_remote(lexer, &ends.remote, &flow);
	if (!rc)
		rc = parse_port(lexer, token, &ends, &flow);
	if (!rc)
		*ret = flow;
	return rc;
}

/* The first address of @family in @list, or NULL. */
static const struct address *first_of(const struct prefix_list *list, enum family family)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].address.family == family)
			return &list->items[i].address;
	return NULL;
}

/* What stands for the remote end of @flow in @family, or NULL. */
static const struct address *remote_of(const struct flow *flow, const struct config *config,
				       const struct prefix_list *host, enum family family)
{
	switch (flow->remote) {
	case FLOW_ADDRESS:
		return flow->address.family == family ? &flow->address : NULL;
	case FLOW_HOST:
		return first_of(host, family);
	case FLOW_PEERS:
		return family == FAMILY_IPV4 ? &config->pool4.address : &config->pool6.address;
	}
	return NULL;
}

size_t flow_packets(const struct flow *flow, const struct config *config,
		    const struct prefix_list *host, struct packet ret[FAMILY_COUNT])
{
	static const uint8_t echo_requests[FAMILY_COUNT] = { ICMP_ECHO, ICMP6_ECHO_REQUEST };
	size_t count = 0;

	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const struct address *remote = remote_of(flow, config, host, family);

		if (!remote)
			continue;
		ret[count++] = (struct packet){
			.direction = flow->direction, .remote = *remote,
			.l4proto = flow->l4proto == IPPROTO_ICMP && family == FAMILY_IPV6 ?
				   IPPROTO_ICMPV6 : flow->l4proto,
			.port = flow->port,
			.icmp_type = echo_requests[family],
		};
	}
	return count;
}
