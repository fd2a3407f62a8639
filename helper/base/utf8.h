/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Just enough UTF-8 to tell text from rubbish. */
#ifndef CARREL_BASE_UTF8_H
#define CARREL_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * utf8_decode() - the first character of @text
 * @length:	bytes at @text, at least 1
 *
 * Return: bytes of the character, 1 to 4; 0 when they are not UTF-8 (overlong forms,
 *	   surrogates and values above U+10FFFF are not)
 * Source: RFC 3629, section 4
 */
size_t utf8_decode(const char *text, size_t length, uint32_t *ret_character);

/** utf8_is_control() - C0, DEL or C1: what a terminal may obey instead of showing */
bool utf8_is_control(uint32_t character);

#endif
