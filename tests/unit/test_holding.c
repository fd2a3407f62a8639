/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sets of addresses hold against what is known. */
#include "text.h"

#include "core/holding.h"
#include "known.h"

/* A set called @name that holds the addresses of @text, with blanks between. */
static void hold(struct arena *arena, struct holding *holding, const char *name, const char *text)
{
	struct held_set *held = ARENA_APPEND(arena, &holding->list);

	strcpy(held->text, name);
	assert_true(names_set_parse(held->text, &held->set));
	while (*text) {
		size_t length = strcspn(text, " ");
		struct value_range *value = ARENA_APPEND(arena, &held->values);
		struct address address;

		assert_int_equal(address_parse(text, length, &address), 0);
		memcpy(value->first, address.bytes, address_size(address.family));
		memcpy(value->last, address.bytes, address_size(address.family));
		text += length + strspn(text + length, " ");
	}
}

/* The one set @name that holds @text: what is said of it; "" when nothing is. */
static const char *compared(struct arena *arena, const char *name, const char *text,
			    const struct holding_wanted *wanted)
{
	struct differences differences = { 0 };
	struct holding holding = { 0 };
	BUFFER_CLEANUP struct buffer words = { 0 };

	hold(arena, &holding, name, text);
	assert_int_equal(holding_compare(&holding, wanted, arena, &differences), 0);
	assert_true(differences.list.count <= 1);
	if (!differences.list.count)
		return "";
	assert_int_equal(differences.list.items[0].kind, DIFFERENCE_ALTERED);
	assert_int_equal(differences.list.items[0].place, PLACE_CARREL);
	assert_int_equal(differences.list.items[0].remedy, REMEDY_REPAIR);
	difference_describe(&differences.list.items[0], &words);
	return arena_strdup(arena, words.data);
}

static void test_holding_is_as_it_should_be_whatever_the_order(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct known_names known = known_names(&arena);
	const struct holding_wanted wanted = { .known = &known };

	(void)state;
	assert_string_equal(compared(&arena, "name4-www.example",
				     "192.0.2.1 203.0.113.81 203.0.113.80", &wanted), "");
	assert_string_equal(compared(&arena, "name6-www.example", "2001:db8:80::80", &wanted), "");
	assert_string_equal(compared(&arena, "rebind6-www.example", "fd00::9 2001:db8:80::80",
				     &wanted), "");
	/* Of these nobody knows anything. */
	assert_string_equal(compared(&arena, "name4-old.example", "192.0.2.1", &wanted), "");
	assert_string_equal(compared(&arena, "host4", "192.0.2.1", &wanted), "");
}

static void test_holding_tells_what_is_missing_and_what_is_too_much(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct known_names known = known_names(&arena);
	const struct holding_wanted wanted = { .known = &known };

	(void)state;
	assert_string_equal(compared(&arena, "name4-www.example", "203.0.113.80 203.0.113.99", &wanted),
			    "set name4-www.example: without 203.0.113.81, 192.0.2.1; with 203.0.113.99 "
			    "(should be: what is known of www.example)");
	assert_string_equal(compared(&arena, "name6-www.example", "", &wanted),
			    "set name6-www.example: without 2001:db8:80::80 "
			    "(should be: what is known of www.example)");
	/* What the policy does not believe is too much. */
	assert_string_equal(compared(&arena, "name6-www.example", "fd00::9 2001:db8:80::80", &wanted),
			    "set name6-www.example: with fd00::9 "
			    "(should be: what is known of www.example)");
	assert_string_equal(compared(&arena, "name4-www.example", "192.0.2.1 203.0.113.81 203.0.113.80 "
				     "10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5 10.0.0.6 10.0.0.7 "
				     "10.0.0.8 10.0.0.9 10.0.0.10", &wanted),
			    "set name4-www.example: with 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, "
			    "10.0.0.6, 10.0.0.7, 10.0.0.8 and 2 more "
			    "(should be: what is known of www.example)");
}

static void test_holding_of_the_host_is_compared_where_its_addresses_are_given(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct prefix items[] = {
		{ { FAMILY_IPV4, { 192, 0, 2, 1 } }, 32 },
		{ { FAMILY_IPV6, { 0x20, 1, 0xd, 0xb8, [15] = 1 } }, 128 },
	};
	const struct prefix_list host = { items, 2 };
	const struct known_names nothing = { 0 };
	const struct holding_wanted wanted = { .known = &nothing, .host = &host };
	struct holding holding = { 0 };

	(void)state;
	assert_string_equal(compared(&arena, "host4", "192.0.2.1", &wanted), "");
	assert_string_equal(compared(&arena, "host6", "2001:db8::1", &wanted), "");
	assert_string_equal(compared(&arena, "host4", "", &wanted),
			    "set host4: without 192.0.2.1 (should be: the host's addresses)");
	assert_false(holding_has_host(&holding));
	hold(&arena, &holding, "name4-www.example", "");
	assert_false(holding_has_host(&holding));
	hold(&arena, &holding, "host6", "");
	assert_true(holding_has_host(&holding));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holding_is_as_it_should_be_whatever_the_order),
		cmocka_unit_test(test_holding_tells_what_is_missing_and_what_is_too_much),
		cmocka_unit_test(test_holding_of_the_host_is_compared_where_its_addresses_are_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
