/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's table inet carrel: the same for one carrel and for thousands, whatever
 * their policies (see core/group.h).
 */
#ifndef CARREL_CORE_HOSTTABLE_H
#define CARREL_CORE_HOSTTABLE_H

#include "core/ruleset.h"

/**
 * hosttable_build() - what must be on the host
 * Return: 0, -ENOMEM
 * Context: pure
 */
int hosttable_build(struct arena *arena, struct ruleset *ret_ruleset);

#endif
