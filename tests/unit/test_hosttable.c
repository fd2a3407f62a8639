/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's table as text; what it does to packets is tested in tests/kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "core/hosttable.h"
#include "core/nfttext.h"
#include "tests/golden/golden.h"

/* The table with these guards, as text. */
static void write_table(bool guard4, bool guard6, struct arena *arena, struct buffer *text)
{
	const struct editions editions = golden_editions(arena);
	struct ruleset ruleset;

	assert_int_equal(hosttable_build(guard4, guard6, &editions, arena, &ruleset), 0);
	nfttext_write(&ruleset, text);
	assert_false(text->failed);
}

static void test_hosttable_equals_golden_file(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };

	(void)state;
	write_table(false, false, &arena, &text);
	assert_string_equal(text.data, golden_read("host", "nft", &arena));
}

static void test_hosttable_guards_the_families_that_were_not_forwarded(void **state)
{
	static const struct { bool guard4, guard6; const char *rule; } cases[] = {
		{ true, true, "goto to-carrel\n\t\tcounter drop comment" },
		{ true, false, "goto to-carrel\n\t\tmeta nfproto ipv4 counter drop comment" },
		{ false, true, "goto to-carrel\n\t\tmeta nfproto ipv6 counter drop comment" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		BUFFER_CLEANUP struct buffer text = { 0 };

		write_table(cases[i].guard4, cases[i].guard6, &arena, &text);
		assert_non_null(strstr(text.data, cases[i].rule));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosttable_equals_golden_file),
		cmocka_unit_test(test_hosttable_guards_the_families_that_were_not_forwarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
