/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as what carrel-resolver says: refused, or answers to what was asked, within bounds. */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "core/answers.h"
#include "core/rebind.h"
#include "core/schedule.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check(const struct answer *answer, enum family family)
{
	assert((answer->kind == ANSWER_FAILED) == (answer->reason != NULL));
	assert((answer->kind == ANSWER_ADDRESSES) == (answer->count > 0));
	assert(answer->count <= ANSWERS_ADDRESSES_MAX && answer->ttl_s <= ANSWERS_TTL_MAX_S);
	for (size_t i = 0; i < answer->count; i++)
		assert(answer->addresses[i].family == family &&
		       !rebind_impossible(&answer->addresses[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const char *const asked[] = { "www.example", "a.b", "3.example" };
	ARENA_CLEANUP struct arena arena = { 0 };
	struct known_name name = { .name = "www.example" };
	struct carrel_error err = { 0 };
	struct answers answers[3];

	int rc = answers_parse((const char *)bytes, length, asked, 3, answers, &err);
	if (rc) {
		assert(rc == -EBADMSG && err.errnum == EBADMSG && err.text[0]);
		return 0;
	}
	for (size_t i = 0; i < 3; i++)
		for (enum family family = 0; family < FAMILY_COUNT; family++)
			check(&answers[i].of[family], family);
	for (uint64_t i = 0; i < 3; i++) {
		rc = schedule_take(&name, &answers[i], i, &arena);
		assert(rc >= 0 && name.addresses.count <= NAMES_ADDRESSES_MAX);
		assert(name.due_s > i && name.due_s <= i + SCHEDULE_TTL_MAX_S);
	}
	return 0;
}
