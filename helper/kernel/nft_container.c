/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of nft_encode.h that makes what rules stand in and refer to. */
#include "kernel/nft_encode.h"

#include <errno.h>
#include <stdbool.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/object.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

/* Two names of at most 255 bytes and a few numbers. */
#define ROOM_BYTES 1024

int nft_encode_table(struct nft_batch *batch, const char *name, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *message = nft_batch_message(batch, type, flags, ROOM_BYTES);

	if (!message)
		return -ENOMEM;
	mnl_attr_put_strz(message, NFTA_TABLE_NAME, name);
	nft_batch_end(batch, message);
	return 0;
}

int nft_encode_limit(struct nft_batch *batch, const char *table, const struct limit *limit)
{
	struct nftnl_obj *object = nftnl_obj_alloc();
	struct nlmsghdr *message;

	if (!object)
		return -ENOMEM;
	/* This library's setters of text and numbers have no way to fail but to leave them out. */
	nftnl_obj_set_str(object, NFTNL_OBJ_TABLE, table);
	nftnl_obj_set_str(object, NFTNL_OBJ_NAME, limit->name);
	nftnl_obj_set_u32(object, NFTNL_OBJ_FAMILY, NFPROTO_INET);
	nftnl_obj_set_u32(object, NFTNL_OBJ_TYPE, NFT_OBJECT_LIMIT);
	nftnl_obj_set_u64(object, NFTNL_OBJ_LIMIT_RATE, limit->packets);
	nftnl_obj_set_u64(object, NFTNL_OBJ_LIMIT_UNIT, limit->per_s);
	nftnl_obj_set_u32(object, NFTNL_OBJ_LIMIT_BURST, limit->burst);
	nftnl_obj_set_u32(object, NFTNL_OBJ_LIMIT_TYPE, NFT_LIMIT_PKTS);
	bool whole = nftnl_obj_is_set(object, NFTNL_OBJ_TABLE) &&
		     nftnl_obj_is_set(object, NFTNL_OBJ_NAME);
	message = whole ? nft_batch_message(batch, NFT_MSG_NEWOBJ, NLM_F_CREATE, ROOM_BYTES) : NULL;
	if (message) {
		nftnl_obj_nlmsg_build_payload(message, object);
		nft_batch_end(batch, message);
	}
	nftnl_obj_free(object);
	return message ? 0 : -ENOMEM;
}

int nft_encode_chain(struct nft_batch *batch, const char *table, const struct chain *source)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();
	struct nlmsghdr *message = NULL;

	if (!chain)
		return -ENOMEM;
	if (nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, table) < 0 ||
	    nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, source->name) < 0)
		goto out;
	if (source->base) {
		if (nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, source->type) < 0)
			goto out;
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, source->hook);
		nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, source->priority);
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY,
				    source->drop ? NF_DROP : NF_ACCEPT);
	}
	message = nft_batch_message(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE, ROOM_BYTES);
	if (message) {
		nftnl_chain_nlmsg_build_payload(message, chain);
		nft_batch_end(batch, message);
	}
out:
	nftnl_chain_free(chain);
	return message ? 0 : -ENOMEM;
}
