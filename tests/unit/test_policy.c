/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <errno.h>

#include "core/policy_parse.h"

/* Parse one text as the policy "x"; policy_parse()'s result. */
static int parse(const char *text, struct arena *arena, struct policy *policy,
		 struct diagnostics *diagnostics)
{
	struct source source = text_source(text);

	diagnostics->arena = arena;
	return policy_parse("x", &source, arena, policy, diagnostics);
}

/* As parse(), of a text that is valid. */
static void parse_valid(const char *text, struct arena *arena, struct policy *policy)
{
	struct diagnostics diagnostics = { 0 };
	int rc = parse(text, arena, policy, &diagnostics);

	assert_string_equal(said(arena, &diagnostics), "");
	assert_int_equal(rc, 0);
}

#define TEN "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN

/* A list of prefixes, as text. */
static const char *prefixes_text(struct arena *arena, const struct prefix *items, size_t count)
{
	const char *text = "";
	char one[PREFIX_TEXT_SIZE];

	for (size_t i = 0; i < count; i++) {
		prefix_format(&items[i], one);
		text = arena_printf(arena, "%s%s%s", text, i ? "," : "", one);
	}
	return text;
}

/* What a rule means, as text: "allow out 3 any host 192.0.2.0/24 not 10.0.0.0/8 port 1-2". */
static const char *rule_text(struct arena *arena, const struct policy_rule *rule)
{
	const char *text = arena_printf(arena, "%s %s %u%s%s%s%s%s", verdict_name(rule->verdict),
					rule->direction == DIRECTION_OUT ? "out" : "in",
					rule->protocols, rule->remote_any ? " any" : "",
					rule->remote_host ? " host" : "",
					rule->remote_peers ? " peers" : "",
					rule->remotes.count ? " " : "",
					prefixes_text(arena, rule->remotes.items,
						      rule->remotes.count));

	for (size_t i = 0; i < rule->names.count; i++)
		text = arena_printf(arena, "%s @%zu", text, rule->names.items[i]);
	if (rule->excluded.count)
		text = arena_printf(arena, "%s not %s", text,
				    prefixes_text(arena, rule->excluded.items,
						  rule->excluded.count));
	for (size_t i = 0; i < rule->ports.count; i++)
		text = arena_printf(arena, "%s%s%u-%u", text, i ? "," : " port ",
				    rule->ports.items[i].first, rule->ports.items[i].last);
	for (size_t i = 0; i < rule->icmp_types.count; i++)
		text = arena_printf(arena, "%s%s%u:%u", text, i ? "," : " type ",
				    rule->icmp_types.items[i].family,
				    rule->icmp_types.items[i].number);
	if (rule->limit.packets)
		text = arena_printf(arena, "%s limit %u/%u burst %u", text, rule->limit.packets,
				    rule->limit.per_s, rule->limit.burst);
	if (rule->log)
		text = arena_printf(arena, "%s log", text);
	if (rule->comment)
		text = arena_printf(arena, "%s \"%s\"", text, rule->comment);
	return text;
}

#define PRIVATE4 "10.0.0.0/8,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16,172.16.0.0/12,192.168.0.0/16"
#define PRIVATE6 "::1,fc00::/7,fe80::/10"

static void test_policy_parse_understands_rules(void **state)
{
	static const struct text_case cases[] = {
		{ "allow out", "allow out 0 any" },
		{ "deny in", "deny in 0 any" },
		{ "reject out to any", "reject out 0 any" },
		{ "reject out tcp port 25 log", "reject out 1 any port 25-25 log" },
		{ "allow in limit 1/day burst 9 log \"c\"", "allow in 0 any limit 1/86400 burst 9 log "
		  "\"c\"" },
		{ "allow out icmp", "allow out 4 any" },
		{ "allow out icmp type echo-request,packet-too-big,13 to 192.0.2.1 \"why\"",
		  "allow out 4 192.0.2.1 type 0:8,1:128,1:2,0:13,1:13 \"why\"" },
		{ "allow out limit 10/minute", "allow out 0 any limit 10/60 burst 5" },
		{ "deny in tcp from host port 22 limit 1000000/second burst 65535 \"x\"",
		  "deny in 1 host port 22-22 limit 1000000/1 burst 65535 \"x\"" },
		{ "reject out icmp type 8 limit 1/hour burst 1",
		  "reject out 4 any type 0:8,1:8 limit 1/3600 burst 1" },
		{ "allow out limit 3/day", "allow out 0 any limit 3/86400 burst 5" },
		{ "allow in icmp type 0, echo-reply", "allow in 4 any type 0:0,1:0,1:129" },
		{ "allow out tcp,udp,icmp,sctp", "allow out 15 any" },
		{ "allow out sctp , tcp port 80", "allow out 9 any port 80-80" },
		{ "allow out port 53", "allow out 3 any port 53-53" },
		{ "allow out \"why\"", "allow out 0 any \"why\"" },
		{ "allow out tcp \"say \\\"hi\\\"\"", "allow out 1 any \"say \"hi\"\"" },
		{ "allow out to host", "allow out 0 host" },
		{ "allow in from peers", "allow in 0 peers" },
		{ "allow out to any,host,peers", "allow out 0 any host peers" },
		{ "allow in tcp from 192.0.2.0/24 port 8080", "allow in 1 192.0.2.0/24 port "
		  "8080-8080" },
		{ "allow out to 192.0.2.1", "allow out 0 192.0.2.1" },
		{ "allow out to host,192.0.2.1", "allow out 0 host 192.0.2.1" },
		{ "allow out to private", "allow out 0 " PRIVATE4 "," PRIVATE6 },
		{ "allow out to metadata", "allow out 0 169.254.169.254,fd00:ec2::254" },
		{ "allow out to metadata,private", "allow out 0 " PRIVATE4 "," PRIVATE6 },
		{ "allow out to internet", "allow out 0 any not " PRIVATE4 "," PRIVATE6 },
		/* Sorted by family and address, without what another covers. */
		{ "allow out to 2001:db8::/32,203.0.113.0/24,192.0.2.0/24,192.0.2.7,2001:db8::1",
		  "allow out 0 192.0.2.0/24,203.0.113.0/24,2001:db8::/32" },
		{ "allow out to 192.0.2.1,192.0.2.1", "allow out 0 192.0.2.1" },
		{ "allow out to 192.0.2.0/25,192.0.2.0/24", "allow out 0 192.0.2.0/24" },
		{ "allow out to 198.51.100.0/24,0.0.0.0/0", "allow out 0 0.0.0.0/0" },
		/* Ports sorted, those that overlap or touch joined. */
		{ "allow out port 443,80", "allow out 3 any port 80-80,443-443" },
		{ "allow out port 5-9,1-3,4,8-20,30,25-40,65535",
		  "allow out 3 any port 1-20,25-40,65535-65535" },
		{ "allow out port 1-65535,65535", "allow out 3 any port 1-65535" },
		{ "allow out port 10-90,20-30", "allow out 3 any port 10-90" },
		/* What stands beside "internet" is taken out of what that excludes. */
		{ "allow out to internet,10.0.0.0/8,fc00::/7,192.168.0.0/16,127.0.0.0/8,::1",
		  "allow out 0 any not 100.64.0.0/10,169.254.0.0/16,172.16.0.0/12,fe80::/10" },
		{ "allow out to internet,10.128.0.0/10,fc00::/6", "allow out 0 any not 10.0.0.0/9,"
		  "10.192.0.0/10,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16,172.16.0.0/12,"
		  "192.168.0.0/16,::1" },
		{ "allow out tcp to www.example,192.0.2.1,3.Example.EDU. port 443",
		  "allow out 1 192.0.2.1 @0 @1 port 443-443" },
		{ "deny out to host,internet,www.example", "deny out 0 any host @0 not " PRIVATE4 ","
		  PRIVATE6 },
		{ "allow out to internet,192.0.2.1", "allow out 0 any not " PRIVATE4 "," PRIVATE6 },
		{ "allow out to internet,private", "allow out 0 any" },
		{ "allow out to host,internet port 53", "allow out 3 any host not " PRIVATE4 ","
		  PRIVATE6 " port 53-53" },
		{ "allow out \"" SIXTY SIXTY "1234567\"", "allow out 0 any \"" SIXTY SIXTY
		  "1234567\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		struct policy policy;
		parse_valid(cases[i].text, &arena, &policy);
		assert_int_equal(policy.rules.count, 1);
		assert_string_equal(rule_text(&arena, &policy.rules.items[0]), cases[i].said);
	}
}

static void test_policy_parse_splits_what_internet_excludes_down_to_an_address(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct address inside, neighbour;
	struct policy policy;

	(void)state;
	parse_valid("allow out to internet,fd00::42,10.1.2.3", &arena, &policy);
	const struct policy_rule *rule = &policy.rules.items[0];
	/* 24 pieces of 10.0.0.0/8 and 121 of fc00::/7 in place of the two. */
	assert_int_equal(rule->excluded.count, 9 - 2 + 24 + 121);
	assert_int_equal(address_parse("fd00::42", 8, &inside), 0);
	assert_int_equal(address_parse("fd00::43", 8, &neighbour), 0);
	bool excludes_neighbour = false;
	for (size_t i = 0; i < rule->excluded.count; i++) {
		assert_false(prefix_contains(&rule->excluded.items[i], &inside));
		excludes_neighbour |= prefix_contains(&rule->excluded.items[i], &neighbour);
	}
	assert_true(excludes_neighbour);
}

static void test_policy_parse_has_each_name_once(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct policy policy;

	(void)state;
	parse_valid("allow out to b.example,a.example\nrebind ok\n"
		    "deny out to A.example.,c.example\n", &arena, &policy);
	assert_true(policy.rebind);
	assert_int_equal(policy.names.count, 3);
	assert_string_equal(policy.names.items[0].name, "b.example");
	assert_string_equal(policy.names.items[1].name, "a.example");
	assert_int_equal(policy.names.items[1].position.column, 24);
	assert_string_equal(policy.names.items[2].name, "c.example");
	assert_int_equal(policy.rules.items[1].names.count, 2);
	assert_int_equal(policy.rules.items[1].names.items[0], 1);
	assert_int_equal(policy.rules.items[1].names.items[1], 2);
}

/* As many as there may be, in rules of four; then one more. */
static void test_policy_parse_bounds_the_names_of_a_policy(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { 0 };
	struct policy policy;
	const char *text = "";

	(void)state;
	for (int i = 0; i < POLICY_NAMES_MAX; i += 4)
		text = arena_printf(&arena, "%sallow out to a%d.x,b%d.x,c%d.x,d%d.x\n", text, i, i, i,
				    i);
	parse_valid(text, &arena, &policy);
	assert_int_equal(policy.names.count, POLICY_NAMES_MAX);
	text = arena_printf(&arena, "%sallow out to a0.x,one.more\n", text);
	assert_int_equal(parse(text, &arena, &policy, &diagnostics), -EINVAL);
	assert_string_equal(said(&arena, &diagnostics), "65:19: one host name more than the 256 that "
			    "a policy may have; name a prefix, or a set of carrel.conf");
}

static void test_policy_parse_has_defaults(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct policy policy;

	(void)state;
	parse_valid("", &arena, &policy);
	assert_string_equal(policy.name, "x");
	assert_null(policy.description);
	assert_int_equal(policy.uplink, UPLINK_NAT);
	assert_int_equal(policy.logout, LOGOUT_KEEP);
	assert_int_equal(policy.defaults[DIRECTION_OUT], VERDICT_ALLOW);
	assert_int_equal(policy.defaults[DIRECTION_IN], VERDICT_DENY);
	assert_int_equal(policy.rules.count, 0);
}

static void test_policy_parse_understands_settings(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct policy policy;

	(void)state;
	parse_valid("description \"An exam, \\\"final\\\"\"\nuplink none\nlogout cut\n"
		    "connections 512\nlow-ports yes\ndefault deny out allow in\n", &arena, &policy);
	assert_string_equal(policy.description, "An exam, \"final\"");
	assert_int_equal(policy.uplink, UPLINK_NONE);
	assert_int_equal(policy.logout, LOGOUT_CUT);
	assert_int_equal(policy.connections, 512);
	assert_true(policy.low_ports);
	assert_false(policy.log_denied);
	assert_int_equal(policy.defaults[DIRECTION_OUT], VERDICT_DENY);
	assert_int_equal(policy.defaults[DIRECTION_IN], VERDICT_ALLOW);

	parse_valid("low-ports no\nlog denied\ndefault reject in\ndefault deny out\n", &arena, &policy);
	assert_int_equal(policy.connections, 0);
	assert_false(policy.low_ports);
	assert_true(policy.log_denied);
	assert_int_equal(policy.defaults[DIRECTION_OUT], VERDICT_DENY);
	assert_int_equal(policy.defaults[DIRECTION_IN], VERDICT_REJECT);
}

static void test_policy_parse_keeps_rules_in_order_with_text_and_place(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct policy policy;

	(void)state;
	parse_valid("reject  out\ttcp port 25   # mail\n\n allow out\n", &arena, &policy);
	assert_int_equal(policy.rules.count, 2);
	assert_string_equal(policy.rules.items[0].text, "reject out tcp port 25");
	assert_null(policy.rules.items[0].comment);
	assert_int_equal(policy.rules.items[1].verdict, VERDICT_ALLOW);
	assert_int_equal(policy.rules.items[1].position.line, 3);
	assert_int_equal(policy.rules.items[1].position.column, 2);
}

static void test_policy_parse_digest_changes_with_the_text(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct policy first, again, other;

	(void)state;
	parse_valid("allow out\n", &arena, &first);
	parse_valid("allow out\n", &arena, &again);
	parse_valid("deny out\n", &arena, &other);
	assert_true(first.digest == again.digest);
	assert_true(first.digest != other.digest);
}

static void test_policy_parse_keeps_no_pointer_into_the_text(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { .arena = &arena };
	char name[] = "exam", path[] = "exam.policy";
	char text[] = "description \"d\"\nallow out \"c\"\n";
	struct source source = { path, text, strlen(text) };
	struct policy policy;

	(void)state;
	assert_int_equal(policy_parse(name, &source, &arena, &policy, &diagnostics), 0);
	memset(name, '?', strlen(name));
	memset(path, '?', strlen(path));
	memset(text, '?', strlen(text));
	assert_string_equal(policy.name, "exam");
	assert_string_equal(policy.description, "d");
	assert_string_equal(policy.rules.items[0].comment, "c");
	assert_string_equal(policy.rules.items[0].text, "allow out \"c\"");
	assert_string_equal(policy.rules.items[0].position.file, "exam.policy");
}

static void test_policy_parse_writes_nothing_on_error(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { 0 };
	struct policy policy, before;

	(void)state;
	memset(&policy, 0x5a, sizeof(policy));
	memcpy(&before, &policy, sizeof(policy));
	assert_int_equal(parse("allow out\nx\n", &arena, &policy, &diagnostics), -EINVAL);
	assert_memory_equal(&policy, &before, sizeof(policy));
}

static void test_policy_tells_what_rules_name_and_reach(void **state)
{
	static const struct { const char *text; bool names_host, host, peers; } cases[] = {
		{ "allow out", false, false, false },
		{ "allow out to host", true, true, false },
		{ "allow in from host,peers", true, false, false },
		{ "allow out to peers", false, false, true },
		{ "reject out to host,peers", true, false, false },
		{ "deny out to peers port 22\nallow out to host,peers", true, true, true },
		{ "log denied", true, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		struct policy policy;
		parse_valid(cases[i].text, &arena, &policy);
		assert_int_equal(policy_names_host(&policy), cases[i].names_host);
		assert_int_equal(policy_reaches_host(&policy, NULL, 0), cases[i].host);
		assert_int_equal(policy_reaches_peers(&policy), cases[i].peers);
	}
}

static void test_policy_class_prefixes_is_null_for_other_words(void **state)
{
	size_t count = 7;

	(void)state;
	assert_null(policy_class_prefixes("privat", 6, &count));
	assert_int_equal(count, 0);
	assert_non_null(policy_class_prefixes("private,", 7, &count));
	assert_int_equal(count, 9);
}

static void test_policy_words_have_names(void **state)
{
	(void)state;
	assert_string_equal(uplink_name(UPLINK_NAT), "nat");
	assert_string_equal(uplink_name(UPLINK_NONE), "none");
	assert_string_equal(verdict_name(VERDICT_ALLOW), "allow");
	assert_string_equal(verdict_name(VERDICT_DENY), "deny");
	assert_string_equal(verdict_name(VERDICT_REJECT), "reject");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_parse_understands_rules),
		cmocka_unit_test(
			test_policy_parse_splits_what_internet_excludes_down_to_an_address),
		cmocka_unit_test(test_policy_parse_has_each_name_once),
		cmocka_unit_test(test_policy_parse_bounds_the_names_of_a_policy),
		cmocka_unit_test(test_policy_parse_has_defaults),
		cmocka_unit_test(test_policy_parse_understands_settings),
		cmocka_unit_test(test_policy_parse_keeps_rules_in_order_with_text_and_place),
		cmocka_unit_test(test_policy_parse_digest_changes_with_the_text),
		cmocka_unit_test(test_policy_parse_keeps_no_pointer_into_the_text),
		cmocka_unit_test(test_policy_parse_writes_nothing_on_error),
		cmocka_unit_test(test_policy_tells_what_rules_name_and_reach),
		cmocka_unit_test(test_policy_class_prefixes_is_null_for_other_words),
		cmocka_unit_test(test_policy_words_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
