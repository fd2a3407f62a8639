/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rulesets in the real kernel: what nft(8) reads of what was loaded, and what refusals
 * say. Each test stands in a fresh network namespace.
 */
#include "fresh.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <linux/netfilter.h>

#include "base/buffer.h"
#include "base/error.h"
#include "core/hosttable.h"

static void load(struct mnl_socket *socket, const struct ruleset *ruleset, bool replace)
{
	struct carrel_error err = { 0 };

	if (nft_load(socket, ruleset, replace, &err) < 0)
		fail_msg("%s", err.text);
}

/* Element lines as strings, for qsort. */
static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/*
 * The netlink listing without what differs from run to run: handles, and the order in
 * which a hash set gives its elements.
 */
static const char *normalise(char *listing, struct arena *arena)
{
	enum { LINES_MAX = 4096 };
	char **lines = arena_alloc(arena, LINES_MAX * sizeof(*lines));
	char *text = arena_alloc(arena, strlen(listing) + 2), *end = text, *rest = listing;
	size_t count = 0, first = 0;

	assert_true(lines && text);
	for (char *line; (line = strsep(&rest, "\n")) != NULL && rest;) {
		assert_true(count < LINES_MAX);
		char *chain = strncmp(line, "inet ", 5) == 0 ? strchr(line + 5, ' ') : NULL;
		char *handle = chain ? strchr(chain + 1, ' ') : NULL;

		if (handle)
			*handle = '\0';
		lines[count++] = line;
	}
	for (size_t i = 0; i < count; i = first) {
		for (first = i + 1; first < count && lines[i][0] == '\t' &&
				    lines[first][0] == '\t'; first++)
			;
		qsort(lines + i, first - i, sizeof(*lines), compare_lines);
	}
	for (size_t i = 0; i < count; i++)
		end += sprintf(end, "%s\n", lines[i]);
	return text;
}

/* nft must list @ruleset as golden file @name has it, in both forms. */
static void check_listing(struct mnl_socket *socket, const struct ruleset *ruleset,
			  const char *name, struct arena *arena)
{
	load(socket, ruleset, true);
	assert_string_equal(run("nft --stateless list ruleset", arena),
			    golden_read(name, "nft", arena));
	assert_string_equal(normalise(run("nft --debug=netlink list ruleset", arena), arena),
			    normalise(golden_read(name, "netlink", arena), arena));
	assert_non_null(strstr(run("nft --json list ruleset", arena), "\"table\""));
}

/* The JSON listing of everything, without what differs from load to load. */
static char *list_json(struct arena *arena)
{
	return run("nft --json --stateless list ruleset | jq -S 'del(.. | .handle?)'", arena);
}

/*
 * What nft makes of the golden text by itself and what is loaded here are the same to the
 * JSON of nft, but for what a kernel does with the sets.
 */
static void test_nft_lists_policies_in_json_as_its_own_loading_of_the_text(void **state)
{
	for (size_t i = 0; i < GOLDEN_COUNT; i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		struct ruleset ruleset;
		char *ours;

		golden_compile(golden_names[i], &arena, &ruleset);
		load(*state, &ruleset, true);
		ours = list_json(&arena);
		(void)run("nft flush ruleset", &arena);
		(void)run(arena_printf(&arena, "nft -f " GOLDEN_DIRECTORY "%s.nft", golden_names[i]),
			  &arena);
		assert_string_equal(ours, list_json(&arena));
		(void)run("nft flush ruleset", &arena);
	}
}

static void test_nft_lists_policies_as_golden_files(void **state)
{
	for (size_t i = 0; i < GOLDEN_COUNT; i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		struct ruleset ruleset;

		golden_compile(golden_names[i], &arena, &ruleset);
		check_listing(*state, &ruleset, golden_names[i], &arena);
	}
}

static void test_nft_lists_host_table_as_golden_file(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const struct editions editions = golden_editions(&arena);
	struct ruleset ruleset;

	assert_int_equal(hosttable_build(false, false, &editions, &arena, &ruleset), 0);
	check_listing(*state, &ruleset, "host", &arena);
}

/* The text printer's output, loaded by nft itself, is listed like what was loaded here. */
static void test_nft_reads_the_text_as_what_is_loaded(void **state)
{
	(void)state;
	for (size_t i = 0; i < GOLDEN_COUNT; i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		struct ruleset ruleset;

		golden_compile(golden_names[i], &arena, &ruleset);
		const char *text = golden_text(&ruleset, &arena);
		FILE *nft = popen("nft flush ruleset; nft -f -", "we");
		assert_non_null(nft);
		assert_true(fputs(text, nft) >= 0);
		assert_int_equal(pclose(nft), 0);
		assert_string_equal(run("nft --stateless list ruleset", &arena), text);
	}
}

static void test_nft_load_replaces_the_table_when_asked(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct carrel_error err = { 0 };
	struct ruleset exam, open;
	uint32_t before, after;

	golden_compile("exam", &arena, &exam);
	golden_compile("open", &arena, &open);
	assert_int_equal(nft_table_exists(*state, CARREL_TABLE, &err), 0);
	load(*state, &exam, false);
	assert_int_equal(nft_table_exists(*state, CARREL_TABLE, &err), 1);
	run("nft add table inet other", &arena);

	assert_int_equal(nft_load(*state, &open, false, &err), -EEXIST);
	assert_int_equal(nft_generation(*state, &before, &err), 0);
	load(*state, &open, true);
	assert_int_equal(nft_generation(*state, &after, &err), 0);
	assert_int_equal(after, before + 1);
	assert_string_equal(run("nft --stateless list table inet carrel", &arena),
			    golden_read("open", "nft", &arena));
	assert_string_equal(run("nft list table inet other", &arena), "table inet other {\n}\n");
}

static void test_nft_load_changes_nothing_and_names_the_rule_when_refused(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct carrel_error err = { 0 };
	struct ruleset_builder builder;
	struct ruleset ruleset;
	size_t chain;

	golden_compile("open", &arena, &ruleset);
	load(*state, &ruleset, false);

	ruleset_begin(&builder, &arena, CARREL_TABLE);
	chain = ruleset_add_chain(&builder, "start");
	rule_begin(&builder, chain, NULL);
	rule_add(&builder, STATEMENT_ACCEPT);
	rule_begin(&builder, chain, "to nowhere");
	rule_goto(&builder, "missing");
	assert_int_equal(ruleset_finish(&builder, &ruleset), 0);

	assert_int_equal(nft_load(*state, &ruleset, true, &err), -ENOENT);
	assert_string_equal(err.text, "loading table inet carrel: chain 'start', rule 2 "
				      "(to nowhere): No such file or directory");
	assert_string_equal(run("nft --stateless list ruleset", &arena),
			    golden_read("open", "nft", &arena));
}

/* A refusal for each of many rules must not drown the first one. */
static void test_nft_load_names_the_first_rule_when_thousands_are_refused(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct carrel_error err = { 0 };
	struct ruleset_builder builder;
	struct ruleset ruleset;
	size_t chain;

	ruleset_begin(&builder, &arena, "t");
	chain = ruleset_add_chain(&builder, "start");
	for (unsigned i = 0; i < 10000; i++) {
		rule_begin(&builder, chain, NULL);
		rule_goto(&builder, "missing");
	}
	assert_int_equal(ruleset_finish(&builder, &ruleset), 0);
	assert_int_equal(nft_load(*state, &ruleset, false, &err), -ENOENT);
	assert_non_null(strstr(err.text, "chain 'start', rule 1:"));
	assert_int_equal(nft_table_exists(*state, "t", &err), 0);
	/* No answer was left behind for the next question. */
	assert_int_equal(nft_table_exists(*state, "t", &err), 0);
}

/* Every second address of a block: no two touch. */
static void add_addresses(struct ruleset_builder *builder, size_t chain, unsigned count,
			  bool ranges)
{
	struct value_range *values = calloc(count, sizeof(*values));

	assert_non_null(values);
	for (unsigned i = 0; i < count; i++) {
		uint32_t first = htonl(0xc6120000 + 4 * i), last = htonl(0xc6120000 + 4 * i + ranges);

		memcpy(values[i].first, &first, sizeof(first));
		memcpy(values[i].last, &last, sizeof(last));
	}
	rule_begin(builder, chain, NULL);
	rule_match_ranges(builder, FIELD_DADDR4, false, values, count);
	rule_add(builder, STATEMENT_ACCEPT);
	free(values);
}

/* What was built is loaded, and listed as it is printed here. */
static void check_loaded(struct mnl_socket *socket, struct ruleset_builder *builder,
			 struct arena *arena)
{
	struct ruleset ruleset;

	assert_int_equal(ruleset_finish(builder, &ruleset), 0);
	load(socket, &ruleset, false);
	assert_string_equal(run("nft --stateless list ruleset", arena),
			    golden_text(&ruleset, arena));
}

static void test_nft_load_sets_of_ten_thousand_elements(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct ruleset_builder builder;
	size_t chain;

	ruleset_begin(&builder, &arena, "t");
	chain = ruleset_add_chain(&builder, "c");
	add_addresses(&builder, chain, 10000, false);
	add_addresses(&builder, chain, 10000, true);
	check_loaded(*state, &builder, &arena);
}

static void test_nft_load_named_sets_that_rules_look_into(void **state)
{
	static const enum field fields[] = { FIELD_DADDR4, FIELD_DADDR6 };
	static const char *const names[] = { "name4-www.example", "name6-3.example" };
	ARENA_CLEANUP struct arena arena = { 0 };
	struct ruleset_builder builder;
	size_t chain;

	ruleset_begin(&builder, &arena, "t");
	chain = ruleset_add_chain(&builder, "c");
	ruleset_add_set(&builder, "empty", FIELD_DADDR4, NULL, 0);
	for (size_t i = 0; i < 2; i++) {
		struct value_range values[600] = { 0 };

		for (size_t j = 0; j < 600; j++) {
			const uint8_t value[] = { 0x20, 1, (uint8_t)(j / 256), (uint8_t)j };

			memcpy(values[j].first, value, sizeof(value));
			memcpy(values[j].last, value, sizeof(value));
		}
		ruleset_add_set(&builder, names[i], fields[i], values, 600);
		rule_begin(&builder, chain, NULL);
		rule_match_set(&builder, fields[i], names[i]);
		rule_match_value(&builder, FIELD_L4PROTO, (uint8_t[]){ 6 });
		rule_match_value(&builder, FIELD_DPORT, (uint8_t[]){ 1, 187 });
		rule_add(&builder, STATEMENT_ACCEPT);
	}
	check_loaded(*state, &builder, &arena);
}

static void test_nft_load_ten_thousand_rules(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer policy = { 0 };
	struct ruleset ruleset;

	for (unsigned i = 0; i < 10000; i++)
		buffer_printf(&policy, "allow out tcp to 198.18.%u.%u port %u\n", i / 256, i % 256,
			      i + 1);
	golden_compile_text("many", policy.data, &arena, &ruleset);
	load(*state, &ruleset, true);
	assert_non_null(strstr(run("nft --stateless list chain inet carrel output "
				   "| grep -c '198.18.*accept'", &arena), "10000"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nft_lists_policies_as_golden_files),
		TEST(test_nft_lists_policies_in_json_as_its_own_loading_of_the_text),
		TEST(test_nft_lists_host_table_as_golden_file),
		TEST(test_nft_reads_the_text_as_what_is_loaded),
		TEST(test_nft_load_replaces_the_table_when_asked),
		TEST(test_nft_load_changes_nothing_and_names_the_rule_when_refused),
		TEST(test_nft_load_names_the_first_rule_when_thousands_are_refused),
		TEST(test_nft_load_sets_of_ten_thousand_elements),
		TEST(test_nft_load_named_sets_that_rules_look_into),
		TEST(test_nft_load_ten_thousand_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
