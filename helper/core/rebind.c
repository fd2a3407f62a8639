/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/rebind.h"

#include <string.h>

#include "core/prefixes.h"

/* Sorted, no overlap; also those of rebind_impossible(). */
static const struct prefix refused[] = {
	{ { FAMILY_IPV4, { 0 } }, 8 },                          /* RFC 791: this network */
	{ { FAMILY_IPV4, { 10 } }, 8 },                         /* RFC 1918 */
	{ { FAMILY_IPV4, { 100, 64 } }, 10 },                   /* RFC 6598: carriers' NAT */
	{ { FAMILY_IPV4, { 127 } }, 8 },                        /* loopback */
	{ { FAMILY_IPV4, { 169, 254 } }, 16 },                  /* RFC 3927; clouds' metadata */
	{ { FAMILY_IPV4, { 172, 16 } }, 12 },                   /* RFC 1918 */
	{ { FAMILY_IPV4, { 192, 0, 0 } }, 24 },                 /* RFC 6890: protocols */
	{ { FAMILY_IPV4, { 192, 168 } }, 16 },                  /* RFC 1918 */
	{ { FAMILY_IPV4, { 198, 18 } }, 15 },                   /* RFC 2544: benchmarks in a lab */
	{ { FAMILY_IPV4, { 224 } }, 3 },                        /* multicast, reserved, broadcast */
	{ { FAMILY_IPV6, { 0 } }, 32 },                         /* RFC 4291: ::, ::1, IPv4 in IPv6 */
	{ { FAMILY_IPV6, { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 } }, 48 },        /* RFC 8215 */
	{ { FAMILY_IPV6, { 0x01, 0x00 } }, 64 },                /* RFC 6666: discard */
	{ { FAMILY_IPV6, { 0x20, 0x01 } }, 32 },                /* RFC 4380: Teredo hides any IPv4 */
	{ { FAMILY_IPV6, { 0x20, 0x02 } }, 16 },                /* RFC 3056: and so does 6to4 */
	{ { FAMILY_IPV6, { 0xfc } }, 7 },                       /* RFC 4193; clouds' metadata */
	{ { FAMILY_IPV6, { 0xfe, 0x80 } }, 9 },                 /* link-local, and site-local of old */
	{ { FAMILY_IPV6, { 0xff } }, 8 },                       /* multicast */
};

/* NAT64 (RFC 6052): what it leads to is the IPv4 address in its last four bytes. */
static const struct prefix nat64 = {
	{ FAMILY_IPV6, { 0x00, 0x64, 0xff, 0x9b } }, 96,
};

static const struct prefix impossible[] = {
	{ { FAMILY_IPV4, { 0 } }, 8 },
	{ { FAMILY_IPV4, { 224 } }, 4 },
	{ { FAMILY_IPV4, { 255, 255, 255, 255 } }, 32 },
	{ { FAMILY_IPV6, { 0 } }, 128 },
	{ { FAMILY_IPV6, { [10] = 0xff, [11] = 0xff } }, 96 },
	{ { FAMILY_IPV6, { 0xff } }, 8 },
};

bool rebind_impossible(const struct address *address)
{
	return prefixes_hold(impossible, sizeof(impossible) / sizeof(impossible[0]), address);
}

bool rebind_refused(const struct address *address)
{
	struct address hidden = { .family = FAMILY_IPV4 };

	if (prefixes_hold(refused, sizeof(refused) / sizeof(refused[0]), address))
		return true;
	if (!prefix_contains(&nat64, address))
		return false;
	memcpy(hidden.bytes, address->bytes + nat64.length / 8, address_size(FAMILY_IPV4));
	return prefixes_hold(refused, sizeof(refused) / sizeof(refused[0]), &hidden);
}

struct prefix_list rebind_prefixes(void)
{
	return (struct prefix_list){ refused, sizeof(refused) / sizeof(refused[0]) };
}
