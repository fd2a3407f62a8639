/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the module (or the command) and the helper say to each other.
 *
 * One SOCK_SEQPACKET message each way: a header, then fields of type, length, bytes;
 * numbers little-endian. Every field stands at most once (but for groups and carrels), unknown
 * fields, trailing bytes and other versions are refused. A request with "sought" may carry a
 * descriptor: the namespace that was found. The reply of a successful
 * WIRE_OPEN or WIRE_RUN carries two descriptors: the namespace, and the session's lock or
 * that of the number.
 *
 * Pure: buffers in, buffers out.
 */
#ifndef CARREL_BASE_WIRE_H
#define CARREL_BASE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/subject.h"

struct carrel_error;

#define WIRE_VERSION     1
/* Far above any real request (names, a tty, some hundred groups), far below the socket's limit. */
#define WIRE_MAX_BYTES   65536
#define WIRE_MAX_GROUPS  1024
#define WIRE_MAX_FDS     2
/* Namespaces that end at once: a login meanwhile waits for the kernel to clear them up. */
#define WIRE_MAX_CARRELS 32

enum wire_operation {
	WIRE_OPEN = 1,          /* a session opens: make or join the user's carrel */
	WIRE_REMOVE,            /* take the user's carrel away */
	WIRE_CLOSE,             /* a session of the user's has ended: was it the last? */
	WIRE_COLLECT,           /* clear up what idle users have left, as far as "carrels" says */
	WIRE_APPLY,             /* bring the user's carrel, if there is one, under today's policy */
	WIRE_RUN,               /* a carrel that nobody else joins and nothing keeps, with "policy" */
	WIRE_REPAIR,            /* as WIRE_APPLY, and mend whatever is not as it should be */
	WIRE_REPAIR_HOST,       /* the same for what carrels need of the host */
	WIRE_NAMES,             /* names have other addresses: bring "carrels" up to date with them */
	WIRE_EDITIONS,          /* the host may have other addresses: bring carrels up to date with them */
};

/* What `carrel gc` saw of a carrel: the helper acts only where that is still so. */
struct wire_carrel {
	uid_t uid;
	uint64_t recorded_inode;        /* of the namespace that the record names, or 0 */
	uint64_t pinned_inode;          /* of the namespace that is pinned, or 0 */
	uint64_t idle_since_s;          /* as the record says, or 0 */
	bool processes;                 /* one was in one of the two */
};

struct wire_request {
	enum wire_operation operation;
	struct subject subject;
	const char *config;     /* path of carrel.conf; "" = the built-in one */
	const char *policy;     /* WIRE_RUN: its name; else "" */
	const struct wire_carrel *carrels;      /* WIRE_COLLECT; WIRE_NAMES: only their uids */
	size_t carrel_count;
	uint32_t sought;        /* the namespace that WIRE_UNPINNED told of was looked for; or 0 */
};

enum wire_status {
	WIRE_OK = 0,            /* carried out */
	WIRE_UNCHANGED,         /* WIRE_APPLY, WIRE_REPAIR: nothing was to be done */
	WIRE_UNCONFINED,        /* no assignment confines this user: nothing was done */
	WIRE_DENIED,            /* an assignment says deny */
	WIRE_STALE,             /* the configuration names groups that the request does not answer: ask again */
	WIRE_NOT_FOUND,         /* WIRE_REMOVE, WIRE_APPLY: there is no such carrel */
	WIRE_OTHER_UPLINK,      /* WIRE_APPLY: the policy has another one, which takes a new carrel */
	WIRE_FAILED,            /* message says why; nothing is half done */
	/*
	 * The namespace whose inode is "number" should be pinned, and is not: ask again with
	 * "sought", and with a descriptor of it if a process is there that has one.
	 */
	WIRE_UNPINNED,
};

struct wire_reply {
	enum wire_status status;
	const char *policy;     /* "" where it does not apply; likewise all below */
	const char *netns;      /* name under /run/netns */
	const char *address4, *address6;
	const char *message;    /* for the log and the user: what failed */
	const char *warnings;   /* for the log; lines */
	/* WIRE_RUN: stands for a uid in names; WIRE_NAMES, WIRE_EDITIONS: carrels changed; or 0 */
	uint32_t number;
	uint32_t connections_cut;       /* WIRE_APPLY: the new policy forbids them; or 0 */
};

/**
 * wire_encode_request() - write @request to @bytes
 * @size:	room at @bytes; WIRE_MAX_BYTES always suffices for what is accepted
 * Return: bytes written, -E2BIG with the item named, or -EINVAL (a string with a NUL or
 *	   an operation that does not exist)
 */
int wire_encode_request(const struct wire_request *request, uint8_t *bytes, size_t size,
			struct carrel_error *err);

/* Where decoded lists stand; strings point into the decoded bytes. */
struct wire_storage {
	struct subject_group groups[WIRE_MAX_GROUPS];
	struct wire_carrel carrels[WIRE_MAX_CARRELS];
};

/**
 * wire_decode_request() - understand @bytes
 * @bytes:	@length bytes; must outlive @ret_request, whose strings point into it
 * @storage:	likewise
 * Return: 0, or -EBADMSG with the item, its offset and what was expected
 */
int wire_decode_request(const uint8_t *bytes, size_t length, struct wire_storage *storage,
			struct wire_request *ret_request, struct carrel_error *err);

int wire_encode_reply(const struct wire_reply *reply, uint8_t *bytes, size_t size,
		      struct carrel_error *err);
int wire_decode_reply(const uint8_t *bytes, size_t length, struct wire_reply *ret_reply,
		      struct carrel_error *err);

#endif
