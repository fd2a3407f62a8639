/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks for the addresses of many names at once. */
#ifndef CARREL_RESOLVER_LOOKUP_H
#define CARREL_RESOLVER_LOOKUP_H

#include "core/answers.h"

struct carrel_error;

/**
 * lookup_open() - ready to ask: what /etc/resolv.conf, nsswitch.conf and hosts say is read
 * Return: 0 or -errno
 */
int lookup_open(struct carrel_error *err);

/**
 * lookup_all() - both families of each name
 * @names:	@count of them, absolute
 * @ret:	@count; a question that is not answered in time failed
 *
 * Return: 0 or -errno
 * Context: after lookup_open(), once
 */
int lookup_all(const char *const *names, size_t count, struct answers *ret,
	       struct carrel_error *err);

#endif
