/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sets in which a carrel has the addresses of hosts, while its rules stay. */
#ifndef CARREL_KERNEL_NFT_NAMES_H
#define CARREL_KERNEL_NFT_NAMES_H

#include "core/holding.h"

struct carrel_error;
struct mnl_socket;

/**
 * nft_read_names() - what the sets of table inet carrel hold; nothing, where the table is gone
 * @ret:	lives in @arena
 *
 * Return: 0; -EBADMSG when one holds something else than addresses of its family; -errno
 * Context: @socket is one of the carrel's namespace
 */
int nft_read_names(struct mnl_socket *socket, struct arena *arena, struct holding *ret,
		   struct carrel_error *err);

/**
 * nft_update_names() - bring the sets of table inet carrel to what is known now
 *
 * Which names a carrel has its own sets tell. What is there already stays untouched; what
 * differs, in all sets, is changed in one transaction. A name that is not known at all is one
 * that no policy has any more: until the carrel gets its new rules, that set stays as it is.
 *
 * Return: 1 when something was changed; 0; -errno: then nothing was
 * Context: @socket is one of the carrel's namespace
 */
int nft_update_names(struct mnl_socket *socket, const struct known_names *known,
		     struct carrel_error *err);

/**
 * nft_update_host() - the same for the sets of the host's own addresses
 * @host:	all of them, as full-length prefixes
 *
 * Return: as above; -ENOENT when the table has no such sets
 * Context: as above
 */
int nft_update_host(struct mnl_socket *socket, const struct prefix_list *host,
		    struct carrel_error *err);

#endif
