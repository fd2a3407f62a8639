/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which file an "include" of a policy means, and whether it may stand there. */
#ifndef CARREL_CORE_POLICY_INCLUDE_H
#define CARREL_CORE_POLICY_INCLUDE_H

#include "core/lexer.h"
#include "core/policy.h"

/* Deeper than anybody can follow; and a bound on what files that include each other cost. */
#define INCLUDE_DEPTH_MAX 8
#define INCLUDE_COUNT_MAX 128

/* A file that is being read, and who included it: on the stack. */
struct include_frame {
	const char *path;
	const struct include_frame *includer;   /* or NULL */
};

/**
 * policy_include_open() - understand and read what stands behind "include"
 * @frame:	the file that the line is in
 * @count:	of files that the policy has included; raised by one
 *
 * Return: 0; -EINVAL after reporting; -ENOMEM
 */
int policy_include_open(struct lexer *lexer, const struct policy_context *context,
			const struct include_frame *frame, unsigned *count,
			struct source *ret_source);

#endif
