/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of a rule that says how often it may match. */
#ifndef CARREL_CORE_POLICY_LIMIT_H
#define CARREL_CORE_POLICY_LIMIT_H

#include "core/lexer.h"
#include "core/policy.h"

/* What nft assumes, too. */
#define LIMIT_BURST_DEFAULT 5

/**
 * policy_limit_parse() - understand [limit PACKETS/UNIT [burst PACKETS]]
 * @rule:	gets the limit; its burst is 0 when it was not given
 *
 * Return: 0; -EINVAL after reporting; -ENOMEM
 */
int policy_limit_parse(struct lexer *lexer, struct policy_rule *rule);

#endif
