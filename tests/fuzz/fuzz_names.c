/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as /run/carrel/names: refused with a reason, or the same again when written and read. */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "core/rebind.h"
#include "state/namesfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check(const struct known_names *known)
{
	assert(known->list.count <= NAMES_MAX);
	for (size_t i = 0; i < known->list.count; i++) {
		const struct known_name *name = &known->list.items[i];

		assert(hostname_valid(name->name));
		assert(names_find(known, name->name) == name);
		assert(name->addresses.count <= NAMES_ADDRESSES_MAX);
		for (size_t j = 0; j < name->addresses.count; j++)
			assert(!rebind_impossible(&name->addresses.items[j].address));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer first = { 0 }, second = { 0 };
	struct carrel_error err = { 0 };
	struct known_names known;

	int rc = namesfile_parse((const char *)bytes, length, &arena, &known, &err);
	if (rc) {
		assert(rc == -EBADMSG && err.errnum == EBADMSG && err.text[0]);
		return 0;
	}
	check(&known);
	namesfile_format(&known, &first);
	rc = namesfile_parse(first.data, first.length, &arena, &known, NULL);
	assert(rc == 0);
	namesfile_format(&known, &second);
	assert(first.length == second.length && memcmp(first.data, second.data, first.length) == 0);
	return 0;
}
