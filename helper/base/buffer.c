/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define FIRST_CAPACITY 256

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){ 0 };
}

/** reserve() - make room for @length more bytes and the terminator; false when there is none */
static bool reserve(struct buffer *buffer, size_t length)
{
	size_t needed, capacity = buffer->capacity ? buffer->capacity : FIRST_CAPACITY;

	if (buffer->failed)
		return false;
	if (__builtin_add_overflow(buffer->length, length, &needed) ||
	    __builtin_add_overflow(needed, 1U, &needed))
		goto fail;
	if (needed <= buffer->capacity)
		return true;
	while (capacity < needed)
		if (__builtin_mul_overflow(capacity, 2U, &capacity))
			goto fail;
	char *data = realloc(buffer->data, capacity);
	if (!data)
		goto fail;
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
fail:
	buffer->failed = true;
	return false;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
	if (length == 0 || !reserve(buffer, length))
		return;
	memcpy(buffer->data + buffer->length, bytes, length);
	buffer->length += length;
	buffer->data[buffer->length] = '\0';
}

void buffer_puts(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, text, strlen(text));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0) {
		buffer->failed = true;
		return;
	}
	if (length == 0 || !reserve(buffer, (size_t)length))
		return;
	va_start(arguments, format);
	vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, arguments);
	va_end(arguments);
	buffer->length += (size_t)length;
}

void buffer_put_printable(struct buffer *buffer, const char *text, size_t length)
{
	while (length) {
		uint32_t character;
		size_t size = utf8_decode(text, length, &character);

		if (size == 0 || utf8_is_control(character)) {
			buffer_puts(buffer, "?");
			size = size ? size : 1;
		} else {
			buffer_append(buffer, text, size);
		}
		text += size;
		length -= size;
	}
}
