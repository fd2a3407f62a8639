/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See wire_fields.h for the form of messages. */
#include "base/wire.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/error.h"
#include "base/wire_fields.h"

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
static int begin_field(struct writer *writer, enum wire_field type, const char *name, size_t length,
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

/** put_strings() - the members of @object that are strings, but for the empty ones */
static int put_strings(struct writer *writer, const void *object,
		       const struct wire_members *members)
{
	for (size_t i = 0; i < members->count; i++) {
		const struct wire_member *member = &members->items[i];
		const char *text;
		uint8_t *content;

		memcpy(&text, (const char *)object + member->offset, sizeof(text));
		if (!text || !*text)
			continue;
		size_t size = strlen(text) + 1;
		int rc = begin_field(writer, member->type, member->name, size, &content);
		if (rc < 0)
			return rc;
		memcpy(content, text, size);
	}
	return 0;
}

/** put_numbers() - the members of @object that are numbers, but for 0 */
static int put_numbers(struct writer *writer, const void *object,
		       const struct wire_members *members)
{
	for (size_t i = 0; i < members->count; i++) {
		const struct wire_member *member = &members->items[i];
		uint32_t number;
		uint8_t *content;

		memcpy(&number, (const char *)object + member->offset, sizeof(number));
		if (!number)
			continue;
		int rc = begin_field(writer, member->type, member->name, NUMBER_BYTES, &content);
		if (rc < 0)
			return rc;
		put_number(content, number, NUMBER_BYTES);
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

	if (!wire_operation_exists(request->operation))
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
		rc = put_strings(&writer, request, &wire_request_strings);
	if (rc == 0)
		rc = begin_field(&writer, FIELD_UID, "uid", NUMBER_BYTES, &content);
	if (rc < 0)
		return rc;
	put_number(content, subject->uid, NUMBER_BYTES);
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
	rc = put_numbers(&writer, request, &wire_request_numbers);
	return rc < 0 ? rc : finish(&writer);
}

int wire_encode_reply(const struct wire_reply *reply, uint8_t *bytes, size_t size,
		      struct carrel_error *err)
{
	struct writer writer = { .bytes = bytes, .size = size, .err = err };

	if (!wire_status_exists(reply->status))
		return error_set(err, EINVAL, "there is no status %u", reply->status);
	int rc = begin(&writer, reply->status);
	if (rc == 0)
		rc = put_strings(&writer, reply, &wire_reply_strings);
	if (rc == 0)
		rc = put_numbers(&writer, reply, &wire_reply_numbers);
	return rc < 0 ? rc : finish(&writer);
}
