/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image being read: what nft_image.c and nft_image_rule.c share. */
#ifndef CARREL_KERNEL_NFT_IMAGING_H
#define CARREL_KERNEL_NFT_IMAGING_H

#include <linux/netfilter/nfnetlink.h>

#include "base/buffer.h"
#include "core/image.h"
#include "kernel/rtnl.h"

struct listed_set {
	const char *name;
	uint32_t flags;
	struct image_bytes content;
};

struct imaging {
	struct rtnl netlink;            /* on a socket of netfilter's */
	struct arena *arena;
	const char *table;
	bool texts;
	struct image image;
	ARENA_LIST(struct listed_set) sets;
	ARENA_LIST(struct image_bytes) elements;        /* of the set that is being read */
};

/** imaging_keep_bytes() - a copy of @buffer's content; 0 or -ENOMEM */
int imaging_keep_bytes(struct arena *arena, const struct buffer *buffer, struct image_bytes *ret);

/** imaging_append() - @attribute as it came, without the padding behind it */
void imaging_append(struct buffer *buffer, const struct nlattr *attribute);

/** imaging_append_bytes() - @bytes, so that one can tell where they end */
void imaging_append_bytes(struct buffer *buffer, const struct image_bytes *bytes);

/** imaging_text() - the text in @attribute; "" when it is NULL or has none */
const char *imaging_text(const struct nlattr *attribute);

/** imaging_attribute() - of an nf_tables message, or NULL */
const struct nlattr *imaging_attribute(const struct nlmsghdr *message, uint16_t type);

/** imaging_keep_rule() - rtnl_query() answer: a rule of a chain that was listed; sets were, too */
int imaging_keep_rule(const struct nlmsghdr *message, void *imaging);

#endif
