/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/hostname.h"

#include <stdint.h>
#include <string.h>

/* RFC 1035, section 2.3.4 */
#define LABEL_MAX_LENGTH 63

/* Not of <ctype.h>: those change with the locale. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* In ASCII, whatever the locale. */
static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* @c in lower case, if it is a letter. */
static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Without the dot at the end that makes a name absolute. */
static size_t without_root(const char *text, size_t length)
{
	return length > 0 && text[length - 1] == '.' ? length - 1 : length;
}

/* Is it part of a character that ASCII does not have? */
static bool is_beyond_ascii(char c)
{
	return (uint8_t)c > 0x7f;
}

bool hostname_is_meant(const char *text, size_t length)
{
	size_t end = without_root(text, length), last = end;
	bool number = true;

	if (!memchr(text, '.', length) || memchr(text, '/', length) || memchr(text, ':', length))
		return false;
	while (last > 0 && text[last - 1] != '.')
		number &= is_digit(text[--last]);
	return !number;
}

/* What is wrong with one label, or NULL. */
static const char *check_label(const char *label, size_t length)
{
	if (length == 0)
		return "has an empty label";
	if (length > LABEL_MAX_LENGTH)
		return "has a label of more than 63 characters";
	if (label[0] == '-' || label[length - 1] == '-')
		return "has a label that begins or ends with a hyphen";
	for (size_t i = 0; i < length; i++)
		if (!is_letter(label[i]) && !is_digit(label[i]) && label[i] != '-')
			return is_beyond_ascii(label[i]) ?
			       "has characters beyond ASCII; expected the form that begins with "
			       "xn--, which idn2(1) prints" :
			       "has other characters than letters, digits, hyphens and dots";
	return NULL;
}

const char *hostname_parse(const char *text, size_t length, char ret_name[HOSTNAME_SIZE])
{
	size_t end = without_root(text, length);
	const char *fault = NULL;

	if (!memchr(text, '.', end))
		return "has no domain";
	for (size_t begin = 0; begin <= end && !fault;) {
		const char *dot = memchr(text + begin, '.', end - begin);
		size_t label = dot ? (size_t)(dot - text) - begin : end - begin;

		fault = check_label(text + begin, label);
		begin += label + 1;
	}
	if (!fault && end > HOSTNAME_MAX_LENGTH)
		fault = "has more than 240 characters";
	if (fault)
		return fault;
	for (size_t i = 0; i < end; i++)
		ret_name[i] = lower(text[i]);
	ret_name[end] = '\0';
	return NULL;
}

bool hostname_valid(const char *name)
{
	char parsed[HOSTNAME_SIZE];
	size_t length = strnlen(name, HOSTNAME_SIZE);

	return length < HOSTNAME_SIZE && hostname_is_meant(name, length) &&
	       !hostname_parse(name, length, parsed) && strcmp(name, parsed) == 0;
}
