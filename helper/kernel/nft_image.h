/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images of tables: of one that is loaded, and of one as the kernel would show it. */
#ifndef CARREL_KERNEL_NFT_IMAGE_H
#define CARREL_KERNEL_NFT_IMAGE_H

#include "core/image.h"

struct carrel_error;
struct mnl_socket;

/**
 * nft_image_read() - table inet @table of the socket's namespace
 * @texts:	write down rules for people, too
 * @ret_generation: of the firewall that was read
 *
 * Return: 0, also when there is no such table; -EAGAIN when somebody keeps changing it; -errno
 */
int nft_image_read(struct mnl_socket *socket, const char *table, bool texts, struct arena *arena,
		   struct image *ret, uint32_t *ret_generation, struct carrel_error *err);

/**
 * nft_image_intend() - what @ruleset would be, were it loaded
 *
 * It is, in a namespace that exists for this alone: each version of the kernel adds things of its
 * own to what it was given, and here it does so to both sides.
 *
 * Return: 0 or -errno
 * Context: CAP_SYS_ADMIN and CAP_NET_ADMIN; leaves the calling thread in the network namespace
 *	    that it was in, unless that cannot be entered again
 */
int nft_image_intend(const struct ruleset *ruleset, struct arena *arena, struct image *ret,
		     struct carrel_error *err);

#endif
