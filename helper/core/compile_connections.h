/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of core/compile.h that limits how many connections are open. */
#ifndef CARREL_CORE_COMPILE_CONNECTIONS_H
#define CARREL_CORE_COMPILE_CONNECTIONS_H

#include "core/compile_log.h"
#include "core/policy.h"
#include "core/ruleset.h"

struct connection_chains {
	const struct policy *policy;
	size_t all;                     /* where new connections are counted */
	size_t over;                    /* of a policy that logs: those above the limit */
};

/** connections_begin() - make the chains that @policy's limit needs */
void connections_begin(struct ruleset_builder *builder, const struct policy *policy,
		       struct connection_chains *ret);

/**
 * connections_limit() - drop connections beyond the limit
 * @input, @output:	chains that send new connections there, by a rule added here
 *
 * Those of both directions are counted in one place, for which they come to one rule.
 */
void connections_limit(struct ruleset_builder *builder, const struct connection_chains *chains,
		       size_t input, size_t output, struct log_compiler *log);

#endif
