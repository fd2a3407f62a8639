/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a query for a name ends up: the meaning of struct dns, written down apart from the
 * rules that core/compile_dns.c makes of it, as core/evaluate.h does for policies.
 */
#ifndef CARREL_CORE_REDIRECT_H
#define CARREL_CORE_REDIRECT_H

#include <stdint.h>
#include "core/dns.h"

enum redirect_kind {
	REDIRECT_NONE,                  /* it goes where it was sent */
	REDIRECT_TO,                    /* to one of some resolvers, in turn */
	REDIRECT_REFUSED,               /* nobody of that family is there to answer it */
};

struct redirect {
	enum redirect_kind kind;
	/* REDIRECT_TO: number @first of @resolvers, and every @step-th after it. */
	const struct resolver_list *resolvers;
	size_t first, step;
};

/**
 * redirect_find() - what becomes of what a carrel sends
 * @l4proto:	IPPROTO_*
 * @port:	destination port; 0 where the protocol has none
 *
 * Context: pure
 */
struct redirect redirect_find(const struct dns *dns, const struct address *destination,
			      uint8_t l4proto, uint16_t port);

/** redirect_each() - the resolvers, one by one: begin with *@at 0; NULL when there is no other */
const struct address *redirect_each(const struct redirect *redirect, size_t *at);

/** redirect_leads_to() - is @address one of them? */
bool redirect_leads_to(const struct redirect *redirect, const struct address *address);

#endif
