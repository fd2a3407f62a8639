/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text in the files of /run/carrel: a first line that says what it is, then one
 * "key value" on each line. Pure.
 */
#ifndef CARREL_STATE_FIELDS_H
#define CARREL_STATE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct carrel_error;

struct field {
	const char *key;
	bool optional;
	/* Filled by fields_parse(): points into the text; NULL when an optional one is missing. */
	const char *value;
	size_t length;
};

/**
 * fields_parse() - find the value of every key
 * @header:	what the first line must be
 * @fields:	every key there may be
 *
 * Return: 0, or -EBADMSG: another first line, a key that is unknown, doubled or missing, an
 *	   empty value, a control character or no UTF-8, no newline at the end
 */
int fields_parse(const char *text, size_t length, const char *header, struct field *fields,
		 size_t count, struct carrel_error *err);

/** fields_number() - the value of a field that is there; 0 or -EBADMSG with the key named */
int fields_number(const struct field *field, uint64_t max, uint64_t *ret_value,
		  struct carrel_error *err);

/**
 * fields_text() - copy the value of a field that is there to @size bytes, terminated
 * Return: 0 or -EBADMSG (too long) with the key named
 */
int fields_text(const struct field *field, char *text, size_t size, struct carrel_error *err);

#endif
