/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4 and IPv6 addresses and prefixes, in one type. */
#ifndef CARREL_BASE_ADDRESS_H
#define CARREL_BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADDRESS_TEXT_SIZE 46    /* INET6_ADDRSTRLEN, terminator included */
#define PREFIX_TEXT_SIZE  50    /* the same + "/128" */

enum family { FAMILY_IPV4, FAMILY_IPV6 };
#define FAMILY_COUNT 2

struct address {
	enum family family;
	uint8_t bytes[16];      /* network order; IPv4 uses the first four, the rest is zero */
};

struct prefix {
	struct address address; /* host bits are zero */
	uint8_t length;         /* 0-32 or 0-128 */
};

/** address_size() - bytes of an address: 4 or 16 */
size_t address_size(enum family family);

/** address_bits() - 32 or 128 */
unsigned address_bits(enum family family);

/** address_parse() - "192.0.2.1" or "2001:db8::1" of @length bytes; 0 or -EINVAL */
int address_parse(const char *text, size_t length, struct address *ret);

/**
 * prefix_parse() - "192.0.2.0/24", or an address alone (full length)
 * Return: 0; -EINVAL when it is no prefix; -ERANGE when the length is too large;
 *	   -EADDRNOTAVAIL when host bits are set (192.0.2.1/24)
 */
int prefix_parse(const char *text, size_t length, struct prefix *ret);

void address_format(const struct address *address, char text[ADDRESS_TEXT_SIZE]);
/** prefix_format() - an address alone when the prefix has full length */
void prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT_SIZE]);

bool address_equal(const struct address *a, const struct address *b);
bool prefix_contains(const struct prefix *prefix, const struct address *address);
/** prefix_covers() - every address of @inner is in @outer */
bool prefix_covers(const struct prefix *outer, const struct prefix *inner);
/** prefix_last() - the last address of @prefix (all host bits one) */
void prefix_last(const struct prefix *prefix, struct address *ret);

#endif
