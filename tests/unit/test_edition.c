/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Editions of the host's addresses: what is kept, and that no number means two lists. */
#include "tests/unit/scratch.h"

#include "core/edition.h"
#include "state/editionsfile.h"

/* Addresses in a text, with blanks between, as edition_addresses() has them. */
static struct prefix_list addresses(struct arena *arena, const char *text)
{
	ARENA_LIST(struct prefix) list = { 0 };
	size_t beyond;

	while (*text) {
		size_t length = strcspn(text, " ");
		struct prefix *prefix = ARENA_APPEND(arena, &list);

		assert_non_null(prefix);
		assert_int_equal(prefix_parse(text, length, prefix), 0);
		text += length + (text[length] == ' ');
	}
	return edition_addresses(list.items, list.count, &beyond);
}

/* The next editions, which must come to be, in the place of @editions; its number. */
static uint32_t advance(struct editions *editions, struct arena *arena, const char *now,
			const uint32_t *used, size_t used_count)
{
	const struct prefix_list list = addresses(arena, now);

	assert_int_equal(editions_next(editions, &list, used, used_count, arena, editions), 0);
	assert_true(edition_has(editions_newest(editions), &list));
	return editions_newest(editions)->number;
}

/* As the file has them, without its first line. */
static const char *text_of(const struct editions *editions, struct arena *arena)
{
	BUFFER_CLEANUP struct buffer text = { 0 };

	editionsfile_format(editions, &text);
	return arena_strdup(arena, strchr(text.data, '\n') + 1);
}

static void test_edition_in_group_leaves_the_bits_of_the_policy_alone(void **state)
{
	const uint32_t group = GROUP_BASE | GROUP_HOST | GROUP_NAT;

	(void)state;
	assert_int_equal(edition_of_group(group), EDITION_NONE);
	assert_int_equal(edition_in_group(group, EDITION_LAST) & ~GROUP_EDITION_MASK, group);
	assert_int_equal(edition_of_group(edition_in_group(group, EDITION_LAST)), EDITION_LAST);
	assert_int_equal(edition_in_group(edition_in_group(group, 77), EDITION_NONE), group);
	/* A group that somebody gave to a link of their own. */
	assert_int_equal(edition_of_group(0x123450), EDITION_NONE);
}

static void test_edition_has_the_same_addresses_in_any_order(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const struct prefix_list list = addresses(&arena, "2001:db8::1 192.0.2.2 192.0.2.1 192.0.2.2");
	const struct edition edition = { 1, list };
	const struct prefix_list same = addresses(&arena, "192.0.2.1 192.0.2.2 2001:db8::1");
	const struct prefix_list more = addresses(&arena, "192.0.2.1 192.0.2.2 192.0.2.3 2001:db8::1");
	const struct prefix_list other = addresses(&arena, "192.0.2.1 192.0.2.3 2001:db8::1");
	const struct prefix_list none = { NULL, 0 };

	(void)state;
	assert_int_equal(list.count, 3);
	assert_true(edition_has(&edition, &same));
	assert_false(edition_has(&edition, &more));
	assert_false(edition_has(&edition, &other));
	assert_false(edition_has(&edition, &none));
}

static void test_edition_has_no_more_addresses_than_there_may_be(void **state)
{
	static struct prefix items[EDITION_ADDRESSES_MAX + 2];
	size_t beyond;

	(void)state;
	for (size_t i = 0; i < EDITION_ADDRESSES_MAX + 2; i++)
		items[i] = (struct prefix){
			{ FAMILY_IPV4, { 10, 0, (uint8_t)(i >> 8), (uint8_t)i } }, 32,
		};
	assert_int_equal(edition_addresses(items, EDITION_ADDRESSES_MAX + 2, &beyond).count,
			 EDITION_ADDRESSES_MAX);
	assert_int_equal(beyond, 2);
	assert_int_equal(edition_addresses(items, EDITION_ADDRESSES_MAX, &beyond).count,
			 EDITION_ADDRESSES_MAX);
	assert_int_equal(beyond, 0);
}

static void test_editions_next_takes_from_all_what_the_host_has_no_longer(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct editions editions = { 0 };
	const uint32_t used[] = { 1, 2 };

	(void)state;
	assert_null(editions_newest(&editions));
	assert_int_equal(advance(&editions, &arena, "192.0.2.1 192.0.2.2", used, 0), 1);
	assert_int_equal(advance(&editions, &arena, "192.0.2.1 192.0.2.2 2001:db8::1", used, 1), 2);
	assert_int_equal(advance(&editions, &arena, "192.0.2.1 2001:db8::1", used, 2), 3);
	/* The address comes back: who has not learnt of that does not reach it. */
	assert_int_equal(advance(&editions, &arena, "192.0.2.1 192.0.2.2", used, 2), 4);
	assert_string_equal(text_of(&editions, &arena),
			    "edition 1\naddress 192.0.2.1\nedition 2\naddress 192.0.2.1\n"
			    "edition 3\naddress 192.0.2.1\n"
			    "edition 4\naddress 192.0.2.1\naddress 192.0.2.2\n");
}

static void test_editions_next_keeps_what_a_link_has_and_the_newest(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct editions editions = { 0 };
	const uint32_t used[] = { EDITION_NONE, 1, EDITION_NONE };

	(void)state;
	advance(&editions, &arena, "192.0.2.1", used, 1);
	advance(&editions, &arena, "192.0.2.1 192.0.2.2", used, 3);
	advance(&editions, &arena, "192.0.2.1 192.0.2.3", used, 3);
	advance(&editions, &arena, "192.0.2.1 192.0.2.4", used, 3);
	assert_string_equal(text_of(&editions, &arena),
			    "edition 1\naddress 192.0.2.1\nedition 3\naddress 192.0.2.1\n"
			    "edition 4\naddress 192.0.2.1\naddress 192.0.2.4\n");
}

static void test_editions_next_keeps_no_more_than_there_may_be(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct editions editions = { 0 };
	uint32_t used[2 * EDITIONS_MAX];

	(void)state;
	for (uint32_t i = 0; i < 2 * EDITIONS_MAX; i++) {
		used[i] = i + 1;
		assert_int_equal(advance(&editions, &arena, i % 2 ? "192.0.2.1" : "192.0.2.2", used, i),
				 i + 1);
		assert_true(editions.list.count <= EDITIONS_MAX);
	}
	assert_int_equal(editions.list.items[0].number, EDITIONS_MAX + 1);
}

static void test_editions_next_gives_no_number_that_a_link_has(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct edition last = { EDITION_LAST - 1, { NULL, 0 } };
	struct editions editions = { .list = { &last, 1, 1 } };
	const uint32_t used[] = { 1, 2, EDITION_LAST };
	static uint32_t all[EDITION_LAST];
	const struct prefix_list none = { NULL, 0 };

	(void)state;
	assert_int_equal(advance(&editions, &arena, "192.0.2.1", used, 3), 3);
	/* Nor one of an edition that is kept without a link. */
	editions.list.items[editions.list.count - 1].number = EDITION_LAST;
	assert_int_equal(advance(&editions, &arena, "192.0.2.2", used, 0), 1);
	for (uint32_t i = 0; i < EDITION_LAST; i++)
		all[i] = i + 1;
	assert_int_equal(editions_next(&editions, &none, all, EDITION_LAST, &arena, &editions),
			 -ENOSPC);
}

static void test_editionsfile_reads_what_was_written(void **state)
{
	const struct scratch *scratch = *state;
	ARENA_CLEANUP struct arena arena = { 0 };
	struct editions editions, again = { .list = { .count = 1 } };
	struct edition items[] = {
		{ 7, addresses(&arena, "") },
		{ EDITION_LAST, addresses(&arena, "192.0.2.1 2001:db8::1") },
	};

	assert_int_equal(editionsfile_read(scratch->fd, &arena, &again, NULL), 0);
	assert_int_equal(again.list.count, 0);
	assert_int_equal(editionsfile_read(-1, &arena, &again, NULL), 0);
	editions = (struct editions){ .list = { items, 2, 2 } };
	assert_int_equal(editionsfile_write(scratch->fd, &editions, NULL), 0);
	assert_int_equal(editionsfile_read(scratch->fd, &arena, &again, NULL), 0);
	assert_string_equal(text_of(&again, &arena), text_of(&editions, &arena));
}

static void test_editionsfile_refuses_what_carrel_does_not_write(void **state)
{
	static const struct { const char *text, *said; } cases[] = {
		{ "", "line 1 does not end" },
		{ "carrel-editions 2\n", "line 1 is not 'carrel-editions 1'" },
		{ "carrel-editions 1\nedition 1", "line 2 does not end" },
		{ "carrel-editions 1\nedition 0\n", "line 2 has no number of an edition" },
		{ "carrel-editions 1\nedition 4096\n", "line 2 has no number of an edition" },
		{ "carrel-editions 1\nedition\n", "line 2 is neither an edition nor an address" },
		{ "carrel-editions 1\naddress 192.0.2.1\n", "line 2 is of no edition" },
		{ "carrel-editions 1\nedition 1\naddress 192.0.2\n", "line 3 has no address" },
		{ "carrel-editions 1\nedition 1\nedition 1\n", "line 3 repeats an edition" },
		{ "carrel-editions 1\nedition 1\naddress 192.0.2.1\naddress 192.0.2.1\n",
		  "line 4 repeats an address" },
	};
	const struct scratch *scratch = *state;
	ARENA_CLEANUP struct arena arena = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct carrel_error err = { 0 };
		struct editions editions;

		scratch_write(scratch, "editions", cases[i].text);
		assert_int_equal(editionsfile_read(scratch->fd, &arena, &editions, &err), -EBADMSG);
		assert_non_null(strstr(err.text, cases[i].said));
		assert_int_equal(editions.list.count, 0);
	}
}

static void test_editionsfile_refuses_more_than_there_may_be(void **state)
{
	const struct scratch *scratch = *state;
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct carrel_error err = { 0 };
	struct editions editions;

	buffer_puts(&text, "carrel-editions 1\n");
	for (unsigned i = 0; i <= EDITIONS_MAX; i++)
		buffer_printf(&text, "edition %u\n", i + 1);
	scratch_write(scratch, "editions", text.data);
	assert_int_equal(editionsfile_read(scratch->fd, &arena, &editions, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "has one edition too many"));
	text.length = 0;
	buffer_puts(&text, "carrel-editions 1\nedition 1\n");
	for (unsigned i = 0; i <= EDITION_ADDRESSES_MAX; i++)
		buffer_printf(&text, "address 10.0.%u.%u\n", i / 256, i % 256);
	scratch_write(scratch, "editions", text.data);
	assert_int_equal(editionsfile_read(scratch->fd, &arena, &editions, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "has one address too many"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edition_in_group_leaves_the_bits_of_the_policy_alone),
		cmocka_unit_test(test_edition_has_the_same_addresses_in_any_order),
		cmocka_unit_test(test_edition_has_no_more_addresses_than_there_may_be),
		cmocka_unit_test(test_editions_next_takes_from_all_what_the_host_has_no_longer),
		cmocka_unit_test(test_editions_next_keeps_what_a_link_has_and_the_newest),
		cmocka_unit_test(test_editions_next_keeps_no_more_than_there_may_be),
		cmocka_unit_test(test_editions_next_gives_no_number_that_a_link_has),
		scratch_test(test_editionsfile_reads_what_was_written),
		scratch_test(test_editionsfile_refuses_what_carrel_does_not_write),
		scratch_test(test_editionsfile_refuses_more_than_there_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
