/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/policy_dns.h"

#include <errno.h>
#include <string.h>

static const char *const enforced_words[] = { "enforced", NULL };

/* Where no resolver can be: what is no address of a machine, or of none beyond a link. */
static const struct { struct prefix prefix; const char *what; } impossible[] = {
	{ { { FAMILY_IPV4, { 0 } }, 8 }, "no address of a machine" },
	{ { { FAMILY_IPV4, { 127 } }, 8 }, "the loopback, which in a carrel is the carrel's own" },
	{ { { FAMILY_IPV4, { 224 } }, 3 }, "no address of a machine" },
	{ { { FAMILY_IPV6, { 0 } }, 128 }, "no address of a machine" },
	{ { { FAMILY_IPV6, { [15] = 1 } }, 128 },
	  "the loopback, which in a carrel is the carrel's own" },
	{ { { FAMILY_IPV6, { 0xfe, 0x80 } }, 10 }, "an address of one link alone" },
	{ { { FAMILY_IPV6, { 0xff } }, 8 }, "no address of a machine" },
};

/* ADDRESS */
static int parse_address(struct lexer *lexer, struct dns *dns)
{
	const struct token *token = lexer_take(lexer);
	char shown[TOKEN_SHOWN_SIZE];
	struct address address;

	if (token->kind != TOKEN_WORD || address_parse(token->text, token->length, &address) < 0)
		return lexer_refuse(lexer, token, "an address", "an IPv4 or IPv6 address of a resolver",
				    NULL);
	for (size_t i = 0; i < sizeof(impossible) / sizeof(*impossible); i++)
		if (prefix_contains(&impossible[i].prefix, &address))
			return lexer_error(lexer, token, "%s is %s; expected the address of a "
					   "resolver that a carrel can reach",
					   token_show(token, shown), impossible[i].what);
	if (dns_is_resolver(dns, &address))
		return lexer_error(lexer, token, "%s stands twice in the list",
				   token_show(token, shown));
	struct address *kept = ARENA_APPEND(lexer->arena, &dns->resolvers[address.family].list);
	if (!kept)
		return -ENOMEM;
	*kept = address;
	return 0;
}

/* Let queries out: put a rule before all but the overrides. */
static int add_rule(struct lexer *lexer, const struct token *keyword, struct policy *policy)
{
	struct policy_rule rule = {
		.direction = DIRECTION_OUT, .verdict = VERDICT_ALLOW,
		.protocols = PROTOCOL_TCP | PROTOCOL_UDP, .remote_resolver = true,
		.text = lexer_line_text(lexer), .position = keyword->position,
	};
	struct port_range *port = ARENA_APPEND(lexer->arena, &rule.ports);
	size_t place = 0;

	if (!rule.text || !port)
		return -ENOMEM;
	*port = (struct port_range){ DNS_PORT, DNS_PORT };
	const struct policy_rule *last = ARENA_APPEND(lexer->arena, &policy->rules);
	if (!last)
		return -ENOMEM;
	while (place + 1 < policy->rules.count && policy->rules.items[place].override)
		place++;
	memmove(&policy->rules.items[place + 1], &policy->rules.items[place],
		(policy->rules.count - 1 - place) * sizeof(rule));
	policy->rules.items[place] = rule;
	return 0;
}

int policy_dns_parse(struct lexer *lexer, const struct token *keyword, struct policy *policy)
{
	struct dns dns = { .own = true, .position = keyword->position };
	int rc;

	do
		rc = parse_address(lexer, &dns);
	while (!rc && lexer_accept(lexer, TOKEN_COMMA));
	if (rc)
		return rc;
	dns.enforced = lexer_accept_word(lexer, "enforced");
	rc = lexer_expect_end(lexer, dns.enforced ? "the end of the line" :
			      "a comma, 'enforced' or the end of the line", enforced_words);
	if (!rc)
		rc = add_rule(lexer, keyword, policy);
	if (!rc)
		policy->dns = dns;
	return rc;
}

void policy_dns_settle(struct policy *policy, const struct host_resolvers *host)
{
	if (policy->uplink != UPLINK_NONE)
		dns_settle(&policy->dns, host);
}

void policy_dns_check(const struct policy *policy, struct diagnostics *diagnostics)
{
	if (policy->dns.own && policy->uplink == UPLINK_NONE)
		diagnostic_add(diagnostics, SEVERITY_ERROR, &policy->dns.position,
			       "'dns' in a policy with 'uplink none', whose carrels reach nobody; "
			       "expected another uplink, or no 'dns'");
}
