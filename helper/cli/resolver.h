/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts carrel-resolver, and believes as little as possible of what it says. */
#ifndef CARREL_CLI_RESOLVER_H
#define CARREL_CLI_RESOLVER_H

#include "core/answers.h"

struct carrel_error;

/**
 * resolver_ask() - have names looked up
 * @names:	@count, each once; ANSWERS_NAMES_MAX at most
 * @ret:	@count
 *
 * Takes seconds where name servers do not answer.
 *
 * Return: 0; -ETIME; -EBADMSG: it said what it must not say; -errno: it could not be started,
 *	   or gave up
 * Context: root, with no other child; ignores SIGPIPE from then on
 */
int resolver_ask(const char *const *names, size_t count, struct answers *ret,
		 struct carrel_error *err);

#endif
