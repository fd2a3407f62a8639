/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pins, in a mount namespace of the test's own with an empty /run/netns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/paths.h"
#include "kernel/netns.h"
#include "kernel/sysctl.h"

#define PIN      "carrel-1000"
#define PIN_PATH PATH_PINS "/" PIN

static int set_up_group(void **state)
{
	(void)state;
	return unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	       mount("tmpfs", "/run", "tmpfs", 0, NULL) || mkdir(PATH_PINS, 0755);
}

/* Each test stands in a fresh network namespace of its own. */
static int set_up(void **state)
{
	static int netns_fd;

	*state = &netns_fd;
	return netns_create(&netns_fd, NULL);
}

static int tear_down(void **state)
{
	fd_close(*state);
	return netns_unpin(PIN, NULL);
}

static uint64_t inode_of(int fd)
{
	uint64_t inode;

	assert_int_equal(netns_inode(fd, &inode, NULL), 0);
	return inode;
}

static void test_netns_pin_keeps_the_namespace(void **state)
{
	int *netns_fd = *state;
	uint64_t inode = inode_of(*netns_fd);
	struct carrel_error err = { 0 };
	FD_CLEANUP int other_fd = -1, found_fd = -1;

	assert_int_equal(netns_pin(*netns_fd, PIN, &err), 0);
	fd_close(netns_fd);
	assert_int_equal(netns_create(&other_fd, &err), 0);

	assert_int_equal(netns_open_pin(PIN, &found_fd, &err), 0);
	assert_true(inode_of(found_fd) == inode);
	assert_true(inode_of(other_fd) != inode);
	assert_int_equal(netns_enter(found_fd, &err), 0);
}

static void test_netns_pin_refuses_a_name_that_is_taken(void **state)
{
	int *netns_fd = *state;
	struct carrel_error err = { 0 };
	FD_CLEANUP int other_fd = -1;

	assert_int_equal(netns_pin(*netns_fd, PIN, &err), 0);
	assert_int_equal(netns_create(&other_fd, &err), 0);
	assert_int_equal(netns_pin(other_fd, PIN, &err), -EEXIST);
	assert_non_null(strstr(err.text, PIN_PATH));
}

static void test_netns_pin_replaces_an_empty_file(void **state)
{
	int *netns_fd = *state;
	struct carrel_error err = { 0 };
	FD_CLEANUP int found_fd = -1;

	fd_close(&(int){ open(PIN_PATH, O_CREAT | O_RDONLY | O_CLOEXEC, 0) });
	assert_int_equal(netns_open_pin(PIN, &found_fd, &err), -ENOENT);
	assert_int_equal(netns_pin(*netns_fd, PIN, &err), 0);
	assert_int_equal(netns_open_pin(PIN, &found_fd, &err), 0);
}

static void test_netns_open_pin_refuses_what_is_no_network_namespace(void **state)
{
	struct carrel_error err = { 0 };
	FD_CLEANUP int found_fd = -1;

	(void)state;
	assert_int_equal(netns_open_pin(PIN, &found_fd, &err), -ENOENT);

	fd_close(&(int){ open(PIN_PATH, O_CREAT | O_RDONLY | O_CLOEXEC, 0600) });
	assert_int_equal(netns_open_pin(PIN, &found_fd, &err), -ENOENT);
	assert_non_null(strstr(err.text, "not a network namespace"));

	/* A namespace, but of another kind. */
	assert_int_equal(mount("/proc/self/ns/uts", PIN_PATH, NULL, MS_BIND, NULL), 0);
	assert_int_equal(netns_open_pin(PIN, &found_fd, &err), -ENOENT);
	assert_int_equal(umount(PIN_PATH), 0);

	/* Not followed to somebody else's namespace. */
	assert_int_equal(unlink(PIN_PATH), 0);
	assert_int_equal(symlink("/proc/self/ns/net", PIN_PATH), 0);
	assert_true(netns_open_pin(PIN, &found_fd, &err) < 0);
	assert_int_equal(found_fd, -1);
}

static void test_netns_open_pin_does_not_wait_for_a_fifo(void **state)
{
	struct carrel_error err = { 0 };
	FD_CLEANUP int found_fd = -1;

	(void)state;
	assert_int_equal(mkfifo(PIN_PATH, 0600), 0);
	assert_int_equal(netns_open_pin(PIN, &found_fd, &err), -ENOENT);
}

static void test_netns_unpin_removes_pins_that_are_stacked(void **state)
{
	int *netns_fd = *state;
	struct carrel_error err = { 0 };

	assert_int_equal(netns_pin(*netns_fd, PIN, &err), 0);
	assert_int_equal(mount("/proc/self/ns/net", PIN_PATH, NULL, MS_BIND, NULL), 0);
	assert_int_equal(netns_unpin(PIN, &err), 0);
	assert_int_equal(access(PIN_PATH, F_OK), -1);
	assert_int_equal(netns_unpin(PIN, &err), 0);
}

static void test_sysctl_write_reaches_only_the_own_namespace(void **state)
{
	struct carrel_error err = { 0 };
	FD_CLEANUP int other_fd = -1;
	long value;

	(void)state;
	assert_int_equal(sysctl_write("net/ipv6/conf/default/accept_ra", "0", &err), 0);
	assert_int_equal(sysctl_read_number("net/ipv6/conf/default/accept_ra", &value, &err), 0);
	assert_int_equal(value, 0);
	assert_int_equal(netns_create(&other_fd, &err), 0);
	assert_int_equal(sysctl_read_number("net/ipv6/conf/default/accept_ra", &value, &err), 0);
	assert_int_equal(value, 1);
}

static void test_sysctl_write_at_reaches_the_namespace_of_the_moment(void **state)
{
	struct carrel_error err = { 0 };
	FD_CLEANUP int proc_fd = sysctl_mount_proc(), other_fd = -1;
	long value;

	(void)state;
	assert_true(proc_fd >= 0);
	assert_int_equal(sysctl_write_at(proc_fd, "net/ipv6/conf/default/accept_ra", "0", &err), 0);
	assert_int_equal(netns_create(&other_fd, &err), 0);
	assert_int_equal(sysctl_read_number("net/ipv6/conf/default/accept_ra", &value, &err), 0);
	assert_int_equal(value, 1);
	assert_int_equal(sysctl_write_at(proc_fd, "net/ipv6/conf/default/accept_ra", "2", &err), 0);
	assert_int_equal(sysctl_read_number("net/ipv6/conf/default/accept_ra", &value, &err), 0);
	assert_int_equal(value, 2);
}

static void test_sysctl_errors_name_the_setting(void **state)
{
	struct carrel_error err = { 0 };
	long value;

	(void)state;
	assert_int_equal(sysctl_write("net/ipv4/no_such_thing", "1", &err), -ENOENT);
	assert_non_null(strstr(err.text, "/proc/sys/net/ipv4/no_such_thing"));
	assert_int_equal(sysctl_write("net/ipv4/ip_forward", "maybe", &err), -EINVAL);
	assert_non_null(strstr(err.text, "net/ipv4/ip_forward to 'maybe'"));
	assert_int_equal(sysctl_read_number("net/ipv4/ping_group_range", &value, &err), -EBADMSG);
}

int main(void)
{
#define NETNS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		NETNS_TEST(test_netns_pin_keeps_the_namespace),
		NETNS_TEST(test_netns_pin_refuses_a_name_that_is_taken),
		NETNS_TEST(test_netns_pin_replaces_an_empty_file),
		NETNS_TEST(test_netns_open_pin_refuses_what_is_no_network_namespace),
		NETNS_TEST(test_netns_open_pin_does_not_wait_for_a_fifo),
		NETNS_TEST(test_netns_unpin_removes_pins_that_are_stacked),
		NETNS_TEST(test_sysctl_write_reaches_only_the_own_namespace),
		NETNS_TEST(test_sysctl_write_at_reaches_the_namespace_of_the_moment),
		NETNS_TEST(test_sysctl_errors_name_the_setting),
	};

	return cmocka_run_group_tests_name("netns", tests, set_up_group, NULL);
}
