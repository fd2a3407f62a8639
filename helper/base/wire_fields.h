/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * A message is a header and fields:
 *
 *	u16 version   u16 kind (operation or status)   u32 length of the whole message
 *	u16 type   u16 length   bytes ...			as often as there are fields
 *
 * A string stands with its terminating NUL, so that the decoder can point into the message.
 * Empty strings, and numbers of 0 but for uids, are left out. Types ascend (lists, the last
 * ones, repeat), so a message has one form only: what decodes encodes to the same bytes
 * again, and a doubled field is out of order.
 */
#ifndef CARREL_BASE_WIRE_FIELDS_H
#define CARREL_BASE_WIRE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#define HEADER_BYTES       8
#define FIELD_HEADER_BYTES 4
#define CARREL_BYTES       29
#define NUMBER_BYTES       4

enum wire_field {
	/* of a request */
	FIELD_USER = 1,
	FIELD_SERVICE,
	FIELD_TTY,
	FIELD_RHOST,
	FIELD_CONFIG,
	FIELD_WANTED,           /* the policy that WIRE_RUN is to have */
	FIELD_UID,
	FIELD_GROUP,            /* a byte: member or not; then the name */
	FIELD_CARREL,           /* uid, both inodes, idle since; a byte: processes or not */
	FIELD_SOUGHT,           /* a number */
	/* of a reply */
	FIELD_POLICY = 33,
	FIELD_NETNS,
	FIELD_ADDRESS4,
	FIELD_ADDRESS6,
	FIELD_MESSAGE,
	FIELD_WARNINGS,
	FIELD_NUMBER,           /* of four bytes, like the next */
	FIELD_CUT,
};

/* A field, and the member of a request or reply that it fills: a string, or a uint32_t. */
struct wire_member {
	enum wire_field type;
	const char *name;
	size_t offset;
};

struct wire_members { const struct wire_member *items; size_t count; };

/* In ascending order of type; numbers come after strings. */
extern const struct wire_members wire_request_strings, wire_request_numbers;
extern const struct wire_members wire_reply_strings, wire_reply_numbers;

/** wire_operation_exists() - is @kind one of enum wire_operation? */
bool wire_operation_exists(unsigned kind);

/** wire_status_exists() - is @kind one of enum wire_status? */
bool wire_status_exists(unsigned kind);

#endif
