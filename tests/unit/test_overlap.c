/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/overlap.h"

static struct prefix prefix(const char *text)
{
	struct prefix parsed;

	assert_int_equal(prefix_parse(text, strlen(text), &parsed), 0);
	return parsed;
}

static void test_overlap_judge_tells_neighbours_from_what_is_far(void **state)
{
	static const struct {
		const char *pool, *route;
		bool gateway;
		enum overlap_kind kind;
	} cases[] = {
		{ "10.213.0.0/16", "192.168.1.0/24", false, OVERLAP_NONE },
		{ "10.213.0.0/16", "10.214.0.0/16", true, OVERLAP_NONE },
		{ "10.213.0.0/16", "10.213.7.0/24", true, OVERLAP_CLASH },
		{ "10.213.0.0/16", "10.213.0.0/16", false, OVERLAP_CLASH },
		{ "10.213.0.0/16", "10.0.0.0/8", false, OVERLAP_CLASH },
		{ "10.213.0.0/16", "10.0.0.0/8", true, OVERLAP_WITHIN },
		{ "10.213.0.0/16", "fd42:ca44:e1::/64", false, OVERLAP_NONE },
		{ "fd42:ca44:e1::/64", "fd42:ca44:e1::/48", false, OVERLAP_CLASH },
		{ "fd42:ca44:e1::/64", "fd00::/8", true, OVERLAP_WITHIN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct prefix pool = prefix(cases[i].pool);
		const struct host_route route = {
			.prefix = prefix(cases[i].route), .gateway = cases[i].gateway,
		};

		assert_int_equal(overlap_judge(&pool, &route), cases[i].kind);
	}
}

static void suggests(const char *pool_text, const char *const *routes_text, size_t count,
		     const char *expected)
{
	const struct prefix pool = prefix(pool_text);
	struct host_route routes[4] = { 0 };
	char text[PREFIX_TEXT_SIZE];
	struct prefix found;

	for (size_t i = 0; i < count; i++)
		routes[i].prefix = prefix(routes_text[i]);
	bool any = overlap_suggest(&pool, routes, count, &found);
	assert_int_equal(any, expected != NULL);
	if (!expected)
		return;
	prefix_format(&found, text);
	assert_string_equal(text, expected);
}

static void test_overlap_suggest_finds_a_pool_that_is_free(void **state)
{
	static const char *const one[] = { "10.213.4.0/24", "fd42:ca44::/48" };
	static const char *const all[] = { "10.0.0.0/8" };

	(void)state;
	suggests("10.213.0.0/16", one, 2, "10.214.0.0/16");
	suggests("10.213.0.0/20", one, 2, "10.214.0.0/20");
	/* It begins where its size lets it. */
	suggests("10.208.0.0/12", one, 2, "10.224.0.0/12");
	suggests("fd42:ca44:e1::/64", one, 2, "fd42:ca44:1::/64");
	suggests("10.213.0.0/16", all, 1, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overlap_judge_tells_neighbours_from_what_is_far),
		cmocka_unit_test(test_overlap_suggest_finds_a_pool_that_is_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
