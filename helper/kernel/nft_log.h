/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rules of a carrel have logged: core/log.h says how. */
#ifndef CARREL_KERNEL_NFT_LOG_H
#define CARREL_KERNEL_NFT_LOG_H

#include "base/arena.h"
#include "core/logcarry.h"

struct carrel_error;
struct mnl_socket;

/**
 * nft_log_read() - everything that is noted now in table inet @table
 * @socket:	of the carrel's namespace, see nft_open()
 *
 * Return: 0, with nothing where no rule logs; -EAGAIN when rules are replaced faster than they can
 *	   be read; -errno
 */
int nft_log_read(struct mnl_socket *socket, const char *table, struct arena *arena,
		 struct log_state *ret, struct carrel_error *err);

struct nft_batch;

/** nft_log_encode() - elements that @carry says, into the sets of @table; 0 or -ENOMEM */
int nft_log_encode(struct nft_batch *batch, const char *table, const struct log_carry *carry);

#endif
