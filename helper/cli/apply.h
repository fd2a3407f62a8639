/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How `carrel apply` writes what became of carrels; apart from doing it, so that tests can ask. */
#ifndef CARREL_CLI_APPLY_H
#define CARREL_CLI_APPLY_H

#include <stdbool.h>
#include "base/arena.h"
#include "base/buffer.h"
#include "state/record.h"

enum apply_result {
	APPLY_UNCHANGED,
	APPLY_UPDATED,
	APPLY_OTHER_UPLINK,     /* takes a new carrel: the next login makes it */
	APPLY_GONE,             /* it was removed meanwhile */
	APPLY_FAILED,
};

struct applied {
	struct record record;           /* as it was */
	enum apply_result result;
	const char *policy;             /* that it has now; NULL when that is not known */
	unsigned connections_cut;
	const char *message;            /* APPLY_FAILED: why; else NULL */
};

struct applications { ARENA_LIST(struct applied) list; };

/** apply_put_text() - append a line for each; @dry_run: nothing was done. 0 or -ENOMEM */
int apply_put_text(const struct applications *applications, bool dry_run, struct arena *arena,
		   struct buffer *text);

/** apply_put_json() - append a JSON array */
void apply_put_json(const struct applications *applications, struct buffer *text);

#endif
