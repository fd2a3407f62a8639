/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an installation puts in place: the account, owners and modes, and one version of all. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/paths.h"
#include "base/version.h"
#include "doctor/checks.h"

/** find_helper_account() - the uid and gid that the helper runs as; false: there is none */
static bool find_helper_account(uid_t *ret_uid, gid_t *ret_gid)
{
	const struct passwd *entry = getpwnam(HELPER_USER);

	if (!entry)
		return false;
	*ret_uid = entry->pw_uid;
	*ret_gid = entry->pw_gid;
	return true;
}

int doctor_check_account(struct doctor *doctor, struct carrel_error *err)
{
	uid_t uid;
	gid_t gid;

	(void)err;
	if (!find_helper_account(&uid, &gid))
		return doctor_add(doctor, (struct doctor_finding){
			.severity = DOCTOR_WRONG,
			.what = "there is no user '" HELPER_USER "'",
			.why = "the helper runs as that user: everyone whom an assignment confines "
			       "is refused",
			.fix = "systemd-sysusers\n"
			       "(without systemd: useradd --system --user-group --no-create-home "
			       "--home-dir " PATH_STATE " --shell /usr/sbin/nologin " HELPER_USER ")",
		});
	if (uid == 0)
		return doctor_add(doctor, (struct doctor_finding){
			.severity = DOCTOR_WRONG,
			.what = "the user '" HELPER_USER "' has uid 0",
			.why = "the helper would be root, and starts for nobody",
			.fix = "give the account a uid of its own: usermod --uid UID " HELPER_USER,
		});
	return 0;
}

/* Whose a file must be. */
enum owner { OWNER_ROOT, OWNER_HELPER };

static const struct place {
	const char *path;
	enum owner owner, group;
	mode_t exact;           /* the mode it must have; 0: what nobody but the owner may write */
	const char *why;
	bool needed;
} places[] = {
	{ PATH_HELPER, OWNER_ROOT, OWNER_ROOT, 0,
	  "the module does not start a helper that others than root can change", true },
	{ PATH_RESOLVER, OWNER_ROOT, OWNER_ROOT, 0,
	  "root starts it to look up the hosts that policies name", true },
	{ PATH_COMMAND, OWNER_ROOT, OWNER_ROOT, 0, "root runs it", false },
	{ PATH_MODULE, OWNER_ROOT, OWNER_ROOT, 0, "it runs in every login, as root", true },
	{ CARREL_SYSCONFDIR "/carrel", OWNER_ROOT, OWNER_ROOT, 0,
	  "whoever may write there decides who is confined", true },
	{ PATH_POLICIES, OWNER_ROOT, OWNER_ROOT, 0,
	  "whoever may write there decides what users may reach", false },
	{ PATH_PACKAGED_POLICIES, OWNER_ROOT, OWNER_ROOT, 0,
	  "whoever may write there decides what users may reach", false },
	{ PATH_STATE, OWNER_HELPER, OWNER_HELPER, 0755,
	  "the helper keeps there what it knows of open networks, and nobody else may write it",
	  true },
	{ PATH_PINS, OWNER_ROOT, OWNER_HELPER, 01775,
	  "the helper pins namespaces there, and may not remove those of others", true },
};

/* Accounts as numbers. */
struct owners {
	uid_t uid;
	gid_t gid;
};

/** add_absent() - what an installation makes is not there */
static int add_absent(struct doctor *doctor, const struct place *place)
{
	bool volatile_directory = strncmp(place->path, "/run/", strlen("/run/")) == 0;

	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "there is no %s", place->path),
		.why = place->why,
		.fix = volatile_directory ? "systemd-tmpfiles --create" :
					    "install carrel again (make install)",
	});
}

/** judge_place() - report a wrong owner, group or mode */
static int judge_place(struct doctor *doctor, const struct place *place, const struct stat *st,
		       const struct owners *helper)
{
	uid_t uid = place->owner == OWNER_HELPER ? helper->uid : 0;
	gid_t gid = place->group == OWNER_HELPER ? helper->gid : 0;
	mode_t mode = st->st_mode & 07777;
	bool exact = place->exact != 0;

	if (st->st_uid != uid || (exact && st->st_gid != gid)) {
		int rc = doctor_add(doctor, (struct doctor_finding){
			.severity = DOCTOR_WRONG,
			.what = arena_printf(doctor->arena, "%s belongs to uid %u, gid %u",
					     place->path, st->st_uid, st->st_gid),
			.why = place->why,
			.fix = arena_printf(doctor->arena, "chown %s:%s %s",
					    uid ? HELPER_USER : "root", gid ? HELPER_USER : "root",
					    place->path),
		});
		if (rc < 0)
			return rc;
	}
	if (exact ? mode == place->exact : !(mode & (S_IWGRP | S_IWOTH | S_ISUID | S_ISGID)))
		return 0;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "%s has mode %04o", place->path, mode),
		.why = place->why,
		.fix = exact ? arena_printf(doctor->arena, "chmod %04o %s", place->exact,
					    place->path) :
			       arena_printf(doctor->arena, "chmod u-s,g-ws,o-w %s", place->path),
	});
}

int doctor_check_modes(struct doctor *doctor, struct carrel_error *err)
{
	struct owners helper;
	bool known = find_helper_account(&helper.uid, &helper.gid);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(places) / sizeof(places[0]); i++) {
		const struct place *place = &places[i];
		struct stat st;

		/* Another check reports the account. */
		if (!known && (place->owner == OWNER_HELPER || place->group == OWNER_HELPER))
			continue;
		if (stat(place->path, &st) == 0)
			rc = judge_place(doctor, place, &st, &helper);
		else if (errno != ENOENT)
			return error_set_errno(err, errno, "looking at %s", place->path);
		else if (place->needed)
			rc = add_absent(doctor, place);
	}
	return rc;
}

/**
 * read_version() - of the program or module at @path, as version.h marks it
 * @ret:	from the arena
 * Return: 0; -ENOENT when there is no such file; -EBADMSG when it has no mark; -errno
 */
static int read_version(const char *path, struct arena *arena, const char **ret)
{
	static const char mark[] = VERSION_MARK;
	FD_CLEANUP int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int rc = -EBADMSG;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	size_t size = (size_t)st.st_size, length = sizeof(mark) - 1;
	if (size <= length)
		return -EBADMSG;
	const char *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	const char *found = memmem(bytes, size, mark, length);
	if (found) {
		const char *version = found + length;

		*ret = arena_strndup(arena, version,
				     strnlen(version, size - (size_t)(version - bytes)));
		rc = *ret ? 0 : -ENOMEM;
	}
	munmap((void *)bytes, size);
	return rc;
}

int doctor_check_versions(struct doctor *doctor, struct carrel_error *err)
{
	static const struct { const char *what, *path; } parts[] = {
		{ "the module", PATH_MODULE }, { "the helper", PATH_HELPER },
		{ "the resolver", PATH_RESOLVER },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *version = "unknown";
		int rc = read_version(parts[i].path, doctor->arena, &version);

		if (rc == -ENOENT)
			continue;       /* the check of modes says so */
		if (rc < 0 && rc != -EBADMSG)
			return error_set_errno(err, -rc, "reading %s", parts[i].path);
		if (strcmp(version, CARREL_VERSION) == 0)
			continue;
		rc = doctor_add(doctor, (struct doctor_finding){
			.severity = DOCTOR_WRONG,
			.what = arena_printf(doctor->arena, "%s, %s, has version %s; this command "
					     "has " CARREL_VERSION, parts[i].what, parts[i].path,
					     version),
			.why = "parts of different versions may not understand each other; then "
			       "logins are refused, or names not looked up",
			.fix = "install all of one version (make install)",
		});
		if (rc < 0)
			return rc;
	}
	return 0;
}
