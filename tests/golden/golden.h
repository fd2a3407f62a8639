/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The golden files: for each NAME.policy the ruleset as nft prints it (NAME.nft) and as
 * the kernel holds it (NAME.netlink). Tests are run in the top directory.
 */
#ifndef CARREL_TESTS_GOLDEN_H
#define CARREL_TESTS_GOLDEN_H

#include <stdio.h>
#include <string.h>

#include "base/address.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "core/compile.h"
#include "core/config.h"
#include "core/edition.h"
#include "core/nfttext.h"
#include "core/policy_dns.h"
#include "core/policy_parse.h"
#include "tests/unit/known.h"
#include "tests/unit/resolvers.h"
#include "tests/unit/text.h"

#define GOLDEN_DIRECTORY "tests/golden/"

static const char *const golden_names[] = { "exam", "open", "reject", "edge", "icmp", "limit",
	"connections", "names", "log", "log-rule", "dns", "dns-enforced", "dns-host" };
#define GOLDEN_COUNT (sizeof(golden_names) / sizeof(golden_names[0]))

/* Everything that @stream still has, as a string. */
static inline char *golden_read_stream(FILE *stream, struct arena *arena)
{
	const size_t limit_bytes = 1 << 20;
	char *text = arena_alloc(arena, limit_bytes);

	assert_non_null(text);
	size_t length = fread(text, 1, limit_bytes - 1, stream);
	assert_true(length < limit_bytes - 1);
	text[length] = '\0';
	return text;
}

static inline char *golden_read(const char *name, const char *suffix, struct arena *arena)
{
	FILE *file = fopen(arena_printf(arena, GOLDEN_DIRECTORY "%s.%s", name, suffix), "re");

	assert_non_null(file);
	char *text = golden_read_stream(file, arena);
	assert_int_equal(fclose(file), 0);
	return text;
}

/* Addresses of a host, as full-length prefixes. */
static inline struct prefix_list golden_host(struct arena *arena)
{
	static const char *const texts[] = { "192.0.2.1", "198.51.100.1", "2001:db8::1" };
	const size_t count = sizeof(texts) / sizeof(texts[0]);
	struct prefix *items = arena_alloc(arena, count * sizeof(*items));

	assert_non_null(items);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(prefix_parse(texts[i], strlen(texts[i]), &items[i]), 0);
	return (struct prefix_list){ items, count };
}

/* Editions of them: the second and the first one, of which some carrel knows no more. */
static inline struct editions golden_editions(struct arena *arena)
{
	const struct prefix_list host = golden_host(arena);
	struct editions editions = { 0 };

	for (uint32_t number = 1; number <= 2; number++) {
		struct edition *edition = ARENA_APPEND(arena, &editions.list);

		assert_non_null(edition);
		*edition = (struct edition){ number, { host.items, number == 1 ? 1 : host.count } };
	}
	return editions;
}

/* A stub, and somebody else of each family; behind the stub the host itself, and another. */
static inline struct host_resolvers golden_resolvers(struct arena *arena)
{
	return resolvers_of(arena, "nameserver 127.0.0.53\nnameserver 198.51.100.9\n"
				   "nameserver 2001:db8::9\n",
			    "nameserver 192.0.2.1\nnameserver 10.0.0.54\nnameserver 2001:db8::9\n");
}

/*
 * Compile the policy @text. The host's addresses are known only to one that names it, and how
 * it finds names only to one that is about that.
 */
static inline void golden_compile_text(const char *name, const char *text, struct arena *arena,
				       struct ruleset *ret_ruleset)
{
	struct diagnostics diagnostics = { .arena = arena };
	const struct source source = { arena_printf(arena, "/policies/%s.policy", name), text,
				       strlen(text) };
	struct prefix_list host = { 0 };
	struct config config;
	struct policy policy;

	built_in_config(arena, &config);
	assert_int_equal(policy_parse(name, &source, arena, &policy, &diagnostics), 0);
	struct known_names known = known_names(arena);
	assert_int_equal(names_bind(&policy, &known, arena), 0);
	if (strncmp(name, "dns", 3) == 0) {
		const struct host_resolvers resolvers = golden_resolvers(arena);

		policy_dns_settle(&policy, &resolvers);
	}
	if (policy_names_host(&policy))
		host = golden_host(arena);
	assert_int_equal(compile_policy(&policy, &config, &host, arena, ret_ruleset, NULL), 0);
}

static inline void golden_compile(const char *name, struct arena *arena,
				  struct ruleset *ret_ruleset)
{
	golden_compile_text(name, golden_read(name, "policy", arena), arena, ret_ruleset);
}

/* @ruleset as nft prints it. */
static inline const char *golden_text(const struct ruleset *ruleset, struct arena *arena)
{
	BUFFER_CLEANUP struct buffer text = { 0 };

	nfttext_write(ruleset, &text);
	assert_false(text.failed);
	const char *copy = arena_strndup(arena, text.data, text.length);
	assert_non_null(copy);
	return copy;
}

#endif
