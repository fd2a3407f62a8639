/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/assign.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "core/directive.h"
#include "core/value.h"

/* The largest uid: 4294967295 is (uid_t)-1, which the kernel takes for "no user". */
#define UID_LAST UINT32_C(4294967294)

/* Read one value; 0, -EINVAL after reporting, -ENOMEM. */
typedef int (*value_parser)(struct lexer *lexer, const struct token *token,
			    struct condition_value *value);

/* "user": a login name as directory services write it too. */
static int parse_user(struct lexer *lexer, const struct token *token,
		      struct condition_value *value)
{
	int rc = value_text(lexer, token, "a user name", &value->name);
	if (rc)
		return rc;
	if (!name_valid_user(value->name))
		return lexer_refuse(lexer, token, "a user name",
				    "1 to 255 characters without blank, '/' or ':'", NULL);
	return 0;
}

/* "group": unlike users, groups of directory services may have blanks ("domain users"). */
static int parse_group(struct lexer *lexer, const struct token *token,
		       struct condition_value *value)
{
	int rc = value_text(lexer, token, "a group name", &value->name);
	if (rc)
		return rc;
	if (token->length == 0 || token->length >= USER_NAME_SIZE || strchr(value->name, ':'))
		return lexer_refuse(lexer, token, "a group name",
				    "1 to 255 characters without ':'", NULL);
	return 0;
}

/* "uid": a number or a range. */
static int parse_uid(struct lexer *lexer, const struct token *token,
		     struct condition_value *value)
{
	return value_range(lexer, token, "a uid", 0, UID_LAST, &value->first, &value->last);
}

/* "service": the name of a file in /etc/pam.d. */
static int parse_service(struct lexer *lexer, const struct token *token,
			 struct condition_value *value)
{
	int rc = value_text(lexer, token, "a service", &value->name);
	if (rc)
		return rc;
	if (token->length == 0 || strchr(value->name, '/'))
		return lexer_refuse(lexer, token, "a service",
				    "the name of a file in /etc/pam.d, such as sshd", NULL);
	return 0;
}

/* "from": where a remote login comes from. */
static int parse_from(struct lexer *lexer, const struct token *token,
		      struct condition_value *value)
{
	return value_prefix(lexer, token, "an origin", "an address or a prefix", NULL,
			    &value->prefix);
}

/* "tty": kept without /dev/, which some applications give and others do not. */
static int parse_tty(struct lexer *lexer, const struct token *token,
		     struct condition_value *value)
{
	int rc = value_text(lexer, token, "a terminal", &value->name);
	if (rc)
		return rc;
	value->name = config_tty_name(value->name);
	if (!*value->name)
		return lexer_refuse(lexer, token, "a terminal", "a name such as tty1 or pts/0",
				    NULL);
	return 0;
}

static const struct condition_type {
	const char *word;
	bool repeats;           /* two of them on a line can both hold */
	value_parser parse;
} condition_types[] = {
	[CONDITION_USER]    = { "user", false, parse_user },
	[CONDITION_GROUP]   = { "group", true, parse_group },
	[CONDITION_UID]     = { "uid", false, parse_uid },
	[CONDITION_SERVICE] = { "service", false, parse_service },
	[CONDITION_FROM]    = { "from", false, parse_from },
	[CONDITION_TTY]     = { "tty", false, parse_tty },
};

/* In the order of enum condition_kind. */
static const char *const condition_words[] = {
	"user", "group", "uid", "service", "from", "tty", NULL,
};

static_assert(sizeof(condition_types) / sizeof(*condition_types) == CONDITION_COUNT,
	      "one row for each kind");
static_assert(sizeof(condition_words) / sizeof(*condition_words) == CONDITION_COUNT + 1,
	      "one word for each kind");

/* Do two values of one kind say the same, "!" aside? What a kind does not use is zero. */
static bool same_value(const struct condition_value *a, const struct condition_value *b)
{
	if (a->name && b->name)
		return strcmp(a->name, b->name) == 0;
	return a->first == b->first && a->last == b->last &&
	       a->prefix.length == b->prefix.length &&
	       address_equal(&a->prefix.address, &b->prefix.address);
}

/* Read the comma list behind a condition's word. */
static int parse_values(struct lexer *lexer, const struct condition_type *type,
			struct condition *condition)
{
	char shown[TOKEN_SHOWN_SIZE];

	do {
		struct condition_value value = { .negated = lexer_accept(lexer, TOKEN_NOT) };
		const struct token *token = lexer_take(lexer);
		value.column = token->position.column;
		int rc = type->parse(lexer, token, &value);
		if (rc)
			return rc;
		for (size_t i = 0; i < condition->values.count; i++)
			if (same_value(&condition->values.items[i], &value))
				return lexer_error(lexer, token, "%s stands twice in the list",
						   token_show(token, shown));

		struct condition_value *kept = ARENA_APPEND(lexer->arena, &condition->values);
		if (!kept)
			return -ENOMEM;
		*kept = value;
	} while (lexer_accept(lexer, TOKEN_COMMA));
	return 0;
}

/* Two lists of one kind: only for groups can both hold, so it is never what was meant. */
static int check_repeated(struct lexer *lexer, const struct token *token,
			  const struct assignment *assignment, enum condition_kind kind)
{
	const struct condition_type *type = &condition_types[kind];

	for (size_t i = 0; !type->repeats && i < assignment->conditions.count; i++)
		if (assignment->conditions.items[i].kind == kind)
			return lexer_error(lexer, token, "a second '%s'; expected its values in "
					   "one list, with commas", type->word);
	return 0;
}

/* Read one condition: its word and its list. */
static int parse_condition(struct lexer *lexer, struct assignment *assignment)
{
	const struct token *token = lexer_peek(lexer);
	size_t index;

	int rc = lexer_expect(lexer, "a condition", condition_words, &index);
	if (!rc)
		rc = check_repeated(lexer, token, assignment, (enum condition_kind)index);
	if (rc)
		return rc;

	struct condition *condition = ARENA_APPEND(lexer->arena, &assignment->conditions);
	if (!condition)
		return -ENOMEM;
	condition->kind = (enum condition_kind)index;
	return parse_values(lexer, &condition_types[index], condition);
}

/* Read whom the assignment gives its users to: a policy or a built-in word. */
static int parse_target(struct lexer *lexer, struct assignment *assignment)
{
	static const char *const built_in[] = { "unconfined", "host", "deny", NULL };
	static const enum assignment_kind kinds[] = { ASSIGN_UNCONFINED, ASSIGN_HOST,
						      ASSIGN_DENY };
	static const char what[] = "a policy";
	const struct token *token = lexer_take(lexer);
	char shown[TOKEN_SHOWN_SIZE];

	int index = token_find(token, built_in);
	if (index >= 0) {
		assignment->kind = kinds[index];
		return 0;
	}
	if (token_find(token, condition_words) >= 0)
		return lexer_error(lexer, token,
				   "%s is a condition; expected a policy, unconfined, host or "
				   "deny before it", token_show(token, shown));
	if (token_is(token, POLICY_OVERRIDES))
		return lexer_error(lexer, token, "'%s' decides before every policy; it cannot be "
				   "one", POLICY_OVERRIDES);
	if (token->kind != TOKEN_WORD || !name_valid_policy(token->text, token->length))
		return lexer_refuse(lexer, token, what,
				    "unconfined, host, deny, or a name of 1 to 32 characters from "
				    "a-z, 0-9, '_', '-' and '.'", NULL);
	assignment->kind = ASSIGN_POLICY;
	assignment->policy_column = token->position.column;
	return value_text(lexer, token, what, &assignment->policy);
}

/* Add @name to the groups that the configuration asks for, once; 0 or -ENOMEM. */
static int note_group(struct lexer *lexer, struct config *config, const char *name)
{
	for (size_t i = 0; i < config->groups.count; i++)
		if (strcmp(config->groups.items[i], name) == 0)
			return 0;
	const char **group = ARENA_APPEND(lexer->arena, &config->groups);
	if (!group)
		return -ENOMEM;
	*group = name;
	return 0;
}

/* Add the groups that @assignment asks for; 0 or -ENOMEM. */
static int note_groups(struct lexer *lexer, struct config *config,
		       const struct assignment *assignment)
{
	for (size_t i = 0; i < assignment->conditions.count; i++) {
		const struct condition *condition = &assignment->conditions.items[i];
		if (condition->kind != CONDITION_GROUP)
			continue;
		for (size_t k = 0; k < condition->values.count; k++)
			if (note_group(lexer, config, condition->values.items[k].name))
				return -ENOMEM;
	}
	return 0;
}

/* Warn when an earlier assignment holds for everyone. */
static void warn_unreachable(struct lexer *lexer, const struct token *keyword,
			     const struct config *config)
{
	for (size_t i = 0; i < config->assignments.count; i++) {
		const struct assignment *earlier = &config->assignments.items[i];
		if (earlier->conditions.count)
			continue;
		diagnostic_add(lexer->diagnostics, SEVERITY_WARNING, &keyword->position,
			       "this assignment is never reached: the one at %s has no condition "
			       "and holds for everyone",
			       position_relative(lexer->arena, &earlier->position,
						 &keyword->position));
		return;
	}
}

int assign_parse(struct lexer *lexer, const struct token *keyword, struct config *config)
{
	struct assignment assignment = { .position = keyword->position };

	int rc = parse_target(lexer, &assignment);
	while (!rc && lexer_peek(lexer)->kind != TOKEN_END)
		rc = parse_condition(lexer, &assignment);
	if (!rc)
		rc = note_groups(lexer, config, &assignment);
	if (rc)
		return rc;

	warn_unreachable(lexer, keyword, config);
	struct assignment *kept = ARENA_APPEND(lexer->arena, &config->assignments);
	if (!kept)
		return -ENOMEM;
	*kept = assignment;
	return 0;
}
