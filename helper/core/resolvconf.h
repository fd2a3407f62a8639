/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a host finds names: what resolv.conf(5) says, and the servers behind a stub. */
#ifndef CARREL_CORE_RESOLVCONF_H
#define CARREL_CORE_RESOLVCONF_H

#include <stddef.h>
#include "core/dns.h"

/**
 * resolvconf_parse() - what the text of a resolv.conf says
 * @text:	need not be terminated
 * @arena:	the lists live here
 * @ret:	the servers are those that are named, but for the loopback
 *
 * Lines that say nothing, and addresses that mean something on one link alone, are passed over.
 *
 * Return: 0 or -ENOMEM
 * Context: pure
 */
int resolvconf_parse(const char *text, size_t length, struct arena *arena,
		     struct host_resolvers *ret);

/**
 * resolvconf_look_behind() - @host asks a stub, which asks those that @behind names
 *
 * Where these are none, the host's servers stay what they are.
 */
void resolvconf_look_behind(struct host_resolvers *host, const struct host_resolvers *behind);

#endif
