/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a message: refused, or a message whose encoding is these very bytes. */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void try_request(const uint8_t *bytes, size_t length)
{
	static struct wire_storage storage;
	static uint8_t again[WIRE_MAX_BYTES];
	struct wire_request request;
	int rc = wire_decode_request(bytes, length, &storage, &request, NULL);

	assert(rc == 0 || rc == -EBADMSG);
	if (rc)
		return;
	assert(wire_encode_request(&request, again, sizeof(again), NULL) == (int)length);
	assert(memcmp(bytes, again, length) == 0);
}

static void try_reply(const uint8_t *bytes, size_t length)
{
	static uint8_t again[WIRE_MAX_BYTES];
	struct wire_reply reply;
	int rc = wire_decode_reply(bytes, length, &reply, NULL);

	assert(rc == 0 || rc == -EBADMSG);
	if (rc)
		return;
	assert(wire_encode_reply(&reply, again, sizeof(again), NULL) == (int)length);
	assert(memcmp(bytes, again, length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	try_request(bytes, length);
	try_reply(bytes, length);
	return 0;
}
