/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What list and show print of carrels that are given to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/list.h"
#include "cli/show.h"

/* 2026-01-31 16:05:09 UTC */
#define SINCE_S 1769875509

static struct session sessions[] = {
	{ .uid = 1001, .pid = 77, .opened_s = SINCE_S + 60, .service = "sshd",
	  .origin = "192.0.2.7" },
	{ .uid = 1001, .pid = 78, .opened_s = SINCE_S + 120, .service = "cron" },
};

/* A carrel with everything, and one with as little as there can be. */
static void make_views(struct view views[2])
{
	struct record full = {
		.uid = 1001, .user = "exam1", .policy = "exam", .uplink = "nat",
		.has_address4 = true, .address4 = { FAMILY_IPV4, { 10, 213, 4, 7 } },
		.has_address6 = true,
		.address6 = { FAMILY_IPV6, { 0xfd, 0x42, [14] = 0x03, [15] = 0xe9 } },
		.netns_inode = 4026532345, .created_s = SINCE_S,
	};
	struct record bare = {
		.uid = 4294967294, .user = "j\xc3\xb6rg", .policy = "offline", .uplink = "none",
		.netns_inode = 1, .created_s = SINCE_S,
	};

	memset(views, 0, 2 * sizeof(*views));
	views[0].record = full;
	views[0].sessions.items = sessions;
	views[0].sessions.count = 2;
	views[1].record = bare;
	views[1].pin = PIN_MISSING;
	name_of_netns(full.uid, views[0].netns);
	name_of_netns(bare.uid, views[1].netns);
}

static void test_list_put_table_fits_its_columns(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct view items[2];
	struct views views = { .list = { .items = items, .count = 2 } };

	(void)state;
	make_views(items);
	assert_int_equal(list_put_table(&views, &arena, &text), 0);
	assert_string_equal(text.data,
		"USER   UID         POLICY   SESSIONS  IPv4        IPv6       NETNS"
		"                        SINCE\n"
		"exam1  1001        exam     2         10.213.4.7  fd42::3e9  carrel-1001"
		"                  2026-01-31 16:05:09\n"
		"j\xc3\xb6rg   4294967294  offline  0         -           -          "
		"carrel-4294967294 (missing)  2026-01-31 16:05:09\n");
}

static void test_list_put_table_says_when_there_is_none(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct views views = { 0 };

	(void)state;
	assert_int_equal(list_put_table(&views, &arena, &text), 0);
	assert_string_equal(text.data, "No carrels.\n");
}

static void test_list_put_json_writes_every_member(void **state)
{
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct view items[2];
	struct views views = { .list = { .items = items, .count = 2 } };

	(void)state;
	make_views(items);
	list_put_json(&views, &text);
	assert_string_equal(text.data,
		"[{\"user\": \"exam1\", \"uid\": 1001, \"policy\": \"exam\", \"uplink\": \"nat\", "
		"\"address4\": \"10.213.4.7\", \"address6\": \"fd42::3e9\", "
		"\"netns\": \"carrel-1001\", \"netns_inode\": 4026532345, "
		"\"pin\": \"present\", \"since\": \"2026-01-31T16:05:09Z\", "
		"\"idle_since\": null, \"cut\": false, \"sessions\": [{\"service\": \"sshd\", \"origin\": \"192.0.2.7\", \"pid\": 77, "
		"\"since\": \"2026-01-31T16:06:09Z\"}, {\"service\": \"cron\", "
		"\"origin\": null, \"pid\": 78, \"since\": \"2026-01-31T16:07:09Z\"}]},\n"
		" {\"user\": \"j\xc3\xb6rg\", \"uid\": 4294967294, \"policy\": \"offline\", "
		"\"uplink\": \"none\", \"address4\": null, \"address6\": null, "
		"\"netns\": \"carrel-4294967294\", \"netns_inode\": 1, \"pin\": \"missing\", "
		"\"since\": \"2026-01-31T16:05:09Z\", "
		"\"idle_since\": null, \"cut\": false, \"sessions\": []}]\n");
}

/* Carrels that nobody is logged in to. */
static void test_list_says_what_is_idle_or_cut_off(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer table = { 0 }, json = { 0 }, text = { 0 };
	const struct show_policy shown = { 0 };
	struct view items[2];
	struct views views = { .list = { .items = items, .count = 2 } };

	(void)state;
	make_views(items);
	items[0].sessions.count = 0;
	items[0].idle_since_s = SINCE_S + 60;
	items[0].idle_s = 59;
	items[1].record.cut = true;
	assert_int_equal(list_put_table(&views, &arena, &table), 0);
	assert_non_null(strstr(table.data, "  0 (idle 59s)  "));
	assert_non_null(strstr(table.data, "  0 (cut)       "));
	list_put_json(&views, &json);
	assert_non_null(strstr(json.data, "\"idle_since\": \"2026-01-31T16:06:09Z\", \"cut\": false"));
	assert_non_null(strstr(json.data, "\"idle_since\": null, \"cut\": true"));

	items[0].record.cut = true;
	items[0].idle_s = 12 * 60 + 59;
	assert_int_equal(list_put_table(&views, &arena, &table), 0);
	assert_non_null(strstr(table.data, "  0 (cut, idle 12m)  "));
	assert_int_equal(show_put_text(&items[0], &shown, &arena, &text), 0);
	assert_non_null(strstr(text.data, "  sessions    0, and so without a network, idle since "
					  "2026-01-31 16:06:09\n"));
}

static void test_cli_put_duration_uses_the_largest_unit(void **state)
{
	static const struct { uint64_t s; const char *expected; } cases[] = {
		{ 0, "0s" }, { 59, "59s" }, { 60, "1m" }, { 3599, "59m" }, { 3600, "1h" },
		{ 86399, "23h" }, { 86400, "1d" }, { 864000, "10d" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		BUFFER_CLEANUP struct buffer text = { 0 };

		cli_put_duration(&text, cases[i].s);
		assert_string_equal(text.data, cases[i].expected);
	}
}

static void test_list_put_json_writes_an_empty_array_without_carrels(void **state)
{
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct views views = { 0 };

	(void)state;
	list_put_json(&views, &text);
	assert_string_equal(text.data, "[]\n");
}

static struct policy_rule rules[] = {
	{ .text = "deny out to metadata", .override = true },
	{ .text = "deny out tcp port 25", .override = true },
	{ .text = "allow out tcp to 203.0.113.10 port 443 \"course site\"" },
};

static const struct policy exam = {
	.name = "exam", .description = "Final exam",
	.defaults = { [DIRECTION_OUT] = VERDICT_REJECT, [DIRECTION_IN] = VERDICT_DENY },
	.rules = { .items = rules, .count = 3 },
};

static void test_show_put_text_tells_everything(void **state)
{
	const struct show_policy shown = { "/etc/carrel/policies/exam.policy", &exam };
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct view views[2];

	(void)state;
	make_views(views);
	assert_int_equal(show_put_text(&views[0], &shown, &arena, &text), 0);
	assert_string_equal(text.data,
		"exam1 (uid 1001)\n"
		"  policy      exam\n"
		"  file        /etc/carrel/policies/exam.policy\n"
		"  uplink      nat\n"
		"  IPv4        10.213.4.7\n"
		"  IPv6        fd42::3e9\n"
		"  namespace   carrel-1001, inode 4026532345, pinned\n"
		"  since       2026-01-31 16:05:09\n"
		"  about       Final exam\n"
		"  overrides   deny out to metadata\n"
		"              deny out tcp port 25\n"
		"  rules       default reject out, deny in\n"
		"              allow out tcp to 203.0.113.10 port 443 \"course site\"\n"
		"  sessions    2\n"
		"    sshd  from 192.0.2.7  pid 77  since 2026-01-31 16:06:09\n"
		"    cron                  pid 78  since 2026-01-31 16:07:09\n");
}

static void test_show_put_text_leaves_out_what_is_not_there(void **state)
{
	const struct show_policy shown = { 0 };
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct view views[2];

	(void)state;
	make_views(views);
	assert_int_equal(show_put_text(&views[1], &shown, &arena, &text), 0);
	assert_string_equal(text.data,
		"j\xc3\xb6rg (uid 4294967294)\n"
		"  policy      offline\n"
		"  uplink      none\n"
		"  namespace   carrel-4294967294, inode 1, its pin is missing: the next login "
		"makes a new one\n"
		"  since       2026-01-31 16:05:09\n"
		"  sessions    0\n");
}

/* What show's JSON has after the members of list's. */
static const char *tail_of(const struct buffer *text)
{
	const char *tail = strstr(text->data, "\"policy_file\"");

	assert_non_null(tail);
	return tail;
}

static void test_show_put_json_adds_the_policy(void **state)
{
	const struct show_policy shown = { "/etc/carrel/policies/exam.policy", &exam };
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct view views[2];

	(void)state;
	make_views(views);
	show_put_json(&views[0], &shown, &text);
	assert_string_equal(tail_of(&text),
		"\"policy_file\": \"/etc/carrel/policies/exam.policy\", "
		"\"description\": \"Final exam\", \"default_out\": \"reject\", "
		"\"default_in\": \"deny\", \"overrides\": [\"deny out to metadata\", "
		"\"deny out tcp port 25\"], \"rules\": [\"allow out tcp to 203.0.113.10 port 443 "
		"\\\"course site\\\"\"], \"names\": []}\n");
}

static void test_show_put_json_writes_null_for_a_policy_that_cannot_be_read(void **state)
{
	const struct show_policy shown = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct view views[2];

	(void)state;
	make_views(views);
	show_put_json(&views[1], &shown, &text);
	assert_string_equal(tail_of(&text),
		"\"policy_file\": null, \"description\": null, \"default_out\": null, "
		"\"default_in\": null, \"overrides\": null, \"rules\": null, "
		"\"names\": null}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list_put_table_fits_its_columns),
		cmocka_unit_test(test_list_put_table_says_when_there_is_none),
		cmocka_unit_test(test_list_put_json_writes_every_member),
		cmocka_unit_test(test_list_says_what_is_idle_or_cut_off),
		cmocka_unit_test(test_cli_put_duration_uses_the_largest_unit),
		cmocka_unit_test(test_list_put_json_writes_an_empty_array_without_carrels),
		cmocka_unit_test(test_show_put_text_tells_everything),
		cmocka_unit_test(test_show_put_text_leaves_out_what_is_not_there),
		cmocka_unit_test(test_show_put_json_adds_the_policy),
		cmocka_unit_test(test_show_put_json_writes_null_for_a_policy_that_cannot_be_read),
	};

	/* Times for people are local: let every machine be in one place. */
	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
