/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's addresses, numbered (core/edition.h), and carrels that learn of new ones. */
#ifndef CARREL_EDITIONS_H
#define CARREL_EDITIONS_H

#include "core/edition.h"
#include "core/plan.h"
#include "request.h"

struct record;
struct rtnl;

/**
 * editions_read() - those that there are
 *
 * A file that cannot be understood is worth a warning: then there are none, and what carrels
 * know of the host counts for nothing until they have another number.
 *
 * Return: 0 or -errno
 */
int editions_read(struct request *request, int state_fd, struct editions *ret,
		  struct carrel_error *err);

/**
 * editions_settle() - find the number of the host's addresses, or give them one
 * @host:	rtnetlink of the host's namespace
 * @facts:	gathered, with the addresses; gets their number
 *
 * Return: 0 or -errno
 * Context: in the host's network namespace
 */
int editions_settle(struct request *request, int state_fd, struct rtnl *host,
		    struct facts *facts, struct carrel_error *err);

/**
 * editions_advance() - bring the carrel of @record, which is whole, to the newest edition
 * @record:	written again where it changes
 *
 * Return: 1 when it was not there yet; 0, also where its rules do not know the host by sets; -errno
 * Context: under the user's lock; leaves the process in the carrel's network namespace
 */
int editions_advance(struct request *request, int state_fd, struct rtnl *host,
		     struct record *record, struct carrel_error *err);

#endif
