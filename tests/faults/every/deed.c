/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/faults/every/deed.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>
#include <security/pam_appl.h>

#include "base/error.h"
#include "base/fd.h"
#include "pam/client.h"
#include "state/session.h"
#include "tests/faults/every/world.h"

#define POLICY "/etc/carrel/policies/exam.policy"
#define PIN    "/run/netns/carrel-61001"
#define TIMEOUT_MS 20000

/* The library of PAM finds this instead of the C library's. */
static char logged[4096];

__attribute__((format(printf, 1, 0)))
static void log_line(const char *format, va_list arguments)
{
	size_t length = strlen(logged);

	vsnprintf(logged + length, sizeof(logged) - length, format, arguments);
	strncat(logged, "\n", sizeof(logged) - strlen(logged) - 1);
}

#define EXPORT __attribute__((visibility("default")))
EXPORT void syslog(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));
EXPORT void __syslog_chk(int priority, int flag, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

void syslog(int priority, const char *format, ...)
{
	va_list arguments;

	(void)priority;
	va_start(arguments, format);
	log_line(format, arguments);
	va_end(arguments);
}

void __syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list arguments;

	(void)priority;
	(void)flag;
	va_start(arguments, format);
	log_line(format, arguments);
	va_end(arguments);
}

static int converse(int count, const struct pam_message **messages,
		    struct pam_response **responses, void *context)
{
	(void)messages;
	(void)context;
	*responses = calloc((size_t)count, sizeof(**responses));
	return *responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

/* A session of PAM: what is inside of it is looked at, then it is closed. */
static void open_and_close(const char *service, struct upshot *upshot)
{
	const struct pam_conv conversation = { converse, NULL };
	pam_handle_t *pamh;

	logged[0] = '\0';
	if (pam_start(service, USER, &conversation, &pamh) != PAM_SUCCESS)
		abort();
	upshot->done = pam_open_session(pamh, PAM_SILENT) == PAM_SUCCESS;
	if (upshot->done) {
		world_session_right();
		pam_close_session(pamh, PAM_SILENT);
	}
	/* However it ended: this process lives on. */
	world_no_session();
	world_on_host();
	pam_end(pamh, PAM_SUCCESS);
	snprintf(upshot->said, sizeof(upshot->said), "%s", logged);
}

/* By a process of its own, with whose end the session is over, whatever the helper knows of it. */
static struct upshot open_session(const char *service, const char *helper)
{
	static struct upshot *shared;
	int status;

	(void)helper;
	if (!shared)
		shared = world_share(sizeof(*shared));
	pid_t pid = fork();
	if (pid == 0) {
		open_and_close(service, shared);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		abort();
	return *shared;
}

/* A request of the carrel command's. */
static struct upshot ask(const char *helper, struct wire_request *request)
{
	const struct client_options options = { .helper = helper, .timeout_ms = TIMEOUT_MS };
	CLIENT_REPLY_CLEANUP struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };
	struct carrel_error err = { 0 };
	struct upshot upshot = { 0 };

	request->config = request->policy = "";
	if (!request->subject.user)
		request->subject = (struct subject){
			.user = USER, .uid = USER_UID, .service = "", .tty = "", .rhost = "",
		};
	if (client_call(&options, request, &reply, &err) < 0) {
		snprintf(upshot.said, sizeof(upshot.said), "%s", err.text);
		return upshot;
	}
	upshot.done = reply.reply.status != WIRE_FAILED &&
		      (request->operation != WIRE_COLLECT || !*reply.reply.warnings);
	snprintf(upshot.said, sizeof(upshot.said), "%s\n%s", reply.reply.message,
		 reply.reply.warnings);
	if (reply.session_fd >= 0)
		session_end(reply.session_fd);
	return upshot;
}

static struct upshot apply(const char *service, const char *helper)
{
	struct sight sight = world_sight();
	struct wire_request request = {
		.operation = WIRE_APPLY,
		.subject = {
			.user = USER, .uid = USER_UID, .service = sight.record.login.service,
			.tty = "", .rhost = "",
		},
	};

	(void)service;
	return ask(helper, &request);
}

static struct upshot close_last(const char *service, const char *helper)
{
	struct wire_request request = { .operation = WIRE_CLOSE };

	(void)service;
	return ask(helper, &request);
}

static struct upshot remove_it(const char *service, const char *helper)
{
	struct wire_request request = { .operation = WIRE_REMOVE };

	(void)service;
	return ask(helper, &request);
}

static struct upshot collect(const char *service, const char *helper)
{
	const struct wire_carrel seen = world_sight().seen;
	struct wire_request request = {
		.operation = WIRE_COLLECT, .carrels = &seen, .carrel_count = 1,
	};

	(void)service;
	return ask(helper, &request);
}

static struct upshot learn(const char *service, const char *helper)
{
	struct wire_request request = { .operation = WIRE_EDITIONS };

	(void)service;
	return ask(helper, &request);
}

/* --- preparations */

/* Is the policy the second of the two versions? */
static bool is_second_version(void)
{
	char text[1024];
	FILE *file = fopen(POLICY, "re");

	if (!file)
		abort();
	size_t length = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[length] = '\0';
	return strstr(text, "8443");
}

/* The other version, so that an open carrel has to be updated. */
static void write_policy(bool cut)
{
	bool second = !is_second_version();
	FILE *file = fopen(POLICY, "we");

	if (!file)
		abort();
	fprintf(file, "uplink nat\ndefault reject out\ndefault deny in\n"
		"allow out tcp to 203.0.113.10,2001:db8:80::10 port 443%s\n%s",
		second ? ",8443" : "", cut ? "logout cut\n" : "");
	if (fclose(file) != 0)
		abort();
}

/* A policy that names the host, and allows what it does not deny. */
static void name_host(void)
{
	FILE *file = fopen(POLICY, "we");

	if (!file)
		abort();
	fputs("uplink nat\ndefault reject out\ndefault deny in\n"
	      "allow out tcp to 203.0.113.10,2001:db8:80::10 port 443\n"
	      "deny out tcp to host port 22\nallow out tcp to host port 8080\n", file);
	if (fclose(file) != 0)
		abort();
}

/* The host gets the addresses, or loses them where it has them. */
static void change_host(void)
{
	if (system("ip address add 192.0.2.77/32 dev lan0 2>/dev/null || ip address del 192.0.2.77/32 dev lan0")
	    || system("ip address add 2001:db8:0:1::77/128 dev lan0 nodad 2>/dev/null || "
		      "ip address del 2001:db8:0:1::77/128 dev lan0"))
		abort();
}

/* By a request: a session of PAM would cut it off again when it is closed. */
static void be_present(void)
{
	struct wire_request request = {
		.operation = WIRE_OPEN,
		.subject = {
			.user = USER, .uid = USER_UID, .service = SERVICE_REAL, .tty = "",
			.rhost = "",
		},
	};
	struct upshot upshot = ask(HELPER_REAL, &request);

	if (!upshot.done)
		complain("preparing: %s", upshot.said);
}

static void be_absent(void)
{
	deed_remove();
}

static void be_out_of_date(void)
{
	be_present();
	write_policy(false);
}

static void be_behind(void)
{
	name_host();
	be_present();
	change_host();
}

static void be_absent_behind(void)
{
	deed_remove();
	name_host();
	change_host();
}

static void be_cuttable(void)
{
	write_policy(true);
	be_present();
}

static void be_idle(void)
{
	be_present();
	collect(SERVICE_REAL, HELPER_REAL);
	if (!world_sight().record.idle_since_s)
		complain("preparing: not noted as idle");
}

static void be_remains(void)
{
	be_present();
	if (umount2(PIN, MNT_DETACH) < 0 || unlink(PIN) < 0)
		complain("preparing: %s stays", PIN);
}

static const struct deed deeds[] = {
	{ "first-login",  be_absent,      open_session, .session = true, .takes_back = true },
	{ "second-login", be_present,     open_session, .session = true, .takes_back = true },
	{ "update",       be_out_of_date, open_session, .session = true, .takes_back = true },
	{ "apply",        be_out_of_date, apply,        .takes_back = true },
	{ "learn",        be_behind,      learn,        .of_host = true },
	{ "learn-at-login", be_behind,    open_session, .session = true, .of_host = true },
	{ "learn-at-first-login", be_absent_behind, open_session, .session = true, .takes_back = true,
	  .of_host = true },
	{ "close",        be_cuttable,    close_last,   .takes_back = true },
	{ "remove",       be_present,     remove_it,    .of_gc = true },
	{ "note-idle",    be_present,     collect,      .takes_back = true, .of_gc = true },
	{ "collect-idle", be_idle,        collect,      .of_gc = true },
	{ "collect-remains", be_remains,  collect,      .of_gc = true },
};

const struct deed *deed_find(const char *name)
{
	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
		if (strcmp(deeds[i].name, name) == 0)
			return &deeds[i];
	return NULL;
}

/* Temporary files go when nobody can be writing them any more. */
static void age_temporaries(void)
{
	if (!world_has_temporary())
		return;
	if (system("find /run/carrel -name '.tmp-*' -exec touch --no-dereference -d '1 hour ago' {} +"))
		abort();
}

/* The module does not wait for the helper that it has cut the uplink off at a logout. */
static bool is_cut_when_due(void)
{
	for (int waited_ms = 0; waited_ms < TIMEOUT_MS; waited_ms++) {
		struct sight sight = world_sight();

		if (!sight.record.cut_at_logout || sight.record.cut)
			return true;
		usleep(1000);
	}
	return complain("the uplink was not cut off at the logout");
}

bool deed_log_in(void)
{
	unsigned before = complaints();
	struct upshot upshot = open_session(SERVICE_REAL, NULL);

	if (!upshot.done)
		return complain("the next login is refused: %s", upshot.said);
	return is_cut_when_due() && complaints() == before;
}

void deed_sweep(void)
{
	if (!world_has_temporary())
		return;
	age_temporaries();
	collect(SERVICE_REAL, HELPER_REAL);
}

bool deed_clear(void)
{
	age_temporaries();
	for (int i = 0; i < 2; i++) {
		struct upshot upshot = collect(SERVICE_REAL, HELPER_REAL);

		if (!upshot.done)
			complain("the next gc fails: %s", upshot.said);
	}
	return world_nothing_left();
}

bool deed_remove(void)
{
	age_temporaries();
	struct upshot upshot = remove_it(SERVICE_REAL, HELPER_REAL);

	if (!upshot.done)
		complain("the next removal fails: %s", upshot.said);
	collect(SERVICE_REAL, HELPER_REAL);
	return world_nothing_left();
}
