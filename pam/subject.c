/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Membership is asked for group by group (getgrnam) and compared by gid with the user's own
 * list (getgrouplist): a configuration names few groups, and a directory service may give a
 * user hundreds, or a group ten thousand members.
 */
#include "pam/subject.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"

/* getpwnam_r and getgrnam_r say ERANGE until their buffer suffices: from here to there. */
#define FIRST_BUFFER_BYTES 1024
#define LAST_BUFFER_BYTES  (16 * 1024 * 1024)

#define FIRST_GROUPS 32
#define LAST_GROUPS  65536      /* NGROUPS_MAX of the kernel: nobody has more */

/** name_service_error() - tell a failing service from an entry that is not there, and from memory */
static int name_service_error(int errnum, const char *kind, const char *name,
			      struct carrel_error *err)
{
	switch (errnum) {
	case ENOMEM:
		return error_set_errno(err, ENOMEM, "looking up %s '%s'", kind, name);
	/* What services give for "not found", besides no error at all (getpwnam(3), ERRORS). */
	case 0: case ENOENT: case ESRCH: case EBADF: case EPERM:
		return error_set(err, ENOENT, "there is no %s '%s'", kind, name);
	default:
		error_set_errno(err, errnum, "looking up %s '%s'", kind, name);
		if (err)
			err->errnum = EIO;
		return -EIO;
	}
}

int subject_find_account(const char *user, struct arena *arena, struct account *ret_account,
			 struct carrel_error *err)
{
	for (size_t size = FIRST_BUFFER_BYTES; size <= LAST_BUFFER_BYTES; size *= 4) {
		char *buffer = arena_alloc(arena, size);
		struct passwd entry, *found = NULL;
		int errnum;

		if (!buffer)
			return error_set_errno(err, ENOMEM, "looking up user '%s'", user);
		do
			errnum = getpwnam_r(user, &entry, buffer, size, &found);
		while (errnum == EINTR);
		if (errnum == ERANGE)
			continue;
		if (!found)
			return name_service_error(errnum, "user", user, err);
		*ret_account = (struct account){
			.name = entry.pw_name, .uid = entry.pw_uid, .gid = entry.pw_gid,
			.arena = arena,
		};
		return 0;
	}
	return name_service_error(ERANGE, "user", user, err);
}

int subject_find_group(const char *name, struct arena *arena, gid_t *ret_gid,
		       struct carrel_error *err)
{
	for (size_t size = FIRST_BUFFER_BYTES; size <= LAST_BUFFER_BYTES; size *= 4) {
		char *buffer = arena_alloc(arena, size);
		struct group entry, *found = NULL;
		int errnum;

		if (!buffer)
			return error_set_errno(err, ENOMEM, "looking up group '%s'", name);
		do
			errnum = getgrnam_r(name, &entry, buffer, size, &found);
		while (errnum == EINTR);
		if (errnum == ERANGE)
			continue;
		if (!found)
			return name_service_error(errnum, "group", name, err);
		*ret_gid = entry.gr_gid;
		return 0;
	}
	return name_service_error(ERANGE, "group", name, err);
}

/**
 * list_groups() - every group that @account is in, its primary one included
 *
 * Asked for once: it is by far the dearest question, as it goes to every name service.
 */
static int list_groups(struct account *account, struct carrel_error *err)
{
	if (account->groups)
		return 0;
	for (int size = FIRST_GROUPS; size <= LAST_GROUPS; size *= 4) {
		int count = size;
		gid_t *items = arena_alloc(account->arena, (size_t)size * sizeof(*items));

		if (!items)
			return error_set_errno(err, ENOMEM, "listing the groups of '%s'",
					       account->name);
		if (getgrouplist(account->name, account->gid, items, &count) < 0)
			continue;
		account->groups = items;
		account->group_count = (size_t)count;
		return 0;
	}
	return error_set(err, EIO, "user '%s' is in more than %d groups", account->name,
			 LAST_GROUPS);
}

/** is_member() - Return: 1 or 0 (also when there is no group @name), -EIO, -ENOMEM */
static int is_member(const char *name, const struct account *account, struct carrel_error *err)
{
	gid_t gid = 0;
	int rc = subject_find_group(name, account->arena, &gid, err);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	for (size_t i = 0; i < account->group_count; i++)
		if (account->groups[i] == gid)
			return 1;
	return 0;
}

/** copy_text() - @text, or "" for NULL */
static const char *copy_text(struct arena *arena, const char *text)
{
	return text && *text ? arena_strdup(arena, text) : "";
}

/** answer_groups() - say of each group that @config names whether @account is in it */
static int answer_groups(struct account *account, const struct config *config,
			 struct arena *arena, struct subject *subject, struct carrel_error *err)
{
	size_t count = config ? config->groups.count : 0;
	struct subject_group *groups;
	int rc;

	if (count == 0)
		return 0;
	groups = arena_alloc(arena, count * sizeof(*groups));
	if (!groups)
		return error_set_errno(err, ENOMEM, "looking up groups");
	rc = list_groups(account, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < count; i++) {
		rc = is_member(config->groups.items[i], account, err);
		if (rc < 0)
			return rc;
		groups[i].member = rc;
		groups[i].name = arena_strdup(arena, config->groups.items[i]);
		if (!groups[i].name)
			return error_set_errno(err, ENOMEM, "looking up groups");
	}
	subject->groups = groups;
	subject->group_count = count;
	return 0;
}

int subject_of_account(struct account *account, const char *service, const char *tty,
		       const char *rhost, const struct config *config, struct arena *arena,
		       struct subject *ret_subject, struct carrel_error *err)
{
	struct subject subject = {
		.user = copy_text(arena, account->name), .uid = account->uid,
		.service = copy_text(arena, service), .tty = copy_text(arena, tty),
		.rhost = copy_text(arena, rhost),
	};
	int rc;

	if (!subject.user || !subject.service || !subject.tty || !subject.rhost)
		return error_set_errno(err, ENOMEM, "describing user '%s'", account->name);
	rc = answer_groups(account, config, arena, &subject, err);
	if (rc < 0)
		return rc;
	*ret_subject = subject;
	return 0;
}

int subject_look_up(const char *user, const char *service, const char *tty, const char *rhost,
		    const struct config *config, struct arena *arena,
		    struct subject *ret_subject, struct carrel_error *err)
{
	struct account account;
	int rc = subject_find_account(user, arena, &account, err);

	return rc < 0 ? rc : subject_of_account(&account, service, tty, rhost, config, arena,
						ret_subject, err);
}

int subject_in_any_group(struct account *account, const char *groups, struct carrel_error *err)
{
	int failed = 0, rc = list_groups(account, err);

	if (rc < 0)
		return rc;
	/* One group that cannot be asked about must not hide membership in the next. */
	for (const char *name = groups; *name;) {
		size_t length = strcspn(name, ",");
		char *copy = arena_strndup(account->arena, name, length);

		if (!copy)
			return error_set_errno(err, ENOMEM, "looking up groups");
		rc = *copy ? is_member(copy, account, err) : 0;
		if (rc > 0)
			return 1;
		if (rc < 0)
			failed = rc;
		name += length + (name[length] == ',');
	}
	return failed;
}
