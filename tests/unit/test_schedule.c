/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an answer makes of what was known, and when the next one is due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "core/schedule.h"
#include "state/namesfile.h"

#define NOW 1000000U

static struct address address_of(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(text, strlen(text), &address), 0);
	return address;
}

/* "203.0.113.1,203.0.113.2": an answer with these; "": there is none; NULL: it failed */
static struct answer answer_of(const char *addresses, uint32_t ttl_s)
{
	struct answer answer = { .kind = ANSWER_NONE, .ttl_s = ttl_s };
	char text[256], *rest = text, *one;

	if (!addresses)
		return (struct answer){ .kind = ANSWER_FAILED, .reason = "timeout" };
	strcpy(text, addresses);
	while ((one = strsep(&rest, ",")) != NULL && *one) {
		answer.addresses[answer.count++] = address_of(one);
		answer.kind = ANSWER_ADDRESSES;
	}
	return answer;
}

static int take(struct known_name *name, const char *addresses4, const char *addresses6,
		uint32_t ttl_s, uint64_t now_s, struct arena *arena)
{
	const struct answers answers = {
		.of = { answer_of(addresses4, ttl_s), answer_of(addresses6, ttl_s) },
	};

	return schedule_take(name, &answers, now_s, arena);
}

/* What is known of it: "203.0.113.1 203.0.113.2-5 " with the seconds since it is gone */
static const char *known(const struct known_name *name, struct arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i < name->addresses.count; i++) {
		const struct known_address *one = &name->addresses.items[i];
		char address[ADDRESS_TEXT_SIZE];

		address_format(&one->address, address);
		text = one->gone_s ? arena_printf(arena, "%s%s-%llu ", text, address,
						  (unsigned long long)one->gone_s - NOW) :
				     arena_printf(arena, "%s%s ", text, address);
	}
	return text;
}

static void test_schedule_take_keeps_what_is_gone_for_a_while(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct known_name name = { .name = "a.example" };

	(void)state;
	assert_int_equal(take(&name, "203.0.113.1,203.0.113.2", "2001:db8::1", 60, NOW, &arena), 1);
	assert_string_equal(known(&name, &arena), "203.0.113.1 203.0.113.2 2001:db8::1 ");
	assert_int_equal(take(&name, "203.0.113.2,203.0.113.1", "2001:db8::1", 60, NOW, &arena), 0);
	assert_int_equal(take(&name, "203.0.113.3", "2001:db8::1", 60, NOW + 10, &arena), 1);
	assert_int_equal(take(&name, "203.0.113.3,203.0.113.2", "", 60, NOW + 20, &arena), 0);
	assert_string_equal(known(&name, &arena),
			    "203.0.113.1-10 203.0.113.2 2001:db8::1-20 203.0.113.3 ");
	assert_false(schedule_expire(&name, NOW + 10 + SCHEDULE_GRACE_S - 1));
	assert_true(schedule_expire(&name, NOW + 10 + SCHEDULE_GRACE_S));
	assert_string_equal(known(&name, &arena), "203.0.113.2 2001:db8::1-20 203.0.113.3 ");
	assert_true(schedule_expire(&name, NOW + 20 + SCHEDULE_GRACE_S));
	assert_string_equal(known(&name, &arena), "203.0.113.2 203.0.113.3 ");
	assert_false(schedule_expire(&name, NOW + 1000 * SCHEDULE_GRACE_S));
}

static void test_schedule_take_leaves_a_family_that_failed_as_it_was(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct known_name name = { .name = "a.example" };

	(void)state;
	take(&name, "203.0.113.1", "2001:db8::1", 60, NOW, &arena);
	assert_int_equal(take(&name, NULL, NULL, 60, NOW + 99999, &arena), 0);
	assert_string_equal(known(&name, &arena), "203.0.113.1 2001:db8::1 ");
	assert_int_equal(name.failures, 1);
	assert_int_equal(take(&name, NULL, "2001:db8::2", 60, NOW + 5, &arena), 1);
	assert_string_equal(known(&name, &arena), "203.0.113.1 2001:db8::1-5 2001:db8::2 ");
	assert_int_equal(name.failures, 2);
	take(&name, "203.0.113.1", "2001:db8::2", 60, NOW + 6, &arena);
	assert_int_equal(name.failures, 0);
}

static void test_schedule_take_is_due_within_bounds(void **state)
{
	static const struct { const char *a4, *a6; uint32_t ttl_s, wait_s; } cases[] = {
		{ "203.0.113.1", "2001:db8::1", 300, 300 }, { "203.0.113.1", "", 300, 300 },
		{ "", "2001:db8::1", 3000, 3000 }, { "203.0.113.1", "", 0, SCHEDULE_TTL_MIN_S },
		{ "203.0.113.1", "", ANSWERS_TTL_MAX_S, SCHEDULE_TTL_MAX_S },
		{ "", "", 9999, SCHEDULE_NONE_S }, { NULL, "2001:db8::1", 300, 5 }, { NULL, NULL, 300, 5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		struct known_name name = { .name = "a.example" };

		assert_true(schedule_is_due(&name, 0));
		take(&name, cases[i].a4, cases[i].a6, cases[i].ttl_s, NOW, &arena);
		assert_int_equal(name.due_s, NOW + cases[i].wait_s);
		assert_false(schedule_is_due(&name, NOW + cases[i].wait_s - 1));
		assert_true(schedule_is_due(&name, NOW + cases[i].wait_s));
	}
}

static void test_schedule_take_waits_longer_after_each_failure(void **state)
{
	static const uint32_t waits_s[] = { 5, 10, 20, 40, 80, 160, 300, 300, 300 };
	ARENA_CLEANUP struct arena arena = { 0 };
	struct known_name name = { .name = "a.example" };

	(void)state;
	for (size_t i = 0; i < sizeof(waits_s) / sizeof(waits_s[0]); i++) {
		take(&name, NULL, NULL, 0, NOW, &arena);
		assert_int_equal(name.due_s, NOW + waits_s[i]);
	}
	name.failures = UINT32_MAX / 2;
	take(&name, NULL, NULL, 0, NOW, &arena);
	assert_int_equal(name.due_s, NOW + SCHEDULE_RETRY_MAX_S);
}

/* A site that answers with others of its many addresses each time. */
static void test_schedule_take_drops_the_oldest_when_there_are_too_many(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct known_name name = { .name = "a.example" };

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		char text[64];

		snprintf(text, sizeof(text), "198.51.%u.%u,203.0.113.1", i / 256, i % 256);
		assert_int_equal(take(&name, text, "2001:db8::1", 60, NOW + i, &arena), 1);
		assert_true(name.addresses.count <= NAMES_ADDRESSES_MAX);
	}
	assert_int_equal(name.addresses.count, NAMES_ADDRESSES_MAX);
	const char *text = known(&name, &arena);
	assert_non_null(strstr(text, "203.0.113.1 "));
	assert_non_null(strstr(text, "2001:db8::1 "));
	assert_non_null(strstr(text, "198.51.1.43 "));
	assert_non_null(strstr(text, "198.51.1.42-"));
	assert_null(strstr(text, "198.51.0.237-"));
}

static void test_schedule_next_is_the_first_thing_to_do(void **state)
{
	struct known_address address = { .address = address_of("203.0.113.1") };
	struct known_name names[] = {
		{ .name = "a.example", .due_s = 9000, .addresses = { &address, 1, 1 } },
		{ .name = "b.example", .due_s = 8000 },
	};
	const struct known_names known_names = { .list = { names, 2, 2 } }, none = { 0 };

	(void)state;
	assert_true(schedule_next_s(&none) == UINT64_MAX);
	assert_int_equal(schedule_next_s(&known_names), 8000);
	address.gone_s = 100;
	assert_int_equal(schedule_next_s(&known_names), 100 + SCHEDULE_GRACE_S);
	address.gone_s = 7000;
	assert_int_equal(schedule_next_s(&known_names), 8000);
}

static void test_schedule_reconcile_keeps_what_is_wanted(void **state)
{
	static const char *const wanted[] = { "a.example", "c.example", "d.example" };
	struct known_name names[] = {
		{ .name = "a.example", .due_s = 5 }, { .name = "b.example", .due_s = 6 },
		{ .name = "d.example", .due_s = 7, .failures = 3 },
	};
	const struct known_names before = { .list = { names, 3, 3 } };
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct known_names after;

	(void)state;
	assert_int_equal(schedule_reconcile(&before, wanted, 3, &arena, &after), 0);
	namesfile_format(&after, &text);
	assert_string_equal(text.data, "carrel-names 1\nname a.example 5 0\nname c.example 0 0\n"
			    "name d.example 7 3\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schedule_take_keeps_what_is_gone_for_a_while),
		cmocka_unit_test(test_schedule_take_leaves_a_family_that_failed_as_it_was),
		cmocka_unit_test(test_schedule_take_is_due_within_bounds),
		cmocka_unit_test(test_schedule_take_waits_longer_after_each_failure),
		cmocka_unit_test(test_schedule_take_drops_the_oldest_when_there_are_too_many),
		cmocka_unit_test(test_schedule_next_is_the_first_thing_to_do),
		cmocka_unit_test(test_schedule_reconcile_keeps_what_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
