/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names: from struct dns to the chains of the carrel's firewall. Part of compile_policy(). */
#ifndef CARREL_CORE_COMPILE_DNS_H
#define CARREL_CORE_COMPILE_DNS_H

#include "core/compile_match.h"
#include "core/dns.h"
#include "core/ruleset.h"

struct dns_chains { size_t queries, sources; };

/**
 * compile_dns_add_chains() - those that redirect, if there is something to redirect
 * @ret:	for compile_dns_redirect()
 */
void compile_dns_add_chains(struct ruleset_builder *builder, const struct dns *dns,
			    struct dns_chains *ret);

/** compile_dns_redirect() - fill them */
void compile_dns_redirect(struct ruleset_builder *builder, const struct dns *dns,
			  const struct dns_chains *chains);

/**
 * compile_dns_refused() - whom queries must not reach, as no resolver is there in their place
 * @ret:	gets their addresses; those of an enforced directive are everybody but these, and
 *		with none of them everybody
 * Return: is there anybody?
 */
bool compile_dns_refused(struct ruleset_builder *builder, const struct dns *dns,
			 enum family family, range_list *ret);

#endif
