/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * What an application has done before it opens a session is done before the clock starts:
 * loading the modules (pam_start) and looking the user up, which loads the name services.
 * The parent hears of the open session by one message, says "close" by closing its end of
 * the channel for writing, and hears of the closed one by another.
 */
#include "login.h"

#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <security/pam_appl.h>

#include "base/error.h"
#include "base/fd.h"
#include "clock.h"
#include "count.h"

/* From the session's process. */
struct report {
	int rc;
	double us, cpu_us;
	struct carrel_error err;
};

/* A session within this process. */
struct session {
	pam_handle_t *pam;
	struct pam_conv conversation;
	char told[256];         /* the last error that the user was told */
};

/* pam_conv callback: nobody to ask; keeps errors */
static int converse(int count, const struct pam_message **messages,
		    struct pam_response **responses, void *context)
{
	struct session *session = context;

	for (int i = 0; i < count; i++) {
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF ||
		    messages[i]->msg_style == PAM_PROMPT_ECHO_ON)
			return PAM_CONV_ERR;
		if (messages[i]->msg_style == PAM_ERROR_MSG)
			(void)strncpy(session->told, messages[i]->msg, sizeof(session->told) - 1);
	}
	*responses = calloc((size_t)count, sizeof(**responses));
	return *responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

/* What tells one network namespace from another; 0 when it cannot be seen. */
static ino_t current_netns(void)
{
	struct stat status;

	return stat("/proc/self/ns/net", &status) == 0 ? status.st_ino : 0;
}

/* Everything that comes before the clock starts. */
static int prepare(struct session *session, const struct login_request *request,
		   struct carrel_error *err)
{
	int result;

	if (!getpwnam(request->user))
		return error_set(err, ENOENT, "no user %s", request->user);
	session->conversation = (struct pam_conv){ converse, session };
	result = pam_start_confdir(request->service, request->user, &session->conversation,
				   request->confdir, &session->pam);
	if (result != PAM_SUCCESS)
		return error_set(err, EACCES, "pam_start: %s", pam_strerror(NULL, result));
	return 0;
}

/* pam_open_session(), and a look whether it did what it says. */
static int open_session(struct session *session, const struct login_request *request,
			double *ret_us, struct carrel_error *err)
{
	ino_t before = current_netns(), after;
	double start_us = clock_us(), end_us;
	int result = pam_open_session(session->pam, 0);

	end_us = clock_us();
	if (result != PAM_SUCCESS)
		return error_set(err, EACCES, "login of %s refused: %s (%s)", request->user,
				 pam_strerror(session->pam, result), session->told);
	after = current_netns();
	if (!before || !after || (before != after) != request->confined)
		return error_set(err, EPROTO, "the session of %s is %s", request->user,
				 request->confined ? "not confined" : "confined");
	*ret_us = end_us - start_us;
	return 0;
}

static int close_session(struct session *session, double *ret_us, struct carrel_error *err)
{
	double start_us = clock_us(), end_us;
	int result = pam_close_session(session->pam, 0);

	end_us = clock_us();
	if (result != PAM_SUCCESS)
		return error_set(err, EACCES, "closing the session: %s",
				 pam_strerror(session->pam, result));
	*ret_us = end_us - start_us;
	(void)pam_end(session->pam, PAM_SUCCESS);
	return 0;
}

static double time_us(struct timeval time)
{
	return (double)time.tv_sec * 1e6 + (double)time.tv_usec;
}

/* What this process and its children that have ended have computed. */
static double computed_us(void)
{
	static const int whose[] = { RUSAGE_SELF, RUSAGE_CHILDREN };
	double us = 0;

	for (size_t i = 0; i < sizeof(whose) / sizeof(whose[0]); i++) {
		struct rusage usage;

		(void)getrusage(whose[i], &usage);
		us += time_us(usage.ru_utime) + time_us(usage.ru_stime);
	}
	return us;
}

/* open_session(), and the time that it took processors; the helper becomes a child of ours. */
static int open_and_account(struct session *session, const struct login_request *request,
			    struct report *report)
{
	double before_us = computed_us();
	int rc;

	if (request->cpu)
		(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	rc = open_session(session, request, &report->us, &report->err);
	if (request->cpu)
		while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
			report->cpu_us = computed_us() - before_us;
	return rc;
}

/* The session's process. @channel: to login_open() and login_close() */
static void serve(int channel, const struct login_request *request)
{
	struct session session = { 0 };
	struct report report = { 0 };
	char nothing;

	report.rc = prepare(&session, request, &report.err);
	if (report.rc == 0)
		report.rc = open_and_account(&session, request, &report);
	(void)fd_write_all(channel, &report, sizeof(report));
	if (report.rc < 0 || read(channel, &nothing, sizeof(nothing)) != 0)
		return;
	report.rc = close_session(&session, &report.us, &report.err);
	(void)fd_write_all(channel, &report, sizeof(report));
}

/* Hear what the session's process did. */
static int hear(int channel, double *ret_us, double *ret_cpu_us, struct carrel_error *err)
{
	struct report report;
	ssize_t length = recv(channel, &report, sizeof(report), MSG_WAITALL);

	if (length < 0)
		return error_set_errno(err, errno, "hearing of a session");
	if (length != sizeof(report))
		return error_set(err, ECHILD, "a session's process died");
	if (report.rc < 0) {
		*err = report.err;
		return report.rc;
	}
	*ret_us = report.us;
	*ret_cpu_us = report.cpu_us;
	return 0;
}

/* Wait for the process's end. */
static void finish(struct login *login)
{
	fd_close(&login->channel);
	while (waitpid(login->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int login_open(const struct login_request *request, struct login *ret_login, double *ret_us,
	       struct carrel_error *err)
{
	struct login login = { 0 };
	int ends[2], rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set_errno(err, errno, "making a channel");
	login.pid = fork();
	if (login.pid == 0) {
		fd_close(&ends[0]);
		serve(ends[1], request);
		_exit(0);
	}
	login.channel = ends[0];
	fd_close(&ends[1]);
	if (login.pid < 0) {
		rc = error_set_errno(err, errno, "starting a session's process");
		fd_close(&login.channel);
		return rc;
	}
	rc = hear(login.channel, ret_us, &login.cpu_us, err);
	if (rc < 0) {
		finish(&login);
		return rc;
	}
	*ret_login = login;
	return 0;
}

int login_close(struct login *login, double *ret_us, struct carrel_error *err)
{
	int rc;

	(void)shutdown(login->channel, SHUT_WR);
	rc = hear(login->channel, ret_us, &login->cpu_us, err);
	finish(login);
	return rc;
}

int login_count(void *context, struct carrel_error *err)
{
	const struct login_request *request = context;
	struct session session = { 0 };
	double us;
	int rc = prepare(&session, request, err);

	if (rc < 0)
		return rc;
	count_begin();
	rc = open_session(&session, request, &us, err);
	count_end();
	return rc < 0 ? rc : close_session(&session, &us, err);
}
