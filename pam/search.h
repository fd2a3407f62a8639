/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds a network namespace by a process that is in it, where nothing else leads there. */
#ifndef CARREL_PAM_SEARCH_H
#define CARREL_PAM_SEARCH_H

#include <stdint.h>

/**
 * search_netns() - look for a thread in the network namespace @inode
 * @ret_fd:	the namespace, owned by the caller
 *
 * Return: 0; -ENOENT when no thread is there that /proc shows; -errno
 * Context: CAP_SYS_PTRACE
 */
int search_netns(uint64_t inode, int *ret_fd);

#endif
