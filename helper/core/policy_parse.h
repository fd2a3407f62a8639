/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the text of a policy to struct policy: its directives. */
#ifndef CARREL_CORE_POLICY_PARSE_H
#define CARREL_CORE_POLICY_PARSE_H

#include "core/policy.h"

/**
 * policy_parse_within() - check and understand one policy
 * @name:	the policy's name; of POLICY_OVERRIDES the rules are understood, and nothing
 *		else may stand in it
 * @source:	its file
 * @arena:	the policy lives here; keeps no pointer into a text
 *
 * Return: 0; -EINVAL when an error was added to @diagnostics; -ENOMEM
 * Context: pure, as far as @context's include() is
 */
int policy_parse_within(const struct policy_context *context, const char *name,
			const struct source *source, struct arena *arena,
			struct policy *ret_policy, struct diagnostics *diagnostics);

/** policy_parse() - the same for a text that refers to nothing */
int policy_parse(const char *name, const struct source *source, struct arena *arena,
		 struct policy *ret_policy, struct diagnostics *diagnostics);

#endif
