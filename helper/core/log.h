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
 * namespace.
 */
#ifndef CARREL_CORE_LOG_H
#define CARREL_CORE_LOG_H

/* Names that appear in the carrel. Addresses are those of the other end, ports are destinations. */
#define LOG_SET_RULES "log-rules"       /* mark: "DIRECTION VERDICT POLICY PLACE" */
#define LOG_SET_IPV4  "log4"            /* protocol, address, port, mark */
#define LOG_SET_IPV6  "log6"
#define LOG_SET_ICMP4 "log-icmp4"       /* address, type, code, mark */
#define LOG_SET_ICMP6 "log-icmp6"
#define LOG_SET_REST  "log-rest"        /* mark */

/* Elements of one of the four: at some 200 bytes each, what one user can make the kernel keep. */
#define LOG_SIZE 1024

/* How long an element outlives its last packet. */
#define LOG_TIMEOUT_S (60 * 60)

/* Of what decided: NAME_MAX of a policy, the words before it and blanks fit a comment with it. */
#define LOG_PLACE_MAX_BYTES 80

#endif
