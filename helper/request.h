/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request on its way through the helper, and what it may be answered with. */
#ifndef CARREL_REQUEST_H
#define CARREL_REQUEST_H

#include <sys/types.h>
#include "base/arena.h"
#include "base/buffer.h"
#include "base/wire.h"

struct carrel_error;

struct request {
	const struct wire_request *wire;
	pid_t peer;                     /* the process that asks */
	int given_fd;                   /* owned; the namespace that came with wire->sought, or -1 */
	struct arena arena;             /* what the reply points to lives here */
	struct buffer warnings;         /* lines, for the log */

	struct wire_reply reply;
	int netns_fd, session_fd;       /* owned; what the reply carries, or -1 */
};

/*
 * A handler of one operation: fills request->reply.
 * Return: 0, or -errno: then nothing was done, and the reply is WIRE_FAILED with the text.
 */
typedef int request_handler(struct request *request, struct carrel_error *err);

request_handler request_open;           /* open.c */
request_handler request_remove;         /* remove.c */
request_handler request_close;          /* collect.c */
request_handler request_collect;        /* collect.c */
request_handler request_apply;          /* apply.c */
request_handler request_run;            /* run.c */
request_handler request_repair;         /* apply.c */
request_handler request_repair_host;    /* prepare.c */
request_handler request_names;          /* names.c */
request_handler request_editions;       /* editions.c */

/** request_warn() - a line for the administrator's log that does not stop the login */
void request_warn(struct request *request, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
