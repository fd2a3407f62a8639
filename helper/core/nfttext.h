/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ruleset as the text that "nft -f" reads and "nft list ruleset" prints. */
#ifndef CARREL_CORE_NFTTEXT_H
#define CARREL_CORE_NFTTEXT_H

#include "base/buffer.h"
#include "core/ruleset.h"

/** nfttext_write() - append @ruleset to @buffer (check buffer->failed) */
void nfttext_write(const struct ruleset *ruleset, struct buffer *buffer);

/** nfttext_write_rule() - append one rule, without indentation or newline */
void nfttext_write_rule(struct buffer *buffer, const struct rule *rule);

#endif
