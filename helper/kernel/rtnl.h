/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtnetlink, many requests to a send. (What is said here of requests and answers holds for
 * connection tracking too: conntrack.c uses this on a socket of netfilter's.)
 *
 * The kernel goes on after a request that failed, and answers failures whether or not
 * an answer was asked for; so only the last request asks for one, and every failure
 * that comes before it is read and reported.
 */
#ifndef CARREL_KERNEL_RTNL_H
#define CARREL_KERNEL_RTNL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/netlink.h>

struct carrel_error;
struct mnl_socket;

/* The largest batch is the carrel's own: 10 requests of 100 bytes. A veth is 300. */
#define RTNL_BATCH_BYTES    4096
#define RTNL_BATCH_REQUESTS 32

/*
 * The largest answer to one of several questions: a link, without its counters, is 1.3 KiB. The
 * kernel cuts lists into pieces that are smaller (NLMSG_GOODSIZE, include/linux/netlink.h).
 */
#define RTNL_ANSWER_BYTES 4096

struct rtnl {
	struct mnl_socket *socket;
	uint32_t sequence;              /* of the last request written */
	uint32_t sent;                  /* of the last request sent */
	size_t used_bytes;
	const char *what[RTNL_BATCH_REQUESTS];  /* of the requests in the batch, for messages */
	_Alignas(struct nlmsghdr) uint8_t bytes[RTNL_BATCH_BYTES];
};

#define RTNL_CLEANUP __attribute__((cleanup(rtnl_close)))

/** rtnl_open() - a socket of the network namespace that the caller is in now; it stays there */
int rtnl_open(struct rtnl *ret_rtnl, struct carrel_error *err);

/** rtnl_close() - harmless on one that was never opened (all zero) */
void rtnl_close(struct rtnl *rtnl);

/**
 * rtnl_request() - begin the next request of the batch
 * @type:	RTM_*
 * @flags:	NLM_F_* beside NLM_F_REQUEST
 * @what:	what it does, for the error message; must live until rtnl_commit()
 *
 * Return: the header, to which the caller adds its payload, then calls rtnl_end()
 */
struct nlmsghdr *rtnl_request(struct rtnl *rtnl, uint16_t type, uint16_t flags, const char *what);

/** rtnl_end() - the request is complete; -E2BIG when the batch has no room for another */
int rtnl_end(struct rtnl *rtnl, struct nlmsghdr *request, struct carrel_error *err);

/** rtnl_pending() - requests written but not sent */
unsigned rtnl_pending(const struct rtnl *rtnl);

/**
 * rtnl_commit() - send the batch, wait for the last answer
 *
 * Return: 0; else the first failure's -errno, with what was asked and the kernel's own text
 */
int rtnl_commit(struct rtnl *rtnl, struct carrel_error *err);

/* One request of the batch, when answers are wanted. */
struct rtnl_question {
	/* Called with each message of the answer; 0 to go on, negative errno to stop. */
	int (*answer)(const struct nlmsghdr *message, void *context);
	void *context;
	/* Is the refusal @rc (a negative errno) an answer, too? NULL: none is. */
	bool (*is_absent)(int rc);
};

/**
 * rtnl_ask() - send the batch, hand every answer to who asked
 * @questions:	one for each request of the batch, in their order; at most one of several may be a
 *		dump (NLM_F_DUMP), and it must be the last: the kernel writes one at a time
 *
 * Return: 0; else the first failure's -errno, of the kernel's or of an answer
 */
int rtnl_ask(struct rtnl *rtnl, const struct rtnl_question *questions, struct carrel_error *err);

/**
 * rtnl_query() - send the one request in the batch, hand every answer to @answer
 * @answer:	called with each message of the reply; 0 to go on, negative errno to stop
 *
 * Works for a single answer and for dumps (NLM_F_DUMP).
 */
int rtnl_query(struct rtnl *rtnl, int (*answer)(const struct nlmsghdr *message, void *context),
	       void *context, struct carrel_error *err);

/**
 * rtnl_attribute() - the (last) attribute of @type in @message, or NULL
 * @header_bytes: size of the fixed header that the attributes follow
 */
const struct nlattr *rtnl_attribute(const struct nlmsghdr *message, size_t header_bytes,
				    uint16_t type);

/** rtnl_nested_attribute() - likewise within the attribute @nest; NULL when that is NULL, too */
const struct nlattr *rtnl_nested_attribute(const struct nlattr *nest, uint16_t type);

/**
 * rtnl_message_ok() - is a whole message there, such as the kernel writes them?
 * @message:	of @left bytes; not read when these are too few
 *
 * Beside what mnl_nlmsg_ok() looks at: lengths above INT_MAX, which it takes for small ones,
 * and what NLMSG_ERROR must carry.
 */
bool rtnl_message_ok(const struct nlmsghdr *message, int left);

/** rtnl_ack_text() - the kernel's extended ack text in an NLMSG_ERROR message, or NULL */
const char *rtnl_ack_text(const struct nlmsghdr *message);

#endif
