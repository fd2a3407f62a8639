/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The directive "dns" of a policy. */
#ifndef CARREL_CORE_POLICY_DNS_H
#define CARREL_CORE_POLICY_DNS_H

#include "core/lexer.h"
#include "core/policy.h"

/**
 * policy_dns_parse() - understand ADDRESS[,ADDRESS...] [enforced]
 * @policy:	gets the resolvers, and a rule that lets queries out to them: before all others but
 *		the overrides, which have been read
 *
 * Return: 0; -EINVAL after reporting (@policy is as it was); -ENOMEM
 */
int policy_dns_parse(struct lexer *lexer, const struct token *keyword, struct policy *policy);

/**
 * policy_dns_settle() - complete what @policy says by what the host uses, as dns_settle() does
 *
 * A policy without an uplink stays as it is: nobody is there to be asked.
 */
void policy_dns_settle(struct policy *policy, const struct host_resolvers *host);

/** policy_dns_check() - report what is wrong with it in view of the rest of the policy */
void policy_dns_check(const struct policy *policy, struct diagnostics *diagnostics);

#endif
