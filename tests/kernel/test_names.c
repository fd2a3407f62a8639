/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of names in the real kernel: what changes, and what must not. Each test in a fresh namespace. */
#include "fresh.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kernel/nft_names.h"

static void load(struct mnl_socket *socket, const char *policy, struct arena *arena)
{
	struct carrel_error err = { 0 };
	struct ruleset ruleset;

	golden_compile_text("p", policy, arena, &ruleset);
	if (nft_load(socket, &ruleset, true, &err) < 0)
		fail_msg("%s", err.text);
}

/* Update, and count the transactions of which the kernel knows. */
static int update(struct mnl_socket *socket, const struct known_names *known, unsigned expected)
{
	struct carrel_error err = { 0 };
	uint32_t before, after;

	assert_int_equal(nft_generation(socket, &before, &err), 0);
	int rc = nft_update_names(socket, known, &err);
	if (rc < 0)
		fail_msg("%s", err.text);
	assert_int_equal(nft_generation(socket, &after, &err), 0);
	assert_int_equal(after - before, expected);
	return rc;
}

static void set_address(struct known_address *known, const char *text)
{
	*known = (struct known_address){ .gone_s = 0 };
	assert_int_equal(address_parse(text, strlen(text), &known->address), 0);
}

#define RULES "nft --handle list chain inet carrel output"
#define ELEMENTS(set) "nft list set inet carrel " set " | tr -d '\\n\\t ' | sed -n 's/.*elements={\\(.*\\)}}}/\\1/p'"

static void test_names_update_changes_elements_in_one_step_and_no_rule(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct known_names known = known_names(&arena);
	struct known_name *name = &known.list.items[0];

	load(*state, "allow out to www.example\nallow out to new.example\n", &arena);
	const char *rules = run(RULES, &arena);
	/* What is there already is what is wanted. */
	assert_int_equal(update(*state, &known, 0), 0);

	set_address(&name->addresses.items[0], "203.0.113.99");
	set_address(&name->addresses.items[1], "2001:db8:80::99");
	assert_int_equal(update(*state, &known, 1), 1);
	assert_string_equal(run(ELEMENTS("name4-www.example"), &arena),
			    "192.0.2.1,203.0.113.81,203.0.113.99");
	assert_string_equal(run(ELEMENTS("name6-www.example"), &arena), "2001:db8:80::99");
	assert_string_equal(run(ELEMENTS("name4-new.example"), &arena), "");
	assert_string_equal(run(RULES, &arena), rules);
	assert_int_equal(update(*state, &known, 0), 0);

	name->addresses.count = 0;
	assert_int_equal(update(*state, &known, 1), 1);
	assert_string_equal(run(ELEMENTS("name4-www.example"), &arena), "");
	assert_string_equal(run(RULES, &arena), rules);
}

static void test_names_update_believes_as_the_set_does(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct known_names known = known_names(&arena);

	load(*state, "rebind ok\nallow out to www.example\n", &arena);
	assert_int_equal(update(*state, &known, 0), 0);
	set_address(&known.list.items[0].addresses.items[0], "10.1.1.1");
	assert_int_equal(update(*state, &known, 1), 1);
	assert_string_equal(run(ELEMENTS("rebind4-www.example"), &arena),
			    "10.1.1.1,10.9.9.9,10.213.0.7,169.254.169.254,192.0.2.1,203.0.113.81");
	load(*state, "allow out to www.example\n", &arena);
	assert_int_equal(update(*state, &known, 1), 1);
	assert_string_equal(run(ELEMENTS("name4-www.example"), &arena), "192.0.2.1,203.0.113.81");
}

static void test_names_update_leaves_alone_what_is_no_name_that_is_known(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const struct known_names nothing = { 0 };

	load(*state, "allow out to www.example port 80,443\n", &arena);
	run("nft add set inet carrel mine '{ type ipv4_addr; elements = { 192.0.2.9 } }'", &arena);
	run("nft 'add table ip carrel; add set ip carrel name4-www.example { type ipv4_addr; "
	    "elements = { 192.0.2.8 } }'", &arena);
	assert_int_equal(update(*state, &nothing, 0), 0);
	struct known_names known = known_names(&arena);
	set_address(&known.list.items[0].addresses.items[0], "203.0.113.99");
	assert_int_equal(update(*state, &known, 1), 1);
	assert_string_equal(run(ELEMENTS("mine"), &arena), "192.0.2.9");
	assert_non_null(strstr(run("nft list set ip carrel name4-www.example", &arena), "192.0.2.8"));
	assert_non_null(strstr(run("nft list chain inet carrel output", &arena), "{ 80, 443 }"));
}

/* Somebody flushed the table, or made a set of such a name that holds something else. */
static void test_names_update_survives_what_an_administrator_did(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct known_names known = known_names(&arena);
	struct carrel_error err = { 0 };

	assert_int_equal(update(*state, &known, 0), 0);
	run("nft 'add table inet carrel; add set inet carrel name4-www.example { type inet_service; "
	    "elements = { 80 } }'", &arena);
	assert_true(nft_update_names(*state, &known, &err) < 0);
	assert_non_null(strstr(err.text, "sets of names"));
	load(*state, "allow out to www.example\n", &arena);
	assert_int_equal(update(*state, &known, 0), 0);
}

static void test_host_update_changes_the_sets_of_the_host_only(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct prefix_list host = golden_host(&arena);
	struct carrel_error err = { 0 };

	load(*state, "default allow out\nallow out to www.example\nallow out to host port 80\n",
	     &arena);
	const char *rules = run(RULES, &arena);
	const char *name = run(ELEMENTS("name4-www.example"), &arena);
	assert_int_equal(nft_update_host(*state, &host, &err), 0);
	host.count = 1;
	assert_int_equal(nft_update_host(*state, &host, &err), 1);
	assert_string_equal(run(ELEMENTS("host4"), &arena), "192.0.2.1");
	assert_string_equal(run(ELEMENTS("host6"), &arena), "");
	host = golden_host(&arena);
	assert_int_equal(nft_update_host(*state, &host, &err), 1);
	assert_string_equal(run(ELEMENTS("host4"), &arena), "192.0.2.1,198.51.100.1");
	assert_string_equal(run(ELEMENTS("host6"), &arena), "2001:db8::1");
	assert_string_equal(run(ELEMENTS("name4-www.example"), &arena), name);
	assert_string_equal(run(RULES, &arena), rules);
	/* And what changes names leaves them alone. */
	const struct known_names known = known_names(&arena);
	assert_int_equal(update(*state, &known, 0), 0);
}

static void test_host_update_says_where_the_rules_have_no_sets_of_it(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const struct prefix_list host = golden_host(&arena);
	struct carrel_error err = { 0 };

	assert_int_equal(nft_update_host(*state, &host, &err), -ENOENT);
	load(*state, "default allow out\nallow out to www.example\n", &arena);
	assert_int_equal(nft_update_host(*state, &host, &err), -ENOENT);
	assert_non_null(strstr(err.text, "no sets of the host's addresses"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_names_update_changes_elements_in_one_step_and_no_rule),
		TEST(test_names_update_believes_as_the_set_does),
		TEST(test_names_update_leaves_alone_what_is_no_name_that_is_known),
		TEST(test_names_update_survives_what_an_administrator_did),
		TEST(test_host_update_changes_the_sets_of_the_host_only),
		TEST(test_host_update_says_where_the_rules_have_no_sets_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
