/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What should be against what is. What should be is a plan: the list of everything that a carrel
 * is to have (plan_intend()). An operation of it whose effect is there needs nothing; the
 * others, in their order, are what mends the carrel. Pure.
 */
#ifndef CARREL_CORE_COMPARE_H
#define CARREL_CORE_COMPARE_H

#include "core/difference.h"
#include "core/network.h"

struct carrel_error;

struct compare_input {
	const struct plan *intent;
	const char *host_link;          /* name of the host's end of the uplink */
	const struct network *host;     /* of it, what concerns that link */
	const struct network *carrel;   /* all of it */
	bool rules_differ;              /* found out elsewhere: see core/image.h */
};

/**
 * compare_networks() - find the differences, and what mends them
 * @differences: appended to; nothing about the rules, which the caller knows more of
 * @ret_mend:	operations of the intent, and others that clear their way; empty when all is well.
 *		What is there beside what is intended stays
 *
 * Return: 0 or -ENOMEM
 * Context: pure
 */
int compare_networks(const struct compare_input *input, struct arena *arena,
		     struct differences *differences, struct plan *ret_mend,
		     struct carrel_error *err);

#endif
