/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the users, groups and services that a configuration names are there. */
#ifndef CARREL_CLI_NAMES_H
#define CARREL_CLI_NAMES_H

#include "base/arena.h"
#include "core/config.h"
#include "core/diagnostic.h"

/**
 * names_check() - warn of each name in @config that this system does not know
 *
 * No error: the account may come later, or be in a directory that cannot be asked now. But
 * with a name that is misspelled an assignment holds for nobody, and whom it was to confine
 * stays in the host's network.
 */
void names_check(const struct config *config, struct arena *arena,
		 struct diagnostics *diagnostics);

#endif
