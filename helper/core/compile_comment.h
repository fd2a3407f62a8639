/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What administrators see beside a rule in "nft list ruleset". */
#ifndef CARREL_CORE_COMPILE_COMMENT_H
#define CARREL_CORE_COMPILE_COMMENT_H

#include "core/policy.h"

/** compile_place() - where @rule stands, "exam.policy:12"; NULL on ENOMEM */
const char *compile_place(const struct policy_rule *rule, struct arena *arena);

/** compile_comment() - the policy's words about @rule, or its line; NULL on ENOMEM */
const char *compile_comment(const struct policy_rule *rule, struct arena *arena);

#endif
