/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pam/passage.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <security/pam_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "state/session.h"

#define DATA_NAME "carrel_session"
#define OWN_NETNS "/proc/thread-self/ns/net"
#define HOST_NETNS "/proc/1/ns/net"

/* What close_session needs. */
struct pam_session {
	uid_t uid;
	int lock_fd;            /* held: the session is alive; -1: it is in no carrel */
	int original_fd;        /* the namespace that the application came from */
};

/** session_free() - for pam_set_data; also runs where close_session never comes */
static void session_free(pam_handle_t *pamh, void *data, int status)
{
	struct pam_session *session = data;

	(void)pamh;
	(void)status;
	fd_close(&session->lock_fd);
	fd_close(&session->original_fd);
	free(session);
}

/** is_same_file() - do both descriptors stand for one namespace? */
static bool is_same_file(int a, int b)
{
	struct stat first, second;

	return fstat(a, &first) == 0 && fstat(b, &second) == 0 &&
	       first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/** verify_netns() - this thread is in the namespace @fd: look, do not believe */
static int verify_netns(int fd, struct carrel_error *err)
{
	FD_CLEANUP int own = open(OWN_NETNS, O_RDONLY | O_CLOEXEC);

	if (own < 0)
		return error_set_errno(err, errno, "opening " OWN_NETNS);
	if (!is_same_file(own, fd))
		return error_set(err, ESTALE, "this process did not arrive in that network namespace");
	return 0;
}

void passage_undo(pam_handle_t *pamh, int original_fd)
{
	if (setns(original_fd, CLONE_NEWNET) < 0)
		pam_syslog(pamh, LOG_CRIT, "cannot go back to the original network namespace: %s",
			   strerror(errno));
}

int passage_go(pam_handle_t *pamh, int netns_fd, int *ret_original_fd, struct carrel_error *err)
{
	FD_CLEANUP int original_fd = open(OWN_NETNS, O_RDONLY | O_CLOEXEC);

	if (original_fd < 0)
		return error_set_errno(err, errno, "opening " OWN_NETNS);
	if (setns(netns_fd, CLONE_NEWNET) < 0)
		return error_set_errno(err, errno, "entering the network namespace");
	int rc = verify_netns(netns_fd, err);
	if (rc < 0)
		passage_undo(pamh, original_fd);
	else
		*ret_original_fd = fd_steal(&original_fd);
	return rc;
}

bool passage_is_elsewhere(void)
{
	struct stat own, host;

	return stat(OWN_NETNS, &own) == 0 && stat(HOST_NETNS, &host) == 0 &&
	       (own.st_dev != host.st_dev || own.st_ino != host.st_ino);
}

int passage_go_to_host(pam_handle_t *pamh, uid_t uid, struct carrel_error *err)
{
	FD_CLEANUP int host_fd = open(HOST_NETNS, O_RDONLY | O_CLOEXEC);
	FD_CLEANUP int original_fd = -1;
	int no_lock = -1;

	if (host_fd < 0)
		return error_set_errno(err, errno, "opening " HOST_NETNS);
	int rc = passage_go(pamh, host_fd, &original_fd, err);
	if (rc < 0)
		return rc;
	rc = passage_keep(pamh, uid, &no_lock, &original_fd, err);
	if (rc < 0)
		passage_undo(pamh, original_fd);
	return rc;
}

/** hand_over() - both descriptors to PAM, to be found by passage_end() */
static int hand_over(pam_handle_t *pamh, uid_t uid, int *lock_fd, int *original_fd,
		     struct carrel_error *err)
{
	struct pam_session *session = malloc(sizeof(*session));

	if (!session)
		return error_set_errno(err, ENOMEM, "keeping the session");
	*session = (struct pam_session){
		.uid = uid, .lock_fd = *lock_fd, .original_fd = *original_fd,
	};
	if (pam_set_data(pamh, DATA_NAME, session, session_free) != PAM_SUCCESS) {
		free(session);
		return error_set(err, ENOMEM, "PAM cannot keep the session");
	}
	(void)fd_steal(lock_fd);
	(void)fd_steal(original_fd);
	return 0;
}

int passage_keep(pam_handle_t *pamh, uid_t uid, int *lock_fd, int *original_fd,
		 struct carrel_error *err)
{
	bool in_carrel = *lock_fd >= 0;
	int rc = in_carrel ? session_accept(*lock_fd) : 0;

	if (rc < 0)
		return error_set_errno(err, -rc, "accepting the session");
	rc = hand_over(pamh, uid, lock_fd, original_fd, err);
	/* Refused after all, and the application may live on. */
	if (rc < 0 && in_carrel)
		(void)session_end(*lock_fd);
	return rc;
}

bool passage_end(pam_handle_t *pamh, uid_t *ret_uid)
{
	const void *data = NULL;

	if (pam_get_data(pamh, DATA_NAME, &data) != PAM_SUCCESS || !data)
		return false;
	const struct pam_session *session = data;
	bool in_carrel = session->lock_fd >= 0;

	*ret_uid = session->uid;
	/*
	 * An application that goes on is not to stay there. One that gave up its rights, as
	 * the process that systemd leaves to close a session, cannot go back, and ends.
	 */
	if (setns(session->original_fd, CLONE_NEWNET) < 0 && geteuid() == 0)
		pam_syslog(pamh, LOG_NOTICE, "cannot go back to the original network namespace: %s",
			   strerror(errno));
	int rc = in_carrel ? session_end(session->lock_fd) : 0;
	if (rc < 0)
		pam_syslog(pamh, LOG_NOTICE, "cannot end the session's record: %s", strerror(-rc));
	/* PAM frees the old data through session_free(). */
	(void)pam_set_data(pamh, DATA_NAME, NULL, NULL);
	return in_carrel;
}
