/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/flow.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include "base/hostname.h"
#include "base/number.h"
#include "core/policy.h"

/* What flows can be of, in the order of the words. */
static const char *const protocol_words[] = { "tcp", "udp", "sctp", "icmp", NULL };
static const uint8_t protocol_numbers[] = {
	IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_ICMP,
};
static_assert(sizeof(protocol_words) / sizeof(protocol_words[0]) ==
	      sizeof(protocol_numbers) / sizeof(protocol_numbers[0]) + 1,
	      "one number for each word");

/* In the order of enum flow_remote, whose first and last have no word. */
static const char *const remote_words[] = { "host", "peers", "resolver", NULL };
static_assert(FLOW_HOST == 1 && FLOW_PEERS == 2 && FLOW_RESOLVER == 3,
	      "remote_words begins with FLOW_HOST");

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

/* The name of a host. */
static int parse_name(struct lexer *lexer, const struct token *token, struct flow *flow)
{
	char shown[TOKEN_SHOWN_SIZE], name[HOSTNAME_SIZE];
	const char *fault = hostname_parse(token->text, token->length, name);

	if (fault)
		return lexer_error(lexer, token, "%s is not a host name: it %s",
				   token_show(token, shown), fault);
	flow->remote = FLOW_NAME;
	flow->name = arena_strdup(lexer->arena, name);
	return flow->name ? 0 : -ENOMEM;
}

/* An address, a name, or one of the words. */
static int parse_remote(struct lexer *lexer, const struct token *token, struct flow *flow)
{
	int word = token_find(token, remote_words);

	if (word >= 0) {
		flow->remote = (enum flow_remote)(FLOW_HOST + word);
		return 0;
	}
	if (token->kind == TOKEN_WORD && hostname_is_meant(token->text, token->length))
		return parse_name(lexer, token, flow);
	if (token->kind != TOKEN_WORD ||
	    address_parse(token->text, token->length, &flow->address) < 0)
		return lexer_refuse(lexer, token, "an address", "host, peers, resolver, a host "
				    "name, an address, or [ADDRESS]:PORT in IPv6", remote_words);
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
		return lexer_error(lexer, whole, "%s is without a port; expected '%s%.*s%s:PORT'%s",
				   token_show(whole, shown), bracket ? "[" : "",
				   (int)ends->remote.length, ends->remote.text,
				   bracket ? "]" : "",
				   bracket && *whole->text != '[' ?
				   ": what follows a colon in an IPv6 address is no port" : "");
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

/* Number @at of the host's first addresses of each family, or NULL. */
static const struct address *host_at(const struct prefix_list *host, size_t at)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const struct address *address = first_of(host, family);

		if (address && at-- == 0)
			return address;
	}
	return NULL;
}

/* Number @at of the policy's resolvers, or NULL. */
static const struct address *resolver_at(const struct dns *dns, size_t at)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const struct resolver_list *resolvers = &dns->resolvers[family];

		if (at < resolvers->list.count)
			return &resolvers->list.items[at];
		at -= resolvers->list.count;
	}
	return NULL;
}

/* Number @at of the addresses that the policy has for @name, or NULL. */
static const struct address *named_at(const struct policy *policy, const char *name, size_t at)
{
	for (size_t i = 0; i < policy->names.count; i++) {
		const struct policy_name *known = &policy->names.items[i];

		if (strcmp(known->name, name) == 0)
			return at < known->addresses.count ? &known->addresses.items[at] : NULL;
	}
	return NULL;
}

/* Number @at of what stands for the remote end of @flow, or NULL. */
static const struct address *remote_at(const struct flow *flow, const struct flow_ends *ends,
				       size_t at)
{
	switch (flow->remote) {
	case FLOW_ADDRESS:
		return at == 0 ? &flow->address : NULL;
	case FLOW_HOST:
		return host_at(ends->host, at);
	case FLOW_PEERS:
		return at == 0 ? &ends->config->pool4.address :
		       at == 1 ? &ends->config->pool6.address : NULL;
	case FLOW_RESOLVER:
		return resolver_at(&ends->policy->dns, at);
	case FLOW_NAME:
		return named_at(ends->policy, flow->name, at);
	}
	return NULL;
}

bool flow_packet(const struct flow *flow, const struct flow_ends *ends, size_t *at,
		 struct packet *ret)
{
	static const uint8_t echo_requests[FAMILY_COUNT] = { ICMP_ECHO, ICMP6_ECHO_REQUEST };
	const struct address *remote = remote_at(flow, ends, *at);

	if (!remote)
		return false;
	++*at;
	*ret = (struct packet){
		.direction = flow->direction, .remote = *remote,
		.l4proto = flow->l4proto == IPPROTO_ICMP && remote->family == FAMILY_IPV6 ?
			   IPPROTO_ICMPV6 : flow->l4proto,
		.port = flow->port,
		.icmp_type = echo_requests[remote->family],
	};
	return true;
}
