/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One record per carrel: /run/carrel/carrels/UID, lines of "key value". */
#ifndef CARREL_STATE_RECORD_H
#define CARREL_STATE_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/address.h"
#include "base/name.h"
#include "base/subject.h"

struct carrel_error;

#define RECORD_VERSION 1

/*
 * The login that decided which policy a carrel has, as far as assignments ask about logins:
 * so `carrel apply` can decide it again. What cannot stand in a record is left out: it is
 * no name that an assignment could have. An rhost is there when it is an address.
 */
struct record_login { char service[64], tty[64], rhost[64]; };

struct record {
	uid_t uid;
	char user[USER_NAME_SIZE];
	char policy[POLICY_NAME_SIZE];
	char uplink[16];                /* as in the policy: "nat", "none" */
	bool has_address4, has_address6;
	struct address address4, address6;
	uint64_t netns_inode;           /* of the pinned namespace: a pin with another one is not ours */
	uint64_t rules_digest;          /* of what the rules were made from */
	uint64_t names_digest;          /* of the addresses of its names, as its sets have them; 0: none */
	uint32_t generation;            /* of its firewall, when the rules were right; 0: unknown */
	uint64_t created_s;             /* seconds since the epoch */
	bool cut_at_logout;             /* the policy says so: no session, no network */
	bool cut;                       /* and so it was done: the uplink is down */
	struct record_login login;
	uint64_t idle_since_s;          /* of CLOCK_BOOTTIME, when seen idle first; 0: is in use */
};

/**
 * record_login() - what is to be recorded of @subject's login
 * Context: pure
 */
struct record_login record_login(const struct subject *subject);

/**
 * record_format() - @record as text, terminated
 * Return: 0; -EINVAL when a name in it cannot stand in a record; -E2BIG; -ENOMEM
 * Context: pure
 */
int record_format(const struct record *record, char *text, size_t size, struct carrel_error *err);

/**
 * record_parse() - the reverse
 * Return: 0; -EBADMSG: a key unknown, doubled or missing, or a value that cannot be
 * Context: pure
 */
int record_parse(const char *text, size_t length, struct record *ret, struct carrel_error *err);

/**
 * record_read() - the record of @uid
 * @state_fd:	/run/carrel
 * Return: 0; -ENOENT; -EBADMSG when it cannot be understood; -errno
 */
int record_read(int state_fd, uid_t uid, struct record *ret, struct carrel_error *err);

/**
 * record_write() - by temporary file and rename: readers see the old record or the new one
 * Return: 0; -EINVAL when a name in it cannot stand in a record; -errno
 * Context: the caller holds the lock of the carrel
 */
int record_write(int state_fd, const struct record *record, struct carrel_error *err);

/** record_remove() - 0 also when there is none */
int record_remove(int state_fd, uid_t uid, struct carrel_error *err);

/**
 * record_each() - call @visit for every record, in order of uid
 * @visit:	@rc is 0, or the error of reading this one (then @record has only its uid);
 *		returns 0 to go on
 * Return: 0; what @visit returned when that is not 0; -errno when there is no list
 */
int record_each(int state_fd,
		int (*visit)(const struct record *record, int rc, const struct carrel_error *why,
			     void *context),
		void *context, struct carrel_error *err);

#endif
