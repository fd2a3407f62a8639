/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What carrel-resolver says. It talks to the network, so what it says is taken for hostile:
 * names that it was not asked for, too many or impossible addresses, or a text that breaks
 * off make all of it worthless.
 *
 * A line for each name and family, in any order, then "end":
 *
 *	NAME 4 addresses TTL ADDRESS,...
 *	NAME 6 none			the name is there without such an address, or is not
 *	NAME 4 failed REASON		a word of answer_reasons[]
 *	end
 */
#ifndef CARREL_CORE_ANSWERS_H
#define CARREL_CORE_ANSWERS_H

#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/arena.h"

struct carrel_error;

/* Names in one run of the resolver. */
#define ANSWERS_NAMES_MAX 64
/* Of one family: NAMES_ADDRESSES_MAX holds what is current in both. */
#define ANSWERS_ADDRESSES_MAX 32
/* RFC 2181, section 8 */
#define ANSWERS_TTL_MAX_S 0x7fffffffU
/* All of it: for each name and family the name, 40 bytes of words, the addresses with a comma. */
#define ANSWERS_TEXT_MAX (ANSWERS_NAMES_MAX * 2 * (300 + ANSWERS_ADDRESSES_MAX * 47))

enum answer_kind { ANSWER_FAILED, ANSWER_NONE, ANSWER_ADDRESSES };

struct answer {
	enum answer_kind kind;
	const char *reason;                     /* ANSWER_FAILED: one of answer_reasons[] */
	uint32_t ttl_s;                         /* ANSWER_ADDRESSES */
	size_t count;
	struct address addresses[ANSWERS_ADDRESSES_MAX];
};

struct answers { struct answer of[FAMILY_COUNT]; };

/* Why there is no answer, the last one for all that has no word; NULL-terminated. */
extern const char *const answer_reasons[];

/** answer_family_word() - "4" or "6" */
const char *answer_family_word(enum family family);

/**
 * answers_parse() - understand all that the resolver said
 * @asked:	@count names, each once
 * @ret:	@count; what is missing in the text failed
 *
 * Return: 0; -EBADMSG with the line
 * Context: pure
 */
int answers_parse(const char *text, size_t length, const char *const *asked, size_t count,
		  struct answers *ret, struct carrel_error *err);

#endif
