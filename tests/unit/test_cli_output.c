/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What reaches a terminal of data that somebody else chose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/fd.h"
#include "cli/cli.h"
#include "cli/logread.h"

/* What cli_print() writes of @text into @ret, terminated. */
static void print(const struct buffer *text, char *ret, size_t size)
{
	FD_CLEANUP int kept_fd = dup(STDOUT_FILENO);
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	fflush(stdout);
	assert_int_equal(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
	int status = cli_print(text);
	assert_int_equal(dup2(kept_fd, STDOUT_FILENO), STDOUT_FILENO);
	close(ends[1]);
	ssize_t length = read(ends[0], ret, size - 1);
	close(ends[0]);
	assert_int_equal(status, CLI_OK);
	assert_true(length >= 0);
	ret[length] = '\0';
}

static void test_cli_print_lets_a_terminal_obey_nothing(void **state)
{
	BUFFER_CLEANUP struct buffer text = { 0 };
	char written[128];

	(void)state;
	buffer_puts(&text, "one\x1b[2J \r\n\ttwo \xff \xc2\x9b caf\xc3\xa9\n\n");
	buffer_append(&text, "th\0ree", 6);
	print(&text, written, sizeof(written));
	assert_string_equal(written, "one?[2J ?\n\ttwo ? ? caf\xc3\xa9\n\nth?ree");
}

static void test_cli_print_of_nothing_writes_nothing(void **state)
{
	const struct buffer text = { 0 };
	char written[8];

	(void)state;
	print(&text, written, sizeof(written));
	assert_string_equal(written, "");
}

/* The kernel has what was loaded, and what somebody else put there. */
static void test_cli_log_shows_a_line_whatever_is_in_its_words(void **state)
{
	BUFFER_CLEANUP struct buffer text = { 0 };
	const struct logged logged = {
		.user = "exam\n1",
		.rule = { .direction = DIRECTION_OUT, .verdict = "den\x1b]ied", .policy = "exam",
			  .place = "exam.policy:1\nuser root" },
		.packets = 1,
	};

	(void)state;
	logread_put_text(&logged, false, &text);
	assert_string_equal(text.data, "user exam?1 (policy exam) other packets out den?]ied, "
				       "exam.policy:1?user root");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cli_print_lets_a_terminal_obey_nothing),
		cmocka_unit_test(test_cli_print_of_nothing_writes_nothing),
		cmocka_unit_test(test_cli_log_shows_a_line_whatever_is_in_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
