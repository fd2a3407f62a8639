/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/policy_parse.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/digest.h"
#include "core/directive.h"
#include "core/expect.h"
#include "core/policy_dns.h"
#include "core/policy_include.h"
#include "core/policy_rule.h"
#include "core/value.h"

static const char *const logout_words[] = { "keep", "cut", NULL };
static_assert(sizeof(logout_words) / sizeof(*logout_words) == LOGOUT_CUT + 2,
	      "one word for each kind of logout");

/* What the directives' functions fill. */
struct policy_parser {
	struct policy policy;
	struct position default_at[DIRECTION_COUNT];    /* line 0: not yet */
	const struct policy_context *context;
	struct directives of_policy, of_overrides;
	struct directives *directives;                  /* the one of these for what is read */
	const struct include_frame *frame;              /* of the file that is read */
	unsigned included;                              /* files, so far */
	bool override;                                  /* what is read decides before all else */
};

/* "description": for people. */
static int parse_description(struct lexer *lexer, const struct token *keyword, void *target)
{
	struct policy_parser *parser = target;
	const struct token *token = lexer_take(lexer);

	(void)keyword;
	if (token->kind != TOKEN_STRING)
		return lexer_refuse(lexer, token, "a description", "text in double quotes", NULL);
	return value_text(lexer, token, "a description", &parser->policy.description);
}

/* "uplink": how the carrel is connected. */
static int parse_uplink(struct lexer *lexer, const struct token *keyword, void *target)
{
	struct policy_parser *parser = target;
	size_t index;

	(void)keyword;
	int rc = lexer_expect(lexer, "an uplink", uplink_words, &index);
	if (!rc)
		parser->policy.uplink = (enum uplink)index;
	return rc;
}

/* "logout": what it does to what stays behind. */
static int parse_logout(struct lexer *lexer, const struct token *keyword, void *target)
{
	struct policy_parser *parser = target;
	size_t index;

	(void)keyword;
	int rc = lexer_expect(lexer, "an effect of logout", logout_words, &index);
	if (!rc)
		parser->policy.logout = (enum logout)index;
	return rc;
}

/* "rebind": whether names may mean private addresses. */
static int parse_rebind(struct lexer *lexer, const struct token *keyword, void *target)
{
	static const char *const words[] = { "refuse", "ok", NULL };
	struct policy_parser *parser = target;
	size_t index;

	(void)keyword;
	int rc = lexer_expect(lexer, "what to do about rebinding", words, &index);
	if (!rc)
		parser->policy.rebind = index == 1;
	return rc;
}

/* The most that one may write: more than connection tracking has room for on most hosts. */
#define CONNECTIONS_MAX 1000000

/* "connections": how many may be open at once. */
static int parse_connections(struct lexer *lexer, const struct token *keyword, void *target)
{
	struct policy_parser *parser = target;

	(void)keyword;
	return value_number(lexer, lexer_take(lexer), "a number of connections", 1,
			    CONNECTIONS_MAX, &parser->policy.connections);
}

/* "dns": who resolves names */
static int parse_dns(struct lexer *lexer, const struct token *keyword, void *target)
{
	struct policy_parser *parser = target;

	return policy_dns_parse(lexer, keyword, &parser->policy);
}

/* "low-ports": whether everybody may listen on them. */
static int parse_low_ports(struct lexer *lexer, const struct token *keyword, void *target)
{
	static const char *const words[] = { "no", "yes", NULL };
	struct policy_parser *parser = target;
	size_t index;

	(void)keyword;
	int rc = lexer_expect(lexer, "an answer", words, &index);
	if (!rc)
		parser->policy.low_ports = index == 1;
	return rc;
}

/* "log": whether what is denied or rejected is noted. */
static int parse_log(struct lexer *lexer, const struct token *keyword, void *target)
{
	static const char *const words[] = { "none", "denied", NULL };
	struct policy_parser *parser = target;
	size_t index;

	(void)keyword;
	int rc = lexer_expect(lexer, "what to log", words, &index);
	if (!rc)
		parser->policy.log_denied = index == 1;
	return rc;
}

/* One "deny out" of "default". */
static int parse_one_default(struct lexer *lexer, struct policy_parser *parser)
{
	size_t verdict, direction;

	int rc = lexer_expect(lexer, "a verdict", verdict_words, &verdict);
	if (rc)
		return rc;
	const struct token *token = lexer_peek(lexer);
	rc = lexer_expect(lexer, "a direction", direction_words, &direction);
	if (rc)
		return rc;

	struct position *at = &parser->default_at[direction];
	if (at->line)
		return lexer_error(lexer, token, "a second default for '%s'; the first is at %s",
				   direction_words[direction],
				   position_relative(lexer->arena, at, &token->position));
	*at = token->position;
	parser->policy.defaults[direction] = (enum verdict)verdict;
	return 0;
}

/* "default": what meets those whom no rule matches. */
static int parse_default(struct lexer *lexer, const struct token *keyword, void *target)
{
	int rc;

	(void)keyword;
	do
		rc = parse_one_default(lexer, target);
	while (!rc && lexer_peek(lexer)->kind != TOKEN_END);
	return rc;
}

/* "allow", "deny", "reject" */
static int parse_rule(struct lexer *lexer, const struct token *keyword, void *target)
{
	struct policy_parser *parser = target;
	int rc = policy_rule_parse(lexer, keyword, parser->context->config, &parser->policy);

	if (!rc)
		parser->policy.rules.items[parser->policy.rules.count - 1].override =
			parser->override;
	return rc;
}

/* Every line of one file, and of those that it includes: 0 or -ENOMEM. */
static int parse_file(struct policy_parser *parser, const struct source *source,
		      struct arena *arena, struct diagnostics *diagnostics)
{
	const struct include_frame frame = { source->path, parser->frame };

	parser->frame = &frame;
	parser->policy.digest = digest_add(parser->policy.digest, source->text, source->length);
	int rc = directive_parse(parser->directives, source, arena, diagnostics, parser);
	parser->frame = frame.includer;
	return rc;
}

/* "include": as if the lines of the other file stood here */
static int parse_include(struct lexer *lexer, const struct token *keyword, void *target)
{
	struct policy_parser *parser = target;
	struct source source;

	(void)keyword;
	int rc = policy_include_open(lexer, parser->context, parser->frame, &parser->included,
				     &source);
	if (!rc)
		rc = lexer_expect_end(lexer, "the end of the line", NULL);
	return rc ? rc : parse_file(parser, &source, lexer->arena, lexer->diagnostics);
}

/* "expect": what must be true of the rules. */
static int parse_expect(struct lexer *lexer, const struct token *keyword, void *target)
{
	struct policy_parser *parser = target;

	return expect_parse(lexer, keyword, &parser->policy);
}

static const struct directive policy_directives[] = {
	{ "include", false, parse_include },
	{ "description", true, parse_description },
	{ "uplink", true, parse_uplink },
	{ "logout", true, parse_logout },
	{ "connections", true, parse_connections },
	{ "dns", true, parse_dns },
	{ "low-ports", true, parse_low_ports },
	{ "rebind", true, parse_rebind },
	{ "log", true, parse_log },
	{ "default", false, parse_default },
	{ "allow", false, parse_rule },
	{ "deny", false, parse_rule },
	{ "reject", false, parse_rule },
	{ "expect", false, parse_expect },
};

static const struct directive override_directives[] = {
	{ "include", false, parse_include },
	{ "allow", false, parse_rule },
	{ "deny", false, parse_rule },
	{ "reject", false, parse_rule },
};

#define DIRECTIVES(rows_) { .rows = (rows_), .count = sizeof(rows_) / sizeof(*(rows_)) }

/* Understand the overrides, then the policy, unless it is the overrides itself. */
static int parse_files(struct policy_parser *parser, const struct source *source,
		       struct arena *arena, struct diagnostics *diagnostics)
{
	bool is_overrides = strcmp(parser->policy.name, POLICY_OVERRIDES) == 0;
	const struct source *overrides = is_overrides ? source : parser->context->overrides;
	int rc = 0;

	if (overrides) {
		parser->directives = &parser->of_overrides;
		parser->override = true;
		rc = parse_file(parser, overrides, arena, diagnostics);
	}
	if (!rc && !is_overrides) {
		parser->directives = &parser->of_policy;
		parser->override = false;
		rc = parse_file(parser, source, arena, diagnostics);
	}
	return rc;
}

int policy_parse_within(const struct policy_context *context, const char *name,
			const struct source *source, struct arena *arena,
			struct policy *ret_policy, struct diagnostics *diagnostics)
{
	struct policy_parser parser = {
		.policy = {
			.name = arena_strdup(arena, name),
			.digest = DIGEST_START,
			.uplink = UPLINK_NAT,
			.defaults = {
				[DIRECTION_OUT] = VERDICT_ALLOW,
				[DIRECTION_IN] = VERDICT_DENY,
			},
		},
		.context = context,
		.of_policy = DIRECTIVES(policy_directives),
		.of_overrides = DIRECTIVES(override_directives),
	};
	unsigned errors_before = diagnostics->errors;

	if (!parser.policy.name)
		return -ENOMEM;
	int rc = parse_files(&parser, source, arena, diagnostics);
	if (rc)
		return rc;
	policy_dns_check(&parser.policy, diagnostics);
	if (diagnostics->errors > errors_before)
		return -EINVAL;
	*ret_policy = parser.policy;
	return 0;
}

int policy_parse(const char *name, const struct source *source, struct arena *arena,
		 struct policy *ret_policy, struct diagnostics *diagnostics)
{
	const struct policy_context alone = { 0 };

	return policy_parse_within(&alone, name, source, arena, ret_policy, diagnostics);
}
