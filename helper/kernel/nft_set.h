/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets: anonymous ones, for a match that lists several values, and those that have a name. */
#ifndef CARREL_KERNEL_NFT_SET_H
#define CARREL_KERNEL_NFT_SET_H

#include <stdbool.h>
#include <stdint.h>
#include "core/ruleset.h"
#include "kernel/nft_batch.h"

/* The kernel replaces %d by a number; within the transaction sets are known by id. */
#define NFT_SET_NAME "__set%d"

/**
 * nft_encode_set() - make a set of @match's values and fill it
 * @set_id:	its number, unique in the transaction
 * Return: 0 or -ENOMEM
 */
int nft_encode_set(struct nft_batch *batch, const char *table, const struct match *match,
		   uint32_t set_id);

/**
 * nft_encode_named_set() - make @set and fill it
 * @set_id:	as above
 * Return: 0 or -ENOMEM
 */
int nft_encode_named_set(struct nft_batch *batch, const char *table,
			 const struct element_set *set, uint32_t set_id);

/**
 * nft_encode_content() - have in a set that is there what is in @set, and nothing else
 * Return: 0 or -ENOMEM
 */
int nft_encode_content(struct nft_batch *batch, const char *table, const struct element_set *set);

/**
 * nft_encode_elements() - put single values into a set that is there, or take them out
 * @set:	its name
 * @remove:	take them out
 *
 * Return: 0 or -ENOMEM
 */
int nft_encode_elements(struct nft_batch *batch, const char *table, const char *set,
			enum field field, bool remove, const struct value_range *values,
			size_t count);

#endif
