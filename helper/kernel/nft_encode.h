/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a ruleset as nf_tables messages. */
#ifndef CARREL_KERNEL_NFT_ENCODE_H
#define CARREL_KERNEL_NFT_ENCODE_H

#include <stdint.h>
#include "core/ruleset.h"
#include "kernel/nft_batch.h"

/**
 * nft_encode_table() - make or delete table inet @name
 * @type:	NFT_MSG_NEWTABLE or NFT_MSG_DELTABLE
 * @flags:	NLM_F_*
 * Return: 0 or -ENOMEM
 */
int nft_encode_table(struct nft_batch *batch, const char *name, uint16_t type, uint16_t flags);

/** nft_encode_limit() - make @limit; 0 or -ENOMEM */
int nft_encode_limit(struct nft_batch *batch, const char *table, const struct limit *limit);

/** nft_encode_chain() - make @chain, without its rules; 0 or -ENOMEM */
int nft_encode_chain(struct nft_batch *batch, const char *table, const struct chain *chain);

/**
 * nft_encode_rule() - append @rule to @chain, after the anonymous sets that it looks into
 * @set_id:	number of the last set of the transaction; raised by the sets made here
 * Return: 0 or -ENOMEM
 */
int nft_encode_rule(struct nft_batch *batch, const char *table, const struct chain *chain,
		    const struct rule *rule, uint32_t *set_id);

#endif
