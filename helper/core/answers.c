/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/answers.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "core/names.h"
#include "core/rebind.h"

static_assert(2 * ANSWERS_ADDRESSES_MAX <= NAMES_ADDRESSES_MAX, "what is current is kept");

const char *const answer_reasons[] = {
	"timeout", "refused", "server-failure", "malformed", "no-server", "no-answer", "error", NULL,
};

/* A piece of a line. */
struct piece { const char *text; size_t length; };

struct answers_reader {
	struct piece rest;              /* of the line */
	unsigned line;
	const char *const *asked;
	size_t count;
	bool *seen;                     /* by name and family */
	struct answers *answers;
	struct carrel_error *err;
};

const char *answer_family_word(enum family family)
{
	return family == FAMILY_IPV4 ? "4" : "6";
}

static bool is_word(struct piece piece, const char *word)
{
	return piece.length == strlen(word) && memcmp(piece.text, word, piece.length) == 0;
}

/* Cut off what stands before @separator, or all. */
static struct piece take(struct piece *rest, char separator)
{
	const char *end = memchr(rest->text, separator, rest->length);
	struct piece piece = { rest->text, end ? (size_t)(end - rest->text) : rest->length };
	size_t used = end ? piece.length + 1 : piece.length;

	rest->text += used;
	rest->length -= used;
	return piece;
}

/* That the answer is not one, with the line. Return: -EBADMSG */
static int refuse(const struct answers_reader *reader, const char *what)
{
	return error_set(reader->err, EBADMSG, "line %u of carrel-resolver's answer: %s",
			 reader->line, what);
}

/* The number of the name that was asked for, or -EBADMSG */
static int find_name(const struct answers_reader *reader, struct piece name)
{
	for (size_t i = 0; i < reader->count; i++)
		if (is_word(name, reader->asked[i]))
			return (int)i;
	return refuse(reader, "a name that was not asked for");
}

/* "TTL ADDRESS,..." */
static int parse_addresses(struct answers_reader *reader, enum family family,
			   struct answer *answer)
{
	struct piece ttl = take(&reader->rest, ' ');
	uint64_t seconds;

	if (number_parse(ttl.text, ttl.length, ANSWERS_TTL_MAX_S, &seconds))
		return refuse(reader, "no time to live");
	answer->ttl_s = (uint32_t)seconds;
	do {
		struct piece one = take(&reader->rest, ',');
		struct address address;

		if (address_parse(one.text, one.length, &address) || address.family != family)
			return refuse(reader, "no address of that family");
		if (rebind_impossible(&address))
			continue;
		if (answer->count == ANSWERS_ADDRESSES_MAX)
			return refuse(reader, "more addresses than there may be");
		answer->addresses[answer->count++] = address;
	} while (reader->rest.length);
	/* Only such as no host has: that is none. */
	answer->kind = answer->count ? ANSWER_ADDRESSES : ANSWER_NONE;
	return 0;
}

/* What stands behind the family. */
static int parse_kind(struct answers_reader *reader, enum family family, struct answer *answer)
{
	struct piece kind = take(&reader->rest, ' ');

	if (is_word(kind, "addresses") && reader->rest.length)
		return parse_addresses(reader, family, answer);
	if (is_word(kind, "none") && !reader->rest.length) {
		answer->kind = ANSWER_NONE;
		return 0;
	}
	for (size_t i = 0; is_word(kind, "failed") && answer_reasons[i]; i++) {
		if (!is_word(reader->rest, answer_reasons[i]))
			continue;
		answer->kind = ANSWER_FAILED;
		answer->reason = answer_reasons[i];
		return 0;
	}
	return refuse(reader, "expected addresses, none or failed, and what belongs to it");
}

/* One line that is not the last. */
static int parse_line(struct answers_reader *reader)
{
	struct piece name = take(&reader->rest, ' '), word = take(&reader->rest, ' ');
	struct answer answer = { 0 };
	enum family family = FAMILY_IPV4;

	int number = find_name(reader, name);
	if (number < 0)
		return number;
	while (family < FAMILY_COUNT && !is_word(word, answer_family_word(family)))
		family++;
	if (family == FAMILY_COUNT)
		return refuse(reader, "neither family 4 nor 6");
	bool *seen = &reader->seen[(size_t)number * FAMILY_COUNT + family];
	if (*seen)
		return refuse(reader, "a second answer to the same question");
	*seen = true;
	int rc = parse_kind(reader, family, &answer);
	if (!rc)
		reader->answers[number].of[family] = answer;
	return rc;
}

int answers_parse(const char *text, size_t length, const char *const *asked, size_t count,
		  struct answers *ret, struct carrel_error *err)
{
	bool seen[ANSWERS_NAMES_MAX * FAMILY_COUNT] = { false };
	struct answers_reader reader = {
		.asked = asked, .count = count, .seen = seen, .answers = ret, .err = err,
	};
	struct piece rest = { text, length };

	assert(count <= ANSWERS_NAMES_MAX);
	for (size_t i = 0; i < count; i++)
		for (enum family family = 0; family < FAMILY_COUNT; family++)
			ret[i].of[family] = (struct answer){ .reason = "no-answer" };
	while (rest.length && rest.text[rest.length - 1] == '\n') {
		reader.rest = take(&rest, '\n');
		reader.line++;
		if (is_word(reader.rest, "end"))
			return rest.length ? refuse(&reader, "it goes on behind its end") : 0;
		int rc = parse_line(&reader);
		if (rc)
			return rc;
	}
	return error_set(err, EBADMSG, "carrel-resolver's answer breaks off behind line %u",
			 reader.line);
}
