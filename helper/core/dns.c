/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/dns.h"

static const struct prefix loopback[FAMILY_COUNT] = {
	[FAMILY_IPV4] = { { FAMILY_IPV4, { 127 } }, 8 },
	[FAMILY_IPV6] = { { FAMILY_IPV6, { [15] = 1 } }, 128 },
};

bool address_is_loopback(const struct address *address)
{
	return prefix_contains(&loopback[address->family], address);
}

int resolver_list_find(const struct resolver_list *list, const struct address *address)
{
	for (size_t i = 0; i < list->list.count; i++)
		if (address_equal(&list->list.items[i], address))
			return (int)i;
	return -1;
}

void dns_settle(struct dns *dns, const struct host_resolvers *host)
{
	dns->stub = host->stub;
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		dns->named[family] = host->named[family];
		if (!dns->own)
			dns->resolvers[family] = host->servers[family];
	}
}

bool dns_is_resolver(const struct dns *dns, const struct address *address)
{
	return resolver_list_find(&dns->resolvers[address->family], address) >= 0;
}

bool dns_redirects_loopback(const struct dns *dns, enum family family)
{
	return (dns->own || dns->stub) && dns->resolvers[family].list.count > 0;
}

bool dns_redirects(const struct dns *dns)
{
	return dns_redirects_loopback(dns, FAMILY_IPV4) || dns_redirects_loopback(dns, FAMILY_IPV6);
}

bool dns_is_lost(const struct dns *dns)
{
	bool asks = false;

	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const struct resolver_list *named = &dns->named[family];

		if (named->list.count && dns->resolvers[family].list.count)
			return false;
		for (size_t i = 0; i < named->list.count; i++) {
			if (!dns->own && !address_is_loopback(&named->list.items[i]))
				return false;
			asks = true;
		}
	}
	return asks;
}
