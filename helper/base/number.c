/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/number.h"

#include <errno.h>

/** all_digits() - at least one byte, and each of them 0 to 9, whatever the locale says */
static int all_digits(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] < '0' || text[i] > '9')
			return 0;
	return length > 0;
}

int number_parse(const char *text, size_t length, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;

	/* Before the range: "99999999x" is no number, rather than too large a one. */
	if (!all_digits(text, length))
		return -EINVAL;
	for (size_t i = 0; i < length; i++) {
		if (__builtin_mul_overflow(value, 10U, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value) || value > max)
			return -ERANGE;
	}
	*ret_value = value;
	return 0;
}

/** unit_seconds() - seconds in the unit that @letter stands for; 0 when it is none */
static uint64_t unit_seconds(char letter)
{
	switch (letter) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 60 * 60;
	case 'd':
		return 24 * 60 * 60;
	default:
		return 0;
	}
}

int number_parse_duration(const char *text, size_t length, uint64_t max_s, uint64_t *ret_s)
{
	uint64_t unit_s = length ? unit_seconds(text[length - 1]) : 0, count, total_s;

	if (unit_s)
		length--;
	else
		unit_s = 1;
	int rc = number_parse(text, length, UINT64_MAX, &count);
	if (rc)
		return rc;
	if (__builtin_mul_overflow(count, unit_s, &total_s) || total_s > max_s)
		return -ERANGE;
	*ret_s = total_s;
	return 0;
}
