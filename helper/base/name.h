/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which names are accepted, and how carrel's own names are made from them. */
#ifndef CARREL_BASE_NAME_H
#define CARREL_BASE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Linux's LOGIN_NAME_MAX is 256; directory services use names like DOM\user, user@realm. */
#define USER_NAME_SIZE   256
#define POLICY_NAME_SIZE 33     /* 32 characters: fits in records, rule comments and file names */
#define NETNS_NAME_SIZE  40     /* "carrel-4294967294" or "carrel-@" + a policy-like name */
#define LINK_NAME_SIZE   16     /* IFNAMSIZ */

/** name_valid_user() - UTF-8 without control characters, '/', ':' or blanks; 1 to 255 bytes */
bool name_valid_user(const char *name);

/**
 * name_valid_policy() - [a-z0-9_][a-z0-9_.-]*, 1 to 32 characters; a file name as it stands
 *
 * "unconfined", "host" and "deny" are none: where a policy is named, they are built in.
 */
bool name_valid_policy(const char *name, size_t length);

/* The administrator's file of rules that decide before every policy: never a policy itself. */
#define POLICY_OVERRIDES "overrides"

/* In every carrel, for scripts and for tests; the host's table has the same name. */
#define CARREL_TABLE  "carrel"
#define CARREL_UPLINK "uplink0"

/** name_of_netns() - "carrel-1000" for a user's own carrel */
void name_of_netns(uid_t uid, char name[NETNS_NAME_SIZE]);

/** name_of_host_link() - "cr-1000", the host's end of the veth; 13 characters at most */
void name_of_host_link(uid_t uid, char name[LINK_NAME_SIZE]);

/**
 * name_nearest() - the candidate closest to @word, for "did you mean"
 * @candidates:	NULL-terminated
 *
 * An edit inserts, deletes or replaces a letter or swaps two neighbours; capitals are none.
 *
 * Return: a candidate at most a third of @word's length (and at least 1) edits away, or NULL
 */
const char *name_nearest(const char *word, size_t length, const char *const *candidates);

#endif
