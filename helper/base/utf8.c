/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/utf8.h"

/* Smallest character that needs 2, 3 or 4 bytes: a smaller one in as many is overlong. */
static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };

/** sequence_length() - bytes announced by the first one; 0 when no character starts so */
static size_t sequence_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if ((first & 0xe0) == 0xc0)
		return 2;
	if ((first & 0xf0) == 0xe0)
		return 3;
	if ((first & 0xf8) == 0xf0)
		return 4;
	return 0;
}

size_t utf8_decode(const char *text, size_t length, uint32_t *ret_character)
{
	const unsigned char *bytes = (const unsigned char *)text;
	size_t size = sequence_length(bytes[0]);

	if (size == 0 || size > length)
		return 0;
	uint32_t character = size == 1 ? bytes[0] : bytes[0] & (0x7fU >> size);
	for (size_t i = 1; i < size; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (bytes[i] & 0x3f);
	}
	if (character < smallest[size] || character > 0x10ffff ||
	    (character >= 0xd800 && character <= 0xdfff))
		return 0;
	*ret_character = character;
	return size;
}

bool utf8_is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0);
}
