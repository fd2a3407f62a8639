/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/resolvconf.h"

#include <errno.h>
#include <string.h>

static const char keyword[] = "nameserver";

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/*
 * The address that the line names. As the C library reads it: the keyword begins the line, and
 * what follows the address is passed over.
 */
static bool line_address(const char *line, size_t length, struct address *ret)
{
	size_t begin = sizeof(keyword) - 1, end;

	if (length <= begin || memcmp(line, keyword, begin) != 0 || !is_blank(line[begin]))
		return false;
	while (begin < length && is_blank(line[begin]))
		begin++;
	for (end = begin; end < length && !is_blank(line[end]);)
		end++;
	return address_parse(line + begin, end - begin, ret) == 0;
}

/* "0.0.0.0" and "::", which some take for the loopback, and what is no server's at all. */
static bool is_usable(const struct address *address)
{
	static const struct prefix unusable[] = {
		{ { FAMILY_IPV4, { 0 } }, 8 }, { { FAMILY_IPV4, { 224 } }, 3 },
		{ { FAMILY_IPV6, { 0 } }, 128 }, { { FAMILY_IPV6, { 0xfe, 0x80 } }, 10 },
		{ { FAMILY_IPV6, { 0xff } }, 8 },
	};

	for (size_t i = 0; i < sizeof(unusable) / sizeof(unusable[0]); i++)
		if (prefix_contains(&unusable[i], address))
			return false;
	return true;
}

/* Append @address, unless it is there; 0 or -ENOMEM. */
static int append(struct arena *arena, struct resolver_list *lists, const struct address *address)
{
	struct resolver_list *list = &lists[address->family];

	if (resolver_list_find(list, address) >= 0)
		return 0;
	struct address *added = ARENA_APPEND(arena, &list->list);
	if (!added)
		return -ENOMEM;
	*added = *address;
	return 0;
}

int resolvconf_parse(const char *text, size_t length, struct arena *arena,
		     struct host_resolvers *ret)
{
	struct host_resolvers host = { 0 };
	const char *end = text + length;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t line_length = (size_t)((newline ? newline : end) - text);
		struct address address;
		int rc = 0;

		if (line_address(text, line_length, &address) && is_usable(&address)) {
			rc = append(arena, host.named, &address);
			if (address_is_loopback(&address))
				host.stub = true;
			else if (!rc)
				rc = append(arena, host.servers, &address);
		}
		if (rc)
			return rc;
		text += line_length + (newline != NULL);
	}
	*ret = host;
	return 0;
}

void resolvconf_look_behind(struct host_resolvers *host, const struct host_resolvers *behind)
{
	size_t count = 0;

	for (enum family family = 0; family < FAMILY_COUNT; family++)
		count += behind->servers[family].list.count;
	for (enum family family = 0; family < FAMILY_COUNT && count; family++)
		host->servers[family] = behind->servers[family];
}
