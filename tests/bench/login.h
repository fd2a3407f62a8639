/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PAM application: as small as one can be, timed from the inside. Each session is a
 * process of its own, as in sshd, because the module moves the process that opens one.
 */
#ifndef CARREL_BENCH_LOGIN_H
#define CARREL_BENCH_LOGIN_H

#include <stdbool.h>
#include <sys/types.h>

struct carrel_error;

struct login_request {
	const char *confdir;    /* where PAM services are described */
	const char *service;
	const char *user;
	bool confined;          /* the process must be in another network namespace afterwards, or not */
	bool cpu;               /* wait for the helper's end, too, and tell what all of them computed */
};

struct login {
	pid_t pid;
	int channel;            /* to the session's process */
	double cpu_us;          /* of the login, its processes and what it started; 0 unless asked for */
};

/**
 * login_open() - start a process that opens a session and keeps it
 * @ret_login:	to be closed with login_close()
 * @ret_us:	what pam_open_session() took, the module being loaded
 *
 * Return: 0; -EACCES when PAM refused (with what it told the user); -EPROTO when the
 *	   process is not where it should be; -errno
 */
int login_open(const struct login_request *request, struct login *ret_login, double *ret_us,
	       struct carrel_error *err);

/**
 * login_close() - let it close its session and end
 * @ret_us:	what pam_close_session() took
 */
int login_close(struct login *login, double *ret_us, struct carrel_error *err);

/** login_count() - for count_calls(): open and close one session, marked; @request: a login_request */
int login_count(void *request, struct carrel_error *err);

#endif
