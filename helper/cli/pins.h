/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is left of private pins when no carrel is open, or when they were visible before. */
#ifndef CARREL_CLI_PINS_H
#define CARREL_CLI_PINS_H

#include "core/config.h"
#include "core/diagnostic.h"

struct carrel_error;

/**
 * pins_check() - warn where pins are not yet as @config says, because a carrel is open
 * @path:	of the configuration, for one that says nothing of pins
 */
void pins_check(const struct config *config, const char *path, struct diagnostics *diagnostics);

/**
 * pins_settle() - clear up where they are kept
 * @state_fd:	/run/carrel, or -1
 *
 * When no carrel is open, their mount namespace goes: the next login makes one, as the host is by
 * then, or none, as carrel.conf says then. While it stays, those on the host go that are
 * of no carrel, or that are private by now: who logged in had read carrel.conf before an edit,
 * and pinned after it.
 *
 * Return: 0 or -errno
 * Context: root; leaves the command in the host's namespaces
 */
int pins_settle(int state_fd, struct carrel_error *err);

#endif
