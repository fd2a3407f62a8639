/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /run/carrel/names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>

#include "base/error.h"
#include "scratch.h"
#include "state/namesfile.h"

#define WHOLE "carrel-names 1\n" \
	"name a.example 123 0\naddress 203.0.113.1\ngone 2001:db8::1 99\n" \
	"name b.example 0 7\n"

static void test_namesfile_parse_reverses_format(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct known_names known;

	(void)state;
	assert_int_equal(namesfile_parse(WHOLE, strlen(WHOLE), &arena, &known, NULL), 0);
	assert_int_equal(known.list.count, 2);
	assert_int_equal(known.list.items[0].due_s, 123);
	assert_int_equal(known.list.items[0].addresses.count, 2);
	assert_int_equal(known.list.items[0].addresses.items[0].gone_s, 0);
	assert_int_equal(known.list.items[0].addresses.items[1].gone_s, 99);
	assert_int_equal(known.list.items[1].failures, 7);
	namesfile_format(&known, &text);
	assert_string_equal(text.data, WHOLE);
}

static void test_namesfile_parse_refuses_what_it_would_not_write(void **state)
{
#define HEADER "carrel-names 1\n"
	static const struct { const char *text, *said; } cases[] = {
		{ "", "line 1 does not end" }, { "carrel-names 1", "line 1 does not end" },
		{ "carrel-names 2\n", "line 1 is not 'carrel-names 1'" },
		{ HEADER "name a.example 1 0", "line 2 does not end" },
		{ HEADER "\n", "line 2 is neither a name nor an address" },
		{ HEADER "name a.example 1\n", "line 2 is neither a name nor an address" },
		{ HEADER "name a.example 1 0 0\n", "line 2 has too many words" },
		{ HEADER "name A.example 1 0\n", "line 2 has no host name" },
		{ HEADER "name example 1 0\n", "line 2 has no host name" },
		{ HEADER "name a.example x 0\n", "line 2 has no number where one must be" },
		{ HEADER "name a.example 1 -1\n", "line 2 has no number where one must be" },
		{ HEADER "name b.example 1 0\nname a.example 1 0\n", "line 3 is out of order" },
		{ HEADER "name a.example 1 0\nname a.example 1 0\n", "line 3 is out of order" },
		{ HEADER "address 203.0.113.1\n", "line 2 is of no name" },
		{ HEADER "name a.example 1 0\naddress 203.0.113.300\n", "line 3 has no address" },
		{ HEADER "name a.example 1 0\naddress 224.0.0.1\n", "line 3 has no address" },
		{ HEADER "name a.example 1 0\naddress 203.0.113.1\ngone 203.0.113.1 5\n",
		  "line 4 repeats an address" },
		{ HEADER "name a.example 1 0\ngone 203.0.113.1 0\n", "line 3 has no time" },
		{ HEADER "name a.example 1 0\ngone 203.0.113.1\n",
		  "line 3 is neither a name nor an address" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		struct carrel_error err = { 0 };
		struct known_names known;

		assert_int_equal(namesfile_parse(cases[i].text, strlen(cases[i].text), &arena, &known,
						 &err), -EBADMSG);
		assert_string_equal(err.text, cases[i].said);
	}
}

static void test_namesfile_parse_bounds_names_and_addresses(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct carrel_error err = { 0 };
	struct known_names known;

	(void)state;
	buffer_puts(&text, HEADER "name a.example 0 0\n");
	for (int i = 0; i < NAMES_ADDRESSES_MAX; i++)
		buffer_printf(&text, "address 203.0.113.%d\n", i);
	for (int i = 1; i < NAMES_MAX; i++)
		buffer_printf(&text, "name b%05d.example 0 0\n", i);
	assert_int_equal(namesfile_parse(text.data, text.length, &arena, &known, &err), 0);
	assert_int_equal(known.list.count, NAMES_MAX);
	buffer_puts(&text, "name c.example 0 0\n");
	assert_int_equal(namesfile_parse(text.data, text.length, &arena, &known, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "has one name too many"));
	text.length = 0;
	buffer_puts(&text, HEADER "name a.example 0 0\n");
	for (int i = 0; i <= NAMES_ADDRESSES_MAX; i++)
		buffer_printf(&text, "address 203.0.113.%d\n", i);
	assert_int_equal(namesfile_parse(text.data, text.length, &arena, &known, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "has one address too many"));
}

static void test_namesfile_read_says_which_version_it_was(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct scratch *scratch = *state;
	struct namesfile_version none, first;
	struct known_names known, empty = { 0 };

	assert_int_equal(namesfile_read(scratch->fd, &arena, &known, &none, NULL), 0);
	assert_int_equal(known.list.count, 0);
	assert_true(namesfile_is(scratch->fd, &none));
	assert_int_equal(namesfile_parse(WHOLE, strlen(WHOLE), &arena, &known, NULL), 0);
	assert_int_equal(namesfile_write(scratch->fd, &known, NULL), 0);
	assert_false(namesfile_is(scratch->fd, &none));
	assert_int_equal(namesfile_read(scratch->fd, &arena, &known, &first, NULL), 0);
	assert_int_equal(known.list.count, 2);
	assert_true(namesfile_is(scratch->fd, &first));
	assert_int_equal(namesfile_write(scratch->fd, &empty, NULL), 0);
	assert_false(namesfile_is(scratch->fd, &first));
}

static void test_namesfile_bind_knows_nothing_of_a_damaged_file(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct policy_name name = { .name = "a.example" };
	struct policy policy = { .names = { &name, 1, 1 } };
	struct scratch *scratch = *state;
	struct carrel_error err = { 0 };
	struct known_names known;

	assert_int_equal(namesfile_parse(WHOLE, strlen(WHOLE), &arena, &known, NULL), 0);
	assert_int_equal(namesfile_write(scratch->fd, &known, NULL), 0);
	assert_int_equal(namesfile_bind(scratch->fd, &policy, &arena, NULL, NULL), 0);
	assert_int_equal(name.addresses.count, 2);
	name.addresses.count = 0;
	scratch_write(scratch, "names", "carrel-names 1\nrubbish\n");
	assert_int_equal(namesfile_bind(scratch->fd, &policy, &arena, NULL, &err), -EBADMSG);
	assert_string_equal(err.text, "the known names: line 2 is neither a name nor an address");
	assert_int_equal(name.addresses.count, 0);
	assert_int_equal(namesfile_bind(-1, &policy, &arena, NULL, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_namesfile_parse_reverses_format),
		cmocka_unit_test(test_namesfile_parse_refuses_what_it_would_not_write),
		cmocka_unit_test(test_namesfile_parse_bounds_names_and_addresses),
		scratch_test(test_namesfile_read_says_which_version_it_was),
		scratch_test(test_namesfile_bind_knows_nothing_of_a_damaged_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
