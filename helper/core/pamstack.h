/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a PAM service does when it opens a session: the lines of its file and of those that it
 * includes, in order; and whether they reach the module. Pure, but for the reader.
 *
 * Source: pam.d(5), and _pam_dispatch_aux() in libpam/pam_dispatch.c of linux-pam
 */
#ifndef CARREL_CORE_PAMSTACK_H
#define CARREL_CORE_PAMSTACK_H

#include <stdbool.h>
#include "base/arena.h"
#include "core/diagnostic.h"
#include "core/source.h"

/* The module's file name. */
#define PAMSTACK_MODULE "pam_carrel.so"

/* libpam's PAM_SUBSTACK_MAX_LEVEL: what is nested deeper is an error to it. */
#define PAMSTACK_DEPTH_MAX 16

struct pam_line {
	const char *control;            /* "required", "[success=1 default=ignore]" ... */
	const char *module;             /* as written; NULL: a substack begins */
	ARENA_LIST(const char *) arguments;
	unsigned level;                 /* of nested substacks */
	struct position position;       /* column is 0 */
};

struct pam_stack {
	ARENA_LIST(struct pam_line) session;
	/* A line that has the module in another place than session (auth, account, password). */
	bool misplaced;
	struct position misplaced_at;
};

/**
 * pamstack_reader - gets the text of a service's file, or of one that is included
 * @name:	of a file among PAM's, or an absolute path
 * @ret_source:	lives as long as the stack
 * Return: 0; -ENOENT; -errno
 */
typedef int pamstack_reader(void *context, const char *name, struct source *ret_source,
			    struct carrel_error *err);

/**
 * pamstack_read() - the session lines of the service called @name
 * Return: 0; -ELOOP when files include each other too deep; -ENOMEM; or what @reader said
 */
int pamstack_read(const char *name, pamstack_reader *reader, void *context, struct arena *arena,
		  struct pam_stack *ret, struct carrel_error *err);

enum pam_flaw {
	PAM_SOUND,              /* the module is run, and its refusal is one */
	PAM_NO_SESSION,         /* the service opens no session, or refuses each */
	PAM_MISSING,            /* the module is not there */
	PAM_NOT_BINDING,        /* its refusal is ignored */
	PAM_SKIPPED,            /* the line "culprit" may end the stack, or jump over it */
	PAM_TOO_EARLY,          /* before pam_systemd, the line "culprit" */
};

struct pam_judgement {
	enum pam_flaw flaw;
	const struct pam_line *module;  /* the (first) line of it, or NULL */
	const struct pam_line *culprit; /* or NULL */
};

/** pamstack_judge() - is everyone who comes through @stack given a network of their own? */
struct pam_judgement pamstack_judge(const struct pam_stack *stack);

/** pamstack_argument() - what stands behind "@name=" in @line, or NULL */
const char *pamstack_argument(const struct pam_line *line, const char *name);

#endif
