/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "stats.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_stats_quantile_odd_and_even(void **state)
{
	const double odd[] = { 9, 1, 5 }, even[] = { 4, 1, 3, 2 };
	double scratch[4];

	(void)state;
	assert_true(stats_quantile(odd, COUNT(odd), 0.5, scratch) == 5);
	assert_true(stats_quantile(even, COUNT(even), 0.5, scratch) == 2);
	assert_true(stats_quantile(even, COUNT(even), 1, scratch) == 4);
	assert_true(odd[0] == 9);
}

static void test_stats_quantile_p99_is_nearest_rank(void **state)
{
	double samples[200], scratch[200];

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++)
		samples[i] = (double)(COUNT(samples) - i);
	assert_true(stats_quantile(samples, 200, 0.99, scratch) == 198);
	/* Of 100 or fewer it is the largest, or nearly. */
	assert_true(stats_quantile(samples + 190, 10, 0.99, scratch) == 10);
}

static void test_stats_quantile_missing_samples_left_out(void **state)
{
	const double some[] = { NAN, 7, NAN, 3, 5 }, none[] = { NAN, NAN };
	double scratch[5];

	(void)state;
	assert_int_equal(stats_count(some, COUNT(some)), 3);
	assert_true(stats_quantile(some, COUNT(some), 0.5, scratch) == 5);
	assert_true(isnan(stats_quantile(none, COUNT(none), 0.5, scratch)));
}

static void test_stats_ratio_is_of_pairs(void **state)
{
	/* The medians' own ratio would be 20 / 10. */
	const double slow[] = { 20, 300, 8 }, fast[] = { 2, 100, 10 };
	double scratch[3];

	(void)state;
	assert_true(stats_ratio(slow, fast, 3, scratch) == 3);
}

static void test_stats_shuffle_keeps_every_item(void **state)
{
	unsigned long long seed = 1, again = 1;
	unsigned items[6] = { 0, 1, 2, 3, 4, 5 }, same[6] = { 0, 1, 2, 3, 4, 5 }, seen = 0;
	unsigned moved = 0;

	(void)state;
	stats_shuffle(items, COUNT(items), &seed);
	stats_shuffle(same, COUNT(same), &again);
	assert_memory_equal(items, same, sizeof(items));
	for (unsigned i = 0; i < COUNT(items); i++) {
		seen |= 1U << items[i];
		moved += items[i] != i;
	}
	assert_int_equal(seen, 0x3f);
	assert_true(moved > 0);
}

static void test_stats_shuffle_every_order_is_reached(void **state)
{
	unsigned long long seed = 42;
	unsigned counts[3][3] = { 0 };

	(void)state;
	for (int round = 0; round < 3000; round++) {
		unsigned items[3] = { 0, 1, 2 };

		stats_shuffle(items, 3, &seed);
		for (unsigned place = 0; place < 3; place++)
			counts[items[place]][place]++;
	}
	for (unsigned item = 0; item < 3; item++)
		for (unsigned place = 0; place < 3; place++)
			assert_in_range(counts[item][place], 900, 1100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stats_quantile_odd_and_even),
		cmocka_unit_test(test_stats_quantile_p99_is_nearest_rank),
		cmocka_unit_test(test_stats_quantile_missing_samples_left_out),
		cmocka_unit_test(test_stats_ratio_is_of_pairs),
		cmocka_unit_test(test_stats_shuffle_keeps_every_item),
		cmocka_unit_test(test_stats_shuffle_every_order_is_reached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
