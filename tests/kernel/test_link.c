/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links, addresses and routes in a network namespace of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "base/error.h"
#include "base/fd.h"
#include "core/plan.h"
#include "kernel/facts.h"
#include "kernel/link.h"
#include "kernel/netns.h"
#include "kernel/rtnl.h"

static const struct address gateway4 = { FAMILY_IPV4, { 169, 254, 0, 1 } };
static const struct address host4 = { FAMILY_IPV4, { 192, 0, 2, 1 } };

struct fixture {
	struct rtnl host, carrel;
	int home_fd, host_fd, carrel_fd;
};

/* Two fresh namespaces, "host" and "carrel"; the test stands in the host's. */
static int set_up(void **state)
{
	static struct fixture fixture;
	struct carrel_error err = { 0 };

	fixture = (struct fixture){ .home_fd = -1, .host_fd = -1, .carrel_fd = -1 };
	if (netns_current(&fixture.home_fd, &err) || netns_create(&fixture.carrel_fd, &err) ||
	    rtnl_open(&fixture.carrel, &err) || netns_create(&fixture.host_fd, &err) ||
	    rtnl_open(&fixture.host, &err)) {
		print_error("%s\n", err.text);
		return -1;
	}
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	rtnl_close(&fixture->host);
	rtnl_close(&fixture->carrel);
	netns_enter(fixture->home_fd, NULL);
	fd_close(&fixture->home_fd);
	fd_close(&fixture->host_fd);
	fd_close(&fixture->carrel_fd);
	return 0;
}

static int make_pair(struct fixture *fixture, const char *name, struct carrel_error *err)
{
	const struct link_pair pair = {
		.name = name, .peer_name = CARREL_UPLINK,
		.mac = plan_mac_host, .peer_mac = plan_mac_carrel,
		.mtu_bytes = 1400, .group = 0xca440004,
		.peer_netns_fd = fixture->carrel_fd,
	};
	int rc = link_pair(&fixture->host, &pair, err);

	return rc < 0 ? rc : rtnl_commit(&fixture->host, err);
}

/* Interface index of the carrel's end. */
static int uplink(const struct fixture *fixture)
{
	return link_index(&fixture->carrel, CARREL_UPLINK);
}

struct seen_links {
	unsigned count;
	bool up;
};

static int see_link(const char *name, bool up, void *context)
{
	struct seen_links *seen = context;

	seen->count++;
	if (strcmp(name, "cr-1000") == 0)
		seen->up = up;
	return 0;
}

static int stop_at_link(const char *name, bool up, void *context)
{
	(void)name;
	(void)up;
	++*(unsigned *)context;
	return -ECANCELED;
}

static void test_link_each_names_all_and_says_which_are_up(void **state)
{
	struct fixture *fixture = *state;
	struct seen_links before = { 0 }, seen = { 0 };
	struct carrel_error err = { 0 };
	unsigned visits = 0;

	assert_int_equal(link_each(&fixture->host, see_link, &before, &err), 0);
	assert_int_equal(make_pair(fixture, "cr-1000", &err), 0);
	int index = link_index(&fixture->host, "cr-1000");
	assert_int_equal(link_up(&fixture->host, index, NULL, &err), 0);
	assert_int_equal(rtnl_commit(&fixture->host, &err), 0);
	assert_int_equal(link_each(&fixture->host, see_link, &seen, &err), 0);
	assert_int_equal(seen.count, before.count + 1);
	assert_true(seen.up);
	assert_int_equal(link_down(&fixture->host, index, &err), 0);
	assert_int_equal(rtnl_commit(&fixture->host, &err), 0);
	assert_int_equal(link_each(&fixture->host, see_link, &seen, &err), 0);
	assert_false(seen.up);
	assert_int_equal(link_each(&fixture->host, stop_at_link, &visits, &err), -ECANCELED);
	assert_int_equal(visits, 1);
}

static void test_link_pair_places_both_ends(void **state)
{
	struct fixture *fixture = *state;
	struct carrel_error err = { 0 };

	assert_int_equal(make_pair(fixture, "cr-1000", &err), 0);
	assert_true(link_index(&fixture->host, "cr-1000") > 0);
	assert_true(link_index(&fixture->carrel, CARREL_UPLINK) > 0);
	assert_int_equal(link_mtu(&fixture->carrel, uplink(fixture)), 1400);
	assert_int_equal(link_index(&fixture->carrel, "cr-1000"), -ENODEV);
}

static void test_link_pair_refuses_a_name_that_is_taken(void **state)
{
	struct fixture *fixture = *state;
	struct carrel_error err = { 0 };

	assert_int_equal(make_pair(fixture, "cr-1000", &err), 0);
	assert_int_equal(make_pair(fixture, "cr-1000", &err), -EEXIST);
	assert_non_null(strstr(err.text, "making the veth"));
}

static void test_link_delete_takes_the_peer_along(void **state)
{
	struct fixture *fixture = *state;
	struct carrel_error err = { 0 };

	assert_int_equal(make_pair(fixture, "cr-1000", &err), 0);
	assert_int_equal(link_delete(&fixture->host, "cr-1000", &err), 0);
	assert_int_equal(rtnl_commit(&fixture->host, &err), 0);
	assert_int_equal(link_index(&fixture->carrel, CARREL_UPLINK), -ENODEV);

	assert_int_equal(link_delete(&fixture->host, "cr-1000", &err), 0);
	assert_int_equal(rtnl_commit(&fixture->host, &err), -ENODEV);
}

static void test_link_quiet_leaves_no_link_local_address(void **state)
{
	struct fixture *fixture = *state;
	ARENA_CLEANUP struct arena arena = { 0 };
	struct carrel_error err = { 0 };
	struct facts facts;
	int index;

	assert_int_equal(make_pair(fixture, "cr-1000", &err), 0);
	index = link_index(&fixture->host, "cr-1000");
	assert_int_equal(link_quiet(&fixture->host, index, true, true, "alice", &err), 0);
	assert_int_equal(link_up(&fixture->host, index, NULL, &err), 0);
	assert_int_equal(link_address(&fixture->host, index, &host4, &err), 0);
	assert_int_equal(rtnl_commit(&fixture->host, &err), 0);
	assert_int_equal(link_up(&fixture->carrel, uplink(fixture), NULL, &err), 0);
	assert_int_equal(rtnl_commit(&fixture->carrel, &err), 0);

	/* The only IPv6 address that could be there would be of scope link: look with ip(8). */
	assert_int_equal(system("test -z \"$(ip -6 addr show dev cr-1000)\""), 0);
	assert_int_equal(system("ip -d link show dev cr-1000 | grep -q 'alias alice'"), 0);
	assert_int_equal(system("test \"$(cat /proc/sys/net/ipv4/conf/cr-1000/forwarding)\" = 1"), 0);

	assert_int_equal(facts_gather(&fixture->host, true, &arena, &facts, &err), 0);
	assert_int_equal(facts.host.count, 1);
	assert_true(address_equal(&facts.host.items[0].address, &host4));
}

static void test_rtnl_commit_names_the_request_that_failed_amid_others(void **state)
{
	struct fixture *fixture = *state;
	struct carrel_error err = { 0 };
	const struct prefix everywhere = { .length = 0 };

	assert_int_equal(make_pair(fixture, "cr-1000", &err), 0);
	assert_int_equal(link_up(&fixture->carrel, 1, NULL, &err), 0);
	/* No such interface; the kernel goes on with the requests behind it. */
	assert_int_equal(link_address(&fixture->carrel, 77, &host4, &err), 0);
	assert_int_equal(link_up(&fixture->carrel, uplink(fixture), NULL, &err), 0);
	assert_int_equal(link_neighbour(&fixture->carrel, uplink(fixture), &gateway4, plan_mac_host, &err), 0);
	assert_int_equal(link_route(&fixture->carrel, uplink(fixture), &everywhere, &gateway4, false, &err), 0);
	assert_int_equal(rtnl_commit(&fixture->carrel, &err), -ENODEV);
	assert_non_null(strstr(err.text, "adding the address"));

	/* The socket is in step again. */
	assert_int_equal(link_up(&fixture->carrel, uplink(fixture), NULL, &err), 0);
	assert_int_equal(rtnl_commit(&fixture->carrel, &err), 0);
}

static void test_rtnl_commit_tells_the_kernels_own_words(void **state)
{
	struct fixture *fixture = *state;
	struct carrel_error err = { 0 };
	const struct prefix everywhere = { .length = 0 };

	/* The uplink is still down: nothing can be routed through it. */
	assert_int_equal(make_pair(fixture, "cr-1000", &err), 0);
	assert_int_equal(link_route(&fixture->carrel, uplink(fixture), &everywhere, &gateway4, false, &err), 0);
	assert_true(rtnl_commit(&fixture->carrel, &err) < 0);
	assert_non_null(strstr(err.text, "adding the route: the kernel says \""));
}

/* rtnl_ask() answer: counts links and addresses */
static int count_answer(const struct nlmsghdr *message, void *context)
{
	unsigned *count = context;

	if (message->nlmsg_type == RTM_NEWLINK || message->nlmsg_type == RTM_NEWADDR)
		++*count;
	return 0;
}

static bool is_no_link(int rc)
{
	return rc == -ENODEV;
}

static void ask_for_link(struct rtnl *rtnl, int index)
{
	struct nlmsghdr *request = rtnl_request(rtnl, RTM_GETLINK, 0, "looking at a link");
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(request, sizeof(*info));

	info->ifi_index = index;
	assert_int_equal(rtnl_end(rtnl, request, NULL), 0);
}

static void ask_for_addresses(struct rtnl *rtnl)
{
	struct nlmsghdr *request = rtnl_request(rtnl, RTM_GETADDR, NLM_F_DUMP, "listing addresses");

	mnl_nlmsg_put_extra_header(request, sizeof(struct ifaddrmsg));
	assert_int_equal(rtnl_end(rtnl, request, NULL), 0);
}

static void test_rtnl_ask_gives_each_answer_to_its_question(void **state)
{
	enum { UPLINK, NO_LINK, LOOPBACK, ADDRESSES, COUNT };
	struct fixture *fixture = *state;
	struct rtnl_question questions[COUNT];
	struct carrel_error err = { 0 };
	unsigned answers[COUNT] = { 0 };

	assert_int_equal(make_pair(fixture, "cr-1000", &err), 0);
	int index = uplink(fixture);
	assert_int_equal(link_up(&fixture->carrel, LOOPBACK_INDEX, NULL, &err), 0);
	assert_int_equal(link_address(&fixture->carrel, index, &host4, &err), 0);
	assert_int_equal(rtnl_commit(&fixture->carrel, &err), 0);
	for (size_t i = 0; i < COUNT; i++)
		questions[i] = (struct rtnl_question){
			.answer = count_answer, .context = &answers[i], .is_absent = is_no_link,
		};

	/* Twice: the socket is in step afterwards, though a question was refused. */
	for (unsigned times = 1; times <= 2; times++) {
		ask_for_link(&fixture->carrel, index);
		ask_for_link(&fixture->carrel, 77);
		ask_for_link(&fixture->carrel, LOOPBACK_INDEX);
		ask_for_addresses(&fixture->carrel);
		assert_int_equal(rtnl_ask(&fixture->carrel, questions, &err), 0);
		assert_int_equal(answers[UPLINK], times);
		assert_int_equal(answers[NO_LINK], 0);
		assert_int_equal(answers[LOOPBACK], times);
		/* 127.0.0.1, ::1 and the one that was added. */
		assert_int_equal(answers[ADDRESSES], 3 * times);
	}

	questions[NO_LINK].is_absent = NULL;
	ask_for_link(&fixture->carrel, index);
	ask_for_link(&fixture->carrel, 77);
	assert_int_equal(rtnl_ask(&fixture->carrel, questions, &err), -ENODEV);
	assert_non_null(strstr(err.text, "looking at a link"));
}

/* More answers than are taken at once. */
static void test_rtnl_ask_takes_the_answers_to_a_full_batch(void **state)
{
	struct fixture *fixture = *state;
	struct rtnl_question questions[RTNL_BATCH_REQUESTS];
	struct carrel_error err = { 0 };
	unsigned answers = 0;

	for (size_t i = 0; i < RTNL_BATCH_REQUESTS; i++)
		questions[i] = (struct rtnl_question){ .answer = count_answer, .context = &answers };
	for (size_t i = 0; i < RTNL_BATCH_REQUESTS - 1; i++)
		ask_for_link(&fixture->carrel, LOOPBACK_INDEX);
	assert_int_equal(rtnl_ask(&fixture->carrel, questions, &err), 0);
	assert_int_equal(answers, RTNL_BATCH_REQUESTS - 1);
}

static void make_room(struct rtnl *rtnl, int bytes)
{
	assert_int_equal(setsockopt(mnl_socket_get_fd(rtnl->socket), SOL_SOCKET, SO_RCVBUF,
				    &bytes, sizeof(bytes)), 0);
}

/* @rtnl's socket gets more messages that nobody asked for than it has room for: "no buffer space". */
static void overrun(struct rtnl *rtnl)
{
	const int group = RTNLGRP_LINK;
	struct carrel_error err = { 0 };
	struct rtnl other;

	assert_int_equal(rtnl_open(&other, &err), 0);
	make_room(rtnl, 0);
	assert_int_equal(mnl_socket_setsockopt(rtnl->socket, NETLINK_ADD_MEMBERSHIP, (void *)&group,
					       sizeof(group)), 0);
	for (uint32_t i = 1; i <= 2 * RTNL_BATCH_REQUESTS; i++) {
		assert_int_equal(link_group(&other, LOOPBACK_INDEX, i, &err), 0);
		assert_int_equal(rtnl_commit(&other, &err), 0);
	}
	assert_int_equal(mnl_socket_setsockopt(rtnl->socket, NETLINK_DROP_MEMBERSHIP, (void *)&group,
					       sizeof(group)), 0);
	rtnl_close(&other);
}

/* The kernel goes on with one list only when the last one was taken. */
static void test_rtnl_ask_works_again_after_an_answer_was_lost(void **state)
{
	struct fixture *fixture = *state;
	struct carrel_error err = { 0 };
	unsigned answers = 0;
	const struct rtnl_question question = { .answer = count_answer, .context = &answers };
	const struct rtnl_question questions[] = { question, question };
	const struct timeval limit = { .tv_sec = 10 };

	/* Rather than to wait for ever for what is lost. */
	assert_int_equal(setsockopt(mnl_socket_get_fd(fixture->host.socket), SOL_SOCKET,
				    SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	overrun(&fixture->host);
	ask_for_link(&fixture->host, LOOPBACK_INDEX);
	ask_for_addresses(&fixture->host);
	assert_int_equal(rtnl_ask(&fixture->host, questions, &err), -ENOBUFS);

	make_room(&fixture->host, 1 << 16);
	answers = 0;
	ask_for_link(&fixture->host, LOOPBACK_INDEX);
	ask_for_addresses(&fixture->host);
	assert_int_equal(rtnl_ask(&fixture->host, questions, &err), 0);
	assert_int_equal(answers, 1);
}

static void test_rtnl_end_refuses_a_batch_that_is_full(void **state)
{
	struct fixture *fixture = *state;
	struct carrel_error err = { 0 };
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < 2 * RTNL_BATCH_REQUESTS; i++)
		rc = link_up(&fixture->host, 1, NULL, &err);
	assert_int_equal(rc, -E2BIG);
	assert_true(rtnl_pending(&fixture->host) <= RTNL_BATCH_REQUESTS);
}

static void test_facts_gather_finds_the_mtu_of_the_way_out(void **state)
{
	struct fixture *fixture = *state;
	ARENA_CLEANUP struct arena arena = { 0 };
	struct carrel_error err = { 0 };
	const struct prefix everywhere = { .length = 0 };
	struct facts facts;
	int index;

	assert_int_equal(facts_gather(&fixture->host, false, &arena, &facts, &err), 0);
	facts_find_mtu(&fixture->host, &facts);
	assert_int_equal(facts.mtu_bytes, 1500);

	assert_int_equal(make_pair(fixture, "wan0", &err), 0);
	index = link_index(&fixture->host, "wan0");
	assert_int_equal(link_up(&fixture->host, index, NULL, &err), 0);
	assert_int_equal(link_address(&fixture->host, index, &host4, &err), 0);
	assert_int_equal(link_route(&fixture->host, index, &everywhere, &gateway4, false, &err), 0);
	assert_int_equal(rtnl_commit(&fixture->host, &err), 0);
	facts_find_mtu(&fixture->host, &facts);
	assert_int_equal(facts.mtu_bytes, 1400);

	/* The table's entry names no link where there are two ways; then what a packet would do counts. */
	assert_int_equal(netns_enter(fixture->host_fd, &err), 0);
	assert_int_equal(system("ip route replace default nexthop via 192.0.2.250 dev wan0 onlink "
				"nexthop via 192.0.2.251 dev wan0 onlink"), 0);
	facts_find_mtu(&fixture->host, &facts);
	assert_int_equal(facts.mtu_bytes, 1400);

	/* More than a veth may have, as by a VRF. */
	assert_int_equal(system("ip link set lo up && ip route replace default dev lo"), 0);
	facts_find_mtu(&fixture->host, &facts);
	assert_int_equal(facts.mtu_bytes, 1500);
}

int main(void)
{
#define LINK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		LINK_TEST(test_link_each_names_all_and_says_which_are_up),
		LINK_TEST(test_link_pair_places_both_ends),
		LINK_TEST(test_link_pair_refuses_a_name_that_is_taken),
		LINK_TEST(test_link_delete_takes_the_peer_along),
		LINK_TEST(test_link_quiet_leaves_no_link_local_address),
		LINK_TEST(test_rtnl_commit_names_the_request_that_failed_amid_others),
		LINK_TEST(test_rtnl_commit_tells_the_kernels_own_words),
		LINK_TEST(test_rtnl_ask_gives_each_answer_to_its_question),
		LINK_TEST(test_rtnl_ask_takes_the_answers_to_a_full_batch),
		LINK_TEST(test_rtnl_ask_works_again_after_an_answer_was_lost),
		LINK_TEST(test_rtnl_end_refuses_a_batch_that_is_full),
		LINK_TEST(test_facts_gather_finds_the_mtu_of_the_way_out),
	};

	return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
