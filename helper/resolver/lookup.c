/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A library, because DNS is more than it looks: truncated answers that must be asked for
 * again over TCP, chains of CNAMEs, servers that fail over, compressed names in hostile
 * packets. c-ares does all of it in one process without threads, tells times to live, which
 * getaddrinfo(3) does not, and reads /etc/resolv.conf, nsswitch.conf and hosts.
 *
 * The families are asked for apart: asked for together, c-ares does not tell "there is
 * none" from "no answer came".
 */
#include "resolver/lookup.h"

#include <ares.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/select.h>
#include <time.h>

#include "base/error.h"

/* The first try of one server; c-ares doubles it for the next. */
#define TRY_MS 2000
#define TRIES  2
/* When all that is not answered has failed. Whoever started this waits longer. */
#define DEADLINE_MS 12000
/* RFC 9715, section 3.2: answers of this size reach everyone in one piece. */
#define EDNS_BYTES 1232

static ares_channel channel;

/* A question that is under way, and where its answer goes. */
struct question {
	enum family family;
	struct answer *answer;
};

static struct question questions[ANSWERS_NAMES_MAX * FAMILY_COUNT];

int lookup_open(struct carrel_error *err)
{
	struct ares_options options = {
		/*
		 * Names are absolute: what stands in "search" would make others of them. (The
		 * flag ARES_FLAG_NOSEARCH means nothing to ares_getaddrinfo(), no domains do.)
		 */
		.domains = NULL, .ndomains = 0,
		.flags = ARES_FLAG_EDNS,
		.timeout = TRY_MS, .tries = TRIES, .ednspsz = EDNS_BYTES,
	};
	int status = ares_library_init(ARES_LIB_INIT_NONE);

	if (status == ARES_SUCCESS)
		status = ares_init_options(&channel, &options,
					   ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
					   ARES_OPT_EDNSPSZ | ARES_OPT_DOMAINS);
	if (status != ARES_SUCCESS)
		return error_set(err, EIO, "starting c-ares: %s", ares_strerror(status));
	return 0;
}

/* The word of answer_reasons[] for a status of c-ares. */
static const char *reason_of(int status)
{
	switch (status) {
	case ARES_ETIMEOUT:
	case ARES_ECANCELLED:
	case ARES_EDESTRUCTION:
		return "timeout";
	case ARES_EREFUSED:
		return "refused";
	case ARES_ESERVFAIL:
		return "server-failure";
	case ARES_EFORMERR:
	case ARES_EBADRESP:
	case ARES_EBADNAME:
		return "malformed";
	case ARES_ECONNREFUSED:
		return "no-server";
	default:
		return "error";
	}
}

/* Take an address into @answer, if it is of the right family and there is room. */
static void take_address(struct answer *answer, enum family family,
			 const struct ares_addrinfo_node *node)
{
	struct address address = { .family = family };

	if (answer->count == ANSWERS_ADDRESSES_MAX)
		return;
	if (family == FAMILY_IPV4 && node->ai_family == AF_INET)
		memcpy(address.bytes, &((const struct sockaddr_in *)(void *)node->ai_addr)->sin_addr,
		       address_size(family));
	else if (family == FAMILY_IPV6 && node->ai_family == AF_INET6)
		memcpy(address.bytes, &((const struct sockaddr_in6 *)(void *)node->ai_addr)->sin6_addr,
		       address_size(family));
	else
		return;
	answer->addresses[answer->count++] = address;
}

/* The lesser of two times to live; a negative one (RFC 2181, section 8) is 0. */
static uint32_t lesser(uint32_t ttl_s, int other)
{
	uint32_t other_s = other < 0 ? 0 : (uint32_t)other;

	return other_s < ttl_s ? other_s : ttl_s;
}

/* What c-ares calls for each question. */
static void take_result(void *context, int status, int timeouts, struct ares_addrinfo *result)
{
	const struct question *question = context;
	struct answer answer = { .kind = ANSWER_ADDRESSES, .ttl_s = ANSWERS_TTL_MAX_S };

	(void)timeouts;
	if (status == ARES_SUCCESS) {
		for (const struct ares_addrinfo_cname *cname = result->cnames; cname;
		     cname = cname->next)
			answer.ttl_s = lesser(answer.ttl_s, cname->ttl);
		for (const struct ares_addrinfo_node *node = result->nodes; node;
		     node = node->ai_next) {
			answer.ttl_s = lesser(answer.ttl_s, node->ai_ttl);
			take_address(&answer, question->family, node);
		}
	}
	if (status == ARES_ENODATA || status == ARES_ENOTFOUND ||
	    (status == ARES_SUCCESS && !answer.count))
		answer.kind = ANSWER_NONE;
	else if (status != ARES_SUCCESS)
		answer = (struct answer){ .kind = ANSWER_FAILED, .reason = reason_of(status) };
	*question->answer = answer;
	if (result)
		ares_freeaddrinfo(result);
}

/* Send the question; its answer, or that none came, is noted by a callback. */
static void ask(const char *name, struct question *question)
{
	const struct ares_addrinfo_hints hints = {
		.ai_flags = ARES_AI_NOSORT, .ai_socktype = SOCK_STREAM,
		.ai_family = question->family == FAMILY_IPV4 ? AF_INET : AF_INET6,
	};

	ares_getaddrinfo(channel, name, NULL, &hints, take_result, question);
}

/* Of a clock that nobody sets. */
static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Let c-ares do what there is to do before @end_ms. Return: 1; 0 when nothing is left; -errno */
static int process(int64_t end_ms)
{
	int64_t left_ms = end_ms - now_ms();
	fd_set readable, writable;
	struct timeval most, wait;

	if (left_ms <= 0)
		return 0;
	FD_ZERO(&readable);
	FD_ZERO(&writable);
	int count = ares_fds(channel, &readable, &writable);
	if (count == 0)
		return 0;
	most = (struct timeval){ left_ms / 1000, left_ms % 1000 * 1000 };
	if (select(count, &readable, &writable, NULL, ares_timeout(channel, &most, &wait)) < 0)
		return errno == EINTR ? 1 : -errno;
	ares_process(channel, &readable, &writable);
	return 1;
}

int lookup_all(const char *const *names, size_t count, struct answers *ret,
	       struct carrel_error *err)
{
	const int64_t end_ms = now_ms() + DEADLINE_MS;
	int rc;

	for (size_t i = 0; i < count; i++) {
		for (enum family family = 0; family < FAMILY_COUNT; family++) {
			struct question *question = &questions[i * FAMILY_COUNT + family];

			*question = (struct question){ family, &ret[i].of[family] };
			ask(names[i], question);
		}
	}
	while ((rc = process(end_ms)) > 0)
		;
	/* Calls take_result() for those that are left. */
	ares_cancel(channel);
	return rc < 0 ? error_set_errno(err, -rc, "waiting for answers") : 0;
}
