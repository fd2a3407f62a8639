/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/fields.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/utf8.h"
#include "state/textfile.h"

/** is_text() - UTF-8 without control characters */
static bool is_text(const char *text, size_t length)
{
	while (length) {
		uint32_t character;
		size_t size = utf8_decode(text, length, &character);

		if (size == 0 || utf8_is_control(character))
			return false;
		text += size;
		length -= size;
	}
	return true;
}

/** is_word() - the @length bytes of @text are @word */
static bool is_word(const char *text, size_t length, const char *word)
{
	return length == strlen(word) && memcmp(text, word, length) == 0;
}

/** find() - the field called by the @length bytes of @key, or NULL */
static struct field *find(struct field *fields, size_t count, const char *key, size_t length)
{
	for (size_t i = 0; i < count; i++)
		if (is_word(key, length, fields[i].key))
			return &fields[i];
	return NULL;
}

/** parse_line() - "key value" into the field of that key */
static int parse_line(const struct textfile_lines *lines, struct field *fields, size_t count)
{
	const char *line = lines->line;
	size_t length = lines->length;

	if (!is_text(line, length))
		return textfile_refuse(lines, "is not text");
	const char *blank = memchr(line, ' ', length);
	size_t key_length = blank ? (size_t)(blank - line) : length;
	if (!blank || key_length + 1 == length)
		return textfile_refuse(lines, "is not a key and a value");

	struct field *field = find(fields, count, line, key_length);
	if (!field)
		return error_set(lines->err, EBADMSG, "line %u has the unknown key '%.*s'",
				 lines->number, (int)(key_length < 32 ? key_length : 32), line);
	if (field->value)
		return error_set(lines->err, EBADMSG, "line %u repeats '%s'", lines->number,
				 field->key);
	field->value = blank + 1;
	field->length = length - key_length - 1;
	return 0;
}

int fields_parse(const char *text, size_t length, const char *header, struct field *fields,
		 size_t count, struct carrel_error *err)
{
	struct textfile_lines lines = { .rest = text, .rest_length = length, .err = err };
	int rc = 0;

	for (size_t i = 0; i < count; i++)
		fields[i].value = NULL;
	while (!rc && (rc = textfile_next(&lines)) > 0)
		rc = lines.number > 1 ? parse_line(&lines, fields, count) :
		     is_word(lines.line, lines.length, header) ? 0 :
		     error_set(err, EBADMSG, "the first line is not '%s'", header);
	if (rc)
		return rc;
	/* An empty text has no first line, and so lacks a key as well. */
	for (size_t i = 0; i < count; i++)
		if (!fields[i].value && !fields[i].optional)
			return error_set(err, EBADMSG, "'%s' is missing", fields[i].key);
	return 0;
}

int fields_number(const struct field *field, uint64_t max, uint64_t *ret_value,
		  struct carrel_error *err)
{
	if (number_parse(field->value, field->length, max, ret_value))
		return error_set(err, EBADMSG, "'%s' is not a number up to %llu", field->key,
				 (unsigned long long)max);
	return 0;
}

int fields_text(const struct field *field, char *text, size_t size, struct carrel_error *err)
{
	if (field->length >= size)
		return error_set(err, EBADMSG, "'%s' is longer than %zu bytes", field->key,
				 size - 1);
	memcpy(text, field->value, field->length);
	text[field->length] = '\0';
	return 0;
}
