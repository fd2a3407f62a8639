/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/config.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "core/assign.h"
#include "core/directive.h"
#include "core/value.h"

/* What cannot be given to users: it means something else to every host. */
static const struct reserved {
	struct prefix prefix;
	const char *use;
} reserved_prefixes[] = {
	{ { { FAMILY_IPV4, { 0 } }, 8 }, "\"this network\"" },
	{ { { FAMILY_IPV4, { 127 } }, 8 }, "loopback" },
	{ { { FAMILY_IPV4, { 169, 254 } }, 16 }, "link-local" },
	{ { { FAMILY_IPV4, { 224 } }, 3 }, "multicast and reserved" },
	{ { { FAMILY_IPV6, { 0 } }, 8 }, "loopback and IPv4 in IPv6" },
	{ { { FAMILY_IPV6, { 0xfe, 0x80 } }, 10 }, "link-local" },
	{ { { FAMILY_IPV6, { 0xff } }, 8 }, "multicast" },
};

/* Report a pool that overlaps what is reserved. */
static int check_reserved(struct lexer *lexer, const struct token *token,
			  const struct prefix *pool)
{
	char shown[TOKEN_SHOWN_SIZE], text[PREFIX_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(reserved_prefixes) / sizeof(*reserved_prefixes); i++) {
		const struct reserved *reserved = &reserved_prefixes[i];
		if (!prefix_covers(&reserved->prefix, pool) &&
		    !prefix_covers(pool, &reserved->prefix))
			continue;
		prefix_format(&reserved->prefix, text);
		return lexer_error(lexer, token,
				   "%s overlaps %s (%s), which cannot be given to users",
				   token_show(token, shown), text, reserved->use);
	}
	return 0;
}

/* Read the prefix of a pool of @family, @shortest to @longest bits. */
static int parse_pool(struct lexer *lexer, enum family family, unsigned shortest,
		      unsigned longest, struct prefix *ret)
{
	const char *expected = family == FAMILY_IPV4 ? "an IPv4 prefix such as 10.213.0.0/16" :
						       "an IPv6 prefix such as fd42:ca44:e1::/64";
	const struct token *token = lexer_take(lexer);
	char shown[TOKEN_SHOWN_SIZE];
	struct prefix pool;

	int rc = value_prefix(lexer, token, "a pool", expected, NULL, &pool);
	if (rc)
		return rc;
	if (pool.address.family != family)
		return lexer_refuse(lexer, token, "a pool of this family", expected, NULL);
	if (pool.length < shortest || pool.length > longest)
		return lexer_error(lexer, token,
				   "the pool %s has a prefix length of %u; expected %u to %u",
				   token_show(token, shown), pool.length, shortest, longest);
	rc = check_reserved(lexer, token, &pool);
	if (!rc)
		*ret = pool;
	return rc;
}

/* "pool4": at least two usable addresses, at most what one site has. */
static int parse_pool4(struct lexer *lexer, const struct token *keyword, void *target)
{
	struct config *config = target;

	(void)keyword;
	return parse_pool(lexer, FAMILY_IPV4, 8, 30, &config->pool4);
}

/* "pool6": the last 32 bits are the uid. */
static int parse_pool6(struct lexer *lexer, const struct token *keyword, void *target)
{
	struct config *config = target;

	(void)keyword;
	return parse_pool(lexer, FAMILY_IPV6, 8, 96, &config->pool6);
}

/* Long enough for a user who reconnects, or whose jobs come every few minutes, to join. */
#define LINGER_DEFAULT_S (10 * 60)
/* Ten years; what is never to go needs no longer. */
#define LINGER_MAX_S     (UINT64_C(10) * 365 * 24 * 60 * 60)

/* "linger": how long a carrel is kept that nobody is in. */
static int parse_linger(struct lexer *lexer, const struct token *keyword, void *target)
{
	struct config *config = target;

	(void)keyword;
	return value_duration(lexer, lexer_take(lexer), "a time to linger", LINGER_MAX_S,
			      &config->linger_s);
}

/* "pins": who sees them. */
static int parse_pins(struct lexer *lexer, const struct token *keyword, void *target)
{
	static const char *const words[] = {
		[PINS_VISIBLE] = "visible", [PINS_PRIVATE] = "private", NULL,
	};
	struct config *config = target;
	size_t index;

	int rc = lexer_expect(lexer, "a place for pins", words, &index);
	if (rc < 0)
		return rc;
	config->pins = (enum pins)index;
	config->pins_position = keyword->position;
	return 0;
}

const struct named_set *config_find_set(const struct config *config, const char *name,
					size_t length)
{
	for (size_t i = 0; i < config->sets.count; i++)
		if (strlen(config->sets.items[i].name) == length &&
		    memcmp(config->sets.items[i].name, name, length) == 0)
			return &config->sets.items[i];
	return NULL;
}

void config_write_sets(const struct config *config, struct buffer *buffer)
{
	char text[PREFIX_TEXT_SIZE];

	for (size_t i = 0; i < config->sets.count; i++) {
		const struct named_set *set = &config->sets.items[i];

		for (size_t k = 0; k < set->prefixes.count; k++) {
			prefix_format(&set->prefixes.items[k], text);
			buffer_printf(buffer, "set %s %s\n", set->name, text);
		}
	}
}

/* The set that the name @token stands for, made when it is new; NULL when memory ran out. */
static struct named_set *get_set(struct lexer *lexer, const struct token *token,
				 struct config *config)
{
	for (size_t i = 0; i < config->sets.count; i++)
		if (token_is(token, config->sets.items[i].name))
			return &config->sets.items[i];

	const char *name = arena_strndup(lexer->arena, token->text, token->length);
	struct named_set *set = name ? ARENA_APPEND(lexer->arena, &config->sets) : NULL;
	if (set)
		set->name = name;
	return set;
}

/* "set": NAME ADDRESS-OR-PREFIX,...; several of one name add up */
static int parse_set(struct lexer *lexer, const struct token *keyword, void *target)
{
	const struct token *token = lexer_take(lexer);

	(void)keyword;
	if (token->kind != TOKEN_WORD || !name_valid_policy(token->text, token->length))
		return lexer_refuse(lexer, token, "a name for a set",
				    "1 to 32 characters from a-z, 0-9, '_', '-' and '.'", NULL);
	struct named_set *set = get_set(lexer, token, target);
	if (!set)
		return -ENOMEM;
	do {
		struct prefix prefix;
		int rc = value_prefix(lexer, lexer_take(lexer), "an address",
				      "an address or a prefix", NULL, &prefix);
		if (rc)
			return rc;
		struct prefix *added = ARENA_APPEND(lexer->arena, &set->prefixes);
		if (!added)
			return -ENOMEM;
		*added = prefix;
	} while (lexer_accept(lexer, TOKEN_COMMA));
	return 0;
}

/* "assign" */
static int parse_assign(struct lexer *lexer, const struct token *keyword, void *target)
{
	return assign_parse(lexer, keyword, target);
}

static const struct directive config_directives[] = {
	{ "pool4", true, parse_pool4 },
	{ "pool6", true, parse_pool6 },
	{ "linger", true, parse_linger },
	{ "pins", true, parse_pins },
	{ "set", false, parse_set },
	{ "assign", false, parse_assign },
};

int config_parse(const struct sources *sources, struct arena *arena,
		 struct config *ret_config, struct diagnostics *diagnostics)
{
	struct config config = {
		.pool4 = { { FAMILY_IPV4, { 10, 213 } }, 16 },
		.pool6 = { { FAMILY_IPV6, { 0xfd, 0x42, 0xca, 0x44, 0x00, 0xe1 } }, 64 },
		.linger_s = LINGER_DEFAULT_S,
	};
	struct directives directives = {
		.rows = config_directives,
		.count = sizeof(config_directives) / sizeof(*config_directives),
	};
	unsigned errors_before = diagnostics->errors;

	for (size_t i = 0; i < sources->list.count; i++) {
		int rc = directive_parse(&directives, &sources->list.items[i], arena,
					 diagnostics, &config);
		if (rc)
			return rc;
	}
	if (diagnostics->errors > errors_before)
		return -EINVAL;
	*ret_config = config;
	return 0;
}
