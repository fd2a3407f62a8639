/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * A message is a header and fields:
 *
 *	u16 version   u16 kind (operation or status)   u32 length of the whole message
 *	u16 type   u16 length   bytes ...			as often as there are fields
 *
 * A string stands with its terminating NUL, so that the decoder can point into the message;
 * an empty one is left out. Types ascend (lists, the last ones, repeat), so a message has one
 * form only: what decodes encodes to the same bytes again, and a doubled field is out of order.
 */
#include "base/wire.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"

#define HEADER_BYTES       8
#define FIELD_HEADER_BYTES 4
#define CARREL_BYTES       29

enum field {
	/* of a request */
	FIELD_USER = 1,
	FIELD_SERVICE,
	FIELD_TTY,
	FIELD_RHOST,
	FIELD_CONFIG,
	FIELD_UID,
	FIELD_GROUP,            /* a byte: member or not; then the name */
	FIELD_CARREL,           /* uid, both inodes, idle since; a byte: processes or not */
	/* of a reply */
	FIELD_POLICY = 33,
	FIELD_NETNS,
	FIELD_ADDRESS4,
	FIELD_ADDRESS6,
	FIELD_MESSAGE,
	FIELD_WARNINGS,
};

/* A field that is a string, and the member of a request or reply that it fills. */
struct string_field {
	enum field type;
	const char *name;
	size_t offset;
};

static const struct string_field request_strings[] = {
	{ FIELD_USER,     "user",          offsetof(struct wire_request, subject.user) },
	{ FIELD_SERVICE,  "service",       offsetof(struct wire_request, subject.service) },
	{ FIELD_TTY,      "tty",           offsetof(struct wire_request, subject.tty) },
	{ FIELD_RHOST,    "remote host",   offsetof(struct wire_request, subject.rhost) },
	{ FIELD_CONFIG,   "configuration", offsetof(struct wire_request, config) },
};

static const struct string_field reply_strings[] = {
	{ FIELD_POLICY,   "policy",        offsetof(struct wire_reply, policy) },
	{ FIELD_NETNS,    "namespace",     offsetof(struct wire_reply, netns) },
	{ FIELD_ADDRESS4, "IPv4 address",  offsetof(struct wire_reply, address4) },
	{ FIELD_ADDRESS6, "IPv6 address",  offsetof(struct wire_reply, address6) },
	{ FIELD_MESSAGE,  "message",       offsetof(struct wire_reply, message) },
	{ FIELD_WARNINGS, "warnings",      offsetof(struct wire_reply, warnings) },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** operation_exists() - is @kind one of enum wire_operation? */
static bool operation_exists(unsigned kind)
{
	switch ((enum wire_operation)kind) {
	case WIRE_OPEN:
	case WIRE_REMOVE:
	case WIRE_CLOSE:
	case WIRE_COLLECT:
		return true;
	}
	return false;
}

/** status_exists() - is @kind one of enum wire_status? */
static bool status_exists(unsigned kind)
{
	switch ((enum wire_status)kind) {
	case WIRE_OK:
	case WIRE_UNCONFINED:
	case WIRE_DENIED:
	case WIRE_STALE:
	case WIRE_NOT_FOUND:
	case WIRE_FAILED:
		return true;
	}
	return false;
}

/* ---- encoding ---- */

struct writer {
	uint8_t *bytes;
	size_t size, length;
	struct carrel_error *err;
};

/** put_number() - @count bytes of @value, the lowest first; the room was checked */
static void put_number(uint8_t *bytes, uint64_t value, size_t count)
{
	for (size_t i = 0; i < count; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
}

/** begin() - leave room for the header; its length is filled in by finish() */
static int begin(struct writer *writer, unsigned kind)
{
	if (writer->size < HEADER_BYTES)
		return error_set(writer->err, E2BIG, "no room for the header of a message");
	put_number(writer->bytes, WIRE_VERSION, 2);
	put_number(writer->bytes + 2, kind, 2);
	writer->length = HEADER_BYTES;
	return 0;
}

/**
 * begin_field() - write a field's header and claim @length bytes for its content
 * @ret_content:	where they go
 */
static int begin_field(struct writer *writer, enum field type, const char *name, size_t length,
		       uint8_t **ret_content)
{
	size_t room = writer->size - writer->length;

	if (room < FIELD_HEADER_BYTES || length > room - FIELD_HEADER_BYTES || length > UINT16_MAX)
		return error_set(writer->err, E2BIG, "the %s (%zu bytes) does not fit in a message",
				 name, length);
	put_number(writer->bytes + writer->length, type, 2);
	put_number(writer->bytes + writer->length + 2, (uint32_t)length, 2);
	*ret_content = writer->bytes + writer->length + FIELD_HEADER_BYTES;
	writer->length += FIELD_HEADER_BYTES + length;
	return 0;
}

/** put_strings() - the members of @object that @fields names, but for the empty ones */
static int put_strings(struct writer *writer, const void *object,
		       const struct string_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *text;
		uint8_t *content;

		memcpy(&text, (const char *)object + fields[i].offset, sizeof(text));
		if (!text || !*text)
			continue;
		size_t size = strlen(text) + 1;
		int rc = begin_field(writer, fields[i].type, fields[i].name, size, &content);
		if (rc < 0)
			return rc;
		memcpy(content, text, size);
	}
	return 0;
}

/** put_group() - one answer to "is the user in this group?" */
static int put_group(struct writer *writer, const struct subject_group *group)
{
	uint8_t *content;

	if (!group->name || !*group->name)
		return error_set(writer->err, EINVAL, "a group without a name");
	size_t size = strlen(group->name) + 1;
	int rc = begin_field(writer, FIELD_GROUP, "name of a group", 1 + size, &content);
	if (rc < 0)
		return rc;
	content[0] = group->member;
	memcpy(content + 1, group->name, size);
	return 0;
}

/** put_carrel() - what was seen of one carrel */
static int put_carrel(struct writer *writer, const struct wire_carrel *carrel)
{
	uint8_t *content;

	if (carrel->uid == (uid_t)-1)
		return error_set(writer->err, EINVAL, "a carrel without a uid");
	int rc = begin_field(writer, FIELD_CARREL, "description of a carrel", CARREL_BYTES, &content);
	if (rc < 0)
		return rc;
	put_number(content, carrel->uid, 4);
	put_number(content + 4, carrel->recorded_inode, 8);
	put_number(content + 12, carrel->pinned_inode, 8);
	put_number(content + 20, carrel->idle_since_s, 8);
	content[28] = carrel->processes;
	return 0;
}

/** finish() - fill in the length; Return: it, unless it is over WIRE_MAX_BYTES */
static int finish(const struct writer *writer)
{
	if (writer->length > WIRE_MAX_BYTES)
		return error_set(writer->err, E2BIG,
				 "a message of %zu bytes; %d is the most there may be",
				 writer->length, WIRE_MAX_BYTES);
	put_number(writer->bytes + 4, (uint32_t)writer->length, 4);
	return (int)writer->length;
}

int wire_encode_request(const struct wire_request *request, uint8_t *bytes, size_t size,
			struct carrel_error *err)
{
	struct writer writer = { .bytes = bytes, .size = size, .err = err };
	const struct subject *subject = &request->subject;
	uint8_t *content;

	if (!operation_exists(request->operation))
		return error_set(err, EINVAL, "there is no operation %u", request->operation);
	if (!subject->user || !*subject->user)
		return error_set(err, EINVAL, "a request without a user");
	if (subject->uid == (uid_t)-1)
		return error_set(err, EINVAL, "a request without a uid");
	if (subject->group_count > WIRE_MAX_GROUPS)
		return error_set(err, E2BIG, "the configuration names %zu groups; %d is the most there may be",
				 subject->group_count, WIRE_MAX_GROUPS);
	if (request->carrel_count > WIRE_MAX_CARRELS)
		return error_set(err, E2BIG, "%zu carrels at once; %d is the most there may be",
				 request->carrel_count, WIRE_MAX_CARRELS);

	int rc = begin(&writer, request->operation);
	if (rc == 0)
		rc = put_strings(&writer, request, request_strings, COUNT(request_strings));
	if (rc == 0)
		rc = begin_field(&writer, FIELD_UID, "uid", 4, &content);
	if (rc < 0)
		return rc;
	put_number(content, subject->uid, 4);
	for (size_t i = 0; i < subject->group_count; i++) {
		rc = put_group(&writer, &subject->groups[i]);
		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; i < request->carrel_count; i++) {
		rc = put_carrel(&writer, &request->carrels[i]);
		if (rc < 0)
			return rc;
	}
	return finish(&writer);
}

int wire_encode_reply(const struct wire_reply *reply, uint8_t *bytes, size_t size,
		      struct carrel_error *err)
{
	struct writer writer = { .bytes = bytes, .size = size, .err = err };

	if (!status_exists(reply->status))
		return error_set(err, EINVAL, "there is no status %u", reply->status);
	int rc = begin(&writer, reply->status);
	if (rc == 0)
		rc = put_strings(&writer, reply, reply_strings, COUNT(reply_strings));
	return rc < 0 ? rc : finish(&writer);
}

/* ---- decoding ---- */

struct reader {
	const uint8_t *bytes;
	size_t length, offset;
	unsigned last_type;             /* 0 before the first field */
	struct carrel_error *err;
};

struct field_view {
	unsigned type;
	const uint8_t *content;
	size_t length;
	size_t offset;                  /* of the field in the message, for messages */
};

/** get_number() - @count bytes, the lowest first */
static uint32_t get_number(const uint8_t *bytes, size_t count)
{
	uint32_t value = 0;

	for (size_t i = 0; i < count; i++)
		value |= (uint32_t)bytes[i] << (8 * i);
	return value;
}

/** get_number64() - eight bytes, the lowest first */
static uint64_t get_number64(const uint8_t *bytes)
{
	return get_number(bytes, 4) | (uint64_t)get_number(bytes + 4, 4) << 32;
}

/** read_header() - check version and length; Return: the kind, or -EBADMSG */
static int read_header(struct reader *reader)
{
	if (reader->length < HEADER_BYTES)
		return error_set(reader->err, EBADMSG, "a message of %zu bytes; its header has %d",
				 reader->length, HEADER_BYTES);
	if (reader->length > WIRE_MAX_BYTES)
		return error_set(reader->err, EBADMSG,
				 "a message of %zu bytes; %d is the most there may be",
				 reader->length, WIRE_MAX_BYTES);
	unsigned version = get_number(reader->bytes, 2);
	if (version != WIRE_VERSION)
		return error_set(reader->err, EBADMSG,
				 "a message of protocol version %u; this is version %d",
				 version, WIRE_VERSION);
	uint32_t length = get_number(reader->bytes + 4, 4);
	if (length != reader->length)
		return error_set(reader->err, EBADMSG,
				 "a message that says it has %u bytes, but has %zu",
				 length, reader->length);
	reader->offset = HEADER_BYTES;
	return (int)get_number(reader->bytes + 2, 2);
}

/** next_field() - Return: 1 and the next field, 0 at the end, or -EBADMSG */
static int next_field(struct reader *reader, struct field_view *ret)
{
	size_t left = reader->length - reader->offset;
	const uint8_t *here = reader->bytes + reader->offset;

	if (left == 0)
		return 0;
	if (left < FIELD_HEADER_BYTES)
		return error_set(reader->err, EBADMSG, "%zu trailing bytes at offset %zu", left,
				 reader->offset);
	unsigned type = get_number(here, 2);
	size_t length = get_number(here + 2, 2);
	if (length > left - FIELD_HEADER_BYTES)
		return error_set(reader->err, EBADMSG,
				 "field %u at offset %zu says it has %zu bytes, but %zu are left",
				 type, reader->offset, length, left - FIELD_HEADER_BYTES);
	if (type < reader->last_type ||
	    (type == reader->last_type && type != FIELD_GROUP && type != FIELD_CARREL))
		return error_set(reader->err, EBADMSG,
				 "field %u at offset %zu stands twice or out of order", type,
				 reader->offset);
	*ret = (struct field_view){
		.type = type, .content = here + FIELD_HEADER_BYTES, .length = length,
		.offset = reader->offset,
	};
	reader->last_type = type;
	reader->offset += FIELD_HEADER_BYTES + length;
	return 1;
}

/** check_string() - @length bytes must be a string that is not empty, and its NUL */
static int check_string(const struct reader *reader, const struct field_view *field,
			const char *name, const uint8_t *bytes, size_t length)
{
	if (length < 2 || memchr(bytes, '\0', length) != bytes + length - 1)
		return error_set(reader->err, EBADMSG,
				 "%s at offset %zu: expected text and one NUL at its end", name,
				 field->offset);
	return 0;
}

/** take_string() - Return: 1 when @field is one of @fields and was stored, 0 when not, -EBADMSG */
static int take_string(const struct reader *reader, const struct field_view *field,
		       const struct string_field *fields, size_t count, void *object)
{
	for (size_t i = 0; i < count; i++) {
		if (field->type != (unsigned)fields[i].type)
			continue;
		int rc = check_string(reader, field, fields[i].name, field->content, field->length);
		if (rc < 0)
			return rc;
		const char *text = (const char *)field->content;
		memcpy((char *)object + fields[i].offset, &text, sizeof(text));
		return 1;
	}
	return 0;
}

/** take_uid() - a number of four bytes; (uid_t)-1 is nobody's */
static int take_uid(const struct reader *reader, const struct field_view *field, uid_t *ret)
{
	if (field->length != 4 || get_number(field->content, 4) == UINT32_MAX)
		return error_set(reader->err, EBADMSG, "uid at offset %zu: expected a uid of 4 bytes",
				 field->offset);
	*ret = get_number(field->content, 4);
	return 0;
}

/** take_carrel() - append to @request's carrels, which stand in @storage */
static int take_carrel(const struct reader *reader, const struct field_view *field,
		       struct wire_storage *storage, struct wire_request *request)
{
	const uint8_t *content = field->content;

	if (request->carrel_count == WIRE_MAX_CARRELS)
		return error_set(reader->err, EBADMSG, "carrel at offset %zu: more than %d of them",
				 field->offset, WIRE_MAX_CARRELS);
	if (field->length != CARREL_BYTES || get_number(content, 4) == UINT32_MAX ||
	    content[CARREL_BYTES - 1] > 1)
		return error_set(reader->err, EBADMSG, "carrel at offset %zu: expected a uid and what "
				 "was seen of it, %d bytes", field->offset, CARREL_BYTES);
	storage->carrels[request->carrel_count++] = (struct wire_carrel){
		.uid = get_number(content, 4),
		.recorded_inode = get_number64(content + 4),
		.pinned_inode = get_number64(content + 12),
		.idle_since_s = get_number64(content + 20),
		.processes = content[28] != 0,
	};
	return 0;
}

/** take_group() - append to @subject's groups, which stand in @storage */
static int take_group(const struct reader *reader, const struct field_view *field,
		      struct wire_storage *storage, struct subject *subject)
{
	if (subject->group_count == WIRE_MAX_GROUPS)
		return error_set(reader->err, EBADMSG, "group at offset %zu: more than %d of them",
				 field->offset, WIRE_MAX_GROUPS);
	if (field->length < 1 || field->content[0] > 1)
		return error_set(reader->err, EBADMSG, "group at offset %zu: expected a byte 0 or 1",
				 field->offset);
	int rc = check_string(reader, field, "group", field->content + 1, field->length - 1);
	if (rc < 0)
		return rc;
	storage->groups[subject->group_count++] = (struct subject_group){
		.name = (const char *)field->content + 1, .member = field->content[0],
	};
	return 0;
}

/** refuse_unknown() - Return: -EBADMSG */
static int refuse_unknown(const struct reader *reader, const struct field_view *field)
{
	return error_set(reader->err, EBADMSG, "field %u at offset %zu has no meaning here",
			 field->type, field->offset);
}

/** take_request_field() - store one field of a request, whichever it is */
static int take_request_field(const struct reader *reader, const struct field_view *field,
			      struct wire_storage *storage, struct wire_request *request)
{
	int rc = take_string(reader, field, request_strings, COUNT(request_strings), request);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (field->type == FIELD_UID)
		return take_uid(reader, field, &request->subject.uid);
	if (field->type == FIELD_GROUP)
		return take_group(reader, field, storage, &request->subject);
	if (field->type == FIELD_CARREL)
		return take_carrel(reader, field, storage, request);
	return refuse_unknown(reader, field);
}

int wire_decode_request(const uint8_t *bytes, size_t length, struct wire_storage *storage,
			struct wire_request *ret_request, struct carrel_error *err)
{
	struct reader reader = { .bytes = bytes, .length = length, .err = err };
	struct field_view field;
	struct wire_request request = {
		.subject = {
			.user = "", .uid = (uid_t)-1, .service = "", .tty = "", .rhost = "",
			.groups = storage->groups,
		},
		.config = "",
		.carrels = storage->carrels,
	};
	int rc, kind = read_header(&reader);

	if (kind < 0)
		return kind;
	if (!operation_exists((unsigned)kind))
		return error_set(err, EBADMSG, "there is no operation %d", kind);
	request.operation = (enum wire_operation)kind;
	while ((rc = next_field(&reader, &field)) > 0) {
		rc = take_request_field(&reader, &field, storage, &request);
		if (rc < 0)
			return rc;
	}
	if (rc < 0)
		return rc;
	if (!*request.subject.user || request.subject.uid == (uid_t)-1)
		return error_set(err, EBADMSG, "a request without a %s",
				 *request.subject.user ? "uid" : "user");
	*ret_request = request;
	return 0;
}

int wire_decode_reply(const uint8_t *bytes, size_t length, struct wire_reply *ret_reply,
		      struct carrel_error *err)
{
	struct reader reader = { .bytes = bytes, .length = length, .err = err };
	struct field_view field;
	struct wire_reply reply = {
		.policy = "", .netns = "", .address4 = "", .address6 = "", .message = "",
		.warnings = "",
	};
	int rc, kind = read_header(&reader);

	if (kind < 0)
		return kind;
	if (!status_exists((unsigned)kind))
		return error_set(err, EBADMSG, "there is no status %d", kind);
	reply.status = (enum wire_status)kind;
	while ((rc = next_field(&reader, &field)) > 0) {
		rc = take_string(&reader, &field, reply_strings, COUNT(reply_strings), &reply);
		if (rc < 0)
			return rc;
		if (rc == 0)
			return refuse_unknown(&reader, &field);
	}
	if (rc < 0)
		return rc;
	*ret_reply = reply;
	return 0;
}
