/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one place where text becomes a number. */
#ifndef CARREL_BASE_NUMBER_H
#define CARREL_BASE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/**
 * number_parse() - decimal digits and nothing else: no sign, blank, or leading "0x"
 * @text:	@length bytes, need not be terminated
 * @max:	largest value accepted
 *
 * Return: 0; -EINVAL when not a number; -ERANGE when above @max
 */
int number_parse(const char *text, size_t length, uint64_t max, uint64_t *ret_value);

/**
 * number_parse_duration() - "30s", "10m", "2h", "1d", or plain seconds
 * Return: 0 with seconds in @ret_s; -EINVAL; -ERANGE above @max_s
 */
int number_parse_duration(const char *text, size_t length, uint64_t max_s, uint64_t *ret_s);

#endif
