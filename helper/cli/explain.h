/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How `carrel explain` writes its answer; apart from finding it, so that tests can ask. */
#ifndef CARREL_CLI_EXPLAIN_H
#define CARREL_CLI_EXPLAIN_H

#include <stdbool.h>
#include "base/buffer.h"
#include "core/evaluate.h"
#include "core/flow.h"

struct explanation {
	const char *user;               /* who was asked about; NULL: a policy was */
	const struct policy *policy;
	struct packet packets[FAMILY_COUNT];
	struct decision decisions[FAMILY_COUNT];        /* of each packet */
	size_t count;                   /* of packets: one for each family that is meant */
};

/** explanation_allows() - every packet gets through */
bool explanation_allows(const struct explanation *explanation);

/** explanation_put_text() - append each packet's verdict, and a line that says why */
void explanation_put_text(const struct explanation *explanation, struct buffer *text);

/** explanation_put_json() - append all of it as a JSON object */
void explanation_put_json(const struct explanation *explanation, struct buffer *text);

#endif
