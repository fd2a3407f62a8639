/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/apply.h"

#include <errno.h>
#include <libmnl/libmnl.h>

#include "base/error.h"
#include "base/fd.h"
#include "kernel/conntrack.h"
#include "kernel/link.h"
#include "kernel/netns.h"
#include "kernel/nft.h"
#include "kernel/nft_load.h"
#include "kernel/sysctl.h"

int kernel_open(struct kernel *ret_kernel, uid_t uid, struct carrel_error *err)
{
	struct kernel kernel = { .netns_fd = -1, .proc_fd = -1 };
	int rc = rtnl_open(&kernel.host, err);

	if (rc < 0)
		return rc;
	name_of_host_link(uid, kernel.host_link);
	*ret_kernel = kernel;
	return 0;
}

void kernel_close(struct kernel *kernel)
{
	rtnl_close(&kernel->host);
	rtnl_close(&kernel->carrel);
	if (kernel->carrel_nft)
		mnl_socket_close(kernel->carrel_nft);
	kernel->carrel_nft = NULL;
	fd_close(&kernel->netns_fd);
}

/* Sockets of the namespace that the process has just moved to. */
static int open_carrel_sockets(struct kernel *kernel, struct carrel_error *err)
{
	int rc = rtnl_open(&kernel->carrel, err);

	return rc < 0 ? rc : nft_open(&kernel->carrel_nft, err);
}

int kernel_join(struct kernel *kernel, int netns_fd, struct carrel_error *err)
{
	int rc;

	kernel->netns_fd = netns_fd;
	rc = netns_enter(netns_fd, err);
	return rc < 0 ? rc : open_carrel_sockets(kernel, err);
}

/* The socket of @place's network. */
static struct rtnl *rtnl_of(struct kernel *kernel, enum place place)
{
	return place == PLACE_HOST ? &kernel->host : &kernel->carrel;
}

/* Interface index of @name, asked for once; or -errno */
static int look_up_index(struct rtnl *rtnl, const char *name, int *index, struct carrel_error *err)
{
	if (*index <= 0)
		*index = link_index(rtnl, name);
	if (*index < 0)
		return error_set_errno(err, -*index, "looking for the link %s", name);
	return *index;
}

/* Interface index of @link, or -errno */
static int index_of(struct kernel *kernel, enum plan_link link, struct carrel_error *err)
{
	switch (link) {
	case LINK_LOOPBACK:
		return LOOPBACK_INDEX;
	case LINK_UPLINK:
		return look_up_index(&kernel->carrel, CARREL_UPLINK, &kernel->uplink_index, err);
	case LINK_HOST_END:
		return look_up_index(&kernel->host, kernel->host_link, &kernel->host_index, err);
	}
	return -EINVAL;
}

int kernel_proc(struct kernel *kernel)
{
	if (kernel->proc_fd < 0)
		kernel->proc_fd = sysctl_mount_proc();
	return kernel->proc_fd;
}

int kernel_cut_off(struct rtnl *host, const char *host_link, struct carrel_error *err)
{
	int rc = link_delete(host, host_link, err);

	if (rc == 0)
		rc = rtnl_commit(host, err);
	if (rc < 0 && rc != -ENODEV)
		return error_wrap(err, rc, "removing %s", host_link);
	return 0;
}

/* The veth, with its peer in the carrel. */
static int make_pair(struct kernel *kernel, const struct plan_operation *operation,
		     struct carrel_error *err)
{
	const struct link_pair pair = {
		.name = operation->pair.host_name, .peer_name = CARREL_UPLINK,
		.mac = plan_mac_host, .peer_mac = plan_mac_carrel,
		.mtu_bytes = operation->pair.mtu_bytes, .group = operation->pair.group,
		.peer_netns_fd = kernel->netns_fd,
	};
	int rc = link_pair(&kernel->host, &pair, err);

	kernel->host_index = kernel->uplink_index = 0;
	if (rc == 0)
		rc = rtnl_commit(&kernel->host, err);
	if (rc != -EEXIST)
		return rc;
	/*
	 * The user's last carrel is still being destroyed: the kernel does that when it has
	 * time. Nothing that is complete has this link, as this namespace is to be the pinned one.
	 */
	rc = kernel_cut_off(&kernel->host, pair.name, err);
	if (rc == 0)
		rc = link_pair(&kernel->host, &pair, err);
	return rc < 0 ? rc : rtnl_commit(&kernel->host, err);
}

/* Takes as long as link_delete() says; only ever what stands in the way of a repair. */
static int delete_link(struct kernel *kernel, const struct plan_operation *operation,
		       struct carrel_error *err)
{
	bool uplink = operation->link == LINK_UPLINK;

	return kernel_cut_off(uplink ? &kernel->carrel : &kernel->host,
			      uplink ? CARREL_UPLINK : kernel->host_link, err);
}

/* Write a request about a link into the batch of its place. */
static int add_request(struct kernel *kernel, const struct plan_operation *operation, int index,
		       struct carrel_error *err)
{
	struct rtnl *rtnl = rtnl_of(kernel, operation->place);

	switch (operation->kind) {
	case PLAN_LINK_GROUP:
		return link_group(rtnl, index, operation->group, err);
	case PLAN_LINK_RESET:
		return link_reset(rtnl, index, operation->link == LINK_HOST_END,
				  operation->reset.group, operation->reset.mtu_bytes,
				  operation->link == LINK_HOST_END ? plan_mac_host : plan_mac_carrel,
				  err);
	case PLAN_LINK_QUIET:
		return link_quiet(rtnl, index, operation->quiet.ipv6, operation->quiet.forward,
				  operation->quiet.alias, err);
	case PLAN_LINK_UP:
		return link_up(rtnl, index, operation->up.alias, err);
	case PLAN_LINK_DOWN:
		return link_down(rtnl, index, err);
	case PLAN_ADDRESS:
		return link_address(rtnl, index, &operation->address, err);
	case PLAN_ROUTE:
		return link_route(rtnl, index, &operation->route.destination,
				  operation->route.has_gateway ? &operation->route.gateway : NULL,
				  operation->route.replace, err);
	case PLAN_NEIGHBOUR:
		return link_neighbour(rtnl, index, &operation->neighbour.address,
				      operation->neighbour.mac, err);
	case PLAN_ANSWERS:
		return link_answers(rtnl, index, err);
	case PLAN_NETNS:
	case PLAN_SYSCTL:
	case PLAN_RULES:
	case PLAN_CONNECTIONS:
	case PLAN_LINK_PAIR:
	case PLAN_LINK_DELETE:
	case PLAN_PIN:
		break;
	}
	return error_set(err, EINVAL, "no request for operation %d", operation->kind);
}

/* Carry out one operation, or write it into the batch of its network. */
static int apply_one(struct kernel *kernel, const struct plan_operation *operation,
		     struct carrel_error *err)
{
	int index, rc;

	switch (operation->kind) {
	case PLAN_NETNS:
		rc = netns_create(&kernel->netns_fd, err);
		return rc < 0 ? rc : open_carrel_sockets(kernel, err);
	case PLAN_SYSCTL:
		return sysctl_write_at(kernel_proc(kernel), operation->sysctl.path,
				       operation->sysctl.value, err);
	case PLAN_RULES:
		return nft_load(kernel->carrel_nft, operation->rules.ruleset,
				operation->rules.replace, err);
	case PLAN_CONNECTIONS:
		return conntrack_judge(kernel->carrel_nft, &operation->connections, &kernel->connections_cut,
				       err);
	case PLAN_LINK_PAIR:
		return make_pair(kernel, operation, err);
	case PLAN_LINK_DELETE:
		return delete_link(kernel, operation, err);
	case PLAN_PIN:
		rc = kernel->before_pin ? kernel->before_pin(kernel->context, err) : 0;
		return rc < 0 ? rc : netns_pin(kernel->netns_fd, operation->pin.name, err);
	case PLAN_LINK_GROUP:
	case PLAN_LINK_RESET:
	case PLAN_LINK_QUIET:
	case PLAN_LINK_UP:
	case PLAN_LINK_DOWN:
	case PLAN_ADDRESS:
	case PLAN_ROUTE:
	case PLAN_NEIGHBOUR:
	case PLAN_ANSWERS:
		index = index_of(kernel, operation->link, err);
		return index < 0 ? index : add_request(kernel, operation, index, err);
	}
	return -EINVAL;
}

/* May @next join the batch that the operations before it have begun? */
static bool joins_batch(const struct plan_operation *next, enum place place)
{
	switch (next->kind) {
	case PLAN_LINK_GROUP:
	case PLAN_LINK_RESET:
	case PLAN_LINK_QUIET:
	case PLAN_LINK_UP:
	case PLAN_LINK_DOWN:
	case PLAN_ADDRESS:
	case PLAN_ROUTE:
	case PLAN_NEIGHBOUR:
	case PLAN_ANSWERS:
		return next->place == place;
	case PLAN_NETNS:
	case PLAN_SYSCTL:
	case PLAN_RULES:
	case PLAN_CONNECTIONS:
	case PLAN_LINK_PAIR:
	case PLAN_LINK_DELETE:
	case PLAN_PIN:
		break;
	}
	return false;
}

int kernel_apply(struct kernel *kernel, const struct plan *plan, struct carrel_error *err)
{
	for (size_t i = 0; i < plan->operations.count; i++) {
		const struct plan_operation *operation = &plan->operations.items[i];
		bool last = i + 1 == plan->operations.count;
		int rc = apply_one(kernel, operation, err);

		if (rc == 0 && (last || !joins_batch(operation + 1, operation->place)) &&
		    kernel->carrel.socket)
			rc = rtnl_commit(rtnl_of(kernel, operation->place), err);
		if (rc < 0)
			return rc;
	}
	return 0;
}
