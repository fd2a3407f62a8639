/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/record.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/utf8.h"
#include "state/directory.h"
#include "state/fields.h"
#include "state/textfile.h"

#define HEADER "carrel-record 1"
static_assert(RECORD_VERSION == 1, "HEADER names the version");

/* The keys and longest values of a record are 909 bytes. */
#define RECORD_TEXT_SIZE 1024

enum { KEY_UID, KEY_USER, KEY_POLICY, KEY_UPLINK, KEY_ADDRESS4, KEY_ADDRESS6, KEY_NETNS,
       KEY_RULES, KEY_NAMES, KEY_GENERATION, KEY_CREATED, KEY_LOGOUT, KEY_CUT, KEY_IDLE,
       KEY_SERVICE, KEY_TTY, KEY_RHOST, KEY_COUNT };

/* What an older version wrote, and most of what this one does, has none of these. */
#define LOGOUT_CUT_WORD "cut"

/** valid_uplink() - one word in small letters */
static bool valid_uplink(const char *uplink)
{
	size_t length = strspn(uplink, "abcdefghijklmnopqrstuvwxyz");

	return length > 0 && uplink[length] == '\0';
}

/** keep_text() - copy @text to @size bytes, if it can stand in a record */
static void keep_text(char *kept, size_t size, const char *text)
{
	size_t length = strlen(text), left = length;
	const char *at = text;

	if (length >= size)
		return;
	while (left) {
		uint32_t character;
		size_t bytes = utf8_decode(at, left, &character);

		if (bytes == 0 || utf8_is_control(character))
			return;
		at += bytes;
		left -= bytes;
	}
	memcpy(kept, text, length + 1);
}

struct record_login record_login(const struct subject *subject)
{
	struct record_login login = { 0 };
	struct address address;

	keep_text(login.service, sizeof(login.service), subject->service);
	keep_text(login.tty, sizeof(login.tty), subject->tty);
	if (address_parse(subject->rhost, strcspn(subject->rhost, "%"), &address) == 0)
		keep_text(login.rhost, sizeof(login.rhost), subject->rhost);
	return login;
}

/** check() - the names in @record can stand in a record; 0 or -@errnum */
static int check(const struct record *record, int errnum, struct carrel_error *err)
{
	if (record->uid == (uid_t)-1)
		return error_set(err, errnum, "the uid is none");
	if (!name_valid_user(record->user))
		return error_set(err, errnum, "'%s' is not a user name", record->user);
	if (!name_valid_policy(record->policy, strlen(record->policy)))
		return error_set(err, errnum, "'%s' is not a policy name", record->policy);
	if (!valid_uplink(record->uplink))
		return error_set(err, errnum, "'%s' is not an uplink", record->uplink);
	return 0;
}

/** format_address() - a line for @address */
static void format_address(struct buffer *buffer, const char *key, const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	address_format(address, text);
	buffer_printf(buffer, "%s %s\n", key, text);
}

/** format_login() - a line for each thing that is known of the login */
static void format_login(struct buffer *buffer, const struct record_login *login)
{
	if (login->service[0])
		buffer_printf(buffer, "service %s\n", login->service);
	if (login->tty[0])
		buffer_printf(buffer, "tty %s\n", login->tty);
	if (login->rhost[0])
		buffer_printf(buffer, "rhost %s\n", login->rhost);
}

int record_format(const struct record *record, char *text, size_t size, struct carrel_error *err)
{
	BUFFER_CLEANUP struct buffer buffer = { 0 };

	int rc = check(record, EINVAL, err);
	if (rc)
		return rc;
	buffer_printf(&buffer, HEADER "\nuid %u\nuser %s\npolicy %s\nuplink %s\n", record->uid,
		      record->user, record->policy, record->uplink);
	if (record->has_address4)
		format_address(&buffer, "address4", &record->address4);
	if (record->has_address6)
		format_address(&buffer, "address6", &record->address6);
	buffer_printf(&buffer, "netns %llu\nrules %llu\ncreated %llu\n",
		      (unsigned long long)record->netns_inode,
		      (unsigned long long)record->rules_digest,
		      (unsigned long long)record->created_s);
	if (record->names_digest)
		buffer_printf(&buffer, "names %llu\n", (unsigned long long)record->names_digest);
	if (record->generation)
		buffer_printf(&buffer, "generation %u\n", record->generation);
	if (record->cut_at_logout)
		buffer_puts(&buffer, "logout " LOGOUT_CUT_WORD "\n");
	if (record->cut)
		buffer_puts(&buffer, "cut 1\n");
	if (record->idle_since_s)
		buffer_printf(&buffer, "idle %llu\n", (unsigned long long)record->idle_since_s);
	format_login(&buffer, &record->login);
	if (buffer.failed)
		return error_set_errno(err, ENOMEM, "cannot write the record");
	if (buffer.length >= size)
		return error_set(err, E2BIG, "the record needs %zu bytes", buffer.length + 1);
	memcpy(text, buffer.data, buffer.length + 1);
	return 0;
}

/** parse_address() - the value of @field, when it is there, as an address of @family */
static int parse_address(const struct field *field, enum family family, bool *ret_there,
			 struct address *ret, struct carrel_error *err)
{
	struct address address;

	*ret_there = field->value;
	if (!field->value)
		return 0;
	if (address_parse(field->value, field->length, &address) || address.family != family)
		return error_set(err, EBADMSG, "'%s' is not an address", field->key);
	*ret = address;
	return 0;
}

/** parse_lifetime() - the fields that say whether the carrel is idle, and cut off */
static int parse_lifetime(const struct field *fields, struct record *record,
			  struct carrel_error *err)
{
	char logout[sizeof(LOGOUT_CUT_WORD)];
	uint64_t cut = 0;
	int rc = 0;

	if (fields[KEY_LOGOUT].value) {
		rc = fields_text(&fields[KEY_LOGOUT], logout, sizeof(logout), err);
		if (rc == 0 && strcmp(logout, LOGOUT_CUT_WORD) != 0)
			return error_set(err, EBADMSG, "'%s' is no effect of logout", logout);
	}
	if (rc == 0 && fields[KEY_CUT].value)
		rc = fields_number(&fields[KEY_CUT], 1, &cut, err);
	if (rc == 0 && fields[KEY_IDLE].value)
		rc = fields_number(&fields[KEY_IDLE], UINT64_MAX, &record->idle_since_s, err);
	record->cut_at_logout = fields[KEY_LOGOUT].value;
	record->cut = cut != 0;
	return rc;
}

/** parse_login() - the fields that say which login decided */
static int parse_login(const struct field *fields, struct record_login *login,
		       struct carrel_error *err)
{
	int rc = 0;

	if (fields[KEY_SERVICE].value)
		rc = fields_text(&fields[KEY_SERVICE], login->service, sizeof(login->service), err);
	if (rc == 0 && fields[KEY_TTY].value)
		rc = fields_text(&fields[KEY_TTY], login->tty, sizeof(login->tty), err);
	if (rc == 0 && fields[KEY_RHOST].value)
		rc = fields_text(&fields[KEY_RHOST], login->rhost, sizeof(login->rhost), err);
	return rc;
}

int record_parse(const char *text, size_t length, struct record *ret, struct carrel_error *err)
{
	struct field fields[KEY_COUNT] = {
		[KEY_UID] = { .key = "uid" },
		[KEY_USER] = { .key = "user" },
		[KEY_POLICY] = { .key = "policy" },
		[KEY_UPLINK] = { .key = "uplink" },
		[KEY_ADDRESS4] = { .key = "address4", .optional = true },
		[KEY_ADDRESS6] = { .key = "address6", .optional = true },
		[KEY_NETNS] = { .key = "netns" },
		[KEY_RULES] = { .key = "rules" },
		[KEY_NAMES] = { .key = "names", .optional = true },
		[KEY_GENERATION] = { .key = "generation", .optional = true },
		[KEY_CREATED] = { .key = "created" },
		[KEY_LOGOUT] = { .key = "logout", .optional = true },
		[KEY_CUT] = { .key = "cut", .optional = true },
		[KEY_IDLE] = { .key = "idle", .optional = true },
		[KEY_SERVICE] = { .key = "service", .optional = true },
		[KEY_TTY] = { .key = "tty", .optional = true },
		[KEY_RHOST] = { .key = "rhost", .optional = true },
	};
	struct record record = { 0 };
	uint64_t uid = 0, generation = 0;
	int rc;

	rc = fields_parse(text, length, HEADER, fields, KEY_COUNT, err);
	if (rc)
		return rc;
	if ((rc = fields_number(&fields[KEY_UID], UINT32_MAX, &uid, err)) ||
	    (rc = fields_text(&fields[KEY_USER], record.user, sizeof(record.user), err)) ||
	    (rc = fields_text(&fields[KEY_POLICY], record.policy, sizeof(record.policy), err)) ||
	    (rc = fields_text(&fields[KEY_UPLINK], record.uplink, sizeof(record.uplink), err)) ||
	    (rc = parse_address(&fields[KEY_ADDRESS4], FAMILY_IPV4, &record.has_address4,
				&record.address4, err)) ||
	    (rc = parse_address(&fields[KEY_ADDRESS6], FAMILY_IPV6, &record.has_address6,
				&record.address6, err)) ||
	    (rc = fields_number(&fields[KEY_NETNS], UINT64_MAX, &record.netns_inode, err)) ||
	    (rc = fields_number(&fields[KEY_RULES], UINT64_MAX, &record.rules_digest, err)) ||
	    (rc = fields_number(&fields[KEY_CREATED], UINT64_MAX, &record.created_s, err)) ||
	    (fields[KEY_NAMES].value &&
	     (rc = fields_number(&fields[KEY_NAMES], UINT64_MAX, &record.names_digest, err))) ||
	    (fields[KEY_GENERATION].value &&
	     (rc = fields_number(&fields[KEY_GENERATION], UINT32_MAX, &generation, err))) ||
	    (rc = parse_lifetime(fields, &record, err)) ||
	    (rc = parse_login(fields, &record.login, err)))
		return rc;
	record.uid = (uid_t)uid;
	record.generation = (uint32_t)generation;
	rc = check(&record, EBADMSG, err);
	if (rc)
		return rc;
	*ret = record;
	return 0;
}

int record_read(int state_fd, uid_t uid, struct record *ret, struct carrel_error *err)
{
	char path[TEXTFILE_PATH_SIZE], text[RECORD_TEXT_SIZE];
	struct record record;
	size_t length;

	textfile_path(path, "carrels/%u", uid);
	int rc = textfile_read(state_fd, path, text, sizeof(text), &length);
	if (rc == -E2BIG)
		return error_set(err, EBADMSG, "record %s: longer than any record", path);
	/* Not one that was written here: no more than one with rubbish in it may it keep a user out. */
	if (rc == -EACCES || rc == -ELOOP || rc == -EISDIR)
		return error_set(err, EBADMSG, "record %s: not a file that can be read: %s", path,
				 strerror(-rc));
	if (rc)
		return error_set_errno(err, -rc, "record %s", path);
	rc = record_parse(text, length, &record, err);
	if (rc)
		return error_wrap(err, rc, "record %s", path);
	if (record.uid != uid)
		return error_set(err, EBADMSG, "record %s: says that it is of uid %u", path,
				 record.uid);
	*ret = record;
	return 0;
}

int record_write(int state_fd, const struct record *record, struct carrel_error *err)
{
	char path[TEXTFILE_PATH_SIZE], temporary[TEXTFILE_PATH_SIZE], text[RECORD_TEXT_SIZE];

	textfile_path(path, "carrels/%u", record->uid);
	textfile_path(temporary, "carrels/" TEXTFILE_TEMPORARY "%u", record->uid);
	int rc = record_format(record, text, sizeof(text), err);
	if (rc)
		return error_wrap(err, rc, "record %s", path);
	rc = textfile_replace(state_fd, temporary, path, text, strlen(text));
	if (rc)
		return error_set_errno(err, -rc, "cannot write record %s", path);
	return 0;
}

int record_remove(int state_fd, uid_t uid, struct carrel_error *err)
{
	char path[TEXTFILE_PATH_SIZE];

	textfile_path(path, "carrels/%u", uid);
	if (unlinkat(state_fd, path, 0) && errno != ENOENT)
		return error_set_errno(err, errno, "cannot remove record %s", path);
	return 0;
}

typedef ARENA_LIST(uid_t) uid_list;

/** compare_uids() - for qsort() */
static int compare_uids(const void *a, const void *b)
{
	uid_t first = *(const uid_t *)a, second = *(const uid_t *)b;

	return (first > second) - (first < second);
}

/** list_uids() - append whose records there are, in order; temporary files are none */
static int list_uids(int state_fd, struct arena *arena, uid_list *uids)
{
	DIRECTORY_CLEANUP DIR *directory = NULL;
	const char *name;

	int rc = directory_open(state_fd, "carrels", &directory);
	if (rc)
		return rc;
	while (!(rc = directory_next(directory, &name)) && name) {
		uid_t uid;

		if (!textfile_parse_uid(name, &uid))
			continue;
		uid_t *place = ARENA_APPEND(arena, uids);
		if (!place)
			return -ENOMEM;
		*place = uid;
	}
	if (!rc && uids->count)
		qsort(uids->items, uids->count, sizeof(uids->items[0]), compare_uids);
	return rc;
}

int record_each(int state_fd,
		int (*visit)(const struct record *record, int rc, const struct carrel_error *why,
			     void *context),
		void *context, struct carrel_error *err)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	uid_list uids = { 0 };

	int rc = list_uids(state_fd, &arena, &uids);
	if (rc)
		return error_set_errno(err, -rc, "cannot list the records");
	for (size_t i = 0; i < uids.count; i++) {
		struct record record = { .uid = uids.items[i] };
		struct carrel_error why = { 0 };

		rc = record_read(state_fd, uids.items[i], &record, &why);
		/* Its carrel was removed since the directory was read. */
		if (rc == -ENOENT)
			continue;
		rc = visit(&record, rc, &why, context);
		if (rc)
			return rc;
	}
	return 0;
}
