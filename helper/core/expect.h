/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a policy says of itself, and whether that is true: its "expect" lines. */
#ifndef CARREL_CORE_EXPECT_H
#define CARREL_CORE_EXPECT_H

#include <stdbool.h>
#include "core/flow.h"

struct expectation {
	bool allow;                     /* it gets through; else it is denied or rejected */
	struct flow flow;
	const char *text;               /* the line as written, blanks folded */
	struct position position;
};

/**
 * expect_parse() - understand what stands behind "expect": allow|deny, and a flow
 * @keyword:	that word
 * @policy:	gets the expectation
 *
 * Return: 0; -EINVAL after reporting; -ENOMEM
 */
int expect_parse(struct lexer *lexer, const struct token *keyword, struct policy *policy);

/**
 * expect_test() - report each expectation of @policy that is not true
 * @config:	for the pools
 * @diagnostics: gets an error for each, at its line
 *
 * The answers are those of evaluate_path(), for a host, resolvers other than those of the
 * policy, and addresses of names that no rule knows otherwise.
 *
 * Return: 0; -EINVAL when one was reported; -ENOMEM
 * Context: pure; what is made for the test lives in the arena of @diagnostics
 */
int expect_test(const struct policy *policy, const struct config *config,
		struct diagnostics *diagnostics);

#endif
