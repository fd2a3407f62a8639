/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "variants.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/name.h"
#include "clock.h"
#include "command.h"
#include "login.h"
#include "pam/client.h"
#include "rules.h"

/* A namespace is taken apart in the background; what is timed next must not pay for it. */
#define SETTLE_MS 60

#define SHELL             "/bin/sh"
#define UNCONFINED_USER   "guest"
/* bench1 to bench8, as world.sh numbers them: by the time of the next turn all traces are gone. */
#define USER_COUNT        8
#define UID_BEFORE_FIRST  200000
#define HELPER_TIMEOUT_MS 10000

/* "SITE/@name" */
static const char *in_site(const struct bench *bench, const char *name, char path[PATH_MAX])
{
	(void)snprintf(path, PATH_MAX, "%s/%s", bench->site, name);
	return path;
}

static void settle(void)
{
	const struct timespec pause = { .tv_nsec = SETTLE_MS * 1000000L };

	(void)nanosleep(&pause, NULL);
}

/* Let go of a pin; the kernel does the rest. */
static int unpin(const char *pin, struct carrel_error *err)
{
	if (umount2(pin, MNT_DETACH) < 0 || unlink(pin) < 0)
		return error_set_errno(err, errno, "removing %s", pin);
	return 0;
}

/* Make bare namespace @number and come back. */
static int run_bare(const struct bench *bench, unsigned number, double us[BARE_STEP_COUNT],
		    struct carrel_error *err)
{
	int rc = bare_login(number, us, err);

	if (setns(bench->home_fd, CLONE_NEWNET) < 0 && rc == 0)
		rc = error_set_errno(err, errno, "coming back from a namespace");
	return rc;
}

static int unpin_bare(unsigned number, struct carrel_error *err)
{
	char pin[BARE_PIN_SIZE];

	bare_forget();
	bare_pin_path(number, pin);
	return unpin(pin, err);
}

static int measure_bare(struct bench *bench, size_t round, struct carrel_error *err)
{
	double us[BARE_STEP_COUNT], sum_us = 0;
	unsigned number = ++bench->used;
	int rc = run_bare(bench, number, us, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < BARE_STEP_COUNT; i++) {
		bench->samples.step_us[i][round] = us[i];
		sum_us += us[i];
	}
	bench->samples.us[SERIES_BARE][round] = sum_us;
	return unpin_bare(number, err);
}

static int run_nothing(const struct bench *bench, struct carrel_error *err)
{
	char path[PATH_MAX];

	return command_run((const char *const[]){ in_site(bench, "nothing", path), NULL }, err);
}

static int measure_bare_exec(struct bench *bench, size_t round, struct carrel_error *err)
{
	double us[BARE_STEP_COUNT], start_us = clock_us();
	unsigned number = ++bench->used;
	int rc = run_nothing(bench, err);

	if (rc == 0)
		rc = bare_login(number, us, err);
	bench->samples.us[SERIES_BARE_EXEC][round] = clock_us() - start_us;
	if (setns(bench->home_fd, CLONE_NEWNET) < 0 && rc == 0)
		rc = error_set_errno(err, errno, "coming back from a namespace");
	return rc < 0 ? rc : unpin_bare(number, err);
}

/* Let a script make namespace @number. */
static int run_script(const struct bench *bench, const char *name, unsigned number,
		      struct carrel_error *err)
{
	char script[PATH_MAX], rules[PATH_MAX], netns[24], link[LINK_NAME_SIZE];
	char address4[32], address6[32];

	(void)snprintf(netns, sizeof(netns), "script-%u", number);
	(void)snprintf(link, sizeof(link), "script%u", number);
	(void)snprintf(address4, sizeof(address4), "10.215.%u.%u", number >> 8, number & 255);
	(void)snprintf(address6, sizeof(address6), "fd42:ca44:2::%x", number);
	return command_run((const char *const[]){
		SHELL, in_site(bench, name, script), netns, link, address4, address6,
		in_site(bench, "rules.nft", rules), NULL }, err);
}

static int unpin_script(unsigned number, struct carrel_error *err)
{
	char pin[40];

	(void)snprintf(pin, sizeof(pin), "/run/netns/script-%u", number);
	return unpin(pin, err);
}

static int measure_script(struct bench *bench, const char *name, enum series series, size_t round,
			  struct carrel_error *err)
{
	unsigned number = ++bench->used;
	double start_us = clock_us();
	int rc = run_script(bench, name, number, err);

	bench->samples.us[series][round] = clock_us() - start_us;
	return rc < 0 ? rc : unpin_script(number, err);
}

static int measure_plain(struct bench *bench, size_t round, struct carrel_error *err)
{
	return measure_script(bench, "plain.sh", SERIES_PLAIN, round, err);
}

static int measure_batch(struct bench *bench, size_t round, struct carrel_error *err)
{
	return measure_script(bench, "batch.sh", SERIES_BATCH, round, err);
}

static int run_cni(const struct bench *bench, const char *command, unsigned number,
		   struct carrel_error *err)
{
	char script[PATH_MAX], netns[24];

	(void)snprintf(netns, sizeof(netns), "cni-%u", number);
	return command_run((const char *const[]){
		SHELL, in_site(bench, "cni.sh", script), command, netns, NULL }, err);
}

/*
 * Where world.sh found the plugins, and on a host of their own: they change its firewall each time,
 * and the next login, whose time is its own, would look whether carrel's table is still there.
 */
static int measure_cni(struct bench *bench, size_t round, struct carrel_error *err)
{
	FD_CLEANUP int cni_fd = open("/run/netns/cni-host", O_RDONLY | O_CLOEXEC);
	unsigned number = ++bench->used;
	double start_us;
	int rc;

	if (cni_fd < 0)
		return 0;
	if (setns(cni_fd, CLONE_NEWNET) < 0)
		return error_set_errno(err, errno, "going to the host of container networks");
	start_us = clock_us();
	rc = run_cni(bench, "ADD", number, err);
	bench->samples.us[SERIES_CNI][round] = clock_us() - start_us;
	if (rc == 0)
		rc = run_cni(bench, "DEL", number, err);
	if (setns(bench->home_fd, CLONE_NEWNET) < 0)
		return error_set_errno(err, errno, "coming back from a namespace");
	return rc;
}

struct user {
	char name[16];
	uid_t uid;
};

/* Users take turns. */
static struct user next_user(struct bench *bench)
{
	unsigned number = ++bench->used % USER_COUNT + 1;
	struct user user = { .uid = UID_BEFORE_FIRST + number };

	(void)snprintf(user.name, sizeof(user.name), "bench%u", number);
	return user;
}

/* Ask the helper to take a user's carrel away. */
static int remove_carrel(const struct bench *bench, const struct user *user,
			 struct carrel_error *err)
{
	CLIENT_REPLY_CLEANUP struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };
	char helper[PATH_MAX], config[PATH_MAX];
	const struct client_options options = {
		.helper = in_site(bench, "carrel-helper", helper), .timeout_ms = HELPER_TIMEOUT_MS,
	};
	const struct wire_request request = {
		.operation = WIRE_REMOVE,
		.subject = { .user = user->name, .uid = user->uid, .service = "", .tty = "", .rhost = "" },
		.config = in_site(bench, "carrel.conf", config),
	};
	int rc = client_call(&options, &request, &reply, err);

	if (rc == 0 && reply.reply.status != WIRE_OK)
		rc = error_set(err, EPROTO, "status %d: %s", (int)reply.reply.status,
			       reply.reply.message);
	return rc < 0 ? error_wrap(err, rc, "removing the carrel of %s", user->name) : 0;
}

static struct login_request login_request(const struct bench *bench, const char *user,
					  bool confined, char confdir[PATH_MAX])
{
	return (struct login_request){
		.confdir = in_site(bench, "pam.d", confdir), .service = "bench",
		.user = user, .confined = confined,
	};
}

/* A first login, a second one beside it, and the logout of the last. */
static int measure_carrel(struct bench *bench, size_t round, struct carrel_error *err)
{
	double **us = bench->samples.us;
	struct user user = next_user(bench);
	char confdir[PATH_MAX];
	struct login_request request = login_request(bench, user.name, true, confdir);
	struct login first, second;
	double logout_us;
	int rc = login_open(&request, &first, &us[SERIES_FIRST][round], err), rc2;

	if (rc < 0)
		return rc;
	settle();
	rc = login_open(&request, &second, &us[SERIES_SECOND][round], err);
	if (rc == 0)
		rc = login_close(&second, &logout_us, err);
	rc2 = login_close(&first, &us[SERIES_LOGOUT][round], rc < 0 ? &(struct carrel_error){ 0 }
								    : err);
	if (rc == 0)
		rc = rc2;
	return rc < 0 ? rc : remove_carrel(bench, &user, err);
}

/* A session of a user whom nobody confines: by carrel's decision, or without carrel. */
static int measure_open(struct bench *bench, const char *service, enum series series, size_t round,
			struct carrel_error *err)
{
	char confdir[PATH_MAX];
	struct login_request request = login_request(bench, UNCONFINED_USER, false, confdir);
	struct login login;
	double logout_us;
	int rc;

	request.service = service;
	rc = login_open(&request, &login, &bench->samples.us[series][round], err);
	return rc < 0 ? rc : login_close(&login, &logout_us, err);
}

static int measure_unconfined(struct bench *bench, size_t round, struct carrel_error *err)
{
	return measure_open(bench, "bench", SERIES_UNCONFINED, round, err);
}

static int measure_pam(struct bench *bench, size_t round, struct carrel_error *err)
{
	return measure_open(bench, "nothing", SERIES_PAM, round, err);
}

static int (*const variants[])(struct bench *bench, size_t round, struct carrel_error *err) = {
	measure_bare, measure_bare_exec, measure_plain, measure_batch, measure_cni,
	/* with carrel: */
	measure_carrel, measure_unconfined, measure_pam,
};
#define VARIANT_COUNT (sizeof(variants) / sizeof(variants[0]))
#define VARIANT_COUNT_WITHOUT_CARREL 5

unsigned variants_count(const struct bench *bench)
{
	return bench->carrel ? VARIANT_COUNT : VARIANT_COUNT_WITHOUT_CARREL;
}

int variants_measure(struct bench *bench, unsigned variant, size_t round, struct carrel_error *err)
{
	int rc = variants[variant](bench, round, err);

	settle();
	return rc;
}

static int write_file(const struct bench *bench, const char *name, void (*write)(FILE *file),
		      struct carrel_error *err)
{
	char path[PATH_MAX];
	FILE *file = fopen(in_site(bench, name, path), "we");
	bool failed;

	if (!file)
		return error_set_errno(err, errno, "opening %s", path);
	write(file);
	failed = ferror(file);
	if (fclose(file) != 0 || failed)
		return error_set_errno(err, EIO, "writing %s", path);
	return 0;
}

int variants_prepare(const struct bench *bench, struct carrel_error *err)
{
	int rc = write_file(bench, "rules.nft", rules_write_nft, err);

	return rc < 0 ? rc : write_file(bench, "policies/bench.policy", rules_write_policy, err);
}

/* What a counted variant needs to know. */
struct counted {
	const struct bench *bench;
	unsigned number;
	const char *script;     /* NULL: the bare steps */
};

/* count_calls() callback: the bare steps, or a script */
static int count_one(void *context, struct carrel_error *err)
{
	const struct counted *counted = context;
	double us[BARE_STEP_COUNT];
	int rc;

	count_begin();
	rc = counted->script ? run_script(counted->bench, counted->script, counted->number, err)
			     : bare_login(counted->number, us, err);
	count_end();
	return rc;
}

/* Count @series without PAM. */
static int trace_one(struct bench *bench, enum series series, const char *script,
		     struct carrel_error *err)
{
	struct counted counted = { bench, ++bench->used, script };
	int rc = count_calls(count_one, &counted, &bench->samples.counts[series], err);

	if (rc == 0)
		rc = script ? unpin_script(counted.number, err) : unpin_bare(counted.number, err);
	bench->samples.counted[series] = rc == 0;
	settle();
	return rc;
}

static int trace_login(struct bench *bench, enum series series, struct login_request *request,
		       struct carrel_error *err)
{
	int rc = count_calls(login_count, request, &bench->samples.counts[series], err);

	bench->samples.counted[series] = rc == 0;
	return rc;
}

static int trace_carrel(struct bench *bench, struct carrel_error *err)
{
	struct user user = next_user(bench);
	char confdir[PATH_MAX];
	struct login_request confined = login_request(bench, user.name, true, confdir);
	struct login_request unconfined = login_request(bench, UNCONFINED_USER, false, confdir);
	int rc = trace_login(bench, SERIES_FIRST, &confined, err);

	if (rc == 0)
		rc = trace_login(bench, SERIES_SECOND, &confined, err);
	if (rc == 0)
		rc = remove_carrel(bench, &user, err);
	if (rc == 0)
		rc = trace_login(bench, SERIES_UNCONFINED, &unconfined, err);
	unconfined.service = "nothing";
	return rc < 0 ? rc : trace_login(bench, SERIES_PAM, &unconfined, err);
}

int variants_trace(struct bench *bench, struct carrel_error *err)
{
	int rc = trace_one(bench, SERIES_BARE, NULL, err);

	if (rc == 0)
		rc = trace_one(bench, SERIES_PLAIN, "plain.sh", err);
	if (rc == 0)
		rc = trace_one(bench, SERIES_BATCH, "batch.sh", err);
	if (rc == 0 && bench->carrel)
		rc = trace_carrel(bench, err);
	return rc;
}
