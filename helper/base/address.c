/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/number.h"

static_assert(ADDRESS_TEXT_SIZE >= INET6_ADDRSTRLEN, "every IPv6 address fits");
static_assert(PREFIX_TEXT_SIZE >= INET6_ADDRSTRLEN + sizeof("/128") - 1, "and its length");

/** af_of() - the socket interface's number of @family */
static int af_of(enum family family)
{
	return family == FAMILY_IPV4 ? AF_INET : AF_INET6;
}

size_t address_size(enum family family)
{
	return family == FAMILY_IPV4 ? 4 : 16;
}

unsigned address_bits(enum family family)
{
	return (unsigned)address_size(family) * 8;
}

int address_parse(const char *text, size_t length, struct address *ret)
{
	char terminated[ADDRESS_TEXT_SIZE];
	struct address parsed = { 0 };

	/* inet_pton() stops at a NUL: one inside must not make a longer text pass. */
	if (length == 0 || length >= sizeof(terminated) || memchr(text, '\0', length))
		return -EINVAL;
	memcpy(terminated, text, length);
	terminated[length] = '\0';
	parsed.family = strchr(terminated, ':') ? FAMILY_IPV6 : FAMILY_IPV4;
	if (inet_pton(af_of(parsed.family), terminated, parsed.bytes) != 1)
		return -EINVAL;
	*ret = parsed;
	return 0;
}

/** host_mask() - which bits of byte @index lie beyond a prefix of @length bits */
static uint8_t host_mask(unsigned length, size_t index)
{
	unsigned before = (unsigned)index * 8;

	if (length >= before + 8)
		return 0;
	if (length <= before)
		return 0xff;
	return (uint8_t)(0xffU >> (length - before));
}

int prefix_parse(const char *text, size_t length, struct prefix *ret)
{
	const char *slash = memchr(text, '/', length);
	size_t address_length = slash ? (size_t)(slash - text) : length;
	struct prefix parsed = { 0 };

	int rc = address_parse(text, address_length, &parsed.address);
	if (rc)
		return rc;

	unsigned bits = address_bits(parsed.address.family);
	uint64_t prefix_length = bits;
	if (slash) {
		rc = number_parse(slash + 1, length - address_length - 1, bits, &prefix_length);
		if (rc)
			return rc;
	}
	parsed.length = (uint8_t)prefix_length;
	for (size_t i = 0; i < address_size(parsed.address.family); i++)
		if (parsed.address.bytes[i] & host_mask(parsed.length, i))
			return -EADDRNOTAVAIL;
	*ret = parsed;
	return 0;
}

void address_format(const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
	const char *written = inet_ntop(af_of(address->family), address->bytes, text,
					ADDRESS_TEXT_SIZE);
	assert(written);
	(void)written;
}

void prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT_SIZE])
{
	unsigned length = prefix->length;
	char *end;

	address_format(&prefix->address, text);
	if (length == address_bits(prefix->address.family))
		return;
	end = text + strlen(text);
	*end++ = '/';
	if (length >= 100)
		*end++ = (char)('0' + length / 100);
	if (length >= 10)
		*end++ = (char)('0' + length / 10 % 10);
	*end++ = (char)('0' + length % 10);
	*end = '\0';
}

bool address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, address_size(a->family)) == 0;
}

bool prefix_contains(const struct prefix *prefix, const struct address *address)
{
	if (prefix->address.family != address->family)
		return false;
	for (size_t i = 0; i < address_size(address->family); i++)
		if ((prefix->address.bytes[i] ^ address->bytes[i]) &
		    (uint8_t)~host_mask(prefix->length, i))
			return false;
	return true;
}

bool prefix_covers(const struct prefix *outer, const struct prefix *inner)
{
	return outer->length <= inner->length && prefix_contains(outer, &inner->address);
}

void prefix_last(const struct prefix *prefix, struct address *ret)
{
	struct address last = prefix->address;

	for (size_t i = 0; i < address_size(last.family); i++)
		last.bytes[i] |= host_mask(prefix->length, i);
	*ret = last;
}
