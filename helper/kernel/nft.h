/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rulesets into the kernel. Only nft*.c know libnftnl. */
#ifndef CARREL_KERNEL_NFT_H
#define CARREL_KERNEL_NFT_H

#include <stdbool.h>
#include <stdint.h>
#include "core/ruleset.h"

struct carrel_error;
struct mnl_socket;

/**
 * nft_open() - a netfilter socket of the namespace that the caller is in
 * @ret:	closed by the caller with mnl_socket_close()
 *
 * Return: 0 or -errno
 * Context: CAP_NET_ADMIN
 */
int nft_open(struct mnl_socket **ret, struct carrel_error *err);

/**
 * nft_load() - put @ruleset in place in one transaction
 * @replace:	a table of that name may exist: it is replaced, with no moment without rules
 *
 * Nothing is changed unless all of it is. What the replaced table has logged is taken over,
 * where the new one logs, too.
 *
 * Return: 0; -errno with what the kernel refused (chain and rule number named)
 */
int nft_load(struct mnl_socket *socket, const struct ruleset *ruleset, bool replace,
	     struct carrel_error *err);

/**
 * nft_generation() - the number that every change of any table of the namespace increments
 * Return: 0 or -errno
 */
int nft_generation(struct mnl_socket *socket, uint32_t *ret_generation,
		   struct carrel_error *err);

/** nft_delete_table() - table inet @table; 0 or -errno, -ENOENT when it is not there */
int nft_delete_table(struct mnl_socket *socket, const char *table, struct carrel_error *err);

/** nft_table_exists() - 1, 0, or -errno */
int nft_table_exists(struct mnl_socket *socket, const char *table, struct carrel_error *err);

#endif
