/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of a rule that narrows it to some types of ICMP. */
#ifndef CARREL_CORE_POLICY_ICMP_H
#define CARREL_CORE_POLICY_ICMP_H

#include "core/lexer.h"
#include "core/policy.h"

/**
 * policy_icmp_parse() - understand [type TYPE,...]
 * @rule:	its protocols are known; gets the types
 *
 * Return: 0; -EINVAL after reporting; -ENOMEM
 */
int policy_icmp_parse(struct lexer *lexer, struct policy_rule *rule);

#endif
