/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * What a carrel's rules log stays in the carrel, in the kernel's memory: a rule that logs
 * writes its number into the packet's mark and goes to a chain that notes the packet in a
 * dynamic set, under what there is to say about it, and then does what the rule says. So
 *
 *   - the kernel counts, and a flood of equal packets is one element;
 *   - nothing has to listen, and nothing is lost while nobody does: elements stay for
 *     LOG_TIMEOUT_S after their last packet, and that is how the time of it is known;
 *   - a user can fill no more than LOG_SIZE elements of each set. What finds them full, or
 *     has no ports where they are expected, is counted for its rule, in LOG_SET_REST;
 *   - what becomes of a packet does not depend on any of that.
 *
 * (The kernel's own log is silent outside of the first network namespace, unless it is
 * opened for all of them at once; nfnetlink_log needs a socket in each, and a reader.)
 *
 * LOG_SET_RULES says, in the comments of its elements, what the numbers stand for: it is part
 * of what is loaded, and stays true when the policy's file is edited. Marks do not leave the
 * namespace. When rules are replaced by others that log, what is noted is taken over
 * (core/logcarry.h).
 */
#ifndef CARREL_CORE_LOG_H
#define CARREL_CORE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "core/policy.h"

/* Names that appear in the carrel. Addresses are those of the other end, ports are destinations. */
#define LOG_SET_RULES "log-rules"       /* mark: "DIRECTION VERDICT POLICY PLACE" */
#define LOG_SET_IPV4  "log4"            /* protocol, address, port, mark */
#define LOG_SET_IPV6  "log6"
#define LOG_SET_ICMP4 "log-icmp4"       /* address, type, code, mark */
#define LOG_SET_ICMP6 "log-icmp6"
#define LOG_SET_REST  "log-rest"        /* mark */
#define LOG_SET_BEFORE "log-before"     /* as LOG_SET_RULES: of rules that were replaced */

/* Elements of one of the four: at some 200 bytes each, what one user can make the kernel keep. */
#define LOG_SIZE 1024

/* How long an element outlives its last packet. */
#define LOG_TIMEOUT_S (60 * 60)

/* Of what decided: NAME_MAX of a policy, the words before it and blanks fit a comment with it. */
#define LOG_PLACE_MAX_BYTES 80

/* The sets that packets are noted in. */
enum log_set { LOG_IPV4, LOG_IPV6, LOG_ICMP4, LOG_ICMP6, LOG_REST };
#define LOG_SET_COUNT 5

/** log_set_name() - one of the names above */
const char *log_set_name(enum log_set set);

/* Four parts in whole registers: protocol, IPv6 address, port, mark. */
#define LOG_KEY_MAX_BYTES 28

/* An element, as the kernel has it. */
struct log_entry {
	enum log_set set;
	uint8_t key[LOG_KEY_MAX_BYTES];         /* the bytes behind its end are zero */
	size_t key_bytes;
	uint64_t packets;
	uint64_t age_ms;                        /* since the last of them */
};

/* What its key says. */
struct log_flow {
	uint32_t mark;
	/* All but LOG_REST. */
	struct address remote;                  /* the other end */
	uint8_t l4proto;                        /* IPPROTO_* */
	uint16_t port;                          /* destination port; 0 where the protocol has none */
	uint8_t icmp_type, icmp_code;           /* LOG_ICMP4, LOG_ICMP6 */
};

/* What a mark stands for. */
struct log_rule {
	uint32_t mark;
	enum direction direction;
	const char *verdict;                    /* "denied" */
	const char *policy;
	const char *place;                      /* "exam.policy:12", "default deny out" */
};

/** log_read_flow() - false when the key of @entry is not one of its set */
bool log_read_flow(const struct log_entry *entry, struct log_flow *ret);

/**
 * log_read_rule() - understand an element of LOG_SET_RULES
 * @comment:	its comment; not terminated
 *
 * Return: 0; -EINVAL when it is none of ours; -ENOMEM
 */
int log_read_rule(uint32_t mark, const char *comment, size_t length, struct arena *arena,
		  struct log_rule *ret);

/* "255" */
#define LOG_PROTOCOL_SIZE 8

/** log_protocol() - "tcp"; a number for those that rules have no word for */
const char *log_protocol(uint8_t l4proto, char text[LOG_PROTOCOL_SIZE]);

/**
 * log_describe() - append "tcp 203.0.113.5:443 denied, exam.policy:12"
 * @flow:	NULL: what no set had room for
 * @packets:	how many, said when it is not one
 */
void log_describe(const struct log_rule *rule, const struct log_flow *flow, uint64_t packets,
		  struct buffer *text);

#endif
