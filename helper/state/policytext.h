/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that one policy is made of: its own, the overrides, and what they include. Of
 * each name the administrator's file counts, else the packaged one.
 */
#ifndef CARREL_STATE_POLICYTEXT_H
#define CARREL_STATE_POLICYTEXT_H

#include <stdbool.h>
#include "core/config.h"
#include "core/policy.h"

struct carrel_error;

struct policy_texts {
	struct arena *arena;            /* borrowed */
	const char *local;              /* the administrator's directory */
	/* Where files are looked for besides; or NULL. */
	const char *drafts;             /* before it: beside a file that is only checked */
	bool trusted_only;
	bool closed;                    /* only what is in sources is there */
	struct sources sources;         /* what was read, each file once */
};

/**
 * policytext_begin() - nothing is read yet
 * @config_path: of carrel.conf, absolute: the administrator's policies are beside it
 * Return: 0 or -ENOMEM
 */
int policytext_begin(const char *config_path, bool trusted_only, struct arena *arena,
		     struct policy_texts *ret, struct carrel_error *err);

/**
 * policytext_read() - the file of the policy @name, or of a part of one ("common/time")
 * Return: 0; -ENOENT with the paths that were looked at; -EPERM; -errno
 */
int policytext_read(struct policy_texts *texts, const char *name, struct source *ret,
		    struct carrel_error *err);

/**
 * policytext_parse() - understand the policy @name
 * @source:	its own file
 * @config:	for its sets
 *
 * Return: 0; -EINVAL when an error was added to @diagnostics; -errno with @err set when that
 *	   has no errors: the overrides cannot be read, or memory ran out
 */
int policytext_parse(struct policy_texts *texts, const char *name, const struct source *source,
		     const struct config *config, struct policy *ret_policy,
		     struct diagnostics *diagnostics, struct carrel_error *err);

#endif
