/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a record: refused with a reason, or the same again when written and read. */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "state/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Neither of @a and @b has an address that the other lacks, or another one. */
static bool same_address(bool has_a, const struct address *a, bool has_b, const struct address *b)
{
	return has_a == has_b && (!has_a || address_equal(a, b));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct carrel_error err = { 0 };
	struct record record, again;
	char text[1024];

	int rc = record_parse((const char *)bytes, length, &record, &err);
	if (rc) {
		assert(rc == -EBADMSG && err.errnum == EBADMSG && err.text[0]);
		return 0;
	}
	rc = record_format(&record, text, sizeof(text), NULL);
	assert(rc == 0);
	rc = record_parse(text, strlen(text), &again, NULL);
	assert(rc == 0);
	assert(record.uid == again.uid && strcmp(record.user, again.user) == 0 &&
	       strcmp(record.policy, again.policy) == 0 &&
	       strcmp(record.uplink, again.uplink) == 0 &&
	       same_address(record.has_address4, &record.address4, again.has_address4,
			    &again.address4) &&
	       same_address(record.has_address6, &record.address6, again.has_address6,
			    &again.address6) &&
	       record.netns_inode == again.netns_inode &&
	       record.rules_digest == again.rules_digest &&
	       record.names_digest == again.names_digest && record.created_s == again.created_s);
	return 0;
}
