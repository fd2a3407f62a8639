/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/name.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static_assert(sizeof("cr-4294967295") <= LINK_NAME_SIZE, "any uid makes a link's name");
static_assert(sizeof("carrel-4294967295") <= NETNS_NAME_SIZE, "and a namespace's");

/* Longer words have no nearest one: no keyword and no policy name is as long. */
#define NEAREST_MAX_LENGTH 63

bool name_valid_user(const char *name)
{
	size_t length = strnlen(name, USER_NAME_SIZE);

	if (length == 0 || length >= USER_NAME_SIZE)
		return false;
	while (length) {
		uint32_t character;
		size_t size = utf8_decode(name, length, &character);

		if (size == 0 || utf8_is_control(character) || character == ' ' ||
		    character == '/' || character == ':')
			return false;
		name += size;
		length -= size;
	}
	return true;
}

/** is_policy_letter() - may stand anywhere in a policy's name */
static bool is_policy_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/** is_word() - @name is @word, no more and no less */
static bool is_word(const char *name, size_t length, const char *word)
{
	return length == strlen(word) && memcmp(name, word, length) == 0;
}

bool name_valid_policy(const char *name, size_t length)
{
	if (length == 0 || length >= POLICY_NAME_SIZE || !is_policy_letter(name[0]))
		return false;
	for (size_t i = 1; i < length; i++)
		if (!is_policy_letter(name[i]) && name[i] != '.' && name[i] != '-')
			return false;
	return !is_word(name, length, "unconfined") && !is_word(name, length, "host") &&
	       !is_word(name, length, "deny");
}

void name_of_netns(uid_t uid, char name[NETNS_NAME_SIZE])
{
	int length = snprintf(name, NETNS_NAME_SIZE, "carrel-%u", uid);

	assert(length > 0 && length < NETNS_NAME_SIZE);
	(void)length;
}

void name_of_host_link(uid_t uid, char name[LINK_NAME_SIZE])
{
	int length = snprintf(name, LINK_NAME_SIZE, "cr-%u", uid);

	assert(length > 0 && length < LINK_NAME_SIZE);
	(void)length;
}

/** fold() - ASCII lower case: writing a word in capitals is no edit */
static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/** least() - the smallest of three */
static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned smaller = a < b ? a : b;

	return smaller < c ? smaller : c;
}

/**
 * edit_distance() - insertions, deletions, replacements and swaps of neighbours from @a to @b
 * @a_length, @b_length: at most NEAREST_MAX_LENGTH
 *
 * Damerau-Levenshtein in the restricted form (no edit within what was swapped), which is
 * enough for slips of the finger; of the table only three rows are kept.
 */
static unsigned edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	unsigned rows[3][NEAREST_MAX_LENGTH + 1];
	unsigned *older = rows[0], *old = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_length; j++)
		old[j] = (unsigned)j;
	for (size_t i = 1; i <= a_length; i++) {
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_length; j++) {
			bool same = fold(a[i - 1]) == fold(b[j - 1]);

			row[j] = least(old[j] + 1, row[j - 1] + 1, old[j - 1] + !same);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]) && older[j - 2] + 1 < row[j])
				row[j] = older[j - 2] + 1;
		}
		unsigned *free_row = older;
		older = old;
		old = row;
		row = free_row;
	}
	return old[b_length];
}

const char *name_nearest(const char *word, size_t length, const char *const *candidates)
{
	const char *nearest = NULL;

	if (length == 0 || length > NEAREST_MAX_LENGTH)
		return NULL;
	unsigned limit = length < 6 ? 1 : (unsigned)length / 3;
	for (; *candidates; candidates++) {
		size_t candidate_length = strnlen(*candidates, NEAREST_MAX_LENGTH + 1);

		if (candidate_length > NEAREST_MAX_LENGTH)
			continue;
		unsigned distance = edit_distance(word, length, *candidates, candidate_length);
		/* The first of several equally near; then only a nearer one. */
		if (distance < limit || (distance == limit && !nearest)) {
			nearest = *candidates;
			limit = distance;
		}
		if (nearest && limit == 0)
			break;
	}
	return nearest;
}
