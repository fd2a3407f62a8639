/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of core/compile.h that makes rules log; core/log.h says how. */
#ifndef CARREL_CORE_COMPILE_LOG_H
#define CARREL_CORE_COMPILE_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include "core/policy.h"
#include "core/ruleset.h"

/* What a policy's log needs while it is compiled. */
struct log_compiler {
	const struct policy *policy;
	size_t rules, rest;             /* indices of LOG_SET_RULES and LOG_SET_REST */
	uint32_t last_mark;
};

/** log_wanted() - is what meets @verdict logged? @option: the rule says so itself */
bool log_wanted(const struct policy *policy, enum verdict verdict, bool option);

/** log_begin() - make the sets and chains that @policy's log needs, if it needs any */
void log_begin(struct ruleset_builder *builder, const struct policy *policy,
	       struct log_compiler *ret);

/**
 * log_mark() - a number for what @place decides
 * @place:	"exam.policy:12", "default deny out"
 */
uint32_t log_mark(struct ruleset_builder *builder, struct log_compiler *log,
		  enum direction direction, enum verdict verdict, const char *place);

/** log_verdict() - the end of a rule that logs: note the packet under @mark, then @verdict */
void log_verdict(struct ruleset_builder *builder, enum direction direction,
		 enum verdict verdict, uint32_t mark);

#endif
