/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of nftables, made and taken away. */
#ifndef CARREL_KERNEL_NFT_LOAD_H
#define CARREL_KERNEL_NFT_LOAD_H

#include <stdbool.h>
#include "core/ruleset.h"

struct carrel_error;
struct mnl_socket;

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

/** nft_delete_table() - table inet @table; 0 or -errno, -ENOENT when it is not there */
int nft_delete_table(struct mnl_socket *socket, const char *table, struct carrel_error *err);

/**
 * nft_refill() - have in the named sets of a table that is there what @ruleset has in them
 *
 * In one transaction; the rules stay.
 *
 * Return: 0; -errno, -ENOENT when the table, or a set, is not there: then nothing is changed
 */
int nft_refill(struct mnl_socket *socket, const struct ruleset *ruleset, struct carrel_error *err);

#endif
