/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What names may mean, and the sets that hold it. */
#include "text.h"

#include "core/rebind.h"
#include "known.h"

static struct address address_of(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(text, strlen(text), &address), 0);
	return address;
}

static void test_rebind_refused_tells_the_internet_from_the_rest(void **state)
{
	static const char *const refused[] = {
		"0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.255", "169.254.169.254",
		"172.16.0.1", "172.31.255.255", "192.0.0.8", "192.168.1.1", "198.18.0.1", "224.0.0.1",
		"240.0.0.1", "255.255.255.255", "::", "::1", "::10.0.0.1", "::ffff:10.0.0.1",
		"::ffff:203.0.113.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254",
		"64:ff9b:1::1", "100::1", "2001::1", "2002:a00:1::", "fc00::1", "fd00:ec2::254",
		"fe80::1", "fec0::1", "ff02::1",
	};
	static const char *const believed[] = {
		"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "128.0.0.1",
		"172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "198.17.255.255",
		"198.20.0.0", "203.0.113.1", "223.255.255.255", "2001:db8::1", "2001:1::1", "2003::1",
		"2a00::1", "64:ff9b::203.0.113.1", "64:ff9b:0:1::1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct address address = address_of(refused[i]);

		if (!rebind_refused(&address))
			fail_msg("%s is believed", refused[i]);
	}
	for (size_t i = 0; i < sizeof(believed) / sizeof(believed[0]); i++) {
		struct address address = address_of(believed[i]);

		if (rebind_refused(&address) || rebind_impossible(&address))
			fail_msg("%s is refused", believed[i]);
	}
}

static void test_rebind_impossible_is_what_no_host_has(void **state)
{
	static const char *const impossible[] = {
		"0.0.0.0", "0.1.2.3", "224.0.0.1", "239.1.1.1", "255.255.255.255", "::",
		"::ffff:203.0.113.1", "ff02::1",
	};
	static const char *const possible[] = {
		"10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fd00::1", "fe80::1", "240.0.0.1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(impossible) / sizeof(impossible[0]); i++) {
		struct address address = address_of(impossible[i]);

		if (!rebind_impossible(&address) || !rebind_refused(&address))
			fail_msg("%s is possible", impossible[i]);
	}
	for (size_t i = 0; i < sizeof(possible) / sizeof(possible[0]); i++) {
		struct address address = address_of(possible[i]);

		if (rebind_impossible(&address))
			fail_msg("%s is impossible", possible[i]);
	}
}

/* They act as a list of prefixes that rules have: sorted, without overlap. */
static void test_rebind_prefixes_are_sorted_and_apart(void **state)
{
	const struct prefix_list list = rebind_prefixes();

	(void)state;
	for (size_t i = 0; i < list.count; i++)
		assert_true(rebind_refused(&list.items[i].address));
	for (size_t i = 1; i < list.count; i++) {
		const struct prefix *a = &list.items[i - 1], *b = &list.items[i];

		assert_true(a->address.family < b->address.family ||
			    (a->address.family == b->address.family &&
			     memcmp(a->address.bytes, b->address.bytes, 16) < 0));
		assert_false(prefix_covers(a, b));
	}
}

static void parse(const char *text, struct arena *arena, struct policy *policy)
{
	const struct source source = text_source(text);
	struct diagnostics diagnostics = { .arena = arena };

	policy_parse("x", &source, arena, policy, &diagnostics);
	assert_string_equal(said(arena, &diagnostics), "");
}

static void test_names_bind_gives_what_is_known_and_nothing_else(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct known_names known = known_names(&arena), nothing = { 0 };
	struct policy policy;

	(void)state;
	parse("allow out to a.example,www.example,z.example", &arena, &policy);
	assert_int_equal(names_unknown(&policy), 3);
	assert_int_equal(names_bind(&policy, &known, &arena), 0);
	assert_int_equal(policy.names.items[0].addresses.count, 0);
	assert_int_equal(policy.names.items[1].addresses.count, 8);
	assert_int_equal(policy.names.items[2].addresses.count, 0);
	assert_int_equal(names_unknown(&policy), 2);
	assert_int_equal(names_bind(&policy, &nothing, &arena), 0);
	assert_int_equal(names_unknown(&policy), 3);
}

static void test_names_digest_tells_other_addresses(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct known_names known = known_names(&arena), nothing = { 0 };
	struct policy policy;
	uint64_t all;

	(void)state;
	parse("allow out to any", &arena, &policy);
	assert_int_equal(names_digest(&policy), 0);
	parse("allow out to a.example,www.example", &arena, &policy);
	assert_int_equal(names_bind(&policy, &known, &arena), 0);
	all = names_digest(&policy);
	assert_int_not_equal(all, 0);
	assert_int_equal(names_bind(&policy, &known, &arena), 0);
	assert_int_equal(names_digest(&policy), all);
	known.list.items[0].addresses.items[7].address.bytes[15]++;
	assert_int_equal(names_bind(&policy, &known, &arena), 0);
	assert_int_not_equal(names_digest(&policy), all);
	assert_int_equal(names_bind(&policy, &nothing, &arena), 0);
	assert_int_not_equal(names_digest(&policy), all);
	assert_int_not_equal(names_digest(&policy), 0);
}

static void test_names_unknown_counts_those_with_refused_addresses_only(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct known_address inside = { .address = address_of("10.0.0.1") };
	struct known_name name = { .name = "in.example", .addresses = { &inside, 1, 1 } };
	const struct known_names known = { .list = { &name, 1, 1 } };
	struct policy policy;

	(void)state;
	parse("allow out to in.example", &arena, &policy);
	assert_int_equal(names_bind(&policy, &known, &arena), 0);
	assert_int_equal(names_unknown(&policy), 1);
	parse("rebind ok\nallow out to in.example", &arena, &policy);
	assert_int_equal(names_bind(&policy, &known, &arena), 0);
	assert_int_equal(names_unknown(&policy), 0);
}

static void test_names_set_has_a_name_that_can_be_read_back(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		const struct names_set set = {
			"3.www-1.example", i & 1 ? FAMILY_IPV6 : FAMILY_IPV4, i & 2,
		};
		struct names_set again;
		char text[NAMES_SET_SIZE];

		names_set_format(&set, text);
		assert_true(names_set_parse(text, &again));
		assert_string_equal(again.name, set.name);
		assert_int_equal(again.family, set.family);
		assert_int_equal(again.rebind, set.rebind);
	}
}

static void test_names_set_of_the_host_has_no_name_of_a_host(void **state)
{
	(void)state;
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const struct names_set set = { .family = family };
		struct names_set again = { .name = "other" };
		char text[NAMES_SET_SIZE];

		names_set_format(&set, text);
		assert_string_equal(text, family == FAMILY_IPV4 ? "host4" : "host6");
		assert_true(names_set_parse(text, &again));
		assert_null(again.name);
		assert_int_equal(again.family, family);
	}
}

static void test_names_set_parse_refuses_what_is_none(void **state)
{
	static const char *const others[] = {
		"", "name4-", "name5-www.example", "name4-WWW.example", "name4-www", "name4-www.example.",
		"rebind-www.example", "www.example", "__set0", "host", "host5", "host4-www.example",
	};
	struct names_set set;

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(names_set_parse(others[i], &set));
}

static void test_names_set_values_are_of_its_family_and_believed(void **state)
{
	static const struct { enum family family; bool rebind; size_t count; uint8_t first; } cases[] = {
		{ FAMILY_IPV4, false, 3, 203 }, { FAMILY_IPV4, true, 6, 203 },
		{ FAMILY_IPV6, false, 1, 0x20 }, { FAMILY_IPV6, true, 2, 0x20 },
	};
	ARENA_CLEANUP struct arena arena = { 0 };
	struct known_names known = known_names(&arena);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct names_set set = { "www.example", cases[i].family, cases[i].rebind };
		struct value_range values[NAMES_ADDRESSES_MAX];

		assert_int_equal(names_set_values(&set, names_find(&known, "www.example"), values),
				 cases[i].count);
		assert_int_equal(values[0].first[0], cases[i].first);
		assert_memory_equal(values[0].first, values[0].last, VALUE_MAX_BYTES);
		assert_int_equal(names_set_values(&set, NULL, values), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rebind_refused_tells_the_internet_from_the_rest),
		cmocka_unit_test(test_rebind_impossible_is_what_no_host_has),
		cmocka_unit_test(test_rebind_prefixes_are_sorted_and_apart),
		cmocka_unit_test(test_names_bind_gives_what_is_known_and_nothing_else),
		cmocka_unit_test(test_names_digest_tells_other_addresses),
		cmocka_unit_test(test_names_unknown_counts_those_with_refused_addresses_only),
		cmocka_unit_test(test_names_set_has_a_name_that_can_be_read_back),
		cmocka_unit_test(test_names_set_of_the_host_has_no_name_of_a_host),
		cmocka_unit_test(test_names_set_parse_refuses_what_is_none),
		cmocka_unit_test(test_names_set_values_are_of_its_family_and_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
