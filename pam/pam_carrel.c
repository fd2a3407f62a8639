/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * open_session goes down a stair, and most logins leave it early:
 *
 *   root			let in before anything is read
 *   a member of exempt=	let in before any other option or file is understood
 *   options, configuration	an error refuses from here on
 *   nobody confines the user	let in; no process was started
 *   the helper			makes or joins the carrel
 *   setns, verify		the session's processes inherit the namespace of this thread
 *
 * Who is let in stays where the application is: on the host; or, where somebody in a carrel becomes
 * another user, in that carrel, unless an assignment gives that user the host's network. Only
 * then is the configuration read for root and the exempt, and nothing that is wrong with it keeps
 * them out.
 *
 * A refusal is PAM_SYSTEM_ERR or PAM_PERM_DENIED: there is a third one, which names sessions,
 * that sudo takes for a trifle and runs the command all the same.
 *
 * What an administrator must know goes to syslog; users get one sentence. Nothing of the
 * application stays changed but the network namespace, the PAM environment, and two
 * descriptors that are closed on exec: the session's lock, and the way back.
 */
#define PAM_SM_SESSION
#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/paths.h"
#include "base/version.h"
#include "core/config.h"
#include "pam/client.h"
#include "pam/options.h"
#include "pam/parting.h"
#include "pam/passage.h"
#include "pam/subject.h"
#include "state/session.h"
#include "state/source.h"
#include "state/state.h"

VERSION_MARK_HERE;

#define EXPORT __attribute__((visibility("default")))

/* An edit between the module's reading and the helper's makes a request stale; thrice in a
 * row is no edit but a fault. */
#define STALE_ATTEMPTS 3

/* One open_session, as its steps see it. */
struct login {
	pam_handle_t *pamh;
	bool silent;
	struct options options;
	struct account account;
	struct arena arena;
	const char *warning;    /* about the configuration, logged; "": none */
};

/** get_item() - a PAM item that is a string, or NULL */
static const char *get_item(const pam_handle_t *pamh, int item)
{
	const void *value = NULL;

	return pam_get_item(pamh, item, &value) == PAM_SUCCESS ? value : NULL;
}

/** refuse() - log why, tell the user that; Return: PAM_SYSTEM_ERR */
static int refuse(const struct login *login, const struct carrel_error *err)
{
	pam_syslog(login->pamh, LOG_ERR, "refused a session of '%s': %s",
		   login->account.name, err->text);
	if (!login->silent)
		pam_error(login->pamh, "No network of your own could be made, so this login is "
			  "refused; the administrator finds the reason in the system log.");
	return PAM_SYSTEM_ERR;
}

/** is_exempt() - does an exempt= option let the user through? */
static bool is_exempt(struct login *login, int argc, const char **argv)
{
	for (int i = 0; i < argc; i++) {
		const char *groups = options_exempt(argv[i]);
		struct carrel_error err = { 0 };
		int rc = groups ? subject_in_any_group(&login->account, groups, &err) : 0;

		if (rc > 0)
			return true;
		if (rc < 0)
			pam_syslog(login->pamh, LOG_WARNING, "%s: %s", argv[i], err.text);
	}
	return false;
}

/**
 * read_config() - the configuration in force
 *
 * The last valid text is looked for only where the present one is not valid: a login that
 * nobody confines does not pay for it.
 */
static int read_config(struct login *login, struct config *ret_config, struct carrel_error *err)
{
	const char *path = login->options.config ? login->options.config : PATH_CONFIG;
	const char *warning = NULL;
	FD_CLEANUP int state_fd = -1;
	int rc = source_config_in_force(path, -1, false, &login->arena, ret_config, &warning, err);

	if (rc < 0 && state_open(PATH_STATE, false, &state_fd, NULL) == 0)
		rc = source_config_in_force(path, state_fd, false, &login->arena, ret_config,
					    &warning, err);
	if (rc == 0 && warning) {
		pam_syslog(login->pamh, LOG_WARNING, "%s", warning);
		login->warning = warning;
	}
	return rc;
}

/**
 * decide() - who the user is, and what the configuration says about them
 * @config:	what the assignment lives in
 * @ret_assignment:	NULL: not confined
 */
static int decide(struct login *login, const struct config *config, struct subject *ret_subject,
		  const struct assignment **ret_assignment, struct carrel_error *err)
{
	const pam_handle_t *pamh = login->pamh;
	int rc = subject_of_account(&login->account, get_item(pamh, PAM_SERVICE),
				    get_item(pamh, PAM_TTY), get_item(pamh, PAM_RHOST), config,
				    &login->arena, ret_subject, err);

	return rc < 0 ? rc : config_assign(config, ret_subject, ret_assignment, err);
}

/** put_environment() - what programs of the session may want to know */
static int put_environment(const struct login *login, const struct wire_reply *reply,
			   struct carrel_error *err)
{
	const struct { const char *name, *value; } variables[] = {
		{ "CARREL_POLICY", reply->policy },     { "CARREL_NETNS", reply->netns },
		{ "CARREL_ADDRESS4", reply->address4 }, { "CARREL_ADDRESS6", reply->address6 },
	};
	char text[256];

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		if (!*variables[i].value)
			continue;
		int length = snprintf(text, sizeof(text), "%s=%s", variables[i].name,
				      variables[i].value);
		if (length < 0 || (size_t)length >= sizeof(text))
			return error_set(err, E2BIG, "%s is too long", variables[i].name);
		if (pam_putenv(login->pamh, text) != PAM_SUCCESS)
			return error_set(err, ENOMEM, "cannot set %s", variables[i].name);
	}
	return 0;
}

/**
 * enter() - move this thread to the carrel of @reply
 *
 * On failure it is where it was.
 */
static int enter(const struct login *login, struct client_reply *reply, struct carrel_error *err)
{
	FD_CLEANUP int original_fd = -1;
	int rc = passage_go(login->pamh, reply->netns_fd, &original_fd, err);

	if (rc < 0)
		return rc;
	rc = put_environment(login, &reply->reply, err);
	if (rc == 0)
		rc = passage_keep(login->pamh, login->account.uid, &reply->session_fd, &original_fd,
				  err);
	if (rc < 0)
		passage_undo(login->pamh, original_fd);
	return rc;
}

/**
 * may_greet() - would a line to the user be read by a person?
 *
 * In "su -c command user | program" it would end in the program's data. sshd's own standard
 * output is /dev/null, and sshd shows the text in interactive logins only.
 */
static bool may_greet(const struct login *login)
{
	struct stat st;

	return !login->silent && !login->options.quiet &&
	       fstat(STDOUT_FILENO, &st) == 0 && S_ISCHR(st.st_mode);
}

/** announce() - tell the log, where addresses are looked up later, and the user about the network */
static void announce(const struct login *login, const struct wire_reply *reply)
{
	const char *comma4 = *reply->address4 ? ", " : "", *comma6 = *reply->address6 ? ", " : "";

	pam_syslog(login->pamh, LOG_INFO, "opened a session of '%s' in %s: policy %s%s%s%s%s",
		   login->account.name, reply->netns, reply->policy, comma4, reply->address4,
		   comma6, reply->address6);
	if (may_greet(login))
		pam_info(login->pamh, "Network: policy %s%s%s%s%s", reply->policy, comma4,
			 reply->address4, comma6, reply->address6);
}

/**
 * log_warnings() - one line of the helper's, one line of the log
 *
 * What this module found in the configuration, the helper finds, too: said once is enough.
 */
static void log_warnings(const struct login *login, const char *warnings)
{
	while (*warnings) {
		size_t length = strcspn(warnings, "\n");
		bool said = length == strlen(login->warning) &&
			    memcmp(warnings, login->warning, length) == 0;

		if (length && !said)
			pam_syslog(login->pamh, LOG_WARNING, "%.*s", (int)length, warnings);
		warnings += length + (warnings[length] == '\n');
	}
}

/** deny() - an assignment says so; Return: PAM_PERM_DENIED */
static int deny(const struct login *login, const char *why)
{
	pam_syslog(login->pamh, LOG_NOTICE, "denied a session of '%s': %s", login->account.name, why);
	if (!login->silent)
		pam_error(login->pamh, "You may not log in here in this way.");
	return PAM_PERM_DENIED;
}

/**
 * is_stale() - did the helper read another configuration than this module?
 *
 * It is asked for confined users only: where it finds that nobody confines them, one of the
 * two has an old text, and which of them is not for the helper to say.
 */
static bool is_stale(const struct wire_reply *reply)
{
	return reply->status == WIRE_STALE || reply->status == WIRE_UNCONFINED;
}

/** collect() - with everything else done, have somebody clear up after users who are gone */
static void collect(const pam_handle_t *pamh, const struct options *options)
{
	struct carrel_error err = { 0 };

	if (parting_collect(options, &err) < 0)
		pam_syslog(pamh, LOG_NOTICE, "idle carrels are not collected: %s", err.text);
}

/** use_reply() - Return: what open_session returns */
static int use_reply(const struct login *login, struct client_reply *reply)
{
	struct carrel_error err = { 0 };

	log_warnings(login, reply->reply.warnings);
	switch (reply->reply.status) {
	case WIRE_OK:
		if (enter(login, reply, &err) < 0)
			return refuse(login, &err);
		announce(login, &reply->reply);
		collect(login->pamh, &login->options);
		return PAM_SUCCESS;
	case WIRE_DENIED:
		return deny(login, reply->reply.message);
	case WIRE_UNCONFINED:
	case WIRE_STALE:
		error_set(&err, ESTALE, "the helper reads another configuration: may its account "
			  "'" HELPER_USER "' not read the files, or do they keep changing?");
		return refuse(login, &err);
	case WIRE_UNCHANGED:
	case WIRE_NOT_FOUND:
	case WIRE_OTHER_UPLINK:
	case WIRE_UNPINNED:
	case WIRE_FAILED:
		error_set(&err, EREMOTEIO, "%s", *reply->reply.message ? reply->reply.message :
			  "the helper failed without saying why");
		return refuse(login, &err);
	}
	return PAM_SYSTEM_ERR;
}

/**
 * go_to_host() - put the session into the host's network, as @assignment says
 *
 * Where that fails the user is more confined than they are to be, and still gets in.
 *
 * Return: PAM_SUCCESS
 */
static int go_to_host(const struct login *login, const struct assignment *assignment)
{
	struct carrel_error err = { 0 };

	if (!passage_is_elsewhere())
		return PAM_SUCCESS;
	if (passage_go_to_host(login->pamh, login->account.uid, &err) < 0)
		pam_syslog(login->pamh, LOG_ERR, "a session of '%s' stays in the network it was begun "
			   "in: %s", login->account.name, err.text);
	else
		pam_syslog(login->pamh, LOG_INFO, "opened a session of '%s' in the host's network, "
			   "which it was not begun in: %s:%u", login->account.name,
			   assignment->position.file, assignment->position.line);
	return PAM_SUCCESS;
}

/**
 * release() - let root or the exempt in
 *
 * Return: PAM_SUCCESS
 */
static int release(struct login *login, int argc, const char **argv)
{
	const struct assignment *assignment;
	struct carrel_error err = { 0 };
	struct subject subject;
	struct config config;

	if (!passage_is_elsewhere())
		return PAM_SUCCESS;
	int rc = options_parse(argc, argv, &login->options, &err);
	if (rc == 0)
		rc = read_config(login, &config, &err);
	if (rc == 0 && !config_assigns_host(&config))
		return PAM_SUCCESS;
	if (rc == 0)
		rc = decide(login, &config, &subject, &assignment, &err);
	if (rc < 0)
		pam_syslog(login->pamh, LOG_WARNING, "a session of '%s' stays in the network it was "
			   "begun in: %s", login->account.name, err.text);
	else if (assignment && assignment->kind == ASSIGN_HOST)
		return go_to_host(login, assignment);
	return PAM_SUCCESS;
}

/**
 * attempt() - decide once and, for a confined user, ask the helper once
 * @ret_stale:	the helper read another configuration: worth another attempt
 *
 * Return: what open_session returns
 */
static int attempt(struct login *login, bool last, bool *ret_stale)
{
	struct client_options client = {
		.helper = login->options.helper,
		.timeout_ms = login->options.timeout_s * 1000,
	};
	CLIENT_REPLY_CLEANUP struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };
	const struct assignment *assignment;
	struct wire_request request = {
		.operation = WIRE_OPEN,
		.config = login->options.config ? login->options.config : "",
	};
	struct carrel_error err = { 0 };
	struct config config;

	*ret_stale = false;
	if (read_config(login, &config, &err) < 0 ||
	    decide(login, &config, &request.subject, &assignment, &err) < 0)
		return refuse(login, &err);
	if (assignment && assignment->kind == ASSIGN_HOST)
		return go_to_host(login, assignment);
	if (config_is_free(assignment)) {
		if (login->options.debug)
			pam_syslog(login->pamh, LOG_DEBUG, "'%s' is not confined",
				   login->account.name);
		return PAM_SUCCESS;
	}
	if (assignment->kind == ASSIGN_DENY) {
		error_set(&err, EACCES, "%s:%u denies this login", assignment->position.file,
			  assignment->position.line);
		return deny(login, err.text);
	}
	client.private_pins = config.pins == PINS_PRIVATE;
	if (client_call(&client, &request, &reply, &err) < 0)
		return refuse(login, &err);
	*ret_stale = !last && is_stale(&reply.reply);
	return *ret_stale ? PAM_SYSTEM_ERR : use_reply(login, &reply);
}

/** confine() - everything for a user who is neither root nor exempt */
static int confine(struct login *login, int argc, const char **argv)
{
	struct carrel_error err = { 0 };
	bool stale = true;
	int result = PAM_SYSTEM_ERR;

	if (options_parse(argc, argv, &login->options, &err) < 0)
		return refuse(login, &err);
	for (int i = 1; stale && i <= STALE_ATTEMPTS; i++)
		result = attempt(login, i == STALE_ATTEMPTS, &stale);
	return result;
}

/**
 * part() - see to what a session of @uid that is over leaves behind
 *
 * Where the application has become the user by now, as systemd's does, it is left to the timer.
 */
static void part(const pam_handle_t *pamh, uid_t uid, int argc, const char **argv)
{
	struct options options;
	struct carrel_error err = { 0 };

	if (geteuid() != 0 || options_parse(argc, argv, &options, &err) < 0)
		return;
	if (parting_cut(&options, uid, &err) < 0)
		pam_syslog(pamh, LOG_NOTICE, "the network is not cut off yet: %s", err.text);
	collect(pamh, &options);
}

/** open_session() - find out who it is; let root and the exempt through */
static int open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct login login = {
		.pamh = pamh, .silent = ((unsigned)flags & PAM_SILENT) != 0, .warning = "",
	};
	const char *user = get_item(pamh, PAM_USER);
	struct carrel_error err = { 0 };
	int result;

	if (!user || !*user) {
		pam_syslog(pamh, LOG_ERR, "the application names no user");
		return PAM_SYSTEM_ERR;
	}
	/* Root gets in also where the name services are down. */
	bool is_root = strcmp(user, "root") == 0;
	if (is_root && !passage_is_elsewhere())
		return PAM_SUCCESS;
	login.account.name = user;
	if (subject_find_account(user, &login.arena, &login.account, &err) < 0)
		result = is_root ? PAM_SUCCESS : refuse(&login, &err);
	else if (login.account.uid == 0 || is_exempt(&login, argc, argv))
		result = release(&login, argc, argv);
	else
		result = confine(&login, argc, argv);
	arena_free(&login.arena);
	return result;
}

EXPORT int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	int saved_errno = errno;
	uid_t uid;

	/* Opened twice without a close: the second one starts from where the first did. */
	(void)passage_end(pamh, &uid);
	int result = open_session(pamh, flags, argc, argv);
	errno = saved_errno;
	return result;
}

EXPORT int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	int saved_errno = errno;
	uid_t uid;

	(void)flags;
	if (passage_end(pamh, &uid))
		part(pamh, uid, argc, argv);
	errno = saved_errno;
	return PAM_SUCCESS;
}
