/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <errno.h>

#include "base/buffer.h"

#define SET_NAMES "; expected 1 to 32 characters from a-z, 0-9, '_', '-' and '.'"
#define DIRECTIVES "; expected pool4, pool6, linger, pins, set or assign"
#define CONDITIONS "; expected user, group, uid, service, from or tty"
#define POLICIES "; expected unconfined, host, deny, or a name of 1 to 32 characters from a-z, " \
	"0-9, '_', '-' and '.'"
#define V4 "; expected an IPv4 prefix such as 10.213.0.0/16"
#define V6 "; expected an IPv6 prefix such as fd42:ca44:e1::/64"
#define UIDS "; expected a number or a range from 0 to 4294967294"
#define TIMES "; expected a number of seconds, or of minutes, hours or days such as 10m, 2h, 1d"
#define ORIGIN "; expected an address or a prefix"
#define PAM_FILE "; expected the name of a file in /etc/pam.d, such as sshd"

static void test_config_parse_reports_every_error(void **state)
{
	static const struct text_case cases[] = {
		{ "asign exam", "1:1: 'asign' is not a directive" DIRECTIVES
		  " (did you mean 'assign'?)" },
		{ "lingr 10m", "1:1: 'lingr' is not a directive" DIRECTIVES
		  " (did you mean 'linger'?)" },
		{ "linger", "1:7: missing a time to linger" TIMES },
		{ "linger soon", "1:8: 'soon' is not a time to linger" TIMES },
		{ "linger \"10m\"", "1:8: \"10m\" is not a time to linger" TIMES },
		{ "linger 3651d", "1:8: '3651d' is too long for a time to linger; expected at most "
		  "315360000 seconds" },
		{ "linger 10m 5m", "1:12: unexpected '5m'; expected the end of the line" },
		{ "linger 1m\nlinger 2m", "2:1: a second 'linger'; the first is at line 1" },
		{ "pins", "1:5: missing a place for pins; expected visible or private" },
		{ "pins privat", "1:6: 'privat' is not a place for pins; expected visible or private "
		  "(did you mean 'private'?)" },
		{ "pins \"private\"", "1:6: \"private\" is not a place for pins; expected visible or "
		  "private" },
		{ "pins visible private", "1:14: unexpected 'private'; expected the end of the line" },
		{ "pins private\npins private", "2:1: a second 'pins'; the first is at line 1" },
		{ "\"assign\" x", "1:1: \"assign\" is not a directive" DIRECTIVES },
		{ ", assign", "1:1: ',' is not a directive" DIRECTIVES },
		{ "\npool4", "2:6: missing a pool" V4 },
		{ "pool4 \"10.0.0.0/8\"", "1:7: \"10.0.0.0/8\" is not a pool" V4 },
		{ "pool4 10.0.0", "1:7: '10.0.0' is not a pool" V4 },
		{ "pool4 fd00::/64", "1:7: 'fd00::/64' is not a pool of this family" V4 },
		{ "pool6 10.0.0.0/8", "1:7: '10.0.0.0/8' is not a pool of this family" V6 },
		{ "pool6 lots", "1:7: 'lots' is not a pool" V6 },
		{ "pool4 10.1.2.3/16", "1:7: '10.1.2.3/16' has bits set behind the first 16; "
		  "expected a prefix (did you mean '10.1.0.0/16'?)" },
		{ "pool6 fd00::1/64", "1:7: 'fd00::1/64' has bits set behind the first 64; "
		  "expected a prefix (did you mean 'fd00::/64'?)" },
		{ "pool4 10.0.0.0/33", "1:7: the prefix length of '10.0.0.0/33' is too large; "
		  "expected at most 32" },
		{ "pool6 fd00::/129", "1:7: the prefix length of 'fd00::/129' is too large; "
		  "expected at most 128" },
		{ "pool4 10.0.0.0/31", "1:7: the pool '10.0.0.0/31' has a prefix length of 31; "
		  "expected 8 to 30" },
		{ "pool4 10.0.0.0/7", "1:7: the pool '10.0.0.0/7' has a prefix length of 7; "
		  "expected 8 to 30" },
		{ "pool6 fd00::/97", "1:7: the pool 'fd00::/97' has a prefix length of 97; "
		  "expected 8 to 96" },
		{ "pool4 127.1.0.0/16", "1:7: '127.1.0.0/16' overlaps 127.0.0.0/8 (loopback), which "
		  "cannot be given to users" },
		{ "pool4 169.0.0.0/8", "1:7: '169.0.0.0/8' overlaps 169.254.0.0/16 (link-local), "
		  "which cannot be given to users" },
		{ "pool6 ff02::/64", "1:7: 'ff02::/64' overlaps ff00::/8 (multicast), which cannot "
		  "be given to users" },
		{ "pool4 10.0.0.0/8 10.1.0.0/16", "1:18: unexpected '10.1.0.0/16'; expected the end "
		  "of the line" },
		{ "pool4 10.0.0.0/8\n\npool4 10.1.0.0/16", "3:1: a second 'pool4'; the first is at "
		  "line 1" },
		{ "pool6 fd00::/64\npool6 fd00::/64", "2:1: a second 'pool6'; the first is at "
		  "line 1" },
		{ "set", "1:4: missing a name for a set" SET_NAMES },
		{ "set Campus 192.0.2.1", "1:5: 'Campus' is not a name for a set" SET_NAMES },
		{ "set \"campus\" 192.0.2.1", "1:5: \"campus\" is not a name for a set" SET_NAMES },
		{ "set campus", "1:11: missing an address; expected an address or a prefix" },
		{ "set campus any", "1:12: 'any' is not an address; expected an address or a "
		  "prefix" },
		{ "set campus 192.0.2.1,", "1:22: missing an address; expected an address or a "
		  "prefix" },
		{ "set campus 192.0.2.1/24", "1:12: '192.0.2.1/24' has bits set behind the first "
		  "24; expected a prefix (did you mean '192.0.2.0/24'?)" },
		{ "set campus 192.0.2.1 192.0.2.2", "1:22: unexpected '192.0.2.2'; expected the end "
		  "of the line" },
		{ "assign overrides", "1:8: 'overrides' decides before every policy; it cannot be "
		  "one" },
		{ "assign", "1:7: missing a policy" POLICIES },
		{ "assign Exam", "1:8: 'Exam' is not a policy" POLICIES },
		{ "assign \"exam\"", "1:8: \"exam\" is not a policy" POLICIES },
		{ "assign ../exam", "1:8: '../exam' is not a policy" POLICIES },
		{ "assign user kiosk", "1:8: 'user' is a condition; expected a policy, unconfined, "
		  "host or deny before it" },
		{ "assign exam kiosk", "1:13: 'kiosk' is not a condition" CONDITIONS },
		{ "assign exam groups a", "1:13: 'groups' is not a condition" CONDITIONS
		  " (did you mean 'group'?)" },
		{ "assign exam user", "1:17: missing a user name" },
		{ "assign exam user a,", "1:20: missing a user name" },
		{ "assign exam user a,,b", "1:20: ',' is not a user name" },
		{ "assign exam user !!a", "1:19: '!' is not a user name" },
		{ "assign exam user a:b", "1:18: 'a:b' is not a user name; expected 1 to 255 "
		  "characters without blank, '/' or ':'" },
		{ "assign exam user a user b", "1:20: a second 'user'; expected its values in one "
		  "list, with commas" },
		{ "assign exam user a,b,!a", "1:23: 'a' stands twice in the list" },
		{ "assign exam group", "1:18: missing a group name" },
		{ "assign exam group a:b", "1:19: 'a:b' is not a group name; expected 1 to 255 "
		  "characters without ':'" },
		{ "assign exam group \"\"", "1:19: \"\" is not a group name; expected 1 to 255 "
		  "characters without ':'" },
		{ "assign exam uid", "1:16: missing a uid" UIDS },
		{ "assign exam uid bob", "1:17: 'bob' is not a uid" UIDS },
		{ "assign exam uid \"7\"", "1:17: \"7\" is not a uid" UIDS },
		{ "assign exam uid 5-", "1:17: '5-' is not a uid" UIDS },
		{ "assign exam uid -5", "1:17: '-5' is not a uid" UIDS },
		{ "assign exam uid 4294967295", "1:17: '4294967295' is not a uid" UIDS },
		{ "assign exam uid 9-5", "1:17: the range '9-5' ends before it begins" },
		{ "assign exam uid 5,5-5", "1:19: '5-5' stands twice in the list" },
		{ "assign exam service", "1:20: missing a service" },
		{ "assign exam service pam/sshd", "1:21: 'pam/sshd' is not a service" PAM_FILE },
		{ "assign exam from", "1:17: missing an origin" ORIGIN },
		{ "assign exam from example.com", "1:18: 'example.com' is not an origin" ORIGIN },
		{ "assign exam from 192.0.2.1/24", "1:18: '192.0.2.1/24' has bits set behind the "
		  "first 24; expected a prefix (did you mean '192.0.2.0/24'?)" },
		{ "assign exam from 192.0.2.1,192.0.2.1/32", "1:28: '192.0.2.1/32' stands twice in "
		  "the list" },
		{ "assign exam tty", "1:16: missing a terminal" },
		{ "assign exam tty /dev/", "1:17: '/dev/' is not a terminal; expected a name such "
		  "as tty1 or pts/0" },
		{ "assign exam tty tty1,/dev/tty1", "1:22: '/dev/tty1' stands twice in the list" },
		/* It goes on after each. */
		{ "assign\nassign exam\nasign\nassign deny uid x",
		  "1:7: missing a policy" POLICIES "\n"
		  "3:1: 'asign' is not a directive" DIRECTIVES " (did you mean 'assign'?)\n"
		  "4:17: 'x' is not a uid" UIDS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		struct diagnostics diagnostics = { .arena = &arena };
		struct config config;

		assert_int_equal(text_config(cases[i].text, &diagnostics, &config), -EINVAL);
		assert_string_equal(said(&arena, &diagnostics), cases[i].said);
	}
}

static void test_config_parse_warns_of_assignments_never_reached(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { .arena = &arena };
	struct source files[] = {
		{ "a.conf", "assign web\nassign exam user a\n", 30 },
		{ "b.conf", "assign deny user b\n", 19 },
	};
	struct sources sources = { .list = { files, 2, 2 } };
	struct config config;

	(void)state;
	assert_int_equal(config_parse(&sources, &arena, &config, &diagnostics), 0);
	assert_int_equal(diagnostics.errors, 0);
	assert_string_equal(said(&arena, &diagnostics),
			    "warning 2:1: this assignment is never reached: the one at line 1 has "
			    "no condition and holds for everyone\n"
			    "warning 1:1: this assignment is never reached: the one at a.conf:1 has "
			    "no condition and holds for everyone");
	assert_int_equal(config.assignments.count, 3);
}

static void test_config_parse_takes_all_files_as_one_text(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { .arena = &arena };
	struct source files[] = {
		{ "a.conf", "pool4 10.0.0.0/8", 16 },
		{ "b.conf", "pool4 10.0.0.0/8", 16 },
	};
	struct sources sources = { .list = { files, 2, 2 } };
	struct config config;

	(void)state;
	assert_int_equal(config_parse(&sources, &arena, &config, &diagnostics), -EINVAL);
	assert_string_equal(said(&arena, &diagnostics),
			    "1:1: a second 'pool4'; the first is at a.conf:1");
	assert_string_equal(diagnostics.list.items[0].position.file, "b.conf");
}

static void test_config_parse_has_defaults(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	char text[PREFIX_TEXT_SIZE];
	struct config config;

	(void)state;
	valid_config("# nothing\n", &arena, &config);
	prefix_format(&config.pool4, text);
	assert_string_equal(text, "10.213.0.0/16");
	prefix_format(&config.pool6, text);
	assert_string_equal(text, "fd42:ca44:e1::/64");
	assert_int_equal(config.linger_s, 600);
	assert_int_equal(config.pins, PINS_VISIBLE);
	assert_int_equal(config.assignments.count, 0);
	assert_int_equal(config.groups.count, 0);
}

static void test_config_parse_understands_times_to_linger(void **state)
{
	static const struct { const char *text; uint64_t expected_s; } cases[] = {
		{ "linger 0", 0 }, { "linger 90", 90 }, { "linger 30s", 30 }, { "linger 5m", 300 },
		{ "linger 2h", 7200 }, { "linger 3650d", 315360000 },
	};
	ARENA_CLEANUP struct arena arena = { 0 };
	struct config config;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		valid_config(cases[i].text, &arena, &config);
		assert_int_equal(config.linger_s, cases[i].expected_s);
	}
}

static void test_config_parse_understands_places_for_pins(void **state)
{
	static const struct { const char *text; enum pins expected; } cases[] = {
		{ "pins visible", PINS_VISIBLE }, { "pins private", PINS_PRIVATE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		struct config config;

		valid_config(cases[i].text, &arena, &config);
		assert_int_equal(config.pins, cases[i].expected);
	}
}

static void test_config_parse_understands_pools_and_assignments(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	char text[PREFIX_TEXT_SIZE];
	struct config config;

	(void)state;
	valid_config("pool4 100.64.0.0/10\npool6 2001:db8::/96\n"
		    "assign exam group a,!\"domain users\" group b\n"
		    "assign unconfined uid 5-9,!7 from 192.0.2.0/24 tty /dev/tty1\n"
		    "assign deny group a\n"
		    "assign host user root\n", &arena, &config);
	prefix_format(&config.pool4, text);
	assert_string_equal(text, "100.64.0.0/10");
	prefix_format(&config.pool6, text);
	assert_string_equal(text, "2001:db8::/96");

	assert_int_equal(config.assignments.count, 4);
	const struct assignment *first = &config.assignments.items[0];
	assert_int_equal(first->kind, ASSIGN_POLICY);
	assert_string_equal(first->policy, "exam");
	assert_int_equal(first->position.line, 3);
	assert_int_equal(first->conditions.count, 2);
	assert_true(first->conditions.items[0].values.items[1].negated);
	const struct assignment *second = &config.assignments.items[1];
	assert_int_equal(second->kind, ASSIGN_UNCONFINED);
	assert_int_equal(second->conditions.items[0].values.items[0].last, 9);
	assert_string_equal(second->conditions.items[2].values.items[0].name, "tty1");
	assert_int_equal(config.assignments.items[2].kind, ASSIGN_DENY);
	assert_int_equal(config.assignments.items[3].kind, ASSIGN_HOST);

	assert_int_equal(config.groups.count, 3);
	assert_string_equal(config.groups.items[0], "a");
	assert_string_equal(config.groups.items[1], "domain users");
	assert_string_equal(config.groups.items[2], "b");
}

static void test_config_parse_keeps_no_pointer_into_the_text(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { .arena = &arena };
	char path[] = "x.conf", text[] = "assign exam user kiosk service \"sshd\"\n";
	struct source source = { path, text, strlen(text) };
	struct sources sources = { .list = { &source, 1, 1 } };
	struct config config;

	(void)state;
	assert_int_equal(config_parse(&sources, &arena, &config, &diagnostics), 0);
	memset(path, '?', strlen(path));
	memset(text, '?', strlen(text));
	const struct assignment *assignment = &config.assignments.items[0];
	assert_string_equal(assignment->policy, "exam");
	assert_string_equal(assignment->position.file, "x.conf");
	assert_string_equal(assignment->conditions.items[0].values.items[0].name, "kiosk");
	assert_string_equal(assignment->conditions.items[1].values.items[0].name, "sshd");
}

static void test_config_parse_writes_nothing_on_error(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { .arena = &arena };
	struct config config, before;

	(void)state;
	memset(&config, 0x5a, sizeof(config));
	memcpy(&before, &config, sizeof(config));
	assert_int_equal(text_config("assign exam\nx\n", &diagnostics, &config), -EINVAL);
	assert_memory_equal(&config, &before, sizeof(config));
}

static void test_config_sets_add_up_and_are_written_as_they_were_read(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct config config, again;

	(void)state;
	valid_config("set campus 192.0.2.0/24,2001:db8::/32\nset lab 192.0.2.7\n"
		     "set campus 198.51.100.1\n", &arena, &config);
	config_write_sets(&config, &text);
	assert_string_equal(text.data, "set campus 192.0.2.0/24\nset campus 2001:db8::/32\n"
				       "set campus 198.51.100.1\nset lab 192.0.2.7\n");
	valid_config(text.data, &arena, &again);
	assert_int_equal(again.sets.count, 2);
	assert_int_equal(config_find_set(&again, "campus,", 6)->prefixes.count, 3);
	assert_null(config_find_set(&again, "campus", 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config_sets_add_up_and_are_written_as_they_were_read),
		cmocka_unit_test(test_config_parse_reports_every_error),
		cmocka_unit_test(test_config_parse_warns_of_assignments_never_reached),
		cmocka_unit_test(test_config_parse_takes_all_files_as_one_text),
		cmocka_unit_test(test_config_parse_has_defaults),
		cmocka_unit_test(test_config_parse_understands_times_to_linger),
		cmocka_unit_test(test_config_parse_understands_places_for_pins),
		cmocka_unit_test(test_config_parse_understands_pools_and_assignments),
		cmocka_unit_test(test_config_parse_keeps_no_pointer_into_the_text),
		cmocka_unit_test(test_config_parse_writes_nothing_on_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
