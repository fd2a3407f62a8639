/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's table inet carrel: the same for one carrel and for thousands, whatever
 * their policies (see core/group.h). What its two sets hold depends on the host's addresses.
 */
#ifndef CARREL_CORE_HOSTTABLE_H
#define CARREL_CORE_HOSTTABLE_H

#include <stdbool.h>
#include "core/edition.h"
#include "core/ruleset.h"

/**
 * hosttable_build() - what must be on the host
 * @guard4, @guard6: the host did not forward packets of that family before carrel needed
 *		it to: drop what goes from one of its own links to another
 * @editions:	of its addresses that carrels know
 * Return: 0, -ENOMEM
 * Context: pure
 */
int hosttable_build(bool guard4, bool guard6, const struct editions *editions,
		    struct arena *arena, struct ruleset *ret_ruleset);

#endif
