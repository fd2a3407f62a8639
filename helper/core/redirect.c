/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Programs that get no answer ask the next one that resolv.conf names, so the resolvers are
 * dealt out to these names like cards: what would have gone to different servers still
 * does. A name that gets several asks them in turn, so that where one is dead, the next try
 * finds another. What is sent to somebody whom resolv.conf does not name asks all in turn.
 */
#include "core/redirect.h"

#include <netinet/in.h>

/* Is what is sent to @destination, which is no resolver, to go to one? */
static bool is_asked(const struct dns *dns, const struct address *destination)
{
	if (!dns->own)
		return dns->stub && address_is_loopback(destination);
	return dns->enforced || address_is_loopback(destination) ||
	       resolver_list_find(&dns->named[destination->family], destination) >= 0;
}

struct redirect redirect_find(const struct dns *dns, const struct address *destination,
			      uint8_t l4proto, uint16_t port)
{
	struct redirect redirect = { .kind = REDIRECT_NONE };
	size_t resolvers = dns->resolvers[destination->family].list.count;
	size_t names = dns->named[destination->family].list.count;

	if ((l4proto != IPPROTO_TCP && l4proto != IPPROTO_UDP) || port != DNS_PORT ||
	    dns_is_resolver(dns, destination) || !is_asked(dns, destination))
		return redirect;
	if (!resolvers) {
		/* On the loopback nobody answers, and the kernel says so by itself. */
		if (!address_is_loopback(destination))
			redirect.kind = REDIRECT_REFUSED;
		return redirect;
	}
	redirect.kind = REDIRECT_TO;
	redirect.resolvers = &dns->resolvers[destination->family];
	redirect.step = 1;
	int name = resolver_list_find(&dns->named[destination->family], destination);
	if (name >= 0) {
		redirect.first = (size_t)name % resolvers;
		redirect.step = names < resolvers ? names : resolvers;
	}
	return redirect;
}

const struct address *redirect_each(const struct redirect *redirect, size_t *at)
{
	size_t index = redirect->first + *at * redirect->step;

	if (redirect->kind != REDIRECT_TO || index >= redirect->resolvers->list.count)
		return NULL;
	++*at;
	return &redirect->resolvers->list.items[index];
}

bool redirect_leads_to(const struct redirect *redirect, const struct address *address)
{
	const struct address *resolver;

	for (size_t at = 0; (resolver = redirect_each(redirect, &at)) != NULL;)
		if (address_equal(resolver, address))
			return true;
	return false;
}
