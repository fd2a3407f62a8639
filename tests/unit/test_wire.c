/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/error.h"
#include "base/wire.h"

static const struct subject_group groups[] = { { "exam", true }, { "students", false } };

static const struct wire_request request = {
	.operation = WIRE_OPEN,
	.subject = {
		.user = "ann", .uid = 4294967294, .service = "sshd", .tty = "ssh",
		.rhost = "2001:db8::1", .groups = groups, .group_count = 2,
	},
	.config = "/etc/carrel/carrel.conf",
};

static const struct wire_reply reply = {
	.status = WIRE_OK, .policy = "exam", .netns = "carrel-1000", .address4 = "10.213.0.1",
	.address6 = "", .message = "", .warnings = "one\ntwo\n",
};

static uint8_t bytes[WIRE_MAX_BYTES + 1];
static struct wire_storage storage;

/* Encode @request to bytes[]; its length. */
static size_t encode(void)
{
	int length = wire_encode_request(&request, bytes, sizeof(bytes), NULL);

	assert_true(length > 0);
	return (size_t)length;
}

/* Decode a copy that ends where its memory does, so that tools see a read beyond it. */
static int decode(size_t length, struct carrel_error *err)
{
	uint8_t *copy = malloc(length ? length : 1);
	struct wire_request decoded = { .config = "untouched" };

	assert_non_null(copy);
	memcpy(copy, bytes, length);
	int rc = wire_decode_request(copy, length, &storage, &decoded, err);
	if (rc < 0)
		assert_string_equal(decoded.config, "untouched");
	free(copy);
	return rc;
}

static void assert_refused(size_t length, const char *why)
{
	struct carrel_error err = { 0 };

	assert_int_equal(decode(length, &err), -EBADMSG);
	assert_non_null(strstr(err.text, why));
}

/* Append a field by hand and mend the length of the message. */
static size_t append(size_t length, unsigned type, const void *content, size_t size)
{
	const uint8_t header[] = { (uint8_t)type, (uint8_t)(type >> 8), (uint8_t)size,
				   (uint8_t)(size >> 8) };

	memcpy(bytes + length, header, sizeof(header));
	memcpy(bytes + length + sizeof(header), content, size);
	length += sizeof(header) + size;
	bytes[4] = (uint8_t)length;
	bytes[5] = (uint8_t)(length >> 8);
	return length;
}

static void test_wire_request_survives_the_way(void **state)
{
	struct wire_request decoded;

	(void)state;
	assert_int_equal(wire_decode_request(bytes, encode(), &storage, &decoded, NULL), 0);
	assert_int_equal(decoded.operation, WIRE_OPEN);
	assert_string_equal(decoded.subject.user, "ann");
	assert_true(decoded.subject.uid == 4294967294);
	assert_string_equal(decoded.subject.service, "sshd");
	assert_string_equal(decoded.subject.tty, "ssh");
	assert_string_equal(decoded.subject.rhost, "2001:db8::1");
	assert_string_equal(decoded.config, "/etc/carrel/carrel.conf");
	assert_int_equal(decoded.subject.group_count, 2);
	assert_string_equal(decoded.subject.groups[0].name, "exam");
	assert_true(decoded.subject.groups[0].member);
	assert_string_equal(decoded.subject.groups[1].name, "students");
	assert_false(decoded.subject.groups[1].member);
}

static void test_wire_carrels_survive_the_way(void **state)
{
	static const struct wire_carrel carrels[] = {
		{ 1000, 4026532345, 4026532346, 123456, true },
		{ 4294967294, UINT64_MAX, 0, 0, false },
	};
	const struct wire_request collect = {
		.operation = WIRE_COLLECT, .subject = { .user = "root" },
		.carrels = carrels, .carrel_count = 2,
	};
	struct wire_request decoded;
	int length = wire_encode_request(&collect, bytes, sizeof(bytes), NULL);

	(void)state;
	assert_true(length > 0);
	assert_int_equal(wire_decode_request(bytes, (size_t)length, &storage, &decoded, NULL), 0);
	assert_int_equal(decoded.operation, WIRE_COLLECT);
	assert_int_equal(decoded.carrel_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(decoded.carrels[i].uid, carrels[i].uid);
		assert_int_equal(decoded.carrels[i].recorded_inode, carrels[i].recorded_inode);
		assert_int_equal(decoded.carrels[i].pinned_inode, carrels[i].pinned_inode);
		assert_int_equal(decoded.carrels[i].idle_since_s, carrels[i].idle_since_s);
		assert_int_equal(decoded.carrels[i].processes, carrels[i].processes);
	}
}

static void test_wire_decode_refuses_carrels_that_cannot_be(void **state)
{
	uint8_t carrel[30] = { 1 };
	size_t length;

	(void)state;
	assert_int_equal(decode(append(encode(), 9, carrel, 29), NULL), 0);
	assert_refused(append(encode(), 9, carrel, 28), "29 bytes");
	assert_refused(append(encode(), 9, carrel, 30), "29 bytes");
	carrel[28] = 2;
	assert_refused(append(encode(), 9, carrel, 29), "29 bytes");
	memset(carrel, 0xff, 4);
	carrel[28] = 1;
	assert_refused(append(encode(), 9, carrel, 29), "29 bytes");
	carrel[0] = 0;
	length = encode();
	for (size_t i = 0; i < WIRE_MAX_CARRELS; i++)
		length = append(length, 9, carrel, 29);
	assert_int_equal(decode(length, NULL), 0);
	assert_refused(append(length, 9, carrel, 29), "more than");
	assert_refused(append(append(encode(), 9, carrel, 29), 8, "\1g", 3), "out of order");
}

static void test_wire_reply_survives_the_way(void **state)
{
	struct wire_reply decoded;
	int length = wire_encode_reply(&reply, bytes, sizeof(bytes), NULL);

	(void)state;
	assert_true(length > 0);
	assert_int_equal(wire_decode_reply(bytes, (size_t)length, &decoded, NULL), 0);
	assert_int_equal(decoded.status, WIRE_OK);
	assert_string_equal(decoded.policy, "exam");
	assert_string_equal(decoded.netns, "carrel-1000");
	assert_string_equal(decoded.address4, "10.213.0.1");
	assert_string_equal(decoded.address6, "");
	assert_string_equal(decoded.message, "");
	assert_string_equal(decoded.warnings, "one\ntwo\n");
	assert_int_equal(decoded.number, 0);
	assert_int_equal(decoded.connections_cut, 0);
}

static void test_wire_numbers_survive_the_way(void **state)
{
	struct wire_reply numbers = reply, decoded;
	struct wire_request run = request, decoded_run;
	int length;

	(void)state;
	numbers.number = 4294901760;
	numbers.connections_cut = 1;
	length = wire_encode_reply(&numbers, bytes, sizeof(bytes), NULL);
	assert_true(length > 0);
	assert_int_equal(wire_decode_reply(bytes, (size_t)length, &decoded, NULL), 0);
	assert_int_equal(decoded.number, 4294901760);
	assert_int_equal(decoded.connections_cut, 1);
	bytes[length - 4] = 0;
	assert_int_equal(wire_decode_reply(bytes, (size_t)length, &decoded, NULL), -EBADMSG);

	run.operation = WIRE_RUN;
	run.policy = "exam";
	run.sought = 4026532345;
	length = wire_encode_request(&run, bytes, sizeof(bytes), NULL);
	assert_true(length > 0);
	assert_int_equal(wire_decode_request(bytes, (size_t)length, &storage, &decoded_run, NULL),
			 0);
	assert_string_equal(decoded_run.policy, "exam");
	assert_int_equal(decoded_run.sought, 4026532345);
}

static void test_wire_decode_refuses_every_shorter_message(void **state)
{
	size_t whole = encode();

	(void)state;
	for (size_t length = 0; length < whole; length++) {
		assert_int_equal(decode(length, NULL), -EBADMSG);
		/* Also where the header agrees: fields are cut, or the last group is missing. */
		bytes[4] = (uint8_t)length;
		bytes[5] = (uint8_t)(length >> 8);
		struct wire_request decoded;
		int rc = wire_decode_request(bytes, length, &storage, &decoded, NULL);
		assert_true(rc == -EBADMSG || decoded.subject.group_count < 2);
		bytes[4] = (uint8_t)whole;
		bytes[5] = (uint8_t)(whole >> 8);
	}
}

static void test_wire_decode_refuses_a_wrong_header(void **state)
{
	size_t length = encode();

	(void)state;
	bytes[0] = WIRE_VERSION + 1;
	assert_refused(length, "version 2");
	encode();
	bytes[2] = 0;
	assert_refused(length, "no operation 0");
	encode();
	bytes[2] = WIRE_EDITIONS + 1;
	assert_refused(length, "no operation 11");
	encode();
	assert_refused(length + 1, "says it has");
	assert_refused(sizeof(bytes), "is the most");
}

static void test_wire_decode_refuses_fields_that_are_doubled_unknown_or_empty(void **state)
{
	const uint8_t no_nul[] = "x";

	(void)state;
	assert_refused(append(encode(), 7, "\1\0\0\0", 4), "twice or out of order");
	assert_refused(append(encode(), 11, "x", 2), "no meaning");
	assert_refused(append(encode(), 10, "x", 2), "expected a number");
	assert_refused(append(encode(), 10, "\0\0\0\0", 4), "expected a number");
	assert_refused(append(append(encode(), 10, "\1\0\0\0", 4), 10, "\1\0\0\0", 4), "twice");
	assert_refused(append(encode(), 33, "x", 2), "no meaning");
	assert_refused(append(encode(), 8, "\1x", 2), "one NUL");
	assert_refused(append(encode(), 8, "\1x\0y", 5), "one NUL");
	assert_refused(append(encode(), 8, "\1", 2), "one NUL");
	assert_refused(append(encode(), 8, "\2x", 3), "byte 0 or 1");
	assert_refused(append(encode(), 8, "", 0), "byte 0 or 1");
	assert_refused(append(8, 1, no_nul, 1), "one NUL");
	assert_refused(append(append(8, 1, "ann", 4), 7, "\1\0", 2), "uid");
	assert_refused(append(append(8, 1, "ann", 4), 7, "\377\377\377\377", 4), "uid");
	assert_refused(append(8, 1, "ann", 4), "without a uid");
	assert_refused(append(8, 7, "\1\0\0\0", 4), "without a user");
	assert_int_equal(decode(append(append(8, 1, "ann", 4), 7, "\1\0\0\0", 4), NULL), 0);
}

static void test_wire_decode_refuses_more_groups_than_there_may_be(void **state)
{
	size_t length;

	(void)state;
	encode();
	length = append(append(8, 1, "ann", 4), 7, "\1\0\0\0", 4);
	for (size_t i = 0; i < WIRE_MAX_GROUPS; i++)
		length = append(length, 8, "\1g", 3);
	assert_int_equal(decode(length, NULL), 0);
	assert_refused(append(length, 8, "\1g", 3), "more than");
}

static void test_wire_encode_refuses_what_does_not_fit(void **state)
{
	struct wire_request large = request;
	struct carrel_error err = { 0 };
	char *text = malloc(WIRE_MAX_BYTES);
	size_t whole = encode();

	(void)state;
	assert_non_null(text);
	for (size_t size = 0; size < whole; size++)
		assert_int_equal(wire_encode_request(&request, bytes, size, &err), -E2BIG);
	memset(text, 'x', WIRE_MAX_BYTES - 1);
	text[WIRE_MAX_BYTES - 1] = '\0';
	large.subject.rhost = text;
	assert_int_equal(wire_encode_request(&large, bytes, sizeof(bytes), &err), -E2BIG);
	assert_non_null(strstr(err.text, "remote host"));
	large = request;
	large.subject.group_count = WIRE_MAX_GROUPS + 1;
	assert_int_equal(wire_encode_request(&large, bytes, sizeof(bytes), &err), -E2BIG);
	large = request;
	large.carrel_count = WIRE_MAX_CARRELS + 1;
	assert_int_equal(wire_encode_request(&large, bytes, sizeof(bytes), &err), -E2BIG);
	free(text);
}

static void test_wire_encode_refuses_what_means_nothing(void **state)
{
	static const struct subject_group nameless = { "", true };
	static const struct wire_carrel nobody = { .uid = (uid_t)-1 };
	struct wire_request wrong = request;
	struct wire_reply bad = reply;

	(void)state;
	wrong.operation = 0;
	assert_int_equal(wire_encode_request(&wrong, bytes, sizeof(bytes), NULL), -EINVAL);
	wrong = request;
	wrong.subject.user = "";
	assert_int_equal(wire_encode_request(&wrong, bytes, sizeof(bytes), NULL), -EINVAL);
	wrong = request;
	wrong.subject.uid = (uid_t)-1;
	assert_int_equal(wire_encode_request(&wrong, bytes, sizeof(bytes), NULL), -EINVAL);
	wrong = request;
	wrong.subject.groups = &nameless;
	wrong.subject.group_count = 1;
	assert_int_equal(wire_encode_request(&wrong, bytes, sizeof(bytes), NULL), -EINVAL);
	wrong = request;
	wrong.carrels = &nobody;
	wrong.carrel_count = 1;
	assert_int_equal(wire_encode_request(&wrong, bytes, sizeof(bytes), NULL), -EINVAL);
	bad.status = WIRE_UNPINNED + 1;
	assert_int_equal(wire_encode_reply(&bad, bytes, sizeof(bytes), NULL), -EINVAL);
}

static void test_wire_decode_reply_refuses_a_request(void **state)
{
	struct wire_reply decoded;

	(void)state;
	assert_int_equal(wire_decode_reply(bytes, encode(), &decoded, NULL), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wire_request_survives_the_way),
		cmocka_unit_test(test_wire_carrels_survive_the_way),
		cmocka_unit_test(test_wire_decode_refuses_carrels_that_cannot_be),
		cmocka_unit_test(test_wire_reply_survives_the_way),
		cmocka_unit_test(test_wire_numbers_survive_the_way),
		cmocka_unit_test(test_wire_decode_refuses_every_shorter_message),
		cmocka_unit_test(test_wire_decode_refuses_a_wrong_header),
		cmocka_unit_test(test_wire_decode_refuses_fields_that_are_doubled_unknown_or_empty),
		cmocka_unit_test(test_wire_decode_refuses_more_groups_than_there_may_be),
		cmocka_unit_test(test_wire_encode_refuses_what_does_not_fit),
		cmocka_unit_test(test_wire_encode_refuses_what_means_nothing),
		cmocka_unit_test(test_wire_decode_reply_refuses_a_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
