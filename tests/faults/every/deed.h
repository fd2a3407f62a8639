/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a helper does: each in a form that can be prepared, done, and told apart from its failure. */
#ifndef FAULTS_EVERY_DEED_H
#define FAULTS_EVERY_DEED_H

#include <stdbool.h>

/* Services of PAM: the one is served by the tracer, the other by the real helper. */
#define SERVICE_TRACED "carrel-traced"
#define SERVICE_HASTY  "carrel-hasty"    /* traced, and waits for a second only */
#define SERVICE_REAL   "carrel-real"

#define HELPER_TRACED "/usr/local/libexec/tracer"
#define HELPER_REAL   "/usr/libexec/carrel/carrel-helper"

/* What became of one. */
struct upshot {
	bool done;
	char said[8192];        /* what an administrator reads about it */
};

struct deed {
	const char *name;
	void (*prepare)(void);
	/* By @service where a session opens, by @helper where none does. */
	struct upshot (*run)(const char *service, const char *helper);
	bool session;           /* of PAM */
	bool takes_back;        /* when it fails, nothing has been done */
	bool of_gc;             /* whatever it leaves, gc removes */
	bool of_host;           /* its policy names the host, whose addresses change */
};

/** deed_find() - or NULL */
const struct deed *deed_find(const char *name);

/** deed_log_in() - a session of the real helper's that works, or a complaint */
bool deed_log_in(void);

/** deed_sweep() - what gc does about what was begun long ago */
void deed_sweep(void);

/** deed_clear() - what gc does about a user who is gone: twice, and nothing may be left */
bool deed_clear(void);

/** deed_remove() - what `carrel remove` does: nothing may be left */
bool deed_remove(void);

#endif
