/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is to be done to a user's carrel so that it is what the configuration says: decided
 * here for logins, for `carrel apply` and for `carrel plan`. Pure.
 */
#ifndef CARREL_CORE_COURSE_H
#define CARREL_CORE_COURSE_H

#include <stdbool.h>
#include <stdint.h>
#include "core/plan.h"

/* A carrel as it stands, pinned and recorded. */
struct standing {
	const char *user, *policy, *uplink;
	uint64_t rules_digest;          /* what its rules were made from: course_digest() then */
	bool cut;                       /* its uplink was set down at the last logout */
};

enum course {
	COURSE_JOIN,                    /* it is as it should be */
	COURSE_UPDATE,                  /* plan_update() */
	COURSE_REBUILD,                 /* it has another uplink: plan_build() in its place */
	COURSE_BUILD,                   /* there is none: plan_build() */
};

/** course_digest() - of all that the rules are made from: when it differs, they do */
uint64_t course_digest(const struct plan_input *input);

/**
 * course_choose() - what brings @standing to what @input asks for
 * @standing:	NULL when there is no carrel, or it is not whole
 */
enum course course_choose(const struct standing *standing, const struct plan_input *input);

/** course_name() - "join", "update", "rebuild" or "build" */
const char *course_name(enum course course);

#endif
