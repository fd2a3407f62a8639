/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The "assign" directive of carrel.conf. */
#ifndef CARREL_CORE_ASSIGN_H
#define CARREL_CORE_ASSIGN_H

#include "core/config.h"
#include "core/lexer.h"

/**
 * assign_parse() - understand what stands behind "assign"
 * @keyword:	that word
 * @config:	gets the assignment, and the groups that it names
 *
 * Return: 0; -EINVAL after reporting (@config is as it was but perhaps for its groups); -ENOMEM
 */
int assign_parse(struct lexer *lexer, const struct token *keyword, struct config *config);

#endif
