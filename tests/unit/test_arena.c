/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"

static void test_arena_alloc_is_zeroed_and_aligned(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };

	(void)state;
	for (size_t size = 0; size < 300; size++) {
		unsigned char *memory = arena_alloc(&arena, size);

		assert_non_null(memory);
		assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(memory[i], 0);
		memset(memory, 0xff, size);
	}
}

static void test_arena_alloc_keeps_items_apart(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	unsigned char *memory[200];
	/* Small ones, ones that end a block, and ones larger than any block, in turns. */
	const size_t sizes[] = { 1, 5000, 0, 40000, 17 };

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		memory[i] = arena_alloc(&arena, sizes[i % 5]);
		assert_non_null(memory[i]);
		memset(memory[i], (int)i, sizes[i % 5]);
	}
	for (size_t i = 0; i < 200; i++)
		for (size_t j = 0; j < sizes[i % 5]; j++)
			assert_int_equal(memory[i][j], i);
}

static void test_arena_alloc_fails_when_size_overflows(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };

	(void)state;
	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_null(arena_alloc(&arena, SIZE_MAX - 20));
	assert_null(arena_strndup(&arena, "x", SIZE_MAX));
	assert_non_null(arena_alloc(&arena, 1));
}

static void test_arena_free_leaves_it_usable(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	arena_free(&arena);
	assert_string_equal(arena_strdup(&arena, "one"), "one");
	arena_free(&arena);
	assert_null(arena.blocks);
	assert_string_equal(arena_strdup(&arena, "two"), "two");
	arena_free(&arena);
}

static void test_arena_strndup_takes_part_of_a_text(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };

	(void)state;
	assert_string_equal(arena_strndup(&arena, "abcdef", 3), "abc");
	assert_string_equal(arena_strndup(&arena, NULL, 0), "");
	assert_string_equal(arena_printf(&arena, "%s-%d", "a", 7), "a-7");
	assert_string_equal(arena_printf(&arena, "%s", ""), "");
}

struct item {
	uint64_t number;
	char letter;
};

static void test_arena_append_keeps_items_in_order(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	ARENA_LIST(struct item) list = { 0 };

	(void)state;
	for (size_t i = 0; i < 10000; i++) {
		struct item *item = ARENA_APPEND(&arena, &list);

		assert_non_null(item);
		assert_int_equal(item->number, 0);
		assert_int_equal(item->letter, 0);
		*item = (struct item){ i, 'x' };
		/* Something else in between, so that arrays cannot grow in place. */
		assert_non_null(arena_alloc(&arena, 1));
	}
	assert_int_equal(list.count, 10000);
	assert_true(list.capacity < 20001);
	for (size_t i = 0; i < list.count; i++)
		assert_int_equal(list.items[i].number, i);
}

static void test_arena_append_zeroes_a_place_used_before(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	ARENA_LIST(struct item) list = { 0 };

	(void)state;
	*ARENA_APPEND(&arena, &list) = (struct item){ 7, 'x' };
	list.count = 0;
	assert_int_equal(ARENA_APPEND(&arena, &list)->number, 0);
}

static void test_arena_grow_fails_when_size_overflows(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	void *items = NULL;
	size_t capacity = 0;

	(void)state;
	assert_int_equal(arena_grow(&arena, &items, 0, &capacity, SIZE_MAX / 2), -ENOMEM);
	assert_null(items);
	assert_int_equal(capacity, 0);
	capacity = SIZE_MAX / 2 + 1;
	assert_int_equal(arena_grow(&arena, &items, capacity, &capacity, 1), -ENOMEM);
	assert_int_equal(capacity, SIZE_MAX / 2 + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arena_alloc_is_zeroed_and_aligned),
		cmocka_unit_test(test_arena_alloc_keeps_items_apart),
		cmocka_unit_test(test_arena_alloc_fails_when_size_overflows),
		cmocka_unit_test(test_arena_free_leaves_it_usable),
		cmocka_unit_test(test_arena_strndup_takes_part_of_a_text),
		cmocka_unit_test(test_arena_append_keeps_items_in_order),
		cmocka_unit_test(test_arena_append_zeroes_a_place_used_before),
		cmocka_unit_test(test_arena_grow_fails_when_size_overflows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
