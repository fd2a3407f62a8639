/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does what a plan says. It decides nothing. */
#ifndef CARREL_KERNEL_APPLY_H
#define CARREL_KERNEL_APPLY_H

#include <stdbool.h>
#include "core/plan.h"
#include "kernel/rtnl.h"

struct carrel_error;
struct mnl_socket;

/* The kernel, as a plan meets it: sockets stay in the namespace they were opened in. */
struct kernel {
	struct rtnl host;
	struct rtnl carrel;             /* opened by the plan's PLAN_NETNS, or kernel_join() */
	struct mnl_socket *carrel_nft;  /* likewise */
	int netns_fd;                   /* the carrel, or -1 */
	int proc_fd;                    /* of sysctl_mount_proc(), or -1; left open: see kernel_close() */
	char host_link[LINK_NAME_SIZE];
	int host_index, uplink_index;   /* of the veth's ends, once they are known */
	unsigned connections_cut;             /* by the plan's PLAN_CONNECTIONS */
	/* Called right before PLAN_PIN, where the namespace is complete but nobody's yet; or NULL. */
	int (*before_pin)(void *context, struct carrel_error *err);
	void *context;
};

#define KERNEL_CLEANUP __attribute__((cleanup(kernel_close)))

/**
 * kernel_open() - ready for a plan about the carrel of @uid
 * Context: in the host's network namespace
 */
int kernel_open(struct kernel *ret_kernel, uid_t uid, struct carrel_error *err);

/** kernel_join() - for a plan about a carrel that exists: enter it (@netns_fd is consumed) */
int kernel_join(struct kernel *kernel, int netns_fd, struct carrel_error *err);

/** kernel_proc() - for sysctl_write_at(): an instance of procfs of our own, or -1: /proc */
int kernel_proc(struct kernel *kernel);

/**
 * kernel_cut_off() - delete the host's end of a veth, if there is one
 *
 * Whatever runs in the carrel behind it has no network from then on. Takes 20 to 40 ms.
 */
int kernel_cut_off(struct rtnl *host, const char *host_link, struct carrel_error *err);

/** kernel_close() - but for the procfs, whose end the kernel takes long for: the process's end is its */
void kernel_close(struct kernel *kernel);

/**
 * kernel_apply() - do all operations of @plan, in order
 *
 * Stops at the first that fails. What was done to a namespace that is not pinned goes
 * with the process.
 *
 * Context: CAP_NET_ADMIN and CAP_SYS_ADMIN; the caller is left in the carrel's namespace
 */
int kernel_apply(struct kernel *kernel, const struct plan *plan, struct carrel_error *err);

#endif
