/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of hosts in rules. */
#ifndef CARREL_CORE_POLICY_NAME_H
#define CARREL_CORE_POLICY_NAME_H

#include "core/lexer.h"
#include "core/policy.h"

/* Names as they stand in a rule, before the policy has taken them. */
struct policy_name_list { ARENA_LIST(struct policy_name) list; };

/**
 * policy_name_parse() - append the name that @token is
 * @token:	one of which hostname_is_meant()
 *
 * Return: 0; -EINVAL after reporting; -ENOMEM
 */
int policy_name_parse(struct lexer *lexer, const struct token *token, enum direction direction,
		      struct policy_name_list *names);

/**
 * policy_name_add() - have @policy take those that it does not know yet; @rule is about all of them
 * Return: 0; -EINVAL after reporting that there are too many (@policy is as it was); -ENOMEM
 */
int policy_name_add(struct lexer *lexer, const struct policy_name_list *names,
		    struct policy *policy, struct policy_rule *rule);

#endif
