/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/owner.h"

#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/number.h"
#include "cli/cli.h"
#include "cli/view.h"
#include "pam/subject.h"

/* Some directory services keep whole novels in the GECOS field; one this long is a fault. */
#define PASSWD_FIRST_BYTES 1024
#define PASSWD_MAX_BYTES   (1024 * 1024)

/* (uid_t)-1 means "no uid" to every system call. */
#define UID_LARGEST (UINT32_MAX - 1)

/** keep_owner() - note who was found; -EIO for a name that no carrel can have */
static int keep_owner(struct owner *ret, uid_t uid, const char *name, struct carrel_error *err)
{
	struct owner owner = { .uid = uid };

	int length = snprintf(owner.name, sizeof(owner.name), "%s", name);
	if (length < 0 || (size_t)length >= sizeof(owner.name))
		return error_set(err, EIO, "the name service gave uid %u a name that is too long",
				 uid);
	*ret = owner;
	return 0;
}

/** find_by_name() - the account called @name; 0, -ENOENT, -EIO, -ENOMEM */
static int find_by_name(const char *name, struct owner *ret, struct carrel_error *err)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct account account;

	int rc = subject_find_account(name, &arena, &account, err);
	return rc < 0 ? rc : keep_owner(ret, account.uid, account.name, err);
}

/**
 * name_of() - what the name services call @uid
 * Return: the name, from @arena; NULL when they know none or fail: it serves only people
 */
static const char *name_of(uid_t uid, struct arena *arena)
{
	struct passwd entry, *found = NULL;
	int rc = ERANGE;

	for (size_t size = PASSWD_FIRST_BYTES; rc == ERANGE && size <= PASSWD_MAX_BYTES; size *= 4) {
		char *bytes = arena_alloc(arena, size);
		if (!bytes)
			return NULL;
		do
			rc = getpwuid_r(uid, &entry, bytes, size, &found);
		while (rc == EINTR);
	}
	return rc == 0 && found ? entry.pw_name : NULL;
}

/** find_by_uid() - who has @uid: an account, else what the record says, else the number */
static int find_by_uid(uid_t uid, const char *number, int state_fd, struct owner *ret,
		       struct carrel_error *err)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct record record;

	const char *name = name_of(uid, &arena);
	if (!name && state_fd >= 0 && record_read(state_fd, uid, &record, NULL) == 0)
		name = record.user;
	return keep_owner(ret, uid, name ? name : number, err);
}

struct search {
	const char *name;
	bool found;
	uid_t uid;
};

/** search_record() - callback of view_each_record(): is this carrel the one that is meant? */
static int search_record(const struct record *record, int rc, const struct carrel_error *why,
			 void *context)
{
	struct search *search = context;

	(void)why;
	if (rc == 0 && strcmp(record->user, search->name) == 0) {
		search->found = true;
		search->uid = record->uid;
	}
	return 0;
}

/** find_by_record() - whose carrel was made for a user called @name */
static int find_by_record(const char *name, int state_fd, struct owner *ret,
			  struct carrel_error *err)
{
	struct search search = { .name = name };

	int rc = view_each_record(state_fd, search_record, &search, err);
	if (rc < 0)
		return rc;
	if (!search.found)
		return error_set(err, ENOENT, "there is no user '%s'", name);
	return keep_owner(ret, search.uid, name, err);
}

int owner_find(const char *text, int state_fd, struct owner *ret, struct carrel_error *err)
{
	uint64_t number;

	int rc = find_by_name(text, ret, err);
	if (rc != -ENOENT)
		return rc;
	if (number_parse(text, strlen(text), UID_LARGEST, &number) == 0)
		return find_by_uid((uid_t)number, text, state_fd, ret, err);
	return find_by_record(text, state_fd, ret, err);
}

int owner_meant(const char *text, int state_fd, struct owner *ret)
{
	struct carrel_error err = { 0 };
	int rc = owner_find(text, state_fd, ret, &err);

	if (rc < 0)
		return cli_fail(rc == -ENOENT ? CLI_NOT_FOUND : CLI_FAILURE, &err);
	return CLI_OK;
}

int owner_begin(const char *text, int *ret_state_fd, struct owner *ret)
{
	struct carrel_error err = { 0 };

	if (view_open_state(ret_state_fd, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	return owner_meant(text, *ret_state_fd, ret);
}
