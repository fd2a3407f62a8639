/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request to the helper and its reply, within one deadline. */
#ifndef CARREL_PAM_CLIENT_H
#define CARREL_PAM_CLIENT_H

#include <stdbool.h>
#include "base/wire.h"

struct carrel_error;

struct client_options {
	const char *helper;     /* absolute path */
	unsigned timeout_ms;    /* for the whole exchange; then the helper is killed */
	bool private_pins;      /* of a request that may pin: what carrel.conf says */
};

struct client_reply {
	struct wire_reply reply;        /* strings point into bytes */
	uint8_t *bytes;                 /* owned */
	int netns_fd;                   /* owned; -1 unless a WIRE_OPEN or WIRE_RUN succeeded */
	int session_fd;                 /* owned; -1 likewise */
};

#define CLIENT_REPLY_CLEANUP __attribute__((cleanup(client_reply_free)))
/** client_reply_free() - close the descriptors that were not stolen, free the bytes */
void client_reply_free(struct client_reply *reply);

/**
 * client_call() - start the helper, send @request, receive and verify the reply
 *
 * The descriptors were checked: their number, that the first is a network namespace
 * (NSFS_MAGIC, NS_GET_NSTYPE), that the second is a regular file.
 *
 * Return: 0 (look at ret_reply->reply.status); -ETIME when the deadline passed, -EPIPE when the
 *	   helper ended without a reply, -EBADMSG for rubbish, or launcher_start()'s errors
 */
int client_call(const struct client_options *options, const struct wire_request *request,
		struct client_reply *ret_reply, struct carrel_error *err);

/**
 * client_tell() - start the helper, send @request, and do not wait for what becomes of it
 *
 * Return: 0 once the request is on its way; or launcher_start()'s errors
 */
int client_tell(const struct client_options *options, const struct wire_request *request,
		struct carrel_error *err);

#endif
