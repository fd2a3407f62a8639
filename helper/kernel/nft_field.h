/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expressions that fetch a field of a packet: the beginning of matches, and the keys of sets. */
#ifndef CARREL_KERNEL_NFT_FIELD_H
#define CARREL_KERNEL_NFT_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/ruleset.h"

struct nftnl_expr;
struct nftnl_rule;

/* Expressions of a rule being written. */
struct rule_writer {
	struct nftnl_rule *rule;
	uint32_t reg;                   /* where fields are loaded to, NFT_REG_* */
	bool failed;                    /* memory ran out */
};

/** nft_add_expression() - a new one at the end of the rule, or NULL when memory has run out */
struct nftnl_expr *nft_add_expression(struct rule_writer *writer, const char *name);

/* An attribute of an expression, NFTNL_EXPR_*, that is a number. */
struct nft_number { uint16_t attribute; uint32_t value; };

/** nft_add_numbers() - nft_add_expression(), with @count attributes */
struct nftnl_expr *nft_add_numbers(struct rule_writer *writer, const char *name,
				   const struct nft_number *numbers, size_t count);

/* Of those that follow, each { attribute, value }. */
#define NFT_ADD(writer, name, ...)                                                            \
	nft_add_numbers(writer, name, (const struct nft_number[]){ __VA_ARGS__ },             \
			sizeof((const struct nft_number[]){ __VA_ARGS__ }) /                  \
			sizeof(struct nft_number))

/**
 * nft_load_field() - load @field into the writer's register
 * @length_bytes:	may be less than the field's size, for a comparison of the first bytes
 *			only
 */
void nft_load_field(struct rule_writer *writer, enum field field, size_t length_bytes);

#endif
