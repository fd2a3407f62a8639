/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How `carrel explain` writes its answer; apart from finding it, so that tests can ask. */
#ifndef CARREL_CLI_EXPLAIN_H
#define CARREL_CLI_EXPLAIN_H

#include <stdbool.h>
#include "base/buffer.h"
#include "core/evaluate.h"
#include "core/flow.h"

/* A packet, and what becomes of it. */
struct answer { struct packet packet; struct decision decision; };

struct explanation {
	const char *user;               /* who was asked about; NULL: a policy was */
	const struct policy *policy;
	ARENA_LIST(struct answer) answers;      /* at least one: for each address that is meant */
};

/** explanation_allows() - every packet gets through */
bool explanation_allows(const struct explanation *explanation);

/** explanation_put_text() - append each packet's verdict, and a line that says why */
void explanation_put_text(const struct explanation *explanation, struct buffer *text);

/** explanation_put_json() - append all of it as a JSON object */
void explanation_put_json(const struct explanation *explanation, struct buffer *text);

#endif
