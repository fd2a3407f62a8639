/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/utf8.h"

/** put_character() - one character in a string; @bytes is how it stands in the text */
static void put_character(struct buffer *buffer, uint32_t character, const char *bytes,
			  size_t length)
{
	switch (character) {
	case '"':
		buffer_puts(buffer, "\\\"");
		return;
	case '\\':
		buffer_puts(buffer, "\\\\");
		return;
	case '\n':
		buffer_puts(buffer, "\\n");
		return;
	case '\t':
		buffer_puts(buffer, "\\t");
		return;
	default:
		if (utf8_is_control(character))
			buffer_printf(buffer, "\\u%04x", (unsigned int)character);
		else
			buffer_append(buffer, bytes, length);
	}
}

void json_quote(struct buffer *buffer, const char *text)
{
	size_t left = strlen(text);

	buffer_puts(buffer, "\"");
	while (left) {
		uint32_t character;
		size_t length = utf8_decode(text, left, &character);

		/* JSON is UTF-8 (RFC 8259, 8.1): what is not becomes the replacement character. */
		if (length == 0) {
			buffer_puts(buffer, "\\ufffd");
			length = 1;
		} else {
			put_character(buffer, character, text, length);
		}
		text += length;
		left -= length;
	}
	buffer_puts(buffer, "\"");
}

void json_key(struct buffer *buffer, const char *name)
{
	if (buffer->length && !strchr("{ \n", buffer->data[buffer->length - 1]))
		buffer_puts(buffer, ", ");
	json_quote(buffer, name);
	buffer_puts(buffer, ": ");
}

void json_list(struct buffer *buffer, const char *name)
{
	json_key(buffer, name);
	buffer_puts(buffer, "[");
}

void json_string(struct buffer *buffer, const char *name, const char *value)
{
	if (!value || !*value) {
		json_null(buffer, name);
		return;
	}
	json_key(buffer, name);
	json_quote(buffer, value);
}

void json_number(struct buffer *buffer, const char *name, uint64_t value)
{
	json_key(buffer, name);
	buffer_printf(buffer, "%" PRIu64, value);
}

void json_bool(struct buffer *buffer, const char *name, bool value)
{
	json_key(buffer, name);
	buffer_puts(buffer, value ? "true" : "false");
}

void json_null(struct buffer *buffer, const char *name)
{
	json_key(buffer, name);
	buffer_puts(buffer, "null");
}
