/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A firewall as data: what the compiler makes of a policy, what the host's constant
 * table is, what core/nfttext.c writes as nft text and kernel/nft.c loads.
 *
 * One vocabulary with two printers: so what `carrel plan --nft` shows is what is loaded.
 *
 * Rulesets are written by the builder below: chains first, then rule by rule, each
 * rule's matches before its statements. The builder remembers that memory ran out, so
 * that the code that uses it reads like the firewall it makes and asks once, at the end.
 */
#ifndef CARREL_CORE_RULESET_H
#define CARREL_CORE_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/arena.h"

/* What a match looks at. Sizes and nft's words for each stand in one table, in ruleset.c. */
enum field {
	FIELD_IIFNAME, FIELD_OIFNAME,           /* text; a trailing '*' matches a prefix */
	FIELD_IIFGROUP,                         /* the link's group number */
	FIELD_NFPROTO,                          /* NFPROTO_IPV4 / NFPROTO_IPV6 */
	FIELD_L4PROTO,
	FIELD_SADDR4, FIELD_DADDR4, FIELD_SADDR6, FIELD_DADDR6,
	FIELD_DPORT,                            /* tcp, udp, sctp; stands right after FIELD_L4PROTO */
	FIELD_ICMP_TYPE, FIELD_ICMPV6_TYPE,     /* after FIELD_NFPROTO or an address, FIELD_L4PROTO */
	FIELD_ICMP_CODE, FIELD_ICMPV6_CODE,     /* likewise */
	FIELD_MARK,                             /* the packet's; see core/log.h */
	FIELD_CT_STATE,                         /* any state of the mask */
	FIELD_CT_MARK,                          /* the connection's; see core/connection.h */
	FIELD_CT_DIRECTION,                     /* IP_CT_DIR_*: of the packet in its connection */
	FIELD_CT_STATUS,                        /* any bit of the mask, IPS_*; negated: none */
	FIELD_TURN,                             /* 0 for the first of so many packets, then 1, ... */
	FIELD_FIB_SADDR_IIF_OIF,                /* result of "fib saddr . iif oif"; 0 = missing */
	FIELD_FIB_DADDR_TYPE,                   /* RTN_*: how the host would route it */
};
#define FIELD_COUNT (FIELD_FIB_DADDR_TYPE + 1)

#define VALUE_MAX_BYTES 16      /* an IPv6 address; also IFNAMSIZ */

/*
 * Both ends inclusive. Addresses and ports in network order, numbers that the kernel
 * keeps in its own order (group, ct state, ct mark, fib's result) in host order.
 */
struct value_range {
	uint8_t first[VALUE_MAX_BYTES], last[VALUE_MAX_BYTES];
};

/* Fields of a set's key, one behind the other. */
#define KEY_MAX_FIELDS 4
struct key {
	enum field fields[KEY_MAX_FIELDS];
	size_t count;
};

struct match {
	enum field field;
	bool negated;                           /* != */
	uint32_t mask;                          /* not 0: (field & mask) is compared */
	uint32_t turns;                         /* FIELD_TURN: of how many packets */
	const char *ifname;                     /* FIELD_IIFNAME, FIELD_OIFNAME */
	const char *set;                        /* what is looked for in the set of this name */
	struct key key;                         /* not empty: of these fields, @field among them */
	/*
	 * Sorted; no two overlap or touch. One value or range: a comparison; several: one
	 * anonymous set. Interface names, FIELD_CT_STATE, FIELD_CT_STATUS and named
	 * sets have none.
	 */
	ARENA_LIST(struct value_range) values;
};

enum statement_kind {
	STATEMENT_LIMIT,                        /* go on only while a limit is not exceeded */
	STATEMENT_COUNTER,
	STATEMENT_TRACE,                        /* tell listeners of every rule that decides from here on */
	STATEMENT_ACCEPT, STATEMENT_DROP,
	STATEMENT_REJECT_RESET,                 /* tcp reset; only after a match of tcp */
	STATEMENT_REJECT,                       /* ICMP or ICMPv6 "administratively prohibited" */
	STATEMENT_GOTO, STATEMENT_JUMP,         /* to a chain; after a jump, back again */
	STATEMENT_RETURN,                       /* to the rule behind the jump */
	STATEMENT_MARK,                         /* set the packet's mark to a number */
	/*
	 * Note the packet in a dynamic set, and count it there. Where a field is not in the
	 * packet, or the set is full, the rule ends here as if it had not matched.
	 */
	STATEMENT_UPDATE,
	/* Count the connection; go on only when more than a number of those counted are open. */
	STATEMENT_CONNECTIONS_OVER,
	STATEMENT_MASQUERADE,
	STATEMENT_DNAT,                         /* to an address, of the family that was matched */
};

struct statement {
	enum statement_kind kind;
	const char *name;                       /* _GOTO, _JUMP: of the chain; _LIMIT, _UPDATE: of it */
	uint32_t number;                        /* _CONNECTIONS_OVER, _MARK */
	struct key key;                         /* _UPDATE: where its parts come from */
	struct address address;                 /* _DNAT */
};

/* Bytes of a comment without terminator: nft's NFTNL_UDATA_COMMENT_MAXLEN counts it. */
#define COMMENT_MAX_BYTES 127

/*
 * Far more than any rule has; kernel/nft_encode.c's room for one message follows from
 * them. Rules are written by code, never by input: more is a programmer's error.
 */
#define RULE_MAX_MATCHES    8
#define RULE_MAX_STATEMENTS 4

struct rule {
	ARENA_LIST(struct match) matches;
	ARENA_LIST(struct statement) statements;
	const char *comment;                    /* or NULL; COMMENT_MAX_BYTES at most, no '"' */
};

/* Where chains stand among others of a hook; these have names in nft. */
#define PRIORITY_RAW    (-300)
#define PRIORITY_FILTER 0
#define PRIORITY_SRCNAT 100
#define PRIORITY_DSTNAT (-100)

struct chain {
	const char *name;
	bool base;                              /* attached to a hook; else reached by goto */
	const char *type;                       /* base: "filter" or "nat" */
	uint32_t hook;                          /* base: NF_INET_* */
	int32_t priority;                       /* base */
	bool drop;                              /* base: policy drop instead of accept */
	ARENA_LIST(struct rule) rules;
};

/* A rate that several rules share: nft's object "limit". */
struct limit {
	const char *name;
	uint32_t packets, per_s, burst;         /* per_s: a second, minute, hour or day */
};

/* The fields of a key of several, as the packet has them: all in whole registers of 4 bytes. */
#define ELEMENT_MAX_BYTES 20    /* a number and an IPv6 address */
struct element_key { uint8_t bytes[ELEMENT_MAX_BYTES]; };

/* Single values that rules look into by a name, or note: they change while the rules stay. */
struct element_set {
	const char *name;
	struct key key;                         /* of the fields, only the types matter */
	ARENA_LIST(struct value_range) values;  /* of one field; sorted, each once; may be none */
	ARENA_LIST(const char *) comments;      /* of the values, as a rule's; or none */
	ARENA_LIST(struct element_key) keys;    /* in the place of values, of several fields */
	uint32_t size;                          /* of a set that rules add to: the most elements */
	uint32_t timeout_s;                     /* how long one stays after its last packet; or 0 */
};

/* A table of family inet. */
struct ruleset {
	const char *table;
	ARENA_LIST(struct limit) limits;
	ARENA_LIST(struct element_set) sets;
	ARENA_LIST(struct chain) chains;        /* those that rules go to may stand before or after */
};

struct field_info {
	const char *words;      /* nft's, e.g. "ip daddr" */
	const char *type;       /* nft's, e.g. "ipv4_addr"; NULL: no key is made of it */
	uint8_t size_bytes;     /* of a value */
	uint8_t nfproto;        /* the family that a packet must have for the field to exist, or 0 */
};

/** field_info() - the row of @field; never NULL */
const struct field_info *field_info(enum field field);

/**
 * range_prefix_length() - is the range exactly one prefix?
 * @size_bytes:	of its values, in network order
 *
 * Return: the prefix's length in bits (all of them for a single value), or -1
 */
int range_prefix_length(const struct value_range *range, size_t size_bytes);

struct ruleset_builder {
	struct arena *arena;
	struct ruleset ruleset;
	struct rule *rule;      /* the one that matches and statements are added to */
	bool failed;            /* memory ran out: the ruleset is not whole */
};

/**
 * ruleset_begin() - an empty table
 * @arena:	the ruleset lives here; strings given to the builder are not copied
 */
void ruleset_begin(struct ruleset_builder *builder, struct arena *arena, const char *table);

/** ruleset_finish() - take what was built; 0 or -ENOMEM */
int ruleset_finish(struct ruleset_builder *builder, struct ruleset *ret_ruleset);

/** ruleset_add_chain() - a chain that rules go to; its index, for rule_begin() */
size_t ruleset_add_chain(struct ruleset_builder *builder, const char *name);

/** ruleset_add_hook() - a chain of @type at an NF_INET_* hook; its index */
size_t ruleset_add_hook(struct ruleset_builder *builder, const char *name, const char *type,
			uint32_t hook, int32_t priority, bool drop);

/** ruleset_add_numbers() - a set of numbers, for set_add_number(); its index */
size_t ruleset_add_numbers(struct ruleset_builder *builder, const char *name, enum field field);

/** set_add_number() - @number, the largest yet, into set number @set */
void set_add_number(struct ruleset_builder *builder, size_t set, uint32_t number,
		    const char *comment);

/** ruleset_add_keys() - a set of keys of several fields, for set_add_key(); its index */
size_t ruleset_add_keys(struct ruleset_builder *builder, const char *name, const struct key *key);

/** set_add_key() - one that is not in set number @set yet */
void set_add_key(struct ruleset_builder *builder, size_t set, const struct element_key *key);

/**
 * ruleset_add_notes() - an empty set, for rule_update(); its index
 * @size, @timeout_s:	as in struct element_set; the second not 0
 */
size_t ruleset_add_notes(struct ruleset_builder *builder, const char *name,
			 const struct key *key, uint32_t size, uint32_t timeout_s);

/** ruleset_add_limit() - for rule_limit() */
void ruleset_add_limit(struct ruleset_builder *builder, struct limit limit);

/**
 * ruleset_add_set() - for rule_match_set()
 * @values:	single ones, in any order; sorted here, doubled ones left out
 */
void ruleset_add_set(struct ruleset_builder *builder, const char *name, enum field field,
		     const struct value_range *values, size_t count);

/** rule_begin() - a new rule at the end of chain number @chain; what follows adds to it */
void rule_begin(struct ruleset_builder *builder, size_t chain, const char *comment);

/** rule_match_ifname() - @field is FIELD_IIFNAME or FIELD_OIFNAME */
void rule_match_ifname(struct ruleset_builder *builder, enum field field, const char *ifname,
		       bool negated);

/** rule_match_bits() - (@field & @mask) == @bits, of a 32-bit field in host order */
void rule_match_bits(struct ruleset_builder *builder, enum field field, uint32_t mask,
		     uint32_t bits);

/** rule_match_state() - one of @states, NF_CT_STATE_BIT()s */
void rule_match_state(struct ruleset_builder *builder, uint32_t states);

/** rule_match_status() - (@negated: none) one of @status, IPS_* bits */
void rule_match_status(struct ruleset_builder *builder, uint32_t status, bool negated);

/** rule_match_turn() - the first of every @turns packets that come as far as this match */
void rule_match_turn(struct ruleset_builder *builder, uint32_t turns);

/**
 * rule_match_ranges() - the field is in one of @ranges, or in none when @negated
 * @ranges:	at least one; in any order, may overlap; sorted and merged here
 */
void rule_match_ranges(struct ruleset_builder *builder, enum field field, bool negated,
		       const struct value_range *ranges, size_t count);

/** rule_match_set() - the field is in the set called @name */
void rule_match_set(struct ruleset_builder *builder, enum field field, const char *name);

/** rule_match_key() - the fields of @key are, together, in the set called @name */
void rule_match_key(struct ruleset_builder *builder, const struct key *key, const char *name);

/** rule_match_value() - one value of the field's size */
void rule_match_value(struct ruleset_builder *builder, enum field field, const void *value);

void rule_add(struct ruleset_builder *builder, enum statement_kind kind);
void rule_goto(struct ruleset_builder *builder, const char *chain);
void rule_jump(struct ruleset_builder *builder, const char *chain);
/** rule_dnat() - send the connection to @address instead; in a chain of type nat */
void rule_dnat(struct ruleset_builder *builder, const struct address *address);
void rule_connections_over(struct ruleset_builder *builder, uint32_t number);
void rule_mark(struct ruleset_builder *builder, uint32_t mark);
/** rule_update() - @key: fields of the types of @set's key */
void rule_update(struct ruleset_builder *builder, const char *set, const struct key *key);
/** rule_limit() - @name of a limit; what follows is only done while it is not exceeded */
void rule_limit(struct ruleset_builder *builder, const char *name);

#endif
