/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rule directives of a policy: allow, deny, reject. */
#ifndef CARREL_CORE_POLICY_RULE_H
#define CARREL_CORE_POLICY_RULE_H

#include "core/lexer.h"
#include "core/policy.h"

/**
 * policy_rule_parse() - understand what stands behind the verdict
 * @keyword:	the verdict's word
 * @config:	whose sets the rule may name; or NULL
 * @policy:	gets the rule; its digest, what the sets hold
 *
 * Return: 0; -EINVAL after reporting (@policy is as it was); -ENOMEM
 */
int policy_rule_parse(struct lexer *lexer, const struct token *keyword,
		      const struct config *config, struct policy *policy);

#endif
