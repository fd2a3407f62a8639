/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules that can never match, because the rules before them leave them nothing. */
#ifndef CARREL_CORE_SHADOW_H
#define CARREL_CORE_SHADOW_H

#include "core/policy.h"

/*
 * Comparisons of a rule with an earlier one, in all: what 5,000 rules of TCP and UDP need
 * that have nothing in common, which takes less than a second.
 */
#define SHADOW_STEPS_MAX 25000000

/**
 * shadow_check() - warn of each rule that can never match
 * @config:	for the pools: what "peers" are
 * @diagnostics: gets the warnings, at the rules' positions
 *
 * Exact, but for what is not known here: which addresses are the host's. Of a rule that the
 * overrides leave nothing there is a warning only where that is likely a mistake: they say the
 * opposite, and the rule is the administrator's.
 *
 * Return: 0, -ENOMEM
 * Context: pure
 */
int shadow_check(const struct policy *policy, const struct config *config, struct arena *arena,
		 struct diagnostics *diagnostics);

#endif
