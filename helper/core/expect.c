/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/expect.h"

#include <errno.h>
#include <string.h>

#include "core/reason.h"

static const char *const verdict_choices[] = { "allow", "deny", NULL };

/*
 * Stand for the host, whose real addresses a policy cannot know: the dummy address of
 * RFC 7600 and one of the discard prefix (RFC 6666), which are nobody else's.
 */
static const struct prefix host_addresses[] = {
	{ { FAMILY_IPV4, { 192, 0, 0, 8 } }, 32 },
	{ { FAMILY_IPV6, { 0x01, 0x00, [15] = 8 } }, 128 },
};

static const struct prefix_list host = {
	host_addresses, sizeof(host_addresses) / sizeof(host_addresses[0]),
};

/* Likewise for the resolvers of a host: as yet nobody's, and of the discard prefix. */
static const struct address resolver_addresses[FAMILY_COUNT] = {
	{ FAMILY_IPV4, { 192, 0, 0, 53 } }, { FAMILY_IPV6, { 0x01, 0x00, [15] = 53 } },
};

/*
 * And for a host with a name, of the internet, as others are not believed: out of the relays'
 * prefix that is no longer used (RFC 7526), and of one for documentation (RFC 9637).
 */
static const struct address named_addresses[FAMILY_COUNT] = {
	{ FAMILY_IPV4, { 192, 88, 99, 8 } }, { FAMILY_IPV6, { 0x3f, 0xff, [15] = 8 } },
};

int expect_parse(struct lexer *lexer, const struct token *keyword, struct policy *policy)
{
	struct expectation expectation = { .position = keyword->position };
	size_t choice;

	int rc = lexer_expect(lexer, "a verdict", verdict_choices, &choice);
	if (!rc)
		rc = flow_parse(lexer, &expectation.flow);
	if (!rc)
		rc = lexer_expect_end(lexer, "the end of the line", NULL);
	if (rc)
		return rc;
	expectation.allow = choice == 0;
	expectation.text = lexer_line_text(lexer);
	struct expectation *kept = expectation.text ?
		ARENA_APPEND(lexer->arena, &policy->expectations) : NULL;
	if (!kept)
		return -ENOMEM;
	*kept = expectation;
	return 0;
}

/* Append what @packet of the flow is for, without the address of a stand-in. */
static void put_remote(const struct policy *policy, const struct flow *flow,
		       const struct packet *packet, struct buffer *text)
{
	const char *family = packet->remote.family == FAMILY_IPV4 ? "IPv4" : "IPv6";
	char address[ADDRESS_TEXT_SIZE];

	if (flow->remote == FLOW_NAME) {
		buffer_printf(text, "an %s address of %s", family, flow->name);
	} else if (flow->remote == FLOW_HOST) {
		buffer_printf(text, "an %s address of the host", family);
	} else if (flow->remote == FLOW_RESOLVER && !policy->dns.own) {
		buffer_printf(text, "an %s resolver", family);
	} else {
		address_format(&packet->remote, address);
		buffer_puts(text, address);
	}
}

/* Say what is true instead of @expectation. */
static void report(const struct policy *policy, const struct expectation *expectation,
		   const struct decision *decision, const struct packet *packet,
		   struct diagnostics *diagnostics)
{
	BUFFER_CLEANUP struct buffer remote = { 0 };
	BUFFER_CLEANUP struct buffer reason = { 0 };

	put_remote(policy, &expectation->flow, packet, &remote);
	reason_put(decision, policy, packet->direction, &reason);
	diagnostic_add(diagnostics, SEVERITY_ERROR, &expectation->position,
		       "'%s' is not true: %s is %s; %s", expectation->text,
		       remote.data ? remote.data : "", reason_outcome(decision->verdict),
		       reason.data ? reason.data : "");
}

/* Have @name mean an address of each family; 0 or -ENOMEM. */
static int give_addresses(struct policy_name *name, struct arena *arena)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		struct address *address = ARENA_APPEND(arena, &name->addresses);

		if (!address)
			return -ENOMEM;
		*address = named_addresses[family];
	}
	return 0;
}

/* Have @policy know addresses of the host @name, and of no other; 0 or -ENOMEM. */
static int know_name(struct policy *policy, const char *name, struct arena *arena)
{
	const struct policy given = *policy;
	struct policy_name *copy, *asked = NULL;

	memset(&policy->names, 0, sizeof(policy->names));
	for (size_t i = 0; i < given.names.count; i++) {
		copy = ARENA_APPEND(arena, &policy->names);
		if (!copy)
			return -ENOMEM;
		copy->name = given.names.items[i].name;
		copy->position = given.names.items[i].position;
	}
	for (size_t i = 0; i < policy->names.count; i++)
		if (strcmp(policy->names.items[i].name, name) == 0)
			asked = &policy->names.items[i];
	if (!asked)
		asked = ARENA_APPEND(arena, &policy->names);
	if (!asked)
		return -ENOMEM;
	asked->name = name;
	return give_addresses(asked, arena);
}

/* Have @policy know resolvers of the host's; 0 or -ENOMEM. */
static int know_resolvers(struct policy *policy, struct arena *arena)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		struct resolver_list *resolvers = &policy->dns.resolvers[family];

		memset(resolvers, 0, sizeof(*resolvers));
		struct address *address = ARENA_APPEND(arena, &resolvers->list);
		if (!address)
			return -ENOMEM;
		*address = resolver_addresses[family];
	}
	return 0;
}

/* Test one, in every family that is meant. Return: 0; -EINVAL after reporting; -ENOMEM */
static int test_one(const struct policy *given, const struct config *config,
		    const struct expectation *expectation, struct diagnostics *diagnostics)
{
	const struct flow *flow = &expectation->flow;
	struct policy policy = *given;
	const struct flow_ends ends = { config, &host, &policy };
	struct packet packet;
	int rc = 0;

	if (flow->remote == FLOW_NAME)
		rc = know_name(&policy, flow->name, diagnostics->arena);
	else if (flow->remote == FLOW_RESOLVER && !policy.dns.own)
		rc = know_resolvers(&policy, diagnostics->arena);
	for (size_t at = 0; !rc && flow_packet(flow, &ends, &at, &packet);) {
		struct decision decision = evaluate_path(&policy, config, &host, &packet);

		if ((decision.verdict == VERDICT_ALLOW) == expectation->allow)
			continue;
		report(&policy, expectation, &decision, &packet, diagnostics);
		rc = -EINVAL;
	}
	return rc;
}

int expect_test(const struct policy *policy, const struct config *config,
		struct diagnostics *diagnostics)
{
	int rc = 0;

	for (size_t i = 0; i < policy->expectations.count && rc != -ENOMEM; i++) {
		int one = test_one(policy, config, &policy->expectations.items[i], diagnostics);

		if (one)
			rc = one;
	}
	return rc;
}
