/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nftables of a namespace: a socket, and questions that have one answer. Only nft*.c know libnftnl. */
#ifndef CARREL_KERNEL_NFT_H
#define CARREL_KERNEL_NFT_H

#include <stdint.h>

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
 * nft_generation() - the number that every change of any table of the namespace increments
 * Return: 0 or -errno
 */
int nft_generation(struct mnl_socket *socket, uint32_t *ret_generation,
		   struct carrel_error *err);

/** nft_table_exists() - 1, 0, or -errno */
int nft_table_exists(struct mnl_socket *socket, const char *table, struct carrel_error *err);

/** nft_family_word() - nft's word for the family of a table, NFPROTO_*; "?" for one that has none */
const char *nft_family_word(uint32_t family);

#endif
