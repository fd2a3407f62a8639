/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables read back from the real kernel and compared with what was meant. Each test stands
 * in a fresh network namespace.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libmnl/libmnl.h>

#include "base/buffer.h"
#include "base/error.h"
#include "core/hosttable.h"
#include "core/image.h"
#include "kernel/nft.h"
#include "kernel/nft_load.h"
#include "kernel/nft_image.h"
#include "tests/golden/golden.h"

struct fixture {
	struct arena arena;
	struct mnl_socket *socket;
	struct ruleset ruleset;
	enum image_past past;
	bool differ;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){ 0 };
	*state = &fixture;
	return unshare(CLONE_NEWNET) < 0 || nft_open(&fixture.socket, NULL) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	arena_free(&fixture->arena);
	return mnl_socket_close(fixture->socket);
}

static void load(struct fixture *fixture, const char *name)
{
	struct carrel_error err = { 0 };

	golden_compile(name, &fixture->arena, &fixture->ruleset);
	if (nft_load(fixture->socket, &fixture->ruleset, true, &err) < 0)
		fail_msg("%s", err.text);
}

static void run(const char *command)
{
	assert_int_equal(system(command), 0);
}

/* Every difference, a line each, of what is loaded from the ruleset of @fixture. */
static const char *differences(struct fixture *fixture)
{
	BUFFER_CLEANUP struct buffer words = { 0 };
	struct differences found = { 0 };
	struct image intended, there;
	const struct image_comparison comparison = {
		.place = PLACE_CARREL, .past = fixture->past, .ruleset = &fixture->ruleset,
		.intended = &intended, .found = &there,
	};
	struct carrel_error err = { 0 };
	uint32_t generation, before;

	assert_int_equal(nft_generation(fixture->socket, &before, &err), 0);
	if (nft_image_read(fixture->socket, fixture->ruleset.table, true, &fixture->arena, &there,
			   &generation, &err) < 0 ||
	    nft_image_intend(&fixture->ruleset, &fixture->arena, &intended, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(generation, before);
	assert_int_equal(image_compare(&comparison, &fixture->arena, &found, &fixture->differ), 0);
	for (size_t i = 0; i < found.list.count; i++) {
		difference_describe(&found.list.items[i], &words);
		buffer_puts(&words, "\n");
	}
	return words.data ? arena_strdup(&fixture->arena, words.data) : "";
}

static void test_image_of_what_was_loaded_is_what_was_meant(void **state)
{
	struct fixture *fixture = *state;
	struct carrel_error err = { 0 };

	for (size_t i = 0; i < GOLDEN_COUNT; i++) {
		load(fixture, golden_names[i]);
		assert_string_equal(differences(fixture), "");
		assert_false(fixture->differ);
	}
	struct editions editions = golden_editions(&fixture->arena);
	assert_int_equal(hosttable_build(true, true, &editions, &fixture->arena,
					 &fixture->ruleset), 0);
	assert_int_equal(nft_load(fixture->socket, &fixture->ruleset, true, &err), 0);
	assert_string_equal(differences(fixture), "");
	/* Of another host, where one family was forwarded before. */
	assert_int_equal(hosttable_build(true, false, &editions, &fixture->arena,
					 &fixture->ruleset), 0);
	assert_string_not_equal(differences(fixture), "");
	assert_true(fixture->differ);
	/* Of one that carrels know other addresses of. */
	editions.list.count = 1;
	assert_int_equal(hosttable_build(true, true, &editions, &fixture->arena,
					 &fixture->ruleset), 0);
	assert_non_null(strstr(differences(fixture), "set known4"));
	assert_non_null(strstr(differences(fixture), "set known6"));
	assert_true(fixture->differ);
	/* And filled with those, it is that one. */
	assert_int_equal(nft_refill(fixture->socket, &fixture->ruleset, &err), 0);
	assert_string_equal(differences(fixture), "");
}

/* Every rule of every golden policy, deleted alone, is the one that is missing. */
static void test_image_tells_each_rule_that_is_missing(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < GOLDEN_COUNT; i++) {
		load(fixture, golden_names[i]);
		for (size_t c = 0; c < fixture->ruleset.chains.count; c++) {
			struct chain *chain = &fixture->ruleset.chains.items[c];

			for (size_t r = 0; r < chain->rules.count; r++) {
				char *command = arena_printf(&fixture->arena,
					"handle=$(nft -a list chain inet carrel %s | "
					"sed -n 's/.*# handle //p' | sed -n '%zup') && "
					"nft delete rule inet carrel %s handle $handle",
					chain->name, r + 2, chain->name);
				const char *said;

				run(command);
				said = differences(fixture);
				assert_ptr_equal(strstr(said, "rule "), said);
				assert_non_null(strstr(said, ": missing: "));
				assert_non_null(strstr(said, chain->name));
				/* Of two that are the same, the last is called missing. */
				assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
				assert_true(fixture->differ);
				load(fixture, golden_names[i]);
			}
		}
	}
}

static void test_image_ignores_what_was_counted(void **state)
{
	struct fixture *fixture = *state;

	load(fixture, "exam");
	run("ip link add out type veth peer name far && ip link set far up && ip link set out up && "
	    "ip addr add 198.51.100.1/24 dev out && ip route add default dev out && "
	    "! ping -q -c 1 -W 1 192.0.2.1 >/dev/null 2>&1");
	run("nft list ruleset | grep 'counter packets [1-9]' >/dev/null");
	assert_string_equal(differences(fixture), "");
}

static void test_image_tells_of_rules_sets_chains_and_tables_besides(void **state)
{
	struct fixture *fixture = *state;
	const char *said;

	load(fixture, "exam");
	run("nft add table ip filter");
	assert_string_equal(differences(fixture), "table ip filter: not carrel's: someone made it\n");
	assert_false(fixture->differ);
	run("nft insert rule inet carrel output tcp dport { 1, 2 } accept");
	run("nft add chain inet carrel mine");
	run("nft add set inet carrel these '{ type ipv4_addr; }'");
	said = differences(fixture);
	assert_true(fixture->differ);
	assert_non_null(strstr(said, "rule 1 of chain output: not carrel's: someone made it: [ "));
	assert_non_null(strstr(said, "chain mine: not carrel's"));
	assert_non_null(strstr(said, "set these: not carrel's"));
	assert_null(strstr(said, "missing"));
}

/* The same rule, looking into a set that holds something else. */
static void test_image_sees_into_sets(void **state)
{
	struct fixture *fixture = *state;
	const char *said;

	golden_compile_text("set", "default deny out\nallow out tcp to 192.0.2.1,192.0.2.9 port 1-5,9\n",
			    &fixture->arena, &fixture->ruleset);
	assert_int_equal(nft_load(fixture->socket, &fixture->ruleset, true, NULL), 0);
	assert_string_equal(differences(fixture), "");
	golden_compile_text("set", "default deny out\nallow out tcp to 192.0.2.1,192.0.2.8 port 1-5,9\n",
			    &fixture->arena, &fixture->ruleset);
	said = differences(fixture);
	assert_non_null(strstr(said, "missing: ip daddr { 192.0.2.1, 192.0.2.8 }"));
	assert_non_null(strstr(said, "not carrel's"));
}

static void test_image_sees_altered_chains_limits_and_flags(void **state)
{
	struct fixture *fixture = *state;
	const char *said;

	load(fixture, "limit");
	run("nft add chain inet carrel output '{ policy accept; }'");
	run("nft add table inet carrel '{ flags dormant; }'");
	said = differences(fixture);
	assert_non_null(strstr(said, "chain output: another type, hook, priority or policy"));
	assert_non_null(strstr(said, "table inet carrel: other flags"));
	fixture->ruleset.limits.items[0].packets++;
	assert_non_null(strstr(differences(fixture), "limit "));
	run("nft flush ruleset");
	assert_string_equal(differences(fixture), "table inet carrel: missing\n");
	assert_true(fixture->differ);
}

/* What an edit left behind is nobody's doing; of rules that were touched as well nobody knows. */
static void test_image_tells_rules_of_an_earlier_text(void **state)
{
	struct fixture *fixture = *state;
	const char *said;

	golden_compile_text("old", "allow out tcp port 80\nallow out tcp port 81 limit 5/minute\n",
			    &fixture->arena, &fixture->ruleset);
	assert_int_equal(nft_load(fixture->socket, &fixture->ruleset, true, NULL), 0);
	golden_compile_text("old", "default deny out\nallow out tcp port 82\n", &fixture->arena,
			    &fixture->ruleset);
	fixture->past = IMAGE_FORMER;
	said = differences(fixture);
	assert_true(fixture->differ);
	assert_non_null(strstr(said, "of chain output: missing: tcp dport 82 "));
	assert_non_null(strstr(said, "of chain output: of an earlier text of the policy: "
			       "\"old.policy:1: allow out tcp port 80\": [ "));
	assert_non_null(strstr(said, "limit "));
	assert_null(strstr(said, "someone made it"));
	fixture->past = IMAGE_FORMER_TOUCHED;
	run("nft add table ip filter");
	said = differences(fixture);
	assert_non_null(strstr(said, ": of an earlier text of the policy, or someone made it: \"old"));
	assert_non_null(strstr(said, "table ip filter: not carrel's: someone made it\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_image_of_what_was_loaded_is_what_was_meant),
		TEST(test_image_tells_each_rule_that_is_missing),
		TEST(test_image_ignores_what_was_counted),
		TEST(test_image_tells_of_rules_sets_chains_and_tables_besides),
		TEST(test_image_sees_into_sets),
		TEST(test_image_sees_altered_chains_limits_and_flags),
		TEST(test_image_tells_rules_of_an_earlier_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
