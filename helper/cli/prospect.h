/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the helper would find, and decide, about a user's carrel now: gathered by looking,
 * for `carrel plan`, `carrel apply --dry-run` and `carrel diff`. Every step returns
 * CLI_OK, or another exit status after a complaint.
 */
#ifndef CARREL_CLI_PROSPECT_H
#define CARREL_CLI_PROSPECT_H

#include "core/config.h"
#include "core/course.h"
#include "core/policy.h"
#include "sight.h"

struct prospect {
	/* Given. */
	const char *config_path;        /* of carrel.conf, absolute */
	int state_fd;                   /* /run/carrel, or -1 */
	struct arena *arena;
	bool login;                     /* somebody comes, who finds the uplink up */
	/* Found out, step by step. */
	struct config config;
	const struct assignment *assignment;    /* NULL: none holds */
	bool confined;                  /* policy says how */
	struct policy policy;
	struct sight sight;
	bool standing;                  /* there is a carrel that a login would join or update */
	struct facts facts;
	struct editions editions;       /* that there are, where the policy names the host */
	const char *no_names;           /* why a carrel would not find names, or NULL */
	struct plan_input input;
	enum course course;
};

/** prospect_read_config() - the configuration in force */
int prospect_read_config(struct prospect *prospect);

/** prospect_assign() - the policy that it gives to a login of @subject, if it gives one */
int prospect_assign(struct prospect *prospect, const struct subject *subject);

/** prospect_read_policy() - the policy @name in force */
int prospect_read_policy(struct prospect *prospect, const char *name);

/**
 * prospect_look() - what there is of the carrel of @uid, and what is to be done about it
 * @user:	whose it is; must outlive @prospect
 *
 * Context: the policy was read; in the host's namespaces, or what is found of the host is
 *	    what the caller's namespace shows
 */
int prospect_look(struct prospect *prospect, uid_t uid, const char *user);

/**
 * prospect_of_record() - assign, read and look, as `carrel apply` does for an open carrel
 *
 * What the login that decided about it would get now; the policy that it has, where that is none.
 */
int prospect_of_record(struct prospect *prospect, const struct record *record);

#endif
