/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rules of a carrel have logged: core/log.h says how. */
#ifndef CARREL_KERNEL_NFT_LOG_H
#define CARREL_KERNEL_NFT_LOG_H

#include "base/arena.h"
#include "core/log.h"

struct carrel_error;
struct mnl_socket;

/* The log of one carrel at one moment. */
struct nft_log {
	ARENA_LIST(struct log_rule) rules;      /* in order of mark */
	ARENA_LIST(struct log_entry) entries;
};

/**
 * nft_log_read() - everything that is noted now in table inet @table
 * @socket:	of the carrel's namespace, see nft_open()
 *
 * Return: 0, with nothing where no rule logs; -EAGAIN when rules are replaced faster than they can
 *	   be read; -errno
 */
int nft_log_read(struct mnl_socket *socket, const char *table, struct arena *arena,
		 struct nft_log *ret, struct carrel_error *err);

/** nft_log_rule() - what @mark stands for, or NULL */
const struct log_rule *nft_log_rule(const struct nft_log *log, uint32_t mark);

#endif
