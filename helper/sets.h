/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sets in which an open carrel has addresses, brought to what is known now; its rules stay. */
#ifndef CARREL_SETS_H
#define CARREL_SETS_H

#include <stdint.h>

struct carrel_error;
struct known_names;
struct mnl_socket;
struct prefix_list;
struct record;

/* One of both. */
struct sets_known {
	const struct known_names *names;
	const struct prefix_list *host;         /* all addresses of the host */
};

/**
 * sets_update() - bring the sets of a carrel to @known
 * @nft:	of its namespace
 * @generation:	of its firewall, as recorded. Where the firewall was at that, it is what it then
 *		is, and no login need look at the rules; or 0, when somebody else changed them, too
 *
 * Return: 1 when something was changed; 0; -ENOENT when its rules have no sets of the host; -errno
 */
int sets_update(struct mnl_socket *nft, const struct sets_known *known, uint32_t *generation,
		struct carrel_error *err);

/**
 * sets_update_pinned() - sets_update() for the carrel of @record, whose generation follows
 *
 * Return: as there; -errno, too, when its namespace is not pinned
 * Context: under the user's lock; leaves the process in the carrel's network namespace
 */
int sets_update_pinned(struct record *record, const struct sets_known *known,
		       struct carrel_error *err);

#endif
