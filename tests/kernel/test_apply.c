/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans against the real kernel: a "host" and an "internet" in network namespaces of the
 * test's own, and carrels with real packets in and out of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/paths.h"
#include "core/allocate.h"
#include "core/config.h"
#include "core/plan.h"
#include "core/policy_parse.h"
#include "kernel/apply.h"
#include "kernel/facts.h"
#include "kernel/host.h"
#include "kernel/netns.h"

/* host --wan0-- internet (203.0.113.10, 2001:db8:80::10; it knows no route to any carrel) */
static const char internet[] =
	"set -e; ip link set lo up; ip netns add internet; ip -n internet link set lo up;"
	"ip link add wan0 type veth peer name eth0 netns internet;"
	"ip addr add 198.51.100.1/24 dev wan0; ip -n internet addr add 198.51.100.2/24 dev eth0;"
	"ip addr add 2001:db8:2::1/64 dev wan0 nodad;"
	"ip -n internet addr add 2001:db8:2::2/64 dev eth0 nodad;"
	"ip -n internet addr add 203.0.113.10/32 dev lo;"
	"ip -n internet addr add 2001:db8:80::10/128 dev lo nodad;"
	"ip link set wan0 up; ip -n internet link set eth0 up;"
	"ip route add default via 198.51.100.2; ip -6 route add default via 2001:db8:2::2";

struct fixture {
	struct arena arena;
	struct config config;
	struct policy policy;
	struct facts facts;
	int host_fd;            /* the "host": where each test begins and ends */
	struct host_state recorded;
};

static void run(const char *command)
{
	int status = system(command);

	if (status != 0)
		print_error("failed: %s\n", command);
	assert_int_equal(status, 0);
}

static int set_up_group(void **state)
{
	(void)state;
	return unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	       mount("tmpfs", "/run", "tmpfs", 0, NULL) || mkdir(PATH_PINS, 0755);
}

static int set_up(void **state)
{
	static struct fixture fixture;
	struct diagnostics diagnostics = { .arena = &fixture.arena };
	const struct sources nothing = { 0 };

	fixture = (struct fixture){ .host_fd = -1 };
	if (netns_create(&fixture.host_fd, NULL) || system(internet) != 0 ||
	    config_parse(&nothing, &fixture.arena, &fixture.config, &diagnostics))
		return -1;
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	netns_unpin("carrel-1000", NULL);
	netns_unpin("carrel-1001", NULL);
	netns_enter(fixture->host_fd, NULL);
	fd_close(&fixture->host_fd);
	arena_free(&fixture->arena);
	return system("ip netns del internet");
}

static struct plan_input input_of(struct fixture *fixture, uid_t uid, const char *policy)
{
	const struct source source = { "test.policy", policy, strlen(policy) };
	struct diagnostics diagnostics = { .arena = &fixture->arena };
	struct plan_input input = {
		.uid = uid, .user = "alice", .policy = &fixture->policy,
		.config = &fixture->config, .facts = &fixture->facts,
	};

	assert_int_equal(policy_parse("test", &source, &fixture->arena, &fixture->policy,
				      &diagnostics), 0);
	allocate_address4(&fixture->config.pool4, uid, 0, &input.address4);
	allocate_address6(&fixture->config.pool6, uid, &input.address6);
	return input;
}

/* As a login does it, with fixture->recorded for the file. */
static int prepare_host(struct fixture *fixture, struct carrel_error *err)
{
	struct edition edition = { 1, fixture->facts.host };
	const struct editions editions = { .list = { &edition, 1, 1 } };
	struct host_survey survey;
	bool existed;
	int rc = host_survey(fixture->facts.ipv6, &survey, err);

	fixture->facts.edition = fixture->facts.host.count ? edition.number : EDITION_NONE;
	if (rc == 0 && !host_is_prepared(&survey, &fixture->recorded)) {
		fixture->recorded = host_intend(&survey, &fixture->recorded);
		rc = host_prepare(&survey, &fixture->recorded, &editions, &existed, err);
	}
	return rc < 0 ? rc : host_publish(&editions, &fixture->recorded.generation, err);
}

/* Make the carrel of @uid, then stand on the host again. */
static int build(struct fixture *fixture, uid_t uid, const char *policy, struct carrel_error *err)
{
	struct plan_input input = input_of(fixture, uid, policy);
	KERNEL_CLEANUP struct kernel kernel = { .netns_fd = -1, .proc_fd = -1 };
	struct plan plan;
	int rc = kernel_open(&kernel, uid, err);

	if (rc == 0)
		rc = facts_gather(&kernel.host, policy_names_host(&fixture->policy),
				  &fixture->arena, &fixture->facts, err);
	facts_find_mtu(&kernel.host, &fixture->facts);
	if (rc == 0)
		rc = prepare_host(fixture, err);
	if (rc == 0)
		rc = plan_build(&input, &fixture->arena, &plan, err);
	if (rc == 0)
		rc = kernel_apply(&kernel, &plan, err);
	assert_int_equal(netns_enter(fixture->host_fd, NULL), 0);
	if (rc < 0)
		print_message("%s\n", err->text);
	return rc;
}

static int update(struct fixture *fixture, uid_t uid, const char *policy, struct carrel_error *err)
{
	struct plan_input input = input_of(fixture, uid, policy);
	KERNEL_CLEANUP struct kernel kernel = { .netns_fd = -1, .proc_fd = -1 };
	char pin[NETNS_NAME_SIZE];
	struct plan plan;
	int netns_fd, rc;

	name_of_netns(uid, pin);
	rc = kernel_open(&kernel, uid, err);
	if (rc == 0)
		rc = netns_open_pin(pin, &netns_fd, err);
	if (rc == 0)
		rc = kernel_join(&kernel, netns_fd, err);
	if (rc == 0)
		rc = plan_update(&input, &fixture->arena, &plan, err);
	if (rc == 0)
		rc = kernel_apply(&kernel, &plan, err);
	assert_int_equal(netns_enter(fixture->host_fd, NULL), 0);
	return rc;
}

static void test_kernel_apply_gives_a_way_out_in_both_families(void **state)
{
	struct carrel_error err = { 0 };

	assert_int_equal(build(*state, 1000, "default allow out\n", &err), 0);
	run("ip netns exec carrel-1000 ping -c1 -W2 -q 203.0.113.10 >/dev/null");
	run("ip netns exec carrel-1000 ping -c1 -W2 -q 2001:db8:80::10 >/dev/null");
}

static void test_kernel_apply_stops_what_the_policy_denies(void **state)
{
	struct carrel_error err = { 0 };

	assert_int_equal(build(*state, 1000, "default deny out\nallow out icmp to 203.0.113.10\n",
			       &err), 0);
	run("ip netns exec carrel-1000 ping -c1 -W2 -q 203.0.113.10 >/dev/null");
	run("! ip netns exec carrel-1000 ping -c1 -W1 -q 198.51.100.2 >/dev/null 2>&1");
	run("! ip netns exec carrel-1000 ping -c1 -W1 -q 2001:db8:80::10 >/dev/null 2>&1");
}

static void test_kernel_apply_keeps_host_and_peers_out_of_reach(void **state)
{
	struct carrel_error err = { 0 };

	assert_int_equal(build(*state, 1000, "default allow out\ndefault allow in\n", &err), 0);
	assert_int_equal(build(*state, 1001, "default allow out\ndefault allow in\n", &err), 0);
	run("ip netns exec carrel-1000 ping -c1 -W2 -q 203.0.113.10 >/dev/null");
	run("! ip netns exec carrel-1000 ping -c1 -W1 -q 198.51.100.1 >/dev/null 2>&1");
	run("! ip netns exec carrel-1000 ping -c1 -W1 -q 2001:db8:2::1 >/dev/null 2>&1");
	run("peer=$(ip -n carrel-1001 -br -4 addr show dev uplink0 | awk '{sub(\"/.*\",\"\",$3); print $3}');"
	    "test -n \"$peer\" && ! ip netns exec carrel-1000 ping -c1 -W1 -q \"$peer\" >/dev/null 2>&1");
	/* The host may look in where the policy lets it. */
	run("ping -c1 -W2 -q $(ip -n carrel-1001 -br -4 addr show dev uplink0 |"
	    " awk '{sub(\"/.*\",\"\",$3); print $3}') >/dev/null");
}

static void test_kernel_apply_reaches_host_and_peers_that_are_named(void **state)
{
	struct carrel_error err = { 0 };
	const char policy[] = "default deny out\nallow out icmp to host,peers\n"
			      "allow in icmp from peers\n";

	assert_int_equal(build(*state, 1000, policy, &err), 0);
	assert_int_equal(build(*state, 1001, policy, &err), 0);
	run("ip netns exec carrel-1000 ping -c1 -W2 -q 198.51.100.1 >/dev/null");
	run("ip netns exec carrel-1000 ping -c1 -W2 -q 2001:db8:2::1 >/dev/null");
	run("ip netns exec carrel-1000 ping -c1 -W2 -q $(ip -n carrel-1001 -br -4 addr show dev"
	    " uplink0 | awk '{sub(\"/.*\",\"\",$3); print $3}') >/dev/null");
	run("ip netns exec carrel-1000 ping -c1 -W2 -q $(ip -n carrel-1001 -br -6 addr show dev"
	    " uplink0 | awk '{sub(\"/.*\",\"\",$3); print $3}') >/dev/null");
	run("! ip netns exec carrel-1000 ping -c1 -W1 -q 203.0.113.10 >/dev/null 2>&1");
}

static void test_kernel_apply_keeps_any_from_every_address_of_the_host(void **state)
{
	struct carrel_error err = { 0 };
	const char policy[] = "allow out tcp to host port 22\n";

	run("ip addr add 169.254.77.7/16 dev wan0 scope link; ip addr add 203.0.113.99/32 dev lo "
	    "scope host");
	assert_int_equal(build(*state, 1000, policy, &err), 0);
	run("! ip netns exec carrel-1000 ping -c1 -W1 -q 169.254.77.7 >/dev/null 2>&1");
	run("! ip netns exec carrel-1000 ping -c1 -W1 -q 203.0.113.99 >/dev/null 2>&1");
	/* Nor is it something else that stops them. */
	run("ip netns exec carrel-1000 nft flush ruleset;"
	    "ip netns exec carrel-1000 ping -c1 -W2 -q 169.254.77.7 >/dev/null;"
	    "ip netns exec carrel-1000 ping -c1 -W2 -q 203.0.113.99 >/dev/null");
}

static void test_kernel_apply_stops_forged_sources(void **state)
{
	struct carrel_error err = { 0 };

	assert_int_equal(build(*state, 1000, "default allow out\ndefault allow in\n", &err), 0);
	/* Even root in the carrel, who may add an address and drop the rules, gets nowhere with it. */
	run("ip netns exec carrel-1000 nft flush ruleset;"
	    "ip -n carrel-1000 addr add 10.213.255.9/32 dev uplink0;"
	    "! ip netns exec carrel-1000 ping -c1 -W1 -q -I 10.213.255.9 203.0.113.10 >/dev/null 2>&1");
	run("ip netns exec carrel-1000 ping -c1 -W2 -q 203.0.113.10 >/dev/null");
	run("! ip netns exec carrel-1000 ping -c1 -W1 -q 198.51.100.1 >/dev/null 2>&1");
}

static void test_kernel_apply_makes_no_neighbours_at_a_carrels_word(void **state)
{
	struct carrel_error err = { 0 };

	assert_int_equal(build(*state, 1000, "default allow out\n", &err), 0);
	/* Root in the carrel asks for the host's address, and so says where the asker is. */
	run("ip -n carrel-1000 addr add 198.51.100.77/24 dev uplink0;"
	    "! ip netns exec carrel-1000 ping -c1 -W1 -q -I 198.51.100.77 198.51.100.1"
	    " >/dev/null 2>&1");
	run("test $(ip -4 neigh show dev cr-1000 nud all | wc -l) = 1");
}

static void test_kernel_apply_makes_a_carrel_without_uplink(void **state)
{
	struct carrel_error err = { 0 };

	assert_int_equal(build(*state, 1000, "uplink none\n", &err), 0);
	run("ip netns exec carrel-1000 ping -c1 -W2 -q 127.0.0.1 >/dev/null");
	run("test $(ip -n carrel-1000 -o link show up | wc -l) = 1");
	run("! ip netns exec carrel-1000 ping -c1 -W1 -q 203.0.113.10 >/dev/null 2>&1");
}

static void test_kernel_apply_replaces_a_link_of_a_carrel_that_is_dying(void **state)
{
	struct carrel_error err = { 0 };

	assert_int_equal(build(*state, 1000, "default allow out\n", &err), 0);
	assert_int_equal(netns_unpin("carrel-1000", &err), 0);
	assert_int_equal(build(*state, 1000, "default allow out\n", &err), 0);
	run("ip netns exec carrel-1000 ping -c1 -W2 -q 203.0.113.10 >/dev/null");
}

static void test_kernel_apply_updates_rules_and_group_in_place(void **state)
{
	struct carrel_error err = { 0 };

	assert_int_equal(build(*state, 1000, "default allow out\n", &err), 0);
	run("ip -n carrel-1000 route add 192.0.2.0/24 via 169.254.0.1 dev uplink0 onlink");
	assert_int_equal(update(*state, 1000, "default deny out\nallow out icmp to host\n", &err), 0);
	run("! ip netns exec carrel-1000 ping -c1 -W1 -q 203.0.113.10 >/dev/null 2>&1");
	run("ip -d link show dev cr-1000 | grep -q 'group 212074501'");
	run("ip -n carrel-1000 route show 192.0.2.0/24 | grep -q uplink0");
	assert_int_equal(update(*state, 1000, "default allow out\n", &err), 0);
	run("ip netns exec carrel-1000 ping -c1 -W2 -q 203.0.113.10 >/dev/null");
}

/* Flows that run while the policy changes, each with its own fate. */
static void test_kernel_apply_ends_the_flows_that_are_forbidden_and_no_other(void **state)
{
	static const char before[] = "default deny out\ndefault allow in\n"
				     "allow out tcp,udp to any port 443,444\n";
	static const char after[] = "default deny out\ndefault allow in\n"
				    "allow out tcp,udp to 203.0.113.10,2001:db8:80::10 port 443\n";
	struct carrel_error err = { 0 };

	run("mkfifo /run/ready; for host in 203.0.113.10 2001:db8:80::10; do"
	    " ip netns exec internet tests/host/bin/stream serve $host 443 444 >/run/ready &"
	    " echo $! >>/run/servers; read ready </run/ready; done");
	assert_int_equal(build(*state, 1000, before, &err), 0);
	run("for host in 203.0.113.10 2001:db8:80::10; do for port in 443 444; do"
	    " for protocol in tcp udp; do ip netns exec carrel-1000 tests/host/bin/stream"
	    " $protocol $host $port 60 >>/run/stream-$port & done; done; done;"
	    "for i in $(seq 100); do"
	    " [ $(cat /run/stream-* | grep -o begun | wc -l) != 8 ] || exit 0; sleep 0.1; done; exit 1");
	for (int i = 0; i < 10; i++) {
		assert_int_equal(update(*state, 1000, before, &err), 0);
		assert_int_equal(update(*state, 1000, after, &err), 0);
	}
	/* What is silent is so for a second at least. */
	run("set -e; sleep 1.2; kill $(ip netns pids carrel-1000); for i in $(seq 100); do"
	    " ip netns pids carrel-1000 | grep -q . || break; sleep 0.1; done;"
	    "xargs kill </run/servers; cat /run/stream-*;"
	    "test $(grep -c ' 0 lost$\\|, open$' /run/stream-443) = 4;"
	    "test $(grep -c ' 0 lost$\\|, open$' /run/stream-444) = 0;"
	    "test $(grep -c ' sent, \\|, silent$' /run/stream-444) = 4");
	/* It may go on where the policy lets it again. */
	assert_int_equal(update(*state, 1000, before, &err), 0);
	run("! ip netns exec carrel-1000 grep 'mark=[^0]' /proc/net/nf_conntrack");
}

static void test_host_prepare_does_not_make_the_host_a_router(void **state)
{
	struct carrel_error err = { 0 };

	assert_int_equal(build(*state, 1000, "default allow out\n", &err), 0);
	run("test $(cat /proc/sys/net/ipv4/ip_forward) = 0");
	run("set -e; ip netns add lan; ip -n lan link set lo up;"
	    "ip link add lan0 type veth peer name eth0 netns lan;"
	    "ip addr add 192.0.2.1/24 dev lan0; ip -n lan addr add 192.0.2.2/24 dev eth0;"
	    "ip addr add 2001:db8:1::1/64 dev lan0 nodad;"
	    "ip -n lan addr add 2001:db8:1::2/64 dev eth0 nodad;"
	    "ip link set lan0 up; ip -n lan link set eth0 up;"
	    "ip -n lan route add default via 192.0.2.1; ip -n lan -6 route add default via 2001:db8:1::1;"
	    "ip -n internet route add 192.0.2.0/24 via 198.51.100.1;"
	    "ip -n internet -6 route add 2001:db8:1::/64 via 2001:db8:2::1");
	run("ip netns exec lan ping -c1 -W2 -q 192.0.2.1 >/dev/null");
	run("! ip netns exec internet ping -c1 -W1 -q 192.0.2.2 >/dev/null 2>&1");
	run("! ip netns exec internet ping -c1 -W1 -q 2001:db8:1::2 >/dev/null 2>&1");
	/* Somebody else makes it one: carrel does not stand in the way from the next login on. */
	run("echo 1 >/proc/sys/net/ipv4/ip_forward");
	assert_int_equal(build(*state, 1001, "default allow out\n", &err), 0);
	run("ip netns exec internet ping -c1 -W2 -q 192.0.2.2 >/dev/null");
	run("ip netns del lan");
}

/* A helper that is killed in between, and a login at the same instant, look the same to a third. */
static void test_host_prepare_remembers_the_guard_from_before_the_switch(void **state)
{
	struct fixture *fixture = *state;
	struct carrel_error err = { 0 };
	struct host_survey before, after;

	assert_int_equal(host_survey(true, &before, &err), 0);
	assert_false(before.forwards6);
	fixture->recorded = host_intend(&before, &fixture->recorded);
	assert_true(fixture->recorded.guard6);
	run("echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");

	assert_int_equal(host_survey(true, &after, &err), 0);
	assert_true(after.forwards6);
	assert_false(host_is_prepared(&after, &fixture->recorded));
	assert_int_equal(build(*state, 1000, "default allow out\n", &err), 0);
	run("nft list chain inet carrel forward | grep -q 'the host itself is no router'");
	assert_true(fixture->recorded.guard6);
	assert_int_equal(host_survey(true, &after, &err), 0);
	assert_true(host_is_prepared(&after, &fixture->recorded));
}

static void test_host_prepare_keeps_router_advertisements(void **state)
{
	struct carrel_error err = { 0 };

	run("test $(cat /proc/sys/net/ipv6/conf/wan0/accept_ra) = 1");
	assert_int_equal(build(*state, 1000, "default allow out\n", &err), 0);
	run("test $(cat /proc/sys/net/ipv6/conf/all/forwarding) = 1");
	run("test $(cat /proc/sys/net/ipv6/conf/wan0/accept_ra) = 2");
}

static void test_host_prepare_restores_a_table_that_was_flushed(void **state)
{
	struct carrel_error err = { 0 };

	assert_int_equal(build(*state, 1000, "default allow out\n", &err), 0);
	run("nft flush ruleset");
	assert_int_equal(build(*state, 1001, "default allow out\n", &err), 0);
	run("nft list table inet carrel | grep -q masquerade");
	run("! ip netns exec carrel-1000 ping -c1 -W1 -q 198.51.100.1 >/dev/null 2>&1");
}

int main(void)
{
#define APPLY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		APPLY_TEST(test_kernel_apply_gives_a_way_out_in_both_families),
		APPLY_TEST(test_kernel_apply_stops_what_the_policy_denies),
		APPLY_TEST(test_kernel_apply_keeps_host_and_peers_out_of_reach),
		APPLY_TEST(test_kernel_apply_reaches_host_and_peers_that_are_named),
		APPLY_TEST(test_kernel_apply_keeps_any_from_every_address_of_the_host),
		APPLY_TEST(test_kernel_apply_stops_forged_sources),
		APPLY_TEST(test_kernel_apply_makes_no_neighbours_at_a_carrels_word),
		APPLY_TEST(test_kernel_apply_makes_a_carrel_without_uplink),
		APPLY_TEST(test_kernel_apply_replaces_a_link_of_a_carrel_that_is_dying),
		APPLY_TEST(test_kernel_apply_updates_rules_and_group_in_place),
		APPLY_TEST(test_kernel_apply_ends_the_flows_that_are_forbidden_and_no_other),
		APPLY_TEST(test_host_prepare_does_not_make_the_host_a_router),
		APPLY_TEST(test_host_prepare_remembers_the_guard_from_before_the_switch),
		APPLY_TEST(test_host_prepare_keeps_router_advertisements),
		APPLY_TEST(test_host_prepare_restores_a_table_that_was_flushed),
	};

	return cmocka_run_group_tests_name("apply", tests, set_up_group, NULL);
}
