/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>

#include "cli/explain.h"

static const struct policy policy = {
	.name = "exam", .defaults = { VERDICT_REJECT, VERDICT_DENY },
};

static const struct policy_rule rule = {
	.text = "allow out tcp \"web\"", .position = { "/c/exam.policy", 5, 1 },
};

/* Room for two. */
static struct answer answers[2];

/* One packet and what was decided about it. */
static struct explanation explain(enum direction direction, uint8_t l4proto, uint16_t port,
				  struct decision decision)
{
	answers[0] = (struct answer){
		.packet = {
			.direction = direction, .l4proto = l4proto, .port = port,
			.remote = { FAMILY_IPV4, { 203, 0, 113, 10 } },
		},
		.decision = decision,
	};
	return (struct explanation){
		.policy = &policy, .answers = { .items = answers, .count = 1 },
	};
}

/* An initialiser of what every decision has. */
#define DECIDED(verdict_, decider_, rule_, peer_) \
	{ .verdict = verdict_, .decider = decider_, .rule = rule_, .peer = peer_ }

static void test_explanation_put_text_says_who_decided(void **state)
{
	static const struct { enum direction direction; struct decision decision; const char *said; }
	cases[] = {
		{ DIRECTION_OUT, DECIDED(VERDICT_ALLOW, DECIDER_RULE, &rule, false),
		  "allowed: out tcp to 203.0.113.10 port 443\n"
		  "  /c/exam.policy:5: allow out tcp \"web\"\n" },
		{ DIRECTION_OUT, DECIDED(VERDICT_ALLOW, DECIDER_RULE, &rule, true),
		  "allowed: out tcp to 203.0.113.10 port 443\n"
		  "  /c/exam.policy:5: allow out tcp \"web\"\n"
		  "  the other carrel's policy must let it in, too\n" },
		{ DIRECTION_IN, DECIDED(VERDICT_ALLOW, DECIDER_RULE, &rule, true),
		  "allowed: in tcp from 203.0.113.10 port 443\n"
		  "  /c/exam.policy:5: allow out tcp \"web\"\n"
		  "  the other carrel's policy must let it out, too\n" },
		{ DIRECTION_IN, DECIDED(VERDICT_DENY, DECIDER_RULE, &rule, true),
		  "denied: in tcp from 203.0.113.10 port 443\n"
		  "  /c/exam.policy:5: allow out tcp \"web\"\n" },
		{ DIRECTION_OUT, DECIDED(VERDICT_REJECT, DECIDER_DEFAULT, NULL, false),
		  "rejected: out tcp to 203.0.113.10 port 443\n"
		  "  no rule of policy 'exam' matches: default reject out\n" },
		{ DIRECTION_IN, DECIDED(VERDICT_DENY, DECIDER_DEFAULT, NULL, false),
		  "denied: in tcp from 203.0.113.10 port 443\n"
		  "  no rule of policy 'exam' matches: default deny in\n" },
		{ DIRECTION_OUT, DECIDED(VERDICT_DENY, DECIDER_HOST_UNNAMED, NULL, false),
		  "denied: out tcp to 203.0.113.10 port 443\n"
		  "  this is the host, and no rule of policy 'exam' that names it matches\n" },
		{ DIRECTION_OUT, DECIDED(VERDICT_DENY, DECIDER_PEERS_UNNAMED, NULL, true),
		  "denied: out tcp to 203.0.113.10 port 443\n"
		  "  this is for peers, and no rule of policy 'exam' that names them matches\n" },
		{ DIRECTION_OUT, DECIDED(VERDICT_ALLOW, DECIDER_LOOPBACK, NULL, false),
		  "allowed: out tcp to 203.0.113.10 port 443\n"
		  "  the loopback is the carrel's own\n" },
		{ DIRECTION_OUT, DECIDED(VERDICT_DENY, DECIDER_NO_UPLINK, NULL, false),
		  "denied: out tcp to 203.0.113.10 port 443\n"
		  "  policy 'exam' has 'uplink none'\n" },
		{ DIRECTION_IN, DECIDED(VERDICT_DENY, DECIDER_OUTSIDE, NULL, false),
		  "denied: in tcp from 203.0.113.10 port 443\n"
		  "  from beyond the host nothing new comes in\n" },
		{ DIRECTION_OUT, DECIDED(VERDICT_DENY, DECIDER_LINK_ONLY, NULL, false),
		  "denied: out tcp to 203.0.113.10 port 443\n"
		  "  no router passes such an address on\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct explanation explanation = explain(cases[i].direction, IPPROTO_TCP, 443,
							 cases[i].decision);
		BUFFER_CLEANUP struct buffer text = { 0 };

		explanation_put_text(&explanation, &text);
		assert_string_equal(text.data, cases[i].said);
	}
}

static void test_explanation_put_text_leaves_out_a_port_that_there_is_not(void **state)
{
	struct explanation explanation = explain(DIRECTION_OUT, IPPROTO_ICMP, 0,
						 (struct decision){ .rule = &rule });
	BUFFER_CLEANUP struct buffer text = { 0 };

	(void)state;
	explanation_put_text(&explanation, &text);
	assert_string_equal(text.data, "allowed: out icmp to 203.0.113.10\n"
				       "  /c/exam.policy:5: allow out tcp \"web\"\n");
}

static void test_explanation_put_json_has_all_of_it(void **state)
{
	struct explanation explanation = explain(DIRECTION_OUT, IPPROTO_TCP, 443,
						 (struct decision){ .rule = &rule });
	BUFFER_CLEANUP struct buffer text = { 0 };

	(void)state;
	explanation.user = "alice";
	explanation.answers.count = 2;
	answers[1].packet = (struct packet){
		.direction = DIRECTION_IN, .l4proto = IPPROTO_ICMPV6,
		.remote = { .family = FAMILY_IPV6 },
	};
	answers[1].decision = (struct decision)
		DECIDED(VERDICT_REJECT, DECIDER_PEERS_UNNAMED, NULL, true);
	explanation_put_json(&explanation, &text);
	assert_string_equal(text.data,
		"{\"user\": \"alice\", \"policy\": \"exam\", \"allowed\": false,\n"
		" \"answers\": [{\"direction\": \"out\", \"protocol\": \"tcp\", "
		"\"remote\": \"203.0.113.10\", \"port\": 443, \"redirected_to\": null, \"verdict\": \"allow\", "
		"\"decided_by\": \"rule\", \"file\": \"/c/exam.policy\", \"line\": 5, "
		"\"rule\": \"allow out tcp \\\"web\\\"\", \"name\": null, \"peer\": false},\n"
		"  {\"direction\": \"in\", \"protocol\": \"icmp\", \"remote\": \"::\", "
		"\"port\": null, \"redirected_to\": null, \"verdict\": \"reject\", "
		"\"decided_by\": \"peers-unnamed\", "
		"\"file\": null, \"line\": null, \"rule\": null, \"name\": null, \"peer\": true}]}\n");
}

static void test_explanation_allows_when_every_packet_gets_through(void **state)
{
	struct explanation explanation = explain(DIRECTION_OUT, IPPROTO_TCP, 443,
						 (struct decision){ .rule = &rule });

	(void)state;
	assert_true(explanation_allows(&explanation));
	explanation.answers.count = 2;
	answers[1].decision.verdict = VERDICT_DENY;
	assert_false(explanation_allows(&explanation));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_explanation_put_text_says_who_decided),
		cmocka_unit_test(test_explanation_put_text_leaves_out_a_port_that_there_is_not),
		cmocka_unit_test(test_explanation_put_json_has_all_of_it),
		cmocka_unit_test(test_explanation_allows_when_every_packet_gets_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
