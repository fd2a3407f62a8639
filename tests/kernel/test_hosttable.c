/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's table and packets. In namespaces of its own the test builds a host, three
 * carrels and an "internet":
 *
 *	one (nat) --- cr-1 \
 *	two (nat, peers, host) --- cr-2  host --- wan --- internet
 *	three (no bit) --- cr-3 /
 *
 * What is asked is whether a UDP datagram that leaves one socket arrives at another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <cmocka.h>

#include "base/error.h"
#include "base/fd.h"
#include "core/group.h"
#include "core/hosttable.h"
#include "kernel/nft.h"
#include "kernel/nft_load.h"

#define FIRST_PORT 9000
/* Much more than a datagram needs between two namespaces. */
#define PATIENCE_US 150000

/* The test's own namespace is the host. */
struct world {
	int host_netns;
	uint16_t port;          /* of the last datagram: none meets another's tracked connection */
};

static const struct { const char *name, *link; unsigned number, bits; } carrels[] = {
	{ "one", "cr-1", 1, GROUP_NAT },
	{ "two", "cr-2", 2, GROUP_NAT | GROUP_PEERS | GROUP_HOST | 2 << GROUP_EDITION_SHIFT },
	{ "three", "cr-3", 3, 0 },
};

/* Run a shell command made by printf. */
static int __attribute__((format(printf, 1, 2))) shell(const char *format, ...)
{
	char command[1024];
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= sizeof(command))
		return -1;
	return system(command);
}

/* As a login makes it: a /32 and a /128, gateways that are link-local, no address on cr-*. */
static int make_carrel(const char *name, const char *link, unsigned number, unsigned bits)
{
	return shell("set -e; ip netns add %s; ip link add %s group %u type veth peer "
		     "name uplink0 netns %s; ip link set %s up",
		     name, link, GROUP_BASE | bits, name, link) ||
	       shell("set -e; ip route add 10.213.0.%u dev %s; "
		     "ip route add fd42:ca44:e1::%u dev %s; n='ip -n %s'; "
		     "$n link set lo up; $n link set uplink0 up; "
		     "$n addr add 10.213.0.%u/32 dev uplink0; "
		     "$n addr add fd42:ca44:e1::%u/128 dev uplink0 nodad; "
		     "$n route add 169.254.0.1 dev uplink0; "
		     "$n route add default via 169.254.0.1; "
		     "$n -6 route add default via fe80::1 dev uplink0",
		     number, link, number, link, name, number, number) ||
	       shell("set -e; mac=$(cat /sys/class/net/%s/address); "
		     "peer=$(ip -n %s -br link show uplink0 | awk '{print $3}'); "
		     "ip -n %s neigh add 169.254.0.1 lladdr $mac dev uplink0; "
		     "ip -n %s neigh add fe80::1 lladdr $mac dev uplink0; "
		     "ip neigh add 10.213.0.%u lladdr $peer dev %s; "
		     "ip neigh add fd42:ca44:e1::%u lladdr $peer dev %s",
		     link, name, name, name, number, link, number, link);
}

static int make_world(void)
{
	return shell("set -e; ip link set lo up; ip netns add internet; "
		     "ip link add wan type veth peer name eth0 netns internet; "
		     "ip addr add 192.0.2.1/24 dev wan; ip addr add 2001:db8::1/64 dev wan nodad; "
		     "ip link set wan up; ip -n internet link set eth0 up; "
		     "ip -n internet addr add 192.0.2.9/24 dev eth0; "
		     "ip -n internet addr add 2001:db8::9/64 dev eth0 nodad; "
		     "ip -n internet route add 10.213.0.0/16 via 192.0.2.1; "
		     "ip -n internet route add fd42:ca44:e1::/64 via 2001:db8::1; "
		     "echo 1 > /proc/sys/net/ipv4/ip_forward; "
		     "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding");
}

/* The first @known of the host's addresses, of each family, are those of edition 2. */
static struct editions make_editions(size_t known, struct arena *arena)
{
	static const char *const texts[] = {
		"192.0.2.1", "2001:db8::1", "192.0.2.7", "2001:db8::7",
	};
	struct prefix *items = arena_alloc(arena, sizeof(texts) / sizeof(texts[0]) * sizeof(*items));
	struct editions editions = { 0 };
	struct edition *edition = ARENA_APPEND(arena, &editions.list);

	assert_true(items && edition);
	for (size_t i = 0; i < 2 * known; i++)
		assert_int_equal(prefix_parse(texts[i], strlen(texts[i]), &items[i]), 0);
	*edition = (struct edition){ 2, { items, 2 * known } };
	return editions;
}

/* Load the host's table with that, or fill its sets anew. */
static int load_table(size_t known, int (*load)(struct mnl_socket *socket,
						const struct ruleset *ruleset))
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const struct editions editions = make_editions(known, &arena);
	struct mnl_socket *socket;
	struct ruleset ruleset;

	if (hosttable_build(false, false, &editions, &arena, &ruleset) < 0 ||
	    nft_open(&socket, NULL) < 0)
		return -1;
	int rc = load(socket, &ruleset);
	mnl_socket_close(socket);
	return rc;
}

static int load_all(struct mnl_socket *socket, const struct ruleset *ruleset)
{
	return nft_load(socket, ruleset, true, NULL);
}

static int refill(struct mnl_socket *socket, const struct ruleset *ruleset)
{
	return nft_refill(socket, ruleset, NULL);
}

static int set_up(void **state)
{
	static struct world world = { .port = FIRST_PORT };

	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, NULL) < 0 ||
	    mount("sysfs", "/sys", "sysfs", 0, NULL) < 0 || mkdir("/run/netns", 0755) < 0 ||
	    make_world())
		return -1;
	for (size_t i = 0; i < sizeof(carrels) / sizeof(carrels[0]); i++)
		if (make_carrel(carrels[i].name, carrels[i].link, carrels[i].number,
				carrels[i].bits))
			return -1;
	world.host_netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	*state = &world;
	return world.host_netns < 0 ? -1 : load_table(1, load_all);
}

static int tear_down(void **state)
{
	struct world *world = *state;

	fd_close(&world->host_netns);
	return 0;
}

/* An address and a port. */
static socklen_t endpoint(const char *text, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;
	struct sockaddr_in *four = (struct sockaddr_in *)ret;

	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		return sizeof(*four);
	}
	assert_int_equal(inet_pton(AF_INET6, text, &six->sin6_addr), 1);
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(port);
	return sizeof(*six);
}

/* A socket of namespace @name ("host": the test's own). */
static int make_socket(const struct world *world, const char *name, int family, int type,
		       int protocol)
{
	const struct timeval patience = { .tv_usec = PATIENCE_US };
	char path[64];

	assert_true(snprintf(path, sizeof(path), "/run/netns/%s", name) < (int)sizeof(path));
	FD_CLEANUP int netns = strcmp(name, "host") ? open(path, O_RDONLY | O_CLOEXEC)
						    : dup(world->host_netns);
	assert_int_equal(setns(netns, CLONE_NEWNET), 0);
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);
	assert_int_equal(setns(world->host_netns, CLONE_NEWNET), 0);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	return fd;
}

/* A datagram socket of namespace @name, bound to @address. */
static int socket_in(const struct world *world, const char *name, const char *address)
{
	struct sockaddr_storage local;
	socklen_t length = endpoint(address, world->port, &local);
	int fd = make_socket(world, name, local.ss_family, SOCK_DGRAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&local, length), 0);
	return fd;
}

/* One place of the world: who, at which address. */
struct place { const char *name, *address; };

#define ONE      { { "one", "10.213.0.1" }, { "one", "fd42:ca44:e1::1" } }
#define TWO      { { "two", "10.213.0.2" }, { "two", "fd42:ca44:e1::2" } }
#define THREE    { { "three", "10.213.0.3" }, { "three", "fd42:ca44:e1::3" } }
#define HOST     { { "host", "192.0.2.1" }, { "host", "2001:db8::1" } }
#define INTERNET { { "internet", "192.0.2.9" }, { "internet", "2001:db8::9" } }

/*
 * Send a datagram, and when it arrived, an answer to where it seems to come from.
 * @ret_source:	where that is
 * Return: does it arrive? Then the answer must, too.
 */
static bool arrives(struct world *world, const struct place *from, const struct place *to,
		    struct sockaddr_storage *ret_source)
{
	world->port++;
	FD_CLEANUP int sender = socket_in(world, from->name, from->address);
	FD_CLEANUP int receiver = socket_in(world, to->name, to->address);
	struct sockaddr_storage remote;
	socklen_t length = endpoint(to->address, world->port, &remote);
	char byte = 'x';

	assert_int_equal(sendto(sender, &byte, 1, 0, (struct sockaddr *)&remote, length), 1);
	length = sizeof(*ret_source);
	if (recvfrom(receiver, &byte, 1, 0, (struct sockaddr *)ret_source, &length) != 1)
		return false;
	assert_int_equal(sendto(receiver, &byte, 1, 0, (struct sockaddr *)ret_source, length), 1);
	assert_int_equal(recv(sender, &byte, 1, 0), 1);
	return true;
}

static void test_hosttable_passes_what_the_group_permits(void **state)
{
	static const struct {
		struct place from[2], to[2];
		bool passes;
	} cases[] = {
		{ ONE, INTERNET, true },        /* nat */
		{ THREE, INTERNET, false },     /* no uplink */
		{ ONE, TWO, false },            /* carrel to carrel */
		{ TWO, ONE, true },             /* a policy that names peers */
		{ ONE, HOST, false },           /* carrel to host */
		{ TWO, HOST, true },            /* a policy that names the host */
		{ THREE, HOST, false },
		{ THREE, ONE, false },
		{ INTERNET, ONE, false },       /* new from outside */
		{ INTERNET, TWO, false },
		{ HOST, ONE, true },            /* the host's own is not filtered */
		{ INTERNET, HOST, true },       /* not a carrel's: not our business */
		{ HOST, INTERNET, true },
	};
	struct sockaddr_storage source;
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t family = 0; family < 2; family++) {
			const struct place *from = &cases[i].from[family];
			const struct place *to = &cases[i].to[family];

			if (arrives(world, from, to, &source) != cases[i].passes)
				fail_msg("%s (%s) to %s (%s): expected to %s", from->name,
					 from->address, to->name, to->address,
					 cases[i].passes ? "pass" : "be dropped");
		}
}

static void test_hosttable_masquerades_what_leaves_the_host_only(void **state)
{
	static const struct { struct place from, to; const char *seen; } cases[] = {
		{ { "one", "10.213.0.1" }, { "internet", "192.0.2.9" }, "192.0.2.1" },
		{ { "one", "fd42:ca44:e1::1" }, { "internet", "2001:db8::9" }, "2001:db8::1" },
		{ { "two", "10.213.0.2" }, { "one", "10.213.0.1" }, "10.213.0.2" },
		{ { "two", "fd42:ca44:e1::2" }, { "one", "fd42:ca44:e1::1" }, "fd42:ca44:e1::2" },
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sockaddr_storage source;
		char text[INET6_ADDRSTRLEN];

		assert_true(arrives(world, &cases[i].from, &cases[i].to, &source));
		inet_ntop(source.ss_family, source.ss_family == AF_INET
			  ? (void *)&((struct sockaddr_in *)&source)->sin_addr
			  : (void *)&((struct sockaddr_in6 *)&source)->sin6_addr,
			  text, sizeof(text));
		assert_string_equal(text, cases[i].seen);
	}
}

/* From an address that is nobody's, and from one that is another carrel's. */
static void test_hosttable_drops_sources_that_are_not_the_carrels_own(void **state)
{
	static const struct { struct place from, to; } cases[] = {
		{ { "two", "203.0.113.66" }, { "internet", "192.0.2.9" } },
		{ { "two", "2001:db8:66::66" }, { "internet", "2001:db8::9" } },
		{ { "two", "10.213.0.1" }, { "host", "192.0.2.1" } },
		{ { "two", "fd42:ca44:e1::1" }, { "host", "2001:db8::1" } },
	};
	struct sockaddr_storage source;
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool six = strchr(cases[i].from.address, ':') != NULL;

		assert_int_equal(shell("ip -n two addr add %s dev uplink0 %s",
				       cases[i].from.address, six ? "nodad" : ""), 0);
		if (arrives(world, &cases[i].from, &cases[i].to, &source))
			fail_msg("%s passed as %s", cases[i].from.name, cases[i].from.address);
		assert_int_equal(shell("ip -n two addr del %s/%d dev uplink0",
				       cases[i].from.address, six ? 128 : 32), 0);
	}
	/* All of them were seen, and stopped for that reason. */
	assert_int_equal(shell("nft list chain inet carrel spoof | grep -q 'packets 4 '"), 0);
}

/*
 * Any program can send to the loopback by the uplink; kube-proxy, for one, has the host take such
 * packets for its own services. What "host" permits is about other addresses.
 */
static void test_hosttable_drops_what_is_for_the_loopback_of_the_host(void **state)
{
	static const char loopback[] = "127.0.0.1", uplink[] = "uplink0";
	struct sockaddr_storage remote;
	struct world *world = *state;
	char byte = 'x';

	assert_int_equal(shell("echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet"), 0);
	world->port++;
	FD_CLEANUP int receiver = socket_in(world, "host", loopback);
	FD_CLEANUP int sender = make_socket(world, "two", AF_INET, SOCK_DGRAM, 0);
	socklen_t length = endpoint(loopback, world->port, &remote);
	assert_int_equal(setsockopt(sender, SOL_SOCKET, SO_BINDTODEVICE, uplink, sizeof(uplink)), 0);
	assert_int_equal(sendto(sender, &byte, 1, 0, (struct sockaddr *)&remote, length), 1);
	assert_int_equal(recv(receiver, &byte, 1, 0), -1);
	assert_int_equal(shell("echo 0 > /proc/sys/net/ipv4/conf/all/route_localnet"), 0);
	assert_int_equal(shell("nft list chain inet carrel spoof | grep 127.0.0.0/8 | "
			       "grep -q 'packets 1 '"), 0);
}

/* The carrel sees an address like others; the host would take it for its own. */
static void test_hosttable_drops_a_broadcast_of_who_may_reach_the_host(void **state)
{
	static const struct place from = { "two", "10.213.0.2" }, to = { "host", "192.0.2.255" };
	struct sockaddr_storage source;

	assert_false(arrives(*state, &from, &to, &source));
}

/* An address of the host that the carrel's rules may take for another's; then they know it. */
static void test_hosttable_closes_an_address_until_the_carrel_knows_it(void **state)
{
	static const struct place from[] = TWO, stranger[] = ONE;
	static const struct place to[] = { { "host", "192.0.2.7" }, { "host", "2001:db8::7" } };
	struct sockaddr_storage source;

	assert_int_equal(shell("ip addr add 192.0.2.7/24 dev wan; "
			       "ip addr add 2001:db8::7/64 dev wan nodad"), 0);
	for (size_t i = 0; i < 2; i++)
		assert_false(arrives(*state, &from[i], &to[i], &source));
	assert_int_equal(load_table(2, refill), 0);
	for (size_t i = 0; i < 2; i++)
		assert_true(arrives(*state, &from[i], &to[i], &source));
	/* Whose link has another number, or none, does not know it. */
	assert_int_equal(shell("ip link set cr-2 group %u", GROUP_BASE | GROUP_NAT | GROUP_HOST |
			       1 << GROUP_EDITION_SHIFT), 0);
	for (size_t i = 0; i < 2; i++) {
		assert_false(arrives(*state, &from[i], &to[i], &source));
		assert_false(arrives(*state, &stranger[i], &to[i], &source));
	}
	assert_int_equal(shell("ip link set cr-2 group %u", carrels[1].bits | GROUP_BASE), 0);
	assert_int_equal(load_table(1, refill), 0);
	for (size_t i = 0; i < 2; i++)
		assert_false(arrives(*state, &from[i], &to[i], &source));
	assert_int_equal(shell("ip addr del 192.0.2.7/24 dev wan; "
			       "ip addr del 2001:db8::7/64 dev wan"), 0);
}

/* NAT has no connection to hang it on, and would let it out as it is. */
static void test_hosttable_drops_a_segment_of_no_connection(void **state)
{
	/* RFC 9293, section 3.1: ports 40000 and 443, 20 bytes of header, RST */
	static const uint8_t segment[20] = {
		0x9c, 0x40, 0x01, 0xbb, [12] = 0x50, [13] = 0x04,
	};
	struct sockaddr_storage remote;
	struct world *world = *state;
	FD_CLEANUP int sender = make_socket(world, "one", AF_INET, SOCK_RAW, IPPROTO_TCP);
	FD_CLEANUP int receiver = make_socket(world, "internet", AF_INET, SOCK_RAW, IPPROTO_TCP);
	socklen_t length = endpoint("192.0.2.9", 0, &remote);
	char byte;

	assert_int_equal(sendto(sender, segment, sizeof(segment), 0, (struct sockaddr *)&remote,
				length), sizeof(segment));
	assert_int_equal(recv(receiver, &byte, 1, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosttable_passes_what_the_group_permits),
		cmocka_unit_test(test_hosttable_masquerades_what_leaves_the_host_only),
		cmocka_unit_test(test_hosttable_drops_sources_that_are_not_the_carrels_own),
		cmocka_unit_test(test_hosttable_drops_what_is_for_the_loopback_of_the_host),
		cmocka_unit_test(test_hosttable_drops_a_broadcast_of_who_may_reach_the_host),
		cmocka_unit_test(test_hosttable_closes_an_address_until_the_carrel_knows_it),
		cmocka_unit_test(test_hosttable_drops_a_segment_of_no_connection),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
