/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said of policies that are none: a case for each message, at least. */
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

#define DIRECTIVES "; expected include, description, uplink, logout, connections, dns, low-ports, " \
	"rebind, log, default, allow, deny, reject or expect"
#define PROTOCOLS "; expected tcp, udp, icmp or sctp"
#define REMOTES "; expected any, host, peers, resolver, private, metadata, internet, set NAME, an address, a " \
	"prefix or a host name"
#define SETS "; expected one that carrel.conf defines"
#define INCLUDES "; expected names of 1 to 32 characters from a-z, 0-9, '_', '-' and '.', with '/' " \
	"between them"
#define ICMP_TYPES "; expected echo-request, echo-reply, destination-unreachable, " \
	"packet-too-big, time-exceeded, parameter-problem, timestamp-request, timestamp-reply or a " \
	"number from 0 to 255"
#define PORTS "; expected a number or a range from 1 to 65535"

#define RATES "; expected a number from 1 to 1000000 with /second, /minute, /hour or /day"

#define TEN "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN

static void test_policy_parse_reports_every_error(void **state)
{
	static const struct text_case cases[] = {
		{ "alow out", "1:1: 'alow' is not a directive" DIRECTIVES
		  " (did you mean 'allow'?)" },
		{ "include", "1:8: missing a name to include" INCLUDES },
		{ "include \"x\"", "1:9: \"x\" is not a name to include" INCLUDES },
		{ "include ../x", "1:9: '../x' is not a name to include" INCLUDES },
		{ "include /x", "1:9: '/x' is not a name to include" INCLUDES },
		{ "include x/", "1:9: 'x/' is not a name to include" INCLUDES },
		{ "include x//y", "1:9: 'x//y' is not a name to include" INCLUDES },
		{ "include x", "1:9: 'x' cannot be included by a text that stands alone" },
		{ "include overrides", "1:9: 'overrides' decides before every policy; it cannot be "
		  "included" },
		{ "description", "1:12: missing a description; expected text in double quotes" },
		{ "description Exam", "1:13: 'Exam' is not a description; expected text in double "
		  "quotes" },
		{ "description \"a\" b", "1:17: unexpected 'b'; expected the end of the line" },
		{ "description \"a\"\ndescription \"a\"", "2:1: a second 'description'; the first "
		  "is at line 1" },
		{ "uplink", "1:7: missing an uplink; expected nat or none" },
		{ "uplink routed", "1:8: 'routed' is not an uplink; expected nat or none" },
		{ "uplink non", "1:8: 'non' is not an uplink; expected nat or none (did you mean "
		  "'none'?)" },
		{ "uplink nat none", "1:12: unexpected 'none'; expected the end of the line" },
		{ "logout", "1:7: missing an effect of logout; expected keep or cut" },
		{ "logout cat", "1:8: 'cat' is not an effect of logout; expected keep or cut (did you "
		  "mean 'cut'?)" },
		{ "uplink nat\n# x\nuplink none", "3:1: a second 'uplink'; the first is at line 1" },
		{ "connections", "1:12: missing a number of connections; expected a number from 1 to "
		  "1000000" },
		{ "connections 0", "1:13: '0' is not a number of connections; expected a number from "
		  "1 to 1000000" },
		{ "connections 1000001", "1:13: '1000001' is not a number of connections; expected a "
		  "number from 1 to 1000000" },
		{ "connections \"5\"", "1:13: \"5\" is not a number of connections; expected a number "
		  "from 1 to 1000000" },
		{ "connections 5\nconnections 5", "2:1: a second 'connections'; the first is at line "
		  "1" },
		{ "low-ports", "1:10: missing an answer; expected no or yes" },
		{ "low-ports yse", "1:11: 'yse' is not an answer; expected no or yes (did you mean "
		  "'yes'?)" },
		{ "low-ports yes no", "1:15: unexpected 'no'; expected the end of the line" },
		{ "low-ports no\nlow-ports no", "2:1: a second 'low-ports'; the first is at line "
		  "1" },
		{ "allow out limit", "1:16: missing a rate" RATES },
		{ "allow out limit 10", "1:17: '10' is not a rate" RATES },
		{ "allow out limit \"1/day\"", "1:17: \"1/day\" is not a rate" RATES },
		{ "allow out limit 10/fortnight", "1:17: '10/fortnight' is not a rate" RATES },
		{ "allow out limit 10/", "1:17: '10/' is not a rate" RATES },
		{ "allow out limit 0/day", "1:17: '0/day' is not a rate" RATES },
		{ "allow out limit 1000001/day", "1:17: '1000001/day' is not a rate" RATES },
		{ "allow out limit x/day", "1:17: 'x/day' is not a rate" RATES },
		{ "allow out limit 1/day burst", "1:28: missing a burst; expected a number from 1 to "
		  "65535" },
		{ "allow out limit 1/day burst 0", "1:29: '0' is not a burst; expected a number from "
		  "1 to 65535" },
		{ "allow out limit 1/day burst 65536", "1:29: '65536' is not a burst; expected a "
		  "number from 1 to 65535" },
		{ "allow out limit 1/day port 80", "1:23: unexpected 'port'; expected burst, log, a comment in "
		  "quotes or the end of the line" },
		{ "allow out limit 1/day burst 3 bust 3", "1:31: unexpected 'bust'; expected log, a "
		  "comment in quotes or the end of the line" },
		{ "allow out tcp port 80 limt 1/day", "1:23: unexpected 'limt'; expected limit, "
		  "log, a comment in quotes or the end of the line (did you mean 'limit'?)" },
		{ "default", "1:8: missing a verdict; expected allow, deny or reject" },
		{ "default drop out", "1:9: 'drop' is not a verdict; expected allow, deny or "
		  "reject" },
		{ "default deny", "1:13: missing a direction; expected out or in" },
		{ "default deny incoming", "1:14: 'incoming' is not a direction; expected out or "
		  "in" },
		{ "default deny out allow", "1:23: missing a direction; expected out or in" },
		{ "default deny out in", "1:18: 'in' is not a verdict; expected allow, deny or "
		  "reject" },
		{ "default deny out\ndefault allow in reject out",
		  "2:25: a second default for 'out'; the first is at line 1" },
		{ "allow", "1:6: missing a direction; expected out or in" },
		{ "allow tcp", "1:7: 'tcp' is not a direction; expected out or in" },
		{ "allow outt", "1:7: 'outt' is not a direction; expected out or in (did you mean "
		  "'out'?)" },
		{ "allow out tpc to any", "1:11: 'tpc' is not a protocol" PROTOCOLS
		  " (did you mean 'tcp'?)" },
		{ "allow out prot 80", "1:11: 'prot' is not a protocol" PROTOCOLS
		  " (did you mean 'port'?)" },
		{ "allow out tcp,", "1:15: missing a protocol" PROTOCOLS },
		{ "allow out tcp,\"udp\"", "1:15: \"udp\" is not a protocol" PROTOCOLS },
		{ "allow out !tcp", "1:11: '!' is not a protocol" PROTOCOLS },
		{ "allow out tcp,udp,tcp", "1:19: 'tcp' stands twice in the list" },
		{ "allow out tcp udp", "1:15: unexpected 'udp'; expected to, port, limit, log, a "
		  "comment in quotes or the end of the line" },
		{ "allow in tcp form 192.0.2.1", "1:14: unexpected 'form'; expected from, port, limit, log, "
		  "a comment in quotes or the end of the line (did you mean 'from'?)" },
		{ "allow out icmp type", "1:20: missing a type of icmp" ICMP_TYPES },
		{ "allow out icmp type echo-reqest", "1:21: 'echo-reqest' is not a type of icmp"
		  ICMP_TYPES " (did you mean 'echo-request'?)" },
		{ "allow out icmp type \"8\"", "1:21: \"8\" is not a type of icmp" ICMP_TYPES },
		{ "allow out icmp type 256", "1:21: '256' is not a type of icmp" ICMP_TYPES },
		{ "allow out icmp type 1,echo-request,1", "1:36: '1' is in the list already" },
		{ "allow out icmp type 8,128,echo-request", "1:27: 'echo-request' is in the list "
		  "already" },
		{ "allow out type 8", "1:11: 'type' in a rule that is not about icmp alone; expected "
		  "'icmp type'" },
		{ "allow out tcp,icmp type 8", "1:20: 'type' in a rule that is not about icmp alone; "
		  "expected 'icmp type'" },
		{ "allow out icmp type 8 port 80", "1:23: 'port' in a rule about icmp, which has "
		  "none; expected a rule of its own for icmp" },
		{ "allow out icmp type 8 form 192.0.2.1", "1:23: unexpected 'form'; expected to, "
		  "limit, log, a comment in quotes or the end of the line" },
		{ "allow out icmp typ 8", "1:16: unexpected 'typ'; expected type, to, limit, log, a "
		  "comment in quotes or the end of the line (did you mean 'type'?)" },
		{ "allow out from 192.0.2.1", "1:11: an 'out' rule takes 'to', not 'from'" },
		{ "allow in tcp to 192.0.2.1", "1:14: an 'in' rule takes 'from', not 'to'" },
		{ "allow out to", "1:13: missing an address" REMOTES },
		{ "allow out to 192.0.2.1,", "1:24: missing an address" REMOTES },
		{ "allow out to peer", "1:14: 'peer' is not an address" REMOTES
		  " (did you mean 'peers'?)" },
		{ "allow out tcp to 203.0.113.10:443", "1:18: '203.0.113.10:443' has a port in it; "
		  "expected '203.0.113.10', and 'port' with the ports behind the whole list" },
		{ "allow out tcp to [2001:db8::1]:443", "1:18: '[2001:db8::1]:443' has a port in "
		  "it; expected '2001:db8::1', and 'port' with the ports behind the whole list" },
		{ "allow out tcp to www.example:443", "1:18: 'www.example:443' has a port in it; "
		  "expected 'www.example', and 'port' with the ports behind the whole list" },
		{ "allow in tcp from host:22", "1:19: 'host:22' has a port in it; expected 'host', "
		  "and 'port' with the ports behind the whole list" },
		{ "allow out to 1::2:3 now", "1:21: unexpected 'now'; expected port, limit, log, a "
		  "comment in quotes or the end of the line" },
		{ "allow out to 203.0.113.300:443", "1:14: '203.0.113.300:443' is not an address"
		  REMOTES },
		{ "allow out to \"any\"", "1:14: \"any\" is not an address" REMOTES },
		{ "allow in from www.example", "1:15: 'www.example' is a host name, which only 'out' "
		  "rules take: whoever owns it could let in whom they like; expected an address or a "
		  "prefix" },
		{ "allow out to moodle.", "1:14: 'moodle.' is not a host name: it has no domain" },
		{ "allow out to www..example", "1:14: 'www..example' is not a host name: it has an "
		  "empty label" },
		{ "allow out to .example.edu", "1:14: '.example.edu' is not a host name: it has an "
		  "empty label" },
		{ "allow out to www.-x.example", "1:14: 'www.-x.example' is not a host name: it has a "
		  "label that begins or ends with a hyphen" },
		{ "allow out to m\u00fcller.example", "1:14: 'm\u00fcller.example' is not a host name: "
		  "it has characters beyond ASCII; expected the form that begins with xn--, which "
		  "idn2(1) prints" },
		{ "allow out to my_host.example", "1:14: 'my_host.example' is not a host name: it has "
		  "other characters than letters, digits, hyphens and dots" },
		{ "allow out to www.example,WWW.example.", "1:26: 'WWW.example.' stands twice in the "
		  "list" },
		{ "allow out to any,www.example", "1:18: 'www.example' in one list with "
		  "'any', which has it already" },
		{ "allow out to 203.0.113.300", "1:14: '203.0.113.300' is not an address" REMOTES },
		{ "rebind", "1:7: missing what to do about rebinding; expected refuse or ok" },
		{ "rebind yes", "1:8: 'yes' is not what to do about rebinding; expected refuse or ok" },
		{ "rebind ok\nrebind ok", "2:1: a second 'rebind'; the first is at line 1" },
		{ "allow out to 192.0.2.256", "1:14: '192.0.2.256' is not an address" REMOTES },
		{ "allow out to 192.0.2.1/24", "1:14: '192.0.2.1/24' has bits set behind the first "
		  "24; expected a prefix (did you mean '192.0.2.0/24'?)" },
		{ "allow out to 192.0.2.0/33", "1:14: the prefix length of '192.0.2.0/33' is too "
		  "large; expected at most 32" },
		{ "allow out to 2001:db8::/129", "1:14: the prefix length of '2001:db8::/129' is "
		  "too large; expected at most 128" },
		{ "allow out to host,host", "1:19: 'host' stands twice in the list" },
		{ "allow out to any,any", "1:18: 'any' stands twice in the list" },
		{ "allow out to any,192.0.2.1", "1:18: '192.0.2.1' in one list with 'any', which "
		  "has it already" },
		{ "allow out to internet,any", "1:14: 'internet' in one list with 'any', which has "
		  "it already" },
		{ "allow out to private,any", "1:14: 'private' in one list with 'any', which has "
		  "it already" },
		{ "allow out to any lag", "1:18: unexpected 'lag'; expected port, limit, log, a comment "
		  "in quotes or the end of the line (did you mean 'log'?)" },
		{ "allow out log limit 1/day", "1:15: unexpected 'limit'; expected a comment in quotes "
		  "or the end of the line" },
		{ "allow out limit 1/day log log", "1:27: unexpected 'log'; expected a comment in quotes "
		  "or the end of the line" },
		{ "log", "1:4: missing what to log; expected none or denied" },
		{ "log all", "1:5: 'all' is not what to log; expected none or denied" },
		{ "log denied\nlog none", "2:1: a second 'log'; the first is at line 1" },
		{ "allow out to host prot 80", "1:19: unexpected 'prot'; expected port, limit, log, a "
		  "comment in quotes or the end of the line (did you mean 'port'?)" },
		{ "allow out to set", "1:17: missing a set" SETS },
		{ "allow out to set campus", "1:18: 'campus' is not a set" SETS },
		{ "allow out port", "1:15: missing a port" PORTS },
		{ "allow out port http", "1:16: 'http' is not a port" PORTS },
		{ "allow out port 0", "1:16: '0' is not a port" PORTS },
		{ "allow out port 65536", "1:16: '65536' is not a port" PORTS },
		{ "allow out port 80:90", "1:16: '80:90' is not a port" PORTS },
		{ "allow out port 80-", "1:16: '80-' is not a port" PORTS },
		{ "allow out port 0-80", "1:16: '0-80' is not a port" PORTS },
		{ "allow out port 90-80", "1:16: the range '90-80' ends before it begins" },
		{ "allow out tcp,icmp port 80", "1:20: 'port' in a rule about icmp, which has none; "
		  "expected a rule of its own for icmp" },
		{ "allow out port 80 to any", "1:19: unexpected 'to'; expected limit, log, a comment in "
		  "quotes or the end of the line" },
		{ "allow out \"a\" port 80", "1:15: unexpected 'port'; expected the end of the "
		  "line" },
		{ "allow out \"\"", "1:11: a comment of 0 bytes; expected 1 to 127" },
		{ "allow out \"" SIXTY SIXTY "12345678\"", "1:11: a comment of 128 bytes; expected "
		  "1 to 127" },
		/* It goes on after each. */
		{ "uplink net\nallow out\nallow out icmp port 1\n",
		  "1:8: 'net' is not an uplink; expected nat or none (did you mean 'nat'?)\n"
		  "3:16: 'port' in a rule about icmp, which has none; expected a rule of its own "
		  "for icmp" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		struct diagnostics diagnostics = { 0 };
		struct policy policy;
		assert_int_equal(parse(cases[i].text, &arena, &policy, &diagnostics), -EINVAL);
		assert_string_equal(said(&arena, &diagnostics), cases[i].said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_parse_reports_every_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
