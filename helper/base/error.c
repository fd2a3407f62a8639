/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/**
 * format_at() - write a message into @text from @offset on, and cut it where the room ends
 *
 * Messages quote what users and files say; a control character in one could forge a line of
 * the log or drive the terminal it is shown on, so none gets past here.
 *
 * Return: length of the whole text
 */
__attribute__((format(printf, 3, 0)))
static size_t format_at(char text[ERROR_TEXT_SIZE], size_t offset, const char *format,
			va_list arguments)
{
	int length = vsnprintf(text + offset, ERROR_TEXT_SIZE - offset, format, arguments);

	if (length < 0) {
		text[offset] = '\0';
		return offset;
	}
	size_t end = offset + (size_t)length;
	if (end > ERROR_TEXT_SIZE - 1)
		end = ERROR_TEXT_SIZE - 1;
	for (size_t i = offset; i < end; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == '\x7f')
			text[i] = '?';
	return end;
}

/** append() - add @addition to the @length bytes of @text, as far as there is room */
static void append(char text[ERROR_TEXT_SIZE], size_t length, const char *addition)
{
	size_t room = ERROR_TEXT_SIZE - 1 - length;
	size_t added = strnlen(addition, room);

	memcpy(text + length, addition, added);
	text[length + added] = '\0';
}

int error_set(struct carrel_error *err, int errnum, const char *format, ...)
{
	va_list arguments;

	if (!err)
		return -errnum;
	va_start(arguments, format);
	format_at(err->text, 0, format, arguments);
	va_end(arguments);
	err->errnum = errnum;
	return -errnum;
}

int error_set_errno(struct carrel_error *err, int errnum, const char *format, ...)
{
	va_list arguments;

	if (!err)
		return -errnum;
	va_start(arguments, format);
	size_t length = format_at(err->text, 0, format, arguments);
	va_end(arguments);
	append(err->text, length, ": ");
	append(err->text, strlen(err->text), strerror(errnum));
	err->errnum = errnum;
	return -errnum;
}

int error_wrap(struct carrel_error *err, int rc, const char *format, ...)
{
	char cause[ERROR_TEXT_SIZE];
	va_list arguments;

	if (!err)
		return rc;
	/* A callee that set no text must not leave the reader with a context and no cause. */
	const char *found = err->errnum ? err->text : strerror(-rc);
	size_t length = strnlen(found, sizeof(cause) - 1);
	memcpy(cause, found, length);
	cause[length] = '\0';

	va_start(arguments, format);
	length = format_at(err->text, 0, format, arguments);
	va_end(arguments);
	append(err->text, length, ": ");
	append(err->text, strlen(err->text), cause);
	err->errnum = -rc;
	return rc;
}
