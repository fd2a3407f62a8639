/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/cli.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

/* "9999-12-31T23:59:59Z", its quotes, and a year of as many digits as an int has. */
#define TIME_TEXT_SIZE 40

void cli_complain(const char *format, ...)
{
	/* An error's text and what the command adds to it; what is longer loses its end. */
	char text[2 * ERROR_TEXT_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);

	BUFFER_CLEANUP struct buffer line = { 0 };
	buffer_puts(&line, "carrel: ");
	cli_put_printable(&line, text);
	buffer_puts(&line, "\n");
	/* Nobody is left to be told when standard error cannot be written to. */
	if (line.data)
		(void)fd_write_all(STDERR_FILENO, line.data, line.length);
}

void cli_complain_lines(const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		if (length > INT_MAX)
			return;
		if (length)
			cli_complain("%.*s", (int)length, text);
		text += length + (text[length] == '\n');
	}
}

int cli_fail(enum cli_exit status, const struct carrel_error *err)
{
	cli_complain("%s", err->text);
	return (int)status;
}

int cli_out_of_memory(void)
{
	cli_complain("out of memory");
	return CLI_FAILURE;
}

/** put_lines() - append @text, of which a terminal obeys nothing but the ends of lines and tabs */
static void put_lines(struct buffer *lines, const struct buffer *text)
{
	const char *at = text->data, *end = at + text->length;

	while (at < end) {
		const char *stop = at;

		while (stop < end && *stop != '\n' && *stop != '\t')
			stop++;
		buffer_put_printable(lines, at, (size_t)(stop - at));
		if (stop < end)
			buffer_append(lines, stop++, 1);
		at = stop;
	}
}

int cli_print(const struct buffer *text)
{
	BUFFER_CLEANUP struct buffer lines = { 0 };

	if (!text->failed && text->length)
		put_lines(&lines, text);
	if (text->failed || lines.failed)
		return cli_out_of_memory();

	int rc = lines.length ? fd_write_all(STDOUT_FILENO, lines.data, lines.length) : 0;
	if (rc < 0) {
		cli_complain("cannot write to standard output: %s", strerror(-rc));
		return CLI_FAILURE;
	}
	return CLI_OK;
}

int cli_need_root(const char *subcommand)
{
	if (geteuid() == 0)
		return 0;
	cli_complain("%s needs root: run 'sudo carrel %s ...'", subcommand, subcommand);
	return CLI_FAILURE;
}

void cli_put_printable(struct buffer *buffer, const char *text)
{
	buffer_put_printable(buffer, text, strlen(text));
}

void cli_put_time(struct buffer *buffer, uint64_t epoch_s)
{
	char text[TIME_TEXT_SIZE];
	time_t time = (time_t)epoch_s;
	struct tm parts;

	/* Fails only for years that no clock shows: then the number says more. */
	if (localtime_r(&time, &parts) && strftime(text, sizeof(text), "%F %T", &parts))
		buffer_puts(buffer, text);
	else
		buffer_printf(buffer, "@%" PRIu64, epoch_s);
}

void cli_put_duration(struct buffer *buffer, uint64_t s)
{
	static const struct { uint64_t s; char letter; } units[] = {
		{ 24 * 60 * 60, 'd' }, { 60 * 60, 'h' }, { 60, 'm' }, { 1, 's' },
	};
	size_t i = 0;

	while (s < units[i].s && units[i].letter != 's')
		i++;
	buffer_printf(buffer, "%" PRIu64 "%c", s / units[i].s, units[i].letter);
}

void cli_put_json_time(struct buffer *buffer, uint64_t epoch_s)
{
	char text[TIME_TEXT_SIZE];
	time_t time = (time_t)epoch_s;
	struct tm parts;

	if (gmtime_r(&time, &parts) && strftime(text, sizeof(text), "\"%FT%TZ\"", &parts))
		buffer_puts(buffer, text);
	else
		buffer_puts(buffer, "null");
}
