/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What policies refer to: files they include, overrides, sets. The files are in a table. */
#include "text.h"

#include <errno.h>

#include "base/error.h"
#include "core/policy_parse.h"

struct file { const char *name, *text; };

/* The file of the policy itself comes first; the list ends with a name that is NULL. */
static const struct file *find(const struct file *files, const char *name)
{
	for (; files->name; files++)
		if (strcmp(files->name, name) == 0)
			return files;
	return NULL;
}

/* struct policy_context's include() */
static int include(void *reader, const char *name, struct source *ret_source,
		   struct carrel_error *err)
{
	const struct file *file = find(reader, name);

	if (!file)
		return error_set(err, ENOENT, "there is no policy '%s'", name);
	*ret_source = (struct source){ file->name, file->text, strlen(file->text) };
	return 0;
}

static const char sets_text[] = "set campus 192.0.2.0/24,2001:db8::/32\nset lab 198.51.100.7\n"
				"set campus 203.0.113.0/24";

/* The sets of a configuration, from its text. */
static void parse_config(const char *text, struct arena *arena, struct config *ret)
{
	struct diagnostics diagnostics = { .arena = arena };
	struct source source = text_source(text);
	const struct sources sources = { .list = { &source, 1, 1 } };

	assert_int_equal(config_parse(&sources, arena, ret, &diagnostics), 0);
}

/* Parse the first of @files; what is said has the files' names in it. */
static int parse(const struct file *files, struct arena *arena, struct policy *ret,
		 const char **ret_said)
{
	struct diagnostics diagnostics = { .arena = arena };
	const struct file *overrides = find(files, "overrides");
	const struct source source = { files->name, files->text, strlen(files->text) };
	struct source overriding = { 0 };
	struct config config;
	const struct policy_context context = {
		.config = &config, .overrides = overrides ? &overriding : NULL,
		.include = include, .reader = (void *)(uintptr_t)files,
	};

	if (overrides)
		overriding = (struct source){ "overrides", overrides->text,
					      strlen(overrides->text) };
	parse_config(sets_text, arena, &config);
	int rc = policy_parse_within(&context, files->name, &source, arena, ret, &diagnostics);
	*ret_said = "";
	for (size_t i = 0; i < diagnostics.list.count; i++) {
		const struct diagnostic *one = &diagnostics.list.items[i];

		*ret_said = arena_printf(arena, "%s%s%s:%u:%u: %s", *ret_said, i ? "\n" : "",
					 one->position.file, one->position.line,
					 one->position.column, one->message);
	}
	return rc;
}

/* As parse(), of files that are valid. */
static void parse_valid(const struct file *files, struct arena *arena, struct policy *ret)
{
	const char *text;
	int rc = parse(files, arena, ret, &text);

	assert_string_equal(text, "");
	assert_int_equal(rc, 0);
}

/* Every rule as "FILE:LINE", with '!' where it overrides. */
static const char *rules_text(struct arena *arena, const struct policy *policy)
{
	const char *text = "";

	for (size_t i = 0; i < policy->rules.count; i++) {
		const struct policy_rule *rule = &policy->rules.items[i];

		text = arena_printf(arena, "%s%s%s:%u%s", text, i ? " " : "", rule->position.file,
				    rule->position.line, rule->override ? "!" : "");
	}
	return text;
}

static void test_policy_include_puts_lines_where_it_stands(void **state)
{
	static const struct file files[] = {
		{ "exam", "allow out tcp\ninclude common/time\ninclude b\ndeny out\n" },
		{ "common/time", "# time\nallow out udp port 123\ninclude b\n" },
		{ "b", "default deny in\nreject out icmp\n" },
		{ NULL, NULL },
	};
	static const struct file once[] = {
		{ "exam", "allow out tcp\ninclude common/time\ndeny out\n" },
		{ "common/time", "# time\nallow out udp port 123\ninclude b\n" },
		{ "b", "default deny in\nreject out icmp\n" }, { NULL, NULL },
	};
	ARENA_CLEANUP struct arena arena = { 0 };
	struct policy policy;
	const char *text;

	(void)state;
	parse_valid(once, &arena, &policy);
	assert_string_equal(rules_text(&arena, &policy), "exam:1 common/time:2 b:2 exam:3");
	/* As in one text: what may stand only once may not stand in two files. */
	assert_int_equal(parse(files, &arena, &policy, &text), -EINVAL);
	assert_string_equal(text, "b:1:14: a second default for 'in'; the first is at line 1");
}

static void test_policy_include_shares_what_may_stand_once(void **state)
{
	static const struct file files[] = {
		{ "exam", "uplink nat\ninclude a\n" }, { "a", "\nuplink none\n" }, { NULL, NULL },
	};
	ARENA_CLEANUP struct arena arena = { 0 };
	struct policy policy;
	const char *text;

	(void)state;
	assert_int_equal(parse(files, &arena, &policy, &text), -EINVAL);
	assert_string_equal(text, "a:2:1: a second 'uplink'; the first is at exam:1");
}

static void test_policy_include_reports_errors_where_they_are(void **state)
{
	static const struct file files[] = {
		{ "exam", "include a b\ninclude a\ninclude gone\nallow aut\n" },
		{ "a", "alow out\n" }, { NULL, NULL },
	};
	ARENA_CLEANUP struct arena arena = { 0 };
	struct policy policy;
	const char *text;

	(void)state;
	assert_int_equal(parse(files, &arena, &policy, &text), -EINVAL);
	assert_non_null(strstr(text, "exam:1:11: unexpected 'b'; expected the end of the line\n"
				     "a:1:1: 'alow' is not a directive"));
	assert_non_null(strstr(text, "\nexam:3:9: cannot include 'gone': there is no policy "
				     "'gone'\nexam:4:7: 'aut' is not a direction"));
}

static void test_policy_include_refuses_cycles_and_shows_them(void **state)
{
	static const struct file self[] = { { "exam", "include exam\n" }, { NULL, NULL } };
	static const struct file ring[] = {
		{ "exam", "include a\n" }, { "a", "include b\n" }, { "b", "\n include a\n" },
		{ NULL, NULL },
	};
	ARENA_CLEANUP struct arena arena = { 0 };
	struct policy policy;
	const char *text;

	(void)state;
	assert_int_equal(parse(self, &arena, &policy, &text), -EINVAL);
	assert_string_equal(text, "exam:1:9: 'exam' includes itself: exam -> exam");
	assert_int_equal(parse(ring, &arena, &policy, &text), -EINVAL);
	assert_string_equal(text, "b:2:10: 'a' includes itself: exam -> a -> b -> a");
}

static void test_policy_include_is_bounded_in_depth_and_number(void **state)
{
	static const struct file deep[] = {
		{ "p", "include a\n" }, { "a", "include b\n" }, { "b", "include c\n" },
		{ "c", "include d\n" }, { "d", "include e\n" }, { "e", "include f\n" },
		{ "f", "include g\n" }, { "g", "include h\n" }, { "h", "include i\n" },
		{ "i", "allow out\n" }, { NULL, NULL },
	};
	static const struct file wide[] = {
		{ "p", "include a\ninclude a\ninclude a\n" },
		{ "a", "include b\ninclude b\ninclude b\ninclude b\ninclude b\ninclude b\n"
		       "include b\n" },
		{ "b", "include c\ninclude c\ninclude c\ninclude c\ninclude c\ninclude c\n"
		       "include c\n" },
		{ "c", "#\n" }, { NULL, NULL },
	};
	ARENA_CLEANUP struct arena arena = { 0 };
	struct policy policy;
	const char *text;

	(void)state;
	assert_int_equal(parse(deep, &arena, &policy, &text), -EINVAL);
	assert_string_equal(text, "h:1:9: 'i' is included 9 files deep; expected at most 8: p -> a "
				  "-> b -> c -> d -> e -> f -> g -> h -> i");
	assert_int_equal(parse(wide, &arena, &policy, &text), -EINVAL);
	assert_non_null(strstr(text, "is one file too many; expected at most 128"));
}

static void test_policy_overrides_come_first(void **state)
{
	static const struct file files[] = {
		{ "exam", "default deny out\nallow out\n" },
		{ "overrides", "deny out to metadata\ninclude a\n" }, { "a", "deny out tcp port 25\n" },
		{ NULL, NULL },
	};
	ARENA_CLEANUP struct arena arena = { 0 };
	struct policy policy;

	(void)state;
	parse_valid(files, &arena, &policy);
	assert_string_equal(rules_text(&arena, &policy), "overrides:1! a:1! exam:2");
	assert_int_equal(policy.defaults[DIRECTION_OUT], VERDICT_DENY);
}

static void test_policy_overrides_are_rules_and_nothing_else(void **state)
{
	static const struct file files[] = {
		{ "exam", "deny out\n" }, { "overrides", "default allow out\ninclude a\n" },
		{ "a", "uplink none\n" }, { NULL, NULL },
	};
	/* By itself: what "check" reads it as. */
	static const struct file alone[] = {
		{ "overrides", "deny in\nuplink none\n" }, { NULL, NULL },
	};
	ARENA_CLEANUP struct arena arena = { 0 };
	struct policy policy;
	const char *text;

	(void)state;
	assert_int_equal(parse(files, &arena, &policy, &text), -EINVAL);
	assert_string_equal(text, "overrides:1:1: 'default' is not a directive; expected include, "
				  "allow, deny or reject\n"
				  "a:1:1: 'uplink' is not a directive; expected include, allow, "
				  "deny or reject");
	assert_int_equal(parse(alone, &arena, &policy, &text), -EINVAL);
	assert_string_equal(text, "overrides:2:1: 'uplink' is not a directive; expected include, "
				  "allow, deny or reject");
}

static void test_policy_sets_are_what_the_configuration_says(void **state)
{
	static const struct file files[] = {
		{ "exam", "allow out to set campus port 80\n"
			  "deny in from host,set lab,set campus,192.0.2.7\n" }, { NULL, NULL },
	};
	ARENA_CLEANUP struct arena arena = { 0 };
	char text[PREFIX_TEXT_SIZE];
	struct policy policy;

	(void)state;
	parse_valid(files, &arena, &policy);
	const struct policy_rule *out = &policy.rules.items[0], *in = &policy.rules.items[1];
	static const char *const campus[] = { "192.0.2.0/24", "203.0.113.0/24", "2001:db8::/32" };
	assert_int_equal(out->remotes.count, 3);
	for (size_t i = 0; i < 3; i++) {
		prefix_format(&out->remotes.items[i], text);
		assert_string_equal(text, campus[i]);
	}
	assert_false(out->remote_any);
	assert_true(in->remote_host);
	assert_int_equal(in->remotes.count, 4);
	prefix_format(&in->remotes.items[1], text);
	assert_string_equal(text, "198.51.100.7");
}

static void test_policy_sets_unknown_are_errors_with_the_nearest(void **state)
{
	static const struct file files[] = {
		{ "exam", "allow out to set campsu\nallow out to set \"lab\"\nallow out to set\n"
			  "allow out to any,set lab\n" }, { NULL, NULL },
	};
	ARENA_CLEANUP struct arena arena = { 0 };
	struct policy policy;
	const char *text;

	(void)state;
	assert_int_equal(parse(files, &arena, &policy, &text), -EINVAL);
	assert_string_equal(text,
		"exam:1:18: 'campsu' is not a set; expected one that carrel.conf defines (did you "
		"mean 'campus'?)\n"
		"exam:2:18: \"lab\" is not a set; expected one that carrel.conf defines\n"
		"exam:3:17: missing a set; expected one that carrel.conf defines\n"
		"exam:4:18: 'set' in one list with 'any', which has it already");
}

/* The digest tells whether the rules are the ones that they were. */
static void test_policy_digest_changes_with_everything_that_is_referred_to(void **state)
{
	static const struct file variants[][4] = {
		{ { "exam", "include a\n" }, { "a", "deny out\n" }, { NULL, NULL } },
		{ { "exam", "include a\n" }, { "a", "deny in\n" }, { NULL, NULL } },
		{ { "exam", "include a\n" }, { "a", "deny out\n" }, { "overrides", "deny in\n" },
		  { NULL, NULL } },
		{ { "exam", "include a\n" }, { "a", "deny out to set lab\n" }, { NULL, NULL } },
	};
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { .arena = &arena };
	const struct source source = text_source("deny out to set lab\n");
	struct policy policies[sizeof(variants) / sizeof(*variants)], one, other;
	struct config config;
	const struct policy_context context = { .config = &config };

	(void)state;
	for (size_t i = 0; i < sizeof(variants) / sizeof(*variants); i++) {
		parse_valid(variants[i], &arena, &policies[i]);
		for (size_t k = 0; k < i; k++)
			assert_true(policies[i].digest != policies[k].digest);
	}
	parse_config("set lab 192.0.2.1", &arena, &config);
	assert_int_equal(policy_parse_within(&context, "x", &source, &arena, &one, &diagnostics), 0);
	parse_config("set lab 192.0.2.2", &arena, &config);
	assert_int_equal(policy_parse_within(&context, "x", &source, &arena, &other, &diagnostics),
			 0);
	assert_true(one.digest != other.digest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_include_puts_lines_where_it_stands),
		cmocka_unit_test(test_policy_include_shares_what_may_stand_once),
		cmocka_unit_test(test_policy_include_reports_errors_where_they_are),
		cmocka_unit_test(test_policy_include_refuses_cycles_and_shows_them),
		cmocka_unit_test(test_policy_include_is_bounded_in_depth_and_number),
		cmocka_unit_test(test_policy_overrides_come_first),
		cmocka_unit_test(test_policy_overrides_are_rules_and_nothing_else),
		cmocka_unit_test(test_policy_sets_are_what_the_configuration_says),
		cmocka_unit_test(test_policy_sets_unknown_are_errors_with_the_nearest),
		cmocka_unit_test(test_policy_digest_changes_with_everything_that_is_referred_to),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
