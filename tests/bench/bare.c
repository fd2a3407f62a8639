/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bare.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/socket.h>
#include <unistd.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include "base/error.h"
#include "base/fd.h"
#include "batch.h"
#include "clock.h"
#include "rules.h"

#define LOOPBACK_INDEX   1
#define UPLINK_INDEX     1000
#define HOST_INDEX_FIRST 100000         /* + number: chosen, so that nobody need ask for it */
#define HOST_GROUP       0x42
#define MTU_BYTES        1500
#define MAC_BYTES        6

static const uint8_t mac_host[MAC_BYTES]   = { 2, 0, 0, 0, 0, 1 };
static const uint8_t mac_inside[MAC_BYTES] = { 2, 0, 0, 0, 0, 2 };
static const uint8_t gateway4[4] = { 169, 254, 0, 1 };
static const uint8_t gateway6[16] = { 0xfe, 0x80, [15] = 1 };

struct bare {
	unsigned number;
	int index;              /* of the host's end */
	char link[IFNAMSIZ];
	struct in_addr address4;
	struct in6_addr address6;
	int netns_fd, proc_fd;
	struct batch host, inside, rules;
};

const char *bare_step_name(enum bare_step step)
{
	switch (step) {
	case BARE_NAMESPACE: return "namespace";
	case BARE_SETTINGS:  return "settings";
	case BARE_RULES:     return "rules";
	case BARE_LINK:      return "link";
	case BARE_HOST:      return "host";
	case BARE_INSIDE:    return "inside";
	case BARE_PIN:       return "pin";
	}
	return "?";
}

void bare_pin_path(unsigned number, char path[BARE_PIN_SIZE])
{
	(void)snprintf(path, BARE_PIN_SIZE, "/run/netns/bare-%u", number);
}

/* Begin a request with a header of @size_bytes, zeroed. */
static struct nlmsghdr *begin(struct batch *batch, uint16_t type, uint16_t flags,
			      size_t size_bytes, void *ret_header)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(batch_place(batch));

	request->nlmsg_type = type;
	request->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	*(void **)ret_header = mnl_nlmsg_put_extra_header(request, size_bytes);
	return request;
}

static struct nlmsghdr *begin_link(struct batch *batch, uint16_t flags, int index, bool up)
{
	struct ifinfomsg *header;
	struct nlmsghdr *request = begin(batch, RTM_NEWLINK, flags, sizeof(*header), &header);

	header->ifi_index = index;
	if (up)
		header->ifi_flags = header->ifi_change = IFF_UP;
	return request;
}

/* What both ends of the pair have alike. */
static void put_end(struct nlmsghdr *request, const char *name, const uint8_t *mac)
{
	mnl_attr_put_strz(request, IFLA_IFNAME, name);
	mnl_attr_put(request, IFLA_ADDRESS, MAC_BYTES, mac);
	mnl_attr_put_u32(request, IFLA_MTU, MTU_BYTES);
	/* More queues make the kernel wait for readers of the device list. */
	mnl_attr_put_u32(request, IFLA_NUM_TX_QUEUES, 1);
	mnl_attr_put_u32(request, IFLA_NUM_RX_QUEUES, 1);
}

static void add_pair(struct bare *bare)
{
	struct nlmsghdr *request = begin_link(&bare->host, NLM_F_CREATE | NLM_F_EXCL, bare->index,
					      false);
	struct nlattr *info, *data, *peer;
	struct ifinfomsg *header;

	put_end(request, bare->link, mac_host);
	mnl_attr_put_u32(request, IFLA_GROUP, HOST_GROUP);
	info = mnl_attr_nest_start(request, IFLA_LINKINFO);
	mnl_attr_put_strz(request, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(request, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(request, VETH_INFO_PEER);
	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->ifi_index = UPLINK_INDEX;
	put_end(request, "uplink0", mac_inside);
	mnl_attr_put_u32(request, IFLA_NET_NS_FD, (uint32_t)bare->netns_fd);
	mnl_attr_nest_end(request, peer);
	mnl_attr_nest_end(request, data);
	mnl_attr_nest_end(request, info);
	batch_add(&bare->host, request);
}

/* No IPv6 address of the link's own making; @forward: IPv4 that comes in there goes on. */
static void add_quiet(struct batch *batch, int index, bool forward, const char *alias)
{
	struct nlmsghdr *request = begin_link(batch, 0, index, false);
	struct nlattr *families = mnl_attr_nest_start(request, IFLA_AF_SPEC), *family, *values;

	family = mnl_attr_nest_start(request, AF_INET6);
	mnl_attr_put_u8(request, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(request, family);
	if (forward) {
		family = mnl_attr_nest_start(request, AF_INET);
		values = mnl_attr_nest_start(request, IFLA_INET_CONF);
		mnl_attr_put_u32(request, IPV4_DEVCONF_FORWARDING, 1);
		mnl_attr_nest_end(request, values);
		mnl_attr_nest_end(request, family);
	}
	mnl_attr_nest_end(request, families);
	if (alias)
		mnl_attr_put_strz(request, IFLA_IFALIAS, alias);
	batch_add(batch, request);
}

static void add_up(struct batch *batch, int index)
{
	batch_add(batch, begin_link(batch, 0, index, true));
}

/* @address: a struct in_addr or in6_addr, as @family says. */
static void add_address(struct batch *batch, int index, uint8_t family, const void *address)
{
	struct ifaddrmsg *header;
	struct nlmsghdr *request = begin(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
					 sizeof(*header), &header);
	size_t size = family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);

	header->ifa_family = family;
	header->ifa_prefixlen = (uint8_t)(size * 8);
	header->ifa_flags = IFA_F_NODAD;
	header->ifa_index = (uint32_t)index;
	mnl_attr_put(request, IFA_LOCAL, size, address);
	mnl_attr_put(request, IFA_ADDRESS, size, address);
	batch_add(batch, request);
}

static void add_neighbour(struct batch *batch, int index, uint8_t family, const void *address,
			  const uint8_t *mac)
{
	struct ndmsg *header;
	struct nlmsghdr *request = begin(batch, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE,
					 sizeof(*header), &header);

	header->ndm_family = family;
	header->ndm_ifindex = index;
	header->ndm_state = NUD_PERMANENT;
	mnl_attr_put(request, NDA_DST,
		     family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr), address);
	mnl_attr_put(request, NDA_LLADDR, MAC_BYTES, mac);
	batch_add(batch, request);
}

/* To @destination, or (with NULL) the default route through @gateway. */
static void add_route(struct batch *batch, int index, uint8_t family, const void *destination,
		      const void *gateway)
{
	struct rtmsg *header;
	struct nlmsghdr *request = begin(batch, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
					 sizeof(*header), &header);
	size_t size = family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);

	header->rtm_family = family;
	header->rtm_table = RT_TABLE_MAIN;
	header->rtm_protocol = RTPROT_STATIC;
	header->rtm_type = RTN_UNICAST;
	header->rtm_scope = gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	if (destination) {
		header->rtm_dst_len = (uint8_t)(size * 8);
		mnl_attr_put(request, RTA_DST, size, destination);
	}
	if (gateway) {
		header->rtm_flags = RTNH_F_ONLINK;
		mnl_attr_put(request, RTA_GATEWAY, size, gateway);
	}
	mnl_attr_put_u32(request, RTA_OIF, (uint32_t)index);
	batch_add(batch, request);
}

static int make_namespace(struct bare *bare, struct carrel_error *err)
{
	int rc = batch_open(&bare->host, NETLINK_ROUTE, err);

	if (rc < 0)
		return rc;
	if (unshare(CLONE_NEWNET) < 0)
		return error_set_errno(err, errno, "unsharing the network namespace");
	bare->netns_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (bare->netns_fd < 0)
		return error_set_errno(err, errno, "opening the network namespace");
	rc = batch_open(&bare->inside, NETLINK_ROUTE, err);
	return rc < 0 ? rc : batch_open(&bare->rules, NETLINK_NETFILTER, err);
}

static int write_setting(int proc_fd, const char *path, const char *value,
			 struct carrel_error *err)
{
	FD_CLEANUP int fd = openat(proc_fd, path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		return error_set_errno(err, errno, "writing %s", path);
	return 0;
}

/* By way of a procfs of its own: in /proc, a look-up takes the longer the more namespaces there are. */
static int make_settings(struct bare *bare, struct carrel_error *err)
{
	FD_CLEANUP int context = (int)syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
	int rc;

	if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_set_errno(err, errno, "making a procfs");
	bare->proc_fd = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	if (bare->proc_fd < 0)
		return error_set_errno(err, errno, "mounting a procfs");
	rc = write_setting(bare->proc_fd, "sys/net/ipv4/ping_group_range", "0 2147483647", err);
	return rc < 0 ? rc : write_setting(bare->proc_fd, "sys/net/ipv6/conf/default/accept_ra",
					   "0", err);
}

static int make_link(struct bare *bare, struct carrel_error *err)
{
	add_pair(bare);
	batch_await(&bare->host);
	return batch_commit(&bare->host, err);
}

static int make_host(struct bare *bare, struct carrel_error *err)
{
	add_quiet(&bare->host, bare->index, true, "bench");
	add_up(&bare->host, bare->index);
	add_route(&bare->host, bare->index, AF_INET, &bare->address4, NULL);
	add_neighbour(&bare->host, bare->index, AF_INET, &bare->address4, mac_inside);
	add_route(&bare->host, bare->index, AF_INET6, &bare->address6, NULL);
	add_neighbour(&bare->host, bare->index, AF_INET6, &bare->address6, mac_inside);
	batch_await(&bare->host);
	return batch_commit(&bare->host, err);
}

static int make_inside(struct bare *bare, struct carrel_error *err)
{
	struct batch *batch = &bare->inside;

	add_up(batch, LOOPBACK_INDEX);
	add_quiet(batch, UPLINK_INDEX, false, NULL);
	add_address(batch, UPLINK_INDEX, AF_INET, &bare->address4);
	add_neighbour(batch, UPLINK_INDEX, AF_INET, gateway4, mac_host);
	add_address(batch, UPLINK_INDEX, AF_INET6, &bare->address6);
	add_neighbour(batch, UPLINK_INDEX, AF_INET6, gateway6, mac_host);
	/* As late as can be: see helper/core/plan.c. */
	add_up(batch, UPLINK_INDEX);
	add_route(batch, UPLINK_INDEX, AF_INET, NULL, gateway4);
	add_route(batch, UPLINK_INDEX, AF_INET6, NULL, gateway6);
	batch_await(batch);
	return batch_commit(batch, err);
}

static int make_pin(const struct bare *bare, struct carrel_error *err)
{
	char pin[BARE_PIN_SIZE], source[32];
	FD_CLEANUP int fd = -1;

	bare_pin_path(bare->number, pin);
	fd = open(pin, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
	if (fd < 0)
		return error_set_errno(err, errno, "making %s", pin);
	(void)snprintf(source, sizeof(source), "/proc/self/fd/%d", bare->netns_fd);
	if (mount(source, pin, NULL, MS_BIND, NULL) < 0)
		return error_set_errno(err, errno, "mounting %s", pin);
	return 0;
}

static int make(struct bare *bare, enum bare_step step, struct carrel_error *err)
{
	switch (step) {
	case BARE_NAMESPACE: return make_namespace(bare, err);
	case BARE_SETTINGS:  return make_settings(bare, err);
	case BARE_RULES:     return rules_load(&bare->rules, err);
	case BARE_LINK:      return make_link(bare, err);
	case BARE_HOST:      return make_host(bare, err);
	case BARE_INSIDE:    return make_inside(bare, err);
	case BARE_PIN:       return make_pin(bare, err);
	}
	return -EINVAL;
}

/* One at a time. */
static struct bare bare = { .netns_fd = -1, .proc_fd = -1 };

void bare_forget(void)
{
	fd_close(&bare.proc_fd);
}

int bare_login(unsigned number, double ret_us[BARE_STEP_COUNT], struct carrel_error *err)
{
	double before_us, now_us, us[BARE_STEP_COUNT];
	int rc = 0;

	bare.number = number;
	bare.index = HOST_INDEX_FIRST + (int)number;
	bare.netns_fd = -1;
	(void)snprintf(bare.link, sizeof(bare.link), "bare%u", number);
	bare.address4.s_addr = htonl(0x0ad60000 + number);      /* 10.214.0.0/16 */
	bare.address6 = (struct in6_addr){ { { 0xfd, 0x42, 0xca, 0x44, [14] = (uint8_t)(number >> 8),
					       [15] = (uint8_t)number } } };

	before_us = clock_us();
	for (enum bare_step step = 0; rc == 0 && step < BARE_STEP_COUNT; step++) {
		rc = make(&bare, step, err);
		if (rc < 0)
			rc = error_wrap(err, rc, "bare steps: %s", bare_step_name(step));
		now_us = clock_us();
		us[step] = now_us - before_us;
		before_us = now_us;
	}
	batch_close(&bare.host);
	batch_close(&bare.inside);
	batch_close(&bare.rules);
	fd_close(&bare.netns_fd);
	if (rc == 0)
		memcpy(ret_us, us, sizeof(us));
	return rc;
}
