/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nft's words for numbers. */
#ifndef CARREL_CORE_NFTWORD_H
#define CARREL_CORE_NFTWORD_H

#include <stdint.h>
#include "base/buffer.h"

/* Lists end with one that has no text. */
struct word { uint32_t value; const char *text; };

extern const struct word nft_protocols[], nft_families[], nft_address_types[], nft_icmp_types[];
extern const struct word nft_icmpv6_types[], nft_states[], nft_directions[], nft_statuses[],
	nft_hooks[];

/** nft_word_of() - the name of @value, or NULL */
const char *nft_word_of(const struct word *words, uint32_t value);

/** nft_write_word() - a name where there is one, else the number */
void nft_write_word(struct buffer *buffer, const struct word *words, uint32_t value);

#endif
