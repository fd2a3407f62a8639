/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the test host (tests/host) must look like around a user's carrel: looked at, and complained of. */
#ifndef FAULTS_EVERY_WORLD_H
#define FAULTS_EVERY_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sight.h"

#define USER "exam1"
#define USER_UID 61001

/** complain() - say what is wrong, and count it; Return: false */
bool complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** complaints() - how many there were */
unsigned complaints(void);

/** world_share() - memory, zeroed, that children share; for ever */
void *world_share(size_t size);

/** world_begin() - remember what may not change; ends the program when it cannot */
void world_begin(void);

/** world_choose() - from here on, look at the carrel of @uid; before that it is USER's */
void world_choose(uid_t uid);

/** world_state() - descriptor of carrel's state directory (borrowed) */
int world_state(void);

/** world_sight() - what there is of the user's carrel */
struct sight world_sight(void);

/** world_on_host() - this thread is where it was when world_begin() was called */
bool world_on_host(void);

/** world_session_right() - this thread is in the carrel that is pinned and recorded, and the policy holds */
bool world_session_right(void);

/** world_no_session() - no session of the user's counts as alive, or soon none does */
bool world_no_session(void);

/**
 * world_whole_or_absent() - what is pinned is what is recorded
 * @strictly:	what is recorded is pinned, too, no temporary file is left, and no link without a carrel
 */
bool world_whole_or_absent(bool strictly);

/** world_has_temporary() - a file that was begun */
bool world_has_temporary(void);

/** world_nothing_left() - of the carrel, but for its lock */
bool world_nothing_left(void);

/** world_host_table_intact() */
bool world_host_table_intact(void);

/** world_knows_host() - what the host's table lets in for the carrel, its rules know for the host's */
bool world_knows_host(void);

/** world_one_claim() - the user has claimed exactly one address */
bool world_one_claim(void);

#endif
