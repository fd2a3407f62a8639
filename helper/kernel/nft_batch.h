/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One nf_tables transaction: messages collected in memory, sent by one sendmsg, all of
 * them carried out or none. Grows with what is put into it.
 */
#ifndef CARREL_KERNEL_NFT_BATCH_H
#define CARREL_KERNEL_NFT_BATCH_H

#include <stddef.h>
#include <stdint.h>
#include <linux/netlink.h>
#include "core/ruleset.h"

struct carrel_error;
struct mnl_socket;

/* What a message is about, for the error text. */
struct nft_origin {
	const struct chain *chain;      /* NULL: the table */
	size_t rule;                    /* from 1; 0: the chain itself */
};

struct nft_batch {
	uint8_t *bytes;
	size_t used_bytes, capacity_bytes;
	size_t last_offset;             /* of the last message */
	uint32_t sequence;              /* of the last message; the first one's is 1 */
	struct nft_origin origin;       /* of the messages to come; set by the caller */
	struct nft_origin *origins;     /* by sequence number - 1 */
	size_t origin_capacity;
};

#define NFT_BATCH_CLEANUP __attribute__((cleanup(nft_batch_free)))

/** nft_batch_free() - harmless on one that is all zero */
void nft_batch_free(struct nft_batch *batch);

/** nft_batch_begin() - start the transaction in an all-zero @batch; 0 or -ENOMEM */
int nft_batch_begin(struct nft_batch *batch);

/**
 * nft_batch_message() - begin the next message
 * @type:	NFT_MSG_*
 * @flags:	NLM_F_* beside NLM_F_REQUEST
 * @room_bytes:	the most that the message can become
 *
 * Return: its header, valid until the next call; nft_batch_end() follows. NULL: ENOMEM
 */
struct nlmsghdr *nft_batch_message(struct nft_batch *batch, uint16_t type, uint16_t flags,
				   size_t room_bytes);

/** nft_batch_end() - the message is complete */
void nft_batch_end(struct nft_batch *batch, const struct nlmsghdr *message);

/**
 * nft_batch_commit() - end the transaction, send it, read every answer
 * Return: 0; else -errno of the first refusal, with what was refused and the kernel's text
 */
int nft_batch_commit(struct nft_batch *batch, struct mnl_socket *socket,
		     struct carrel_error *err);

#endif
