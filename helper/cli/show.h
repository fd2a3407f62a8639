/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How `carrel show` writes one carrel; apart from reading it, so that tests can ask. */
#ifndef CARREL_CLI_SHOW_H
#define CARREL_CLI_SHOW_H

#include "cli/policyfile.h"
#include "cli/view.h"
#include "core/policy.h"

/* The policy as its file says now; NULL what could not be read. */
struct show_policy {
	const char *path;
	const struct policy *policy;
};

/** show_put_text() - append the carrel for people; 0 or -ENOMEM */
int show_put_text(const struct view *view, const struct show_policy *shown, struct arena *arena,
		  struct buffer *text);

/** show_put_json() - append the carrel as a JSON object */
void show_put_json(const struct view *view, const struct show_policy *shown, struct buffer *text);

#endif
