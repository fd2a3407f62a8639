/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kernel/mnl.c does in libmnl's place; that the kernel understands it, tests/kernel show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>
#include <libmnl/libmnl.h>

/* Zeros where nothing was written would hide what is not padded. */
static struct nlmsghdr *begin(void *bytes, size_t size)
{
	memset(bytes, 0xff, size);
	return mnl_nlmsg_put_header(bytes);
}

static void test_mnl_attr_put_pads_with_zeros(void **state)
{
	static const uint8_t expected[] = {
		36, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		5, 0, 1, 0, 7, 0, 0, 0,
		7, 0, 2, 0, 'l', 'o', 0, 0,
		4, 0, 3, 0x80,
	};
	_Alignas(struct nlmsghdr) uint8_t bytes[64];
	struct nlmsghdr *message = begin(bytes, sizeof(bytes));

	(void)state;
	mnl_attr_put_u8(message, 1, 7);
	mnl_attr_put_strz(message, 2, "lo");
	mnl_attr_nest_end(message, mnl_attr_nest_start(message, 3));
	assert_int_equal(message->nlmsg_len, sizeof(expected));
	assert_memory_equal(bytes, expected, sizeof(expected));
}

/* mnl_attr_parse() callback */
static int count(const struct nlattr *attr, void *data)
{
	(void)attr;
	++*(unsigned *)data;
	return MNL_CB_OK;
}

static void test_mnl_attr_parse_ends_where_the_message_does(void **state)
{
	_Alignas(struct nlmsghdr) uint8_t bytes[64];
	struct nlmsghdr *message = begin(bytes, sizeof(bytes));
	unsigned found = 0;

	(void)state;
	mnl_attr_put_u32(message, 1, 1);
	struct nlattr *last = (struct nlattr *)(bytes + message->nlmsg_len);
	mnl_attr_put_u32(message, 2, 2);
	assert_int_equal(mnl_attr_parse(message, 0, count, &found), MNL_CB_OK);
	assert_int_equal(found, 2);

	/* An attribute that says that it is longer than what is left, and one shorter than its header. */
	for (uint16_t length = 0; length < 20; length++) {
		last->nla_len = length;
		found = 0;
		(void)mnl_attr_parse(message, 0, count, &found);
		assert_int_equal(found, length >= sizeof(*last) && length <= 8 ? 2 : 1);
	}
}

static void test_mnl_attr_validate_knows_each_types_length(void **state)
{
	static const struct {
		enum mnl_attr_data_type type;
		size_t length;
		int errnum;
	} cases[] = {
		{ MNL_TYPE_U8, 1, 0 },   { MNL_TYPE_U8, 2, ERANGE },
		{ MNL_TYPE_U16, 2, 0 },  { MNL_TYPE_U16, 1, ERANGE },
		{ MNL_TYPE_U32, 4, 0 },  { MNL_TYPE_U32, 3, ERANGE },
		{ MNL_TYPE_U64, 8, 0 },  { MNL_TYPE_U64, 4, ERANGE },
		{ MNL_TYPE_FLAG, 0, 0 }, { MNL_TYPE_FLAG, 1, ERANGE },
		{ MNL_TYPE_STRING, 1, 0 }, { MNL_TYPE_STRING, 0, ERANGE },
		{ MNL_TYPE_NUL_STRING, 0, ERANGE }, { MNL_TYPE_NUL_STRING, 2, EINVAL },
		{ MNL_TYPE_NUL_STRING, 3, 0 },
		{ MNL_TYPE_NESTED, 0, 0 }, { MNL_TYPE_NESTED, 3, ERANGE }, { MNL_TYPE_NESTED, 4, 0 },
		{ MNL_TYPE_BINARY, 5, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_Alignas(struct nlmsghdr) uint8_t bytes[64];
		struct nlmsghdr *message = begin(bytes, sizeof(bytes));

		mnl_attr_put(message, 1, cases[i].length, "lo\0 and more");
		errno = 0;
		assert_int_equal(mnl_attr_validate(mnl_nlmsg_get_payload(message), cases[i].type),
				 cases[i].errnum ? -1 : 0);
		assert_int_equal(errno, cases[i].errnum);
	}
}

/* mnl_cb_run() callback: what @data points to */
static int answer(const struct nlmsghdr *message, void *data)
{
	(void)message;
	return *(int *)data;
}

static void test_mnl_cb_run_tells_the_end_from_a_refusal(void **state)
{
	static const struct { uint16_t type; int error, rc, errnum; } cases[] = {
		{ NLMSG_DONE, 0, MNL_CB_STOP, 0 }, { NLMSG_NOOP, 0, MNL_CB_OK, 0 },
		{ NLMSG_ERROR, 0, MNL_CB_STOP, 0 }, { NLMSG_ERROR, -EPERM, MNL_CB_ERROR, EPERM },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_Alignas(struct nlmsghdr) uint8_t bytes[64];
		struct nlmsghdr *message = begin(bytes, sizeof(bytes));
		struct nlmsgerr *error = mnl_nlmsg_put_extra_header(message, sizeof(*error));

		message->nlmsg_type = cases[i].type;
		message->nlmsg_seq = 3;
		error->error = cases[i].error;
		errno = 0;
		assert_int_equal(mnl_cb_run(bytes, message->nlmsg_len, 3, 0, NULL, NULL), cases[i].rc);
		if (cases[i].errnum)
			assert_int_equal(errno, cases[i].errnum);
		/* The answer to another question. */
		assert_int_equal(mnl_cb_run(bytes, message->nlmsg_len, 4, 0, NULL, NULL), MNL_CB_ERROR);
		assert_int_equal(errno, EPROTO);
	}
}

static void test_mnl_cb_run_goes_on_as_long_as_it_is_told(void **state)
{
	_Alignas(struct nlmsghdr) uint8_t bytes[64];
	struct nlmsghdr *message = begin(bytes, sizeof(bytes));
	int rc = MNL_CB_STOP;

	(void)state;
	message->nlmsg_type = NLMSG_MIN_TYPE;
	message->nlmsg_flags = NLM_F_DUMP_INTR;
	assert_int_equal(mnl_cb_run(bytes, message->nlmsg_len, 0, 0, answer, &rc), MNL_CB_ERROR);
	assert_int_equal(errno, EINTR);
	message->nlmsg_flags = 0;
	assert_int_equal(mnl_cb_run(bytes, message->nlmsg_len, 0, 0, answer, &rc), MNL_CB_STOP);
	rc = MNL_CB_OK;
	assert_int_equal(mnl_cb_run(bytes, message->nlmsg_len, 0, 0, answer, &rc), MNL_CB_OK);
	/* A message that was cut is none. */
	rc = MNL_CB_STOP;
	assert_int_equal(mnl_cb_run(bytes, message->nlmsg_len - 1, 0, 0, answer, &rc), MNL_CB_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mnl_attr_put_pads_with_zeros),
		cmocka_unit_test(test_mnl_attr_parse_ends_where_the_message_does),
		cmocka_unit_test(test_mnl_attr_validate_knows_each_types_length),
		cmocka_unit_test(test_mnl_cb_run_tells_the_end_from_a_refusal),
		cmocka_unit_test(test_mnl_cb_run_goes_on_as_long_as_it_is_told),
	};

	return cmocka_run_group_tests_name("mnl", tests, NULL, NULL);
}
