/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See wire_fields.h for the form of messages. */
#include "base/wire.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/wire_fields.h"

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

/** find_member() - the one of @members that @field is of, or NULL */
static const struct wire_member *find_member(const struct wire_members *members,
					     const struct field_view *field)
{
	for (size_t i = 0; i < members->count; i++)
		if (field->type == (unsigned)members->items[i].type)
			return &members->items[i];
	return NULL;
}

/** take_string() - Return: 1 when @field is one of @members and was stored, 0 when not, -EBADMSG */
static int take_string(const struct reader *reader, const struct field_view *field,
		       const struct wire_members *members, void *object)
{
	const struct wire_member *member = find_member(members, field);
	const char *text = (const char *)field->content;

	if (!member)
		return 0;
	int rc = check_string(reader, field, member->name, field->content, field->length);
	if (rc < 0)
		return rc;
	memcpy((char *)object + member->offset, &text, sizeof(text));
	return 1;
}

/** take_number() - likewise for numbers */
static int take_number(const struct reader *reader, const struct field_view *field,
		       const struct wire_members *members, void *object)
{
	const struct wire_member *member = find_member(members, field);
	uint32_t number;

	if (!member)
		return 0;
	if (field->length != NUMBER_BYTES || get_number(field->content, NUMBER_BYTES) == 0)
		return error_set(reader->err, EBADMSG,
				 "%s at offset %zu: expected a number of %d bytes, not 0",
				 member->name, field->offset, NUMBER_BYTES);
	number = get_number(field->content, NUMBER_BYTES);
	memcpy((char *)object + member->offset, &number, sizeof(number));
	return 1;
}

/** take_uid() - a number of four bytes; (uid_t)-1 is nobody's */
static int take_uid(const struct reader *reader, const struct field_view *field, uid_t *ret)
{
	if (field->length != NUMBER_BYTES ||
	    get_number(field->content, NUMBER_BYTES) == UINT32_MAX)
		return error_set(reader->err, EBADMSG, "uid at offset %zu: expected a uid of %d bytes",
				 field->offset, NUMBER_BYTES);
	*ret = get_number(field->content, NUMBER_BYTES);
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
	int rc = take_string(reader, field, &wire_request_strings, request);

	if (rc == 0)
		rc = take_number(reader, field, &wire_request_numbers, request);
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
		.config = "", .policy = "",
		.carrels = storage->carrels,
	};
	int rc, kind = read_header(&reader);

	if (kind < 0)
		return kind;
	if (!wire_operation_exists((unsigned)kind))
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
	if (!wire_status_exists((unsigned)kind))
		return error_set(err, EBADMSG, "there is no status %d", kind);
	reply.status = (enum wire_status)kind;
	while ((rc = next_field(&reader, &field)) > 0) {
		rc = take_string(&reader, &field, &wire_reply_strings, &reply);
		if (rc == 0)
			rc = take_number(&reader, &field, &wire_reply_numbers, &reply);
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
