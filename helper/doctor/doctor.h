/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `carrel doctor`: what keeps carrels from doing what they are there for, on this machine.
 *
 * Theory of operation
 *
 * checks.c has a table of checks; each is a function in a file of its own. It gathers what it
 * needs (a thin layer over files, netlink and other programs), judges that (pure functions,
 * which core/ has where they are long), and adds a finding for each thing that is wrong:
 * what there is, why it matters, and the command or the edit that mends it. Who adds a check
 * writes such a function and a row in the table.
 *
 * What several checks need (the configuration, accounts, PAM's services) is gathered once, when it
 * is first asked for.
 */
#ifndef CARREL_DOCTOR_DOCTOR_H
#define CARREL_DOCTOR_DOCTOR_H

#include <stdbool.h>
#include "base/arena.h"
#include "base/buffer.h"
#include "core/config.h"
#include "core/policy.h"

struct carrel_error;

enum doctor_severity {
	DOCTOR_WRONG,           /* somebody is not confined, or kept out, or will be: exit status 5 */
	DOCTOR_NOTICE,          /* as it was set up, perhaps without knowing: worth a look */
	DOCTOR_UNCHECKED,       /* could not be looked at */
};
#define DOCTOR_SEVERITY_COUNT (DOCTOR_UNCHECKED + 1)

/* Texts live in the arena of the examination. NULL in one that is added: out of memory. */
struct doctor_finding {
	enum doctor_severity severity;
	const char *check;      /* set by doctor_add() */
	const char *what;       /* what was found, with the file or item it is about */
	const char *why;        /* what comes of it; "" where that is plain */
	const char *fix;        /* commands or edits, a line each; "" where there is none */
};

struct doctor;

/* What a check cannot do without. */
enum doctor_need {
	DOCTOR_NEEDS_NOTHING,
	DOCTOR_NEEDS_HOST,      /* the host's network, where root goes by itself */
	DOCTOR_NEEDS_ROOT,
};

struct doctor_check {
	const char *name;       /* one word, for scripts */
	const char *looks_at;   /* half a line, for people; with "carrel: looking at" before it */
	enum doctor_need need;
	/*
	 * Return: 0, with or without findings; -ENOMEM; -errno with the reason why the check
	 *	   could not be done
	 */
	int (*run)(struct doctor *doctor, struct carrel_error *err);
};

struct doctor_accounts;
struct pam_services;

/* One examination. */
struct doctor {
	struct arena *arena;
	const char *config_path;                /* of carrel.conf, absolute */
	bool root;
	int state_fd;                           /* /run/carrel, or -1 */
	const struct doctor_check *current;
	ARENA_LIST(struct doctor_finding) findings;
	ARENA_LIST(const char *) silent;        /* programs that hung once: nobody waits for them again */
	/* Gathered when first asked for, by the functions below. */
	const struct config *config;
	const struct doctor_accounts *accounts;
	const struct pam_services *services;
};

/**
 * doctor_add() - note @finding of the check that runs now, unless it has said the same already
 *
 * A fix that the check has told already is left out: who runs all of them runs it once.
 *
 * Return: 0; -ENOMEM, also for a NULL text
 */
int doctor_add(struct doctor *doctor, struct doctor_finding finding);

/**
 * doctor_config() - the configuration in force
 * Return: 0; -errno when there is none (which another check reports)
 */
int doctor_config(struct doctor *doctor, const struct config **ret, struct carrel_error *err);

/**
 * doctor_each_policy() - hand every policy that an assignment gives, as it is in force, to @check
 * @check:	0 to go on, anything else to stop; may complete the policy
 *
 * What is invalid is left out: another check reports it.
 *
 * Return: what @check returned last; 0, also when it was not called; -ENOMEM
 */
int doctor_each_policy(struct doctor *doctor,
		       int (*check)(struct doctor *doctor, struct policy *policy,
				    struct carrel_error *err),
		       struct carrel_error *err);

/** doctor_put_text() - append findings as people read them, and a summary of @checks checks */
void doctor_put_text(const struct doctor *doctor, size_t checks, struct buffer *text);

/** doctor_put_json() - append all of it as a JSON object */
void doctor_put_json(const struct doctor *doctor, const struct doctor_check *checks, size_t count,
		     struct buffer *text);

/** doctor_is_well() - was nothing found wrong? */
bool doctor_is_well(const struct doctor *doctor);

#endif
