/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/nft_field.h"

#include <stdio.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter/nf_tables.h>

struct nftnl_expr *nft_add_expression(struct rule_writer *writer, const char *name)
{
	struct nftnl_expr *expression = writer->failed ? NULL : nftnl_expr_alloc(name);

	if (!expression) {
		writer->failed = true;
		return NULL;
	}
	nftnl_rule_add_expr(writer->rule, expression);
	return expression;
}

struct nftnl_expr *nft_add_numbers(struct rule_writer *writer, const char *name,
				   const struct nft_number *numbers, size_t count)
{
	struct nftnl_expr *expression = nft_add_expression(writer, name);

	for (size_t i = 0; expression && i < count; i++)
		nftnl_expr_set_u32(expression, numbers[i].attribute, numbers[i].value);
	return expression;
}

/* @key is NFT_META_*. */
static void load_meta(struct rule_writer *writer, uint32_t key)
{
	NFT_ADD(writer, "meta", { NFTNL_EXPR_META_KEY, key },
		{ NFTNL_EXPR_META_DREG, writer->reg });
}

/* @base is NFT_PAYLOAD_*; from @offset_bytes of it. */
static void load_payload(struct rule_writer *writer, uint32_t base, uint32_t offset_bytes,
			 size_t length_bytes)
{
	NFT_ADD(writer, "payload", { NFTNL_EXPR_PAYLOAD_DREG, writer->reg },
		{ NFTNL_EXPR_PAYLOAD_BASE, base }, { NFTNL_EXPR_PAYLOAD_OFFSET, offset_bytes },
		{ NFTNL_EXPR_PAYLOAD_LEN, (uint32_t)length_bytes });
}

/* @key: NFT_CT_* */
static void load_ct(struct rule_writer *writer, uint32_t key)
{
	NFT_ADD(writer, "ct", { NFTNL_EXPR_CT_KEY, key },
		{ NFTNL_EXPR_CT_DREG, writer->reg });
}

/* What the routing table says: @result, NFT_FIB_RESULT_*, of what @flags name, NFTA_FIB_F_*. */
static void load_fib(struct rule_writer *writer, uint32_t result, uint32_t flags)
{
	NFT_ADD(writer, "fib", { NFTNL_EXPR_FIB_RESULT, result },
		{ NFTNL_EXPR_FIB_FLAGS, flags }, { NFTNL_EXPR_FIB_DREG, writer->reg });
}

/* Offset of an address in its header (RFC 791, section 3.1; RFC 8200, section 3). */
static uint32_t address_offset_bytes(enum field field)
{
	switch (field) {
	case FIELD_SADDR4:
		return 12;
	case FIELD_DADDR4:
		return 16;
	case FIELD_SADDR6:
		return 8;
	default:
		return 24;
	}
}

void nft_load_field(struct rule_writer *writer, enum field field, size_t length_bytes)
{
	/* Ports of TCP (RFC 9293), UDP (RFC 768) and SCTP (RFC 9260): source, destination. */
	const uint32_t dport_offset_bytes = 2;

	switch (field) {
	case FIELD_IIFNAME:
		load_meta(writer, NFT_META_IIFNAME);
		return;
	case FIELD_OIFNAME:
		load_meta(writer, NFT_META_OIFNAME);
		return;
	case FIELD_IIFGROUP:
		load_meta(writer, NFT_META_IIFGROUP);
		return;
	case FIELD_NFPROTO:
		load_meta(writer, NFT_META_NFPROTO);
		return;
	case FIELD_L4PROTO:
		load_meta(writer, NFT_META_L4PROTO);
		return;
	case FIELD_SADDR4:
	case FIELD_DADDR4:
	case FIELD_SADDR6:
	case FIELD_DADDR6:
		load_payload(writer, NFT_PAYLOAD_NETWORK_HEADER, address_offset_bytes(field),
			     length_bytes);
		return;
	case FIELD_DPORT:
		load_payload(writer, NFT_PAYLOAD_TRANSPORT_HEADER, dport_offset_bytes,
			     length_bytes);
		return;
	case FIELD_ICMP_TYPE:
	case FIELD_ICMPV6_TYPE:
		load_payload(writer, NFT_PAYLOAD_TRANSPORT_HEADER, 0, length_bytes);
		return;
	case FIELD_ICMP_CODE:
	case FIELD_ICMPV6_CODE:
		load_payload(writer, NFT_PAYLOAD_TRANSPORT_HEADER, 1, length_bytes);
		return;
	case FIELD_MARK:
		load_meta(writer, NFT_META_MARK);
		return;
	case FIELD_CT_STATE:
		load_ct(writer, NFT_CT_STATE);
		return;
	case FIELD_CT_MARK:
		load_ct(writer, NFT_CT_MARK);
		return;
	case FIELD_CT_DIRECTION:
		load_ct(writer, NFT_CT_DIRECTION);
		return;
	case FIELD_CT_STATUS:
		load_ct(writer, NFT_CT_STATUS);
		return;
	case FIELD_TURN:
		return; /* nft_encode.c */
	case FIELD_FIB_SADDR_IIF_OIF:
		load_fib(writer, NFT_FIB_RESULT_OIF,
			 NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT);
		return;
	case FIELD_FIB_DADDR_TYPE:
		load_fib(writer, NFT_FIB_RESULT_ADDRTYPE, NFTA_FIB_F_DADDR);
		return;
	}
}
