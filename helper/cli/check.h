/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `carrel check` finds, and how it writes that. */
#ifndef CARREL_CLI_CHECK_H
#define CARREL_CLI_CHECK_H

#include <stdbool.h>
#include "base/arena.h"
#include "base/buffer.h"
#include "core/config.h"
#include "core/diagnostic.h"

struct findings {
	/* A position of line 0 stands for the whole file. */
	ARENA_LIST(struct diagnostic) list;
	unsigned errors, warnings;      /* also those beyond DIAGNOSTICS_MAX of a file */
	size_t files, policies, assignments;
	bool trust_checked;             /* owners and modes were looked at */
	const char *unchecked;          /* what it takes to check policies, and there is not; or NULL */
};

/** findings_add_file() - an error of a whole file, unless it is known; 0 or -ENOMEM */
int findings_add_file(struct findings *findings, struct arena *arena, const char *path,
		      const char *message);

/**
 * findings_add() - what a parser said of @path
 * @diagnostics: its messages must live as long as @arena
 *
 * Return: 0 or -ENOMEM
 */
int findings_add(struct findings *findings, struct arena *arena, const char *path,
		 const struct diagnostics *diagnostics);

/** findings_put_text() - append each finding as FILE:LINE:COLUMN: KIND: MESSAGE, and a summary */
void findings_put_text(const struct findings *findings, struct buffer *text);

/** findings_put_json() - append all of it as a JSON object */
void findings_put_json(const struct findings *findings, struct buffer *text);

/**
 * check_configuration() - everything that decides about logins
 * @config:	path of carrel.conf, absolute
 * @arena:	what was found lives here
 *
 * Return: 0, also when something was found; -ENOMEM
 */
int check_configuration(const char *config, struct arena *arena, struct findings *ret);

#endif
