/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Users who log in at the same time must get different addresses without waiting for each
 * other. symlink(2) decides: of several processes that make addresses/10.213.4.7, one
 * succeeds. The link's text is the uid.
 *
 * A uid must not end with two claims, even when its helper is killed at any point. So beside
 * each claim there is a note, addresses/uid-1000 -> 10.213.4.7, and it is written first: every
 * claim of a uid is the one that its note names. A note alone claims nothing.
 *
 * A helper that is killed after its claim and before its record leaves a claim that nobody
 * uses. Whoever comes upon it takes it over when the uid has no record and its lock is free,
 * for a login that is being built holds the lock and has no record yet. The lock is only
 * tried, so no two logins ever wait for each other here.
 *
 * A link that is not a uid is nobody's to take: an administrator can set an address aside so.
 */
#include "state/state.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "core/allocate.h"
#include "state/textfile.h"

static_assert(TEXTFILE_PATH_SIZE >= sizeof("addresses/") + ADDRESS_TEXT_SIZE, "an address fits");

/** claim_path() - where the claim on @address stands */
static void claim_path(char path[TEXTFILE_PATH_SIZE], const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	address_format(address, text);
	textfile_path(path, "addresses/%s", text);
}

/** note_path() - where it stands which address @uid has claimed */
static void note_path(char path[TEXTFILE_PATH_SIZE], uid_t uid)
{
	textfile_path(path, "addresses/uid-%u", uid);
}

/** read_link() - text of a symbolic link, terminated; -EINVAL when it is none or too long */
static int read_link(int state_fd, const char *path, char text[ADDRESS_TEXT_SIZE])
{
	ssize_t length = readlinkat(state_fd, path, text, ADDRESS_TEXT_SIZE);

	if (length < 0)
		return -errno;
	if (length == ADDRESS_TEXT_SIZE)
		return -EINVAL;
	text[length] = '\0';
	return 0;
}

/** read_claim() - whose @path is; -ENOENT: nobody's; -EINVAL: not carrel's */
static int read_claim(int state_fd, const char *path, uid_t *ret_uid)
{
	char text[ADDRESS_TEXT_SIZE];

	int rc = read_link(state_fd, path, text);
	if (rc)
		return rc;
	return textfile_parse_uid(text, ret_uid) ? 0 : -EINVAL;
}

/** read_note() - the address that the note of @uid names; -ENOENT: none, or it is unreadable */
static int read_note(int state_fd, uid_t uid, struct address *ret)
{
	char path[TEXTFILE_PATH_SIZE], text[ADDRESS_TEXT_SIZE];
	struct address address;

	note_path(path, uid);
	int rc = read_link(state_fd, path, text);
	if (rc)
		return rc == -EINVAL ? -ENOENT : rc;
	if (address_parse(text, strlen(text), &address) || address.family != FAMILY_IPV4)
		return -ENOENT;
	*ret = address;
	return 0;
}

/** replace_link() - let @path be a link to @target, whatever it was; @uid's lock is held */
static int replace_link(int state_fd, uid_t uid, const char *target, const char *path)
{
	char temporary[TEXTFILE_PATH_SIZE];

	textfile_path(temporary, "addresses/" TEXTFILE_TEMPORARY "%u", uid);
	int rc = symlinkat(target, state_fd, temporary);
	/* Left by a helper of the same user that was killed. */
	if (rc && errno == EEXIST && unlinkat(state_fd, temporary, 0) == 0)
		rc = symlinkat(target, state_fd, temporary);
	if (rc || renameat(state_fd, temporary, state_fd, path)) {
		rc = -errno;
		unlinkat(state_fd, temporary, 0);
	}
	return rc;
}

/** write_note() - say that @address is what @uid is about to claim */
static int write_note(int state_fd, uid_t uid, const struct address *address)
{
	char path[TEXTFILE_PATH_SIZE], text[ADDRESS_TEXT_SIZE];

	note_path(path, uid);
	address_format(address, text);
	if (symlinkat(text, state_fd, path) == 0)
		return 0;
	return errno == EEXIST ? replace_link(state_fd, uid, text, path) : -errno;
}

/** remove_link() - 0 also when there is none */
static int remove_link(int state_fd, const char *path)
{
	return unlinkat(state_fd, path, 0) && errno != ENOENT ? -errno : 0;
}

/** has_record() - 1, 0 or -errno */
static int has_record(int state_fd, uid_t uid)
{
	char path[TEXTFILE_PATH_SIZE];
	struct stat st;

	textfile_path(path, "carrels/%u", uid);
	if (fstatat(state_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : -errno;
}

/**
 * take_over() - make the claim at @path, which @owner does not use any more, one of @uid
 * Return: 0; -EEXIST when @owner does use it, or somebody else was faster; -errno
 */
static int take_over(int state_fd, const char *path, uid_t owner, uid_t uid)
{
	char note[TEXTFILE_PATH_SIZE], target[TEXTFILE_PATH_SIZE];
	FD_CLEANUP int lock_fd = -1;
	uid_t owner_now;

	/* Most owners are alive: asked first, that costs no lock. */
	int rc = has_record(state_fd, owner);
	if (rc)
		return rc < 0 ? rc : -EEXIST;
	rc = state_lock_try(state_fd, owner, &lock_fd, NULL);
	if (rc)
		return rc == -EWOULDBLOCK ? -EEXIST : rc;
	/* Only now do both answers stay true. */
	rc = has_record(state_fd, owner);
	if (rc)
		return rc < 0 ? rc : -EEXIST;
	if (read_claim(state_fd, path, &owner_now) || owner_now != owner)
		return -EEXIST;
	textfile_path(target, "%u", uid);
	rc = replace_link(state_fd, uid, target, path);
	if (rc)
		return rc;
	note_path(note, owner);
	return remove_link(state_fd, note);
}

/**
 * take() - claim @address for @uid
 * Return: 0; -EEXIST when it is somebody's; -errno
 */
static int take(int state_fd, const struct address *address, uid_t uid)
{
	char path[TEXTFILE_PATH_SIZE], target[TEXTFILE_PATH_SIZE];
	uid_t owner;

	int rc = write_note(state_fd, uid, address);
	if (rc)
		return rc;
	claim_path(path, address);
	textfile_path(target, "%u", uid);
	if (symlinkat(target, state_fd, path) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	rc = read_claim(state_fd, path, &owner);
	if (rc == 0)
		return owner == uid ? 0 : take_over(state_fd, path, owner, uid);
	/* Set aside, or given up this instant: the next candidate will do. */
	return rc == -EINVAL || rc == -ENOENT ? -EEXIST : rc;
}

/** usable() - @address is one that allocate_address4() can give */
static bool usable(const struct prefix *pool, const struct address *address)
{
	struct address last;

	prefix_last(pool, &last);
	return prefix_contains(pool, address) && !address_equal(address, &pool->address) &&
	       !address_equal(address, &last);
}

/** read_claimed() - the address that @uid holds; -ENOENT when it holds none */
static int read_claimed(int state_fd, uid_t uid, struct address *ret)
{
	char path[TEXTFILE_PATH_SIZE];
	struct address address;
	uid_t owner;

	int rc = read_note(state_fd, uid, &address);
	if (rc)
		return rc;
	claim_path(path, &address);
	rc = read_claim(state_fd, path, &owner);
	if (rc == -EINVAL || (rc == 0 && owner != uid))
		return -ENOENT;
	if (rc)
		return rc;
	*ret = address;
	return 0;
}

/** take_any() - the first address that is free; -EADDRINUSE when none is: -ENOSPC is a full disk's */
static int take_any(int state_fd, const struct prefix *pool, uid_t uid, struct address *ret)
{
	uint32_t count = allocate_count4(pool);
	char note[TEXTFILE_PATH_SIZE];

	for (uint32_t attempt = 0; attempt < count; attempt++) {
		struct address candidate;

		allocate_address4(pool, uid, attempt, &candidate);
		int rc = take(state_fd, &candidate, uid);
		if (rc == 0)
			*ret = candidate;
		if (rc != -EEXIST)
			return rc;
	}
	note_path(note, uid);
	int rc = remove_link(state_fd, note);
	return rc ? rc : -EADDRINUSE;
}

int state_claim_address4(int state_fd, const struct prefix *pool, uid_t uid,
			 struct address *ret, struct carrel_error *err)
{
	char text[PREFIX_TEXT_SIZE];
	struct address address;

	int rc = read_claimed(state_fd, uid, &address);
	if (rc == 0 && usable(pool, &address)) {
		*ret = address;
		return 0;
	}
	/* The administrator has moved the pool. */
	if (rc == 0)
		rc = state_release_address4(state_fd, uid, &address, NULL);
	if (rc == 0 || rc == -ENOENT)
		rc = take_any(state_fd, pool, uid, &address);
	if (rc == 0) {
		*ret = address;
		return 0;
	}
	prefix_format(pool, text);
	if (rc == -EADDRINUSE)
		return error_set(err, ENOSPC, "every address of the pool %s is in use", text);
	return error_set_errno(err, -rc, "cannot claim an address of the pool %s for uid %u", text,
			       uid);
}

/** is_free() - would take() succeed? 1, 0 or -errno */
static int is_free(int state_fd, const struct address *address)
{
	char path[TEXTFILE_PATH_SIZE];
	uid_t owner;

	claim_path(path, address);
	int rc = read_claim(state_fd, path, &owner);
	if (rc == -EINVAL)
		return 0;
	if (rc)
		return rc == -ENOENT ? 1 : rc;
	rc = has_record(state_fd, owner);
	return rc < 0 ? rc : !rc;
}

int state_expect_address4(int state_fd, const struct prefix *pool, uid_t uid,
			  struct address *ret, struct carrel_error *err)
{
	uint32_t count = allocate_count4(pool);
	struct address candidate;
	char text[PREFIX_TEXT_SIZE];
	int rc = 0;

	if (state_fd >= 0 && read_claimed(state_fd, uid, &candidate) == 0 &&
	    usable(pool, &candidate)) {
		*ret = candidate;
		return 0;
	}
	for (uint32_t attempt = 0; attempt < count && rc == 0; attempt++) {
		allocate_address4(pool, uid, attempt, &candidate);
		rc = state_fd < 0 ? 1 : is_free(state_fd, &candidate);
	}
	prefix_format(pool, text);
	if (rc == 0)
		return error_set(err, ENOSPC, "every address of the pool %s is in use", text);
	if (rc < 0)
		return error_set_errno(err, -rc, "looking for an address of the pool %s", text);
	*ret = candidate;
	return 0;
}

int state_release_address4(int state_fd, uid_t uid, const struct address *address,
			   struct carrel_error *err)
{
	char path[TEXTFILE_PATH_SIZE], note[TEXTFILE_PATH_SIZE];
	struct address noted;
	uid_t owner;

	claim_path(path, address);
	note_path(note, uid);
	int rc = read_claim(state_fd, path, &owner);
	if (rc == 0 && owner == uid)
		rc = remove_link(state_fd, path);
	else if (rc == -ENOENT || rc == -EINVAL)
		rc = 0;
	/* The note goes last: a claim without one would be forgotten, and the address with it. */
	if (rc == 0 && read_note(state_fd, uid, &noted) == 0 && address_equal(&noted, address))
		rc = remove_link(state_fd, note);
	if (rc)
		return error_set_errno(err, -rc, "cannot give up %s", path);
	return 0;
}

int state_forget_address4(int state_fd, uid_t uid, struct carrel_error *err)
{
	char note[TEXTFILE_PATH_SIZE];
	struct address address;

	note_path(note, uid);
	int rc = read_note(state_fd, uid, &address);
	if (rc == 0)
		return state_release_address4(state_fd, uid, &address, err);
	/* A note that names no address leads to no claim. */
	if (rc == -ENOENT)
		rc = remove_link(state_fd, note);
	return rc ? error_set_errno(err, -rc, "cannot give up the address of uid %u", uid) : 0;
}
