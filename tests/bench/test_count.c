/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/netlink.h>
#include <cmocka.h>

#include "base/error.h"
#include "count.h"

/* Raw calls only: a sanitizer's or the C library's own must not be among them. */
static void calls(int count)
{
	for (int i = 0; i < count; i++)
		(void)syscall(SYS_getppid);
}

static int count_between_marks(void *context, struct carrel_error *err)
{
	(void)context, (void)err;
	calls(5);
	count_begin();
	calls(3);
	count_end();
	calls(7);
	return 0;
}

static void test_count_system_calls_between_marks_only(void **state)
{
	struct carrel_error err = { 0 };
	struct counts counts;

	(void)state;
	assert_int_equal(count_calls(count_between_marks, NULL, &counts, &err), 0);
	assert_int_equal(counts.system_calls, 3);
	assert_int_equal(counts.processes, 0);
	assert_int_equal(counts.netlink_sends, 0);
}

static int count_child(void *context, struct carrel_error *err)
{
	(void)context, (void)err;
	count_begin();
	if (syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) == 0) {
		calls(10);
		(void)syscall(SYS_exit_group, 0);
	}
	count_end();
	return 0;
}

static void test_count_child_counted_to_its_end(void **state)
{
	struct carrel_error err = { 0 };
	struct counts counts;

	(void)state;
	assert_int_equal(count_calls(count_child, NULL, &counts, &err), 0);
	/* clone, 10, exit_group; the mark ends the parent's share alone. */
	assert_int_equal(counts.system_calls, 12);
	assert_int_equal(counts.processes, 1);
}

/* Three requests, the first padded as netlink wants it. */
struct requests {
	struct nlmsghdr first;
	char payload[4];
	struct nlmsghdr second, third;
};

static int count_netlink(void *context, struct carrel_error *err)
{
	struct requests requests = {
		.first = { .nlmsg_len = NLMSG_LENGTH(3), .nlmsg_type = NLMSG_NOOP },
		.second = { .nlmsg_len = NLMSG_LENGTH(0), .nlmsg_type = NLMSG_NOOP },
		.third = { .nlmsg_len = NLMSG_LENGTH(0), .nlmsg_type = NLMSG_NOOP },
	};
	struct iovec parts[] = { { &requests, sizeof(requests) },
				 { &requests.second, sizeof(requests.second) } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), other[2];

	(void)context;
	if (netlink < 0 || socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, other) < 0)
		return error_set_errno(err, errno, "making sockets");
	count_begin();
	(void)syscall(SYS_sendto, netlink, &requests, sizeof(requests), 0, NULL, 0);
	(void)syscall(SYS_sendmsg, netlink, &message, 0);
	(void)syscall(SYS_sendto, other[0], &requests, sizeof(requests), 0, NULL, 0);
	count_end();
	return 0;
}

static void test_count_netlink_messages_in_sends(void **state)
{
	struct carrel_error err = { 0 };
	struct counts counts;

	(void)state;
	assert_int_equal(count_calls(count_netlink, NULL, &counts, &err), 0);
	assert_int_equal(counts.system_calls, 3);
	assert_int_equal(counts.netlink_sends, 2);
	assert_int_equal(counts.netlink_messages, 3 + (3 + 1));
}

static int count_failure(void *context, struct carrel_error *err)
{
	(void)context;
	return error_set(err, EXDEV, "on purpose");
}

static void test_count_failure_of_the_work_is_told(void **state)
{
	struct carrel_error err = { 0 };
	struct counts counts = { .system_calls = 77 };

	(void)state;
	assert_int_equal(count_calls(count_failure, NULL, &counts, &err), -EXDEV);
	assert_string_equal(err.text, "on purpose");
	assert_int_equal(counts.system_calls, 77);
}

static int count_suicide(void *context, struct carrel_error *err)
{
	(void)context, (void)err;
	(void)raise(SIGKILL);
	return 0;
}

static void test_count_death_of_the_work_is_a_failure(void **state)
{
	struct carrel_error err = { 0 };
	struct counts counts;

	(void)state;
	assert_int_equal(count_calls(count_suicide, NULL, &counts, &err), -ECHILD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count_system_calls_between_marks_only),
		cmocka_unit_test(test_count_child_counted_to_its_end),
		cmocka_unit_test(test_count_netlink_messages_in_sends),
		cmocka_unit_test(test_count_failure_of_the_work_is_told),
		cmocka_unit_test(test_count_death_of_the_work_is_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
