/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Can the helper read what root can? */
#ifndef CARREL_CLI_READABLE_H
#define CARREL_CLI_READABLE_H

#include "base/arena.h"

/**
 * readable_obstacle() - why the helper's account cannot read the file at @path
 * @path:	one that root could read
 *
 * Return: what there is and what to do, from @arena; NULL when the account can read it, or when that
 *	   could not be found out
 * Context: root, one thread
 */
const char *readable_obstacle(const char *path, struct arena *arena);

#endif
