/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who decided about a packet, in words. */
#ifndef CARREL_CORE_REASON_H
#define CARREL_CORE_REASON_H

#include "base/buffer.h"
#include "core/evaluate.h"

/** reason_outcome() - "allowed", "denied", "rejected" */
const char *reason_outcome(enum verdict verdict);

/** reason_put() - append why @decision was made about a packet of @direction: half a sentence */
void reason_put(const struct decision *decision, const struct policy *policy,
		enum direction direction, struct buffer *text);

#endif
