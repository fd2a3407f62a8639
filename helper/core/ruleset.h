/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A firewall as data: what the compiler makes of a policy, what the host's constant
 * table is, what core/nfttext.c writes as nft text and kernel/nft.c loads.
 *
 * One vocabulary with two printers: so what `carrel plan --nft` shows is what is loaded.
 */
#ifndef CARREL_CORE_RULESET_H
#define CARREL_CORE_RULESET_H

#include <stdbool.h>
#include <stdint.h>
#include "base/address.h"
#include "base/arena.h"

/* What a match looks at. Sizes and nft's words for each stand in one table, in ruleset.c. */
enum field {
	FIELD_IIFNAME, FIELD_OIFNAME,           /* text; a trailing '*' matches a prefix */
	FIELD_IIFGROUP, FIELD_OIFGROUP,         /* u32, host order in values */
	FIELD_NFPROTO,                          /* NFPROTO_IPV4 / NFPROTO_IPV6 */
	FIELD_L4PROTO,
	FIELD_SADDR4, FIELD_DADDR4, FIELD_SADDR6, FIELD_DADDR6,
	FIELD_DPORT,                            /* tcp, udp, sctp: "th dport" */
	FIELD_ICMP_TYPE, FIELD_ICMPV6_TYPE,
	FIELD_CT_STATE,                         /* bitmask */
	FIELD_FIB_SADDR_IIF_OIF,                /* result of "fib saddr . iif oif"; 0 = missing */
};
#define FIELD_COUNT (FIELD_FIB_SADDR_IIF_OIF + 1)

/* Both ends inclusive, bytes in network order (host order for numbers that nft keeps so). */
struct value_range {
	uint8_t first[16], last[16];
};

struct match {
	enum field field;
	bool negated;                           /* != */
	uint32_t mask;                          /* not 0: (field & mask) is compared */
	const char *ifname;                     /* FIELD_IIFNAME, FIELD_OIFNAME */
	/* one value: a comparison; several, or a range: one anonymous set (or a range expression) */
	ARENA_LIST(struct value_range) values;
};

enum statement_kind {
	STATEMENT_COUNTER,
	STATEMENT_ACCEPT, STATEMENT_DROP,
	STATEMENT_REJECT,                       /* tcp reset for tcp, else icmpx admin-prohibited */
	STATEMENT_GOTO, STATEMENT_JUMP,         /* to a chain */
	STATEMENT_RETURN,
	STATEMENT_MASQUERADE,
};

struct statement {
	enum statement_kind kind;
	const char *chain;                      /* STATEMENT_GOTO, STATEMENT_JUMP */
};

struct rule {
	ARENA_LIST(struct match) matches;
	ARENA_LIST(struct statement) statements;
	const char *comment;                    /* or NULL; 127 bytes at most: nft's limit */
};

struct chain {
	const char *name;
	bool base;                              /* attached to a hook; else reached by jump */
	const char *type;                       /* base: "filter" or "nat" */
	uint32_t hook;                          /* base: NF_INET_* */
	int32_t priority;                       /* base */
	bool drop;                              /* base: policy drop instead of accept */
	ARENA_LIST(struct rule) rules;
};

/* A table of family inet. */
struct ruleset {
	const char *table;
	ARENA_LIST(struct chain) chains;        /* jumped-to chains may stand before or after */
};

#endif
