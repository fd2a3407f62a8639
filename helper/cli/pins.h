/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pins of users' carrels: which there are, and what is left of private ones when no carrel is
 * open, or when they were visible before.
 */
#ifndef CARREL_CLI_PINS_H
#define CARREL_CLI_PINS_H

#include <sys/types.h>
#include "core/config.h"
#include "core/diagnostic.h"

struct carrel_error;

/* What pins_each() calls: 0, or -errno, which ends it. */
typedef int pin_visitor(uid_t uid, void *context, struct carrel_error *err);

/**
 * pins_each() - call @visit with each user whose carrel is pinned in this mount namespace
 * Return: 0; what @visit returned; -errno
 */
int pins_each(pin_visitor *visit, void *context, struct carrel_error *err);

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
