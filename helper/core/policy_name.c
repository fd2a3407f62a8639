/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/policy_name.h"

#include <errno.h>
#include <string.h>

#include "base/hostname.h"

int policy_name_parse(struct lexer *lexer, const struct token *token, enum direction direction,
		      struct policy_name_list *names)
{
	char shown[TOKEN_SHOWN_SIZE], name[HOSTNAME_SIZE];
	const char *fault = hostname_parse(token->text, token->length, name);

	if (direction == DIRECTION_IN)
		return lexer_error(lexer, token, "%s is a host name, which only 'out' rules take: whoever "
				   "owns it could let in whom they like; expected an address or a "
				   "prefix", token_show(token, shown));
	if (fault)
		return lexer_error(lexer, token, "%s is not a host name: it %s",
				   token_show(token, shown), fault);
	for (size_t i = 0; i < names->list.count; i++)
		if (strcmp(names->list.items[i].name, name) == 0)
			return lexer_error(lexer, token, "%s stands twice in the list",
					   token_show(token, shown));

	struct policy_name *added = ARENA_APPEND(lexer->arena, &names->list);
	if (!added)
		return -ENOMEM;
	added->name = arena_strdup(lexer->arena, name);
	added->position = token->position;
	return added->name ? 0 : -ENOMEM;
}

/* The number of @name in @policy, or how many it has. */
static size_t find(const struct policy *policy, const char *name)
{
	size_t number = 0;

	while (number < policy->names.count && strcmp(policy->names.items[number].name, name) != 0)
		number++;
	return number;
}

/* Report the first of @names for which there is no room. */
static int check_room(struct lexer *lexer, const struct policy_name_list *names,
		      const struct policy *policy)
{
	size_t count = policy->names.count;

	for (size_t i = 0; i < names->list.count; i++) {
		const struct policy_name *name = &names->list.items[i];
		const struct token token = { .position = name->position };

		if (find(policy, name->name) == policy->names.count &&
		    ++count > POLICY_NAMES_MAX)
			return lexer_error(lexer, &token, "one host name more than the %d that a "
					   "policy may have; name a prefix, or a set of carrel.conf",
					   POLICY_NAMES_MAX);
	}
	return 0;
}

int policy_name_add(struct lexer *lexer, const struct policy_name_list *names,
		    struct policy *policy, struct policy_rule *rule)
{
	int rc = check_room(lexer, names, policy);

	for (size_t i = 0; i < names->list.count && !rc; i++) {
		size_t number = find(policy, names->list.items[i].name);
		size_t *kept = ARENA_APPEND(lexer->arena, &rule->names);

		if (!kept)
			return -ENOMEM;
		*kept = number;
		if (number < policy->names.count)
			continue;
		struct policy_name *added = ARENA_APPEND(lexer->arena, &policy->names);
		if (!added)
			return -ENOMEM;
		*added = names->list.items[i];
	}
	return rc;
}
