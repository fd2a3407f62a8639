/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/expect.h"

#include <errno.h>

#include "core/reason.h"

static const char *const verdict_choices[] = { "allow", "deny", NULL };

/*
 * Stands for the host, whose real addresses a policy cannot know: the dummy address of
 * RFC 7600 and one of the discard prefix (RFC 6666), which are nobody else's.
 */
static const struct prefix host_addresses[] = {
	{ { FAMILY_IPV4, { 192, 0, 0, 8 } }, 32 },
	{ { FAMILY_IPV6, { 0x01, 0x00, [15] = 8 } }, 128 },
};

static const struct prefix_list host = {
	host_addresses, sizeof(host_addresses) / sizeof(host_addresses[0]),
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

/* Say what is true instead of @expectation. */
static void report(const struct policy *policy, const struct expectation *expectation,
		   const struct decision *decision, const struct packet *packet,
		   struct diagnostics *diagnostics)
{
	BUFFER_CLEANUP struct buffer reason = { 0 };
	char address[ADDRESS_TEXT_SIZE];

	address_format(&packet->remote, address);
	reason_put(decision, policy, packet->direction, &reason);
	diagnostic_add(diagnostics, SEVERITY_ERROR, &expectation->position,
		       "'%s' is not true: %s is %s; %s", expectation->text, address,
		       reason_outcome(decision->verdict), reason.data ? reason.data : "");
}

/* Test one; whether it is true, in both families where both are meant. */
static bool test_one(const struct policy *policy, const struct config *config,
		     const struct expectation *expectation, struct diagnostics *diagnostics)
{
	struct packet packets[FAMILY_COUNT];
	size_t count = flow_packets(&expectation->flow, config, &host, packets);

	for (size_t i = 0; i < count; i++) {
		struct decision decision = evaluate_path(policy, config, &host, &packets[i]);

		if ((decision.verdict == VERDICT_ALLOW) == expectation->allow)
			continue;
		report(policy, expectation, &decision, &packets[i], diagnostics);
		return false;
	}
	return true;
}

int expect_test(const struct policy *policy, const struct config *config,
		struct diagnostics *diagnostics)
{
	int rc = 0;

	for (size_t i = 0; i < policy->expectations.count; i++)
		if (!test_one(policy, config, &policy->expectations.items[i], diagnostics))
			rc = -EINVAL;
	return rc;
}
