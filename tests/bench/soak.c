/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * carrel-soak LOGINS USER...
 *
 * Logs the users in and out, in turn and in every way: closed as it should be, a second session
 * beside a first, killed without a close, and within this very process, which must have as many
 * descriptors at the end as in the beginning. `carrel gc` takes away what is idle, now and then, so that
 * most logins are first ones. Says every now and then how far it is.
 *
 * Runs in the test host (tests/bench/soak.sh), and only there.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "clock.h"
#include "command.h"
#include "login.h"

#define LOGINS_MAX      10000000
#define LOGINS_PER_GC   64
#define PROGRESS_EVERY_S 10

/* Those of this process. */
static unsigned count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned count = 0;

	while (directory && readdir(directory))
		count++;
	if (directory)
		closedir(directory);
	return count;
}

static int close_well(const struct login_request *request, struct carrel_error *err)
{
	struct login login;
	double us;
	int rc = login_open(request, &login, &us, err);

	return rc < 0 ? rc : login_close(&login, &us, err);
}

static int open_two(const struct login_request *request, struct carrel_error *err)
{
	struct login login;
	double us;
	int rc = login_open(request, &login, &us, err), rc2;

	if (rc < 0)
		return rc;
	rc = close_well(request, err);
	rc2 = login_close(&login, &us, rc < 0 ? &(struct carrel_error){ 0 } : err);
	return rc < 0 ? rc : rc2;
}

static int kill_it(const struct login_request *request, struct carrel_error *err)
{
	struct login login;
	double us;
	int rc = login_open(request, &login, &us, err);

	if (rc < 0)
		return rc;
	kill(login.pid, SIGKILL);
	/* That it closes nothing any more is what is wanted. */
	(void)login_close(&login, &us, &(struct carrel_error){ 0 });
	return 0;
}

static int stay_here(const struct login_request *request, struct carrel_error *err)
{
	struct login_request copy = *request;

	return login_count(&copy, err);
}

static const struct way {
	int (*log_in)(const struct login_request *request, struct carrel_error *err);
	unsigned logins;
} ways[] = { { close_well, 1 }, { open_two, 2 }, { kill_it, 1 }, { stay_here, 1 } };
#define WAY_COUNT (sizeof(ways) / sizeof(ways[0]))

static int collect(struct carrel_error *err)
{
	return command_run((const char *const[]){ "/bin/sh", "-c", "carrel gc >/dev/null", NULL },
			   err);
}

static int soak(uint64_t logins, char *const *users, size_t user_count, struct carrel_error *err)
{
	double start_us = clock_us(), told_us = start_us;
	uint64_t done = 0, collected = 0;
	int rc = 0;

	for (uint64_t turn = 0; rc == 0 && done < logins; turn++) {
		/* Each user in each way, also where there are as many of both. */
		const struct way *way = &ways[(turn + turn / user_count) % WAY_COUNT];
		const struct login_request request = {
			.confdir = "/etc/pam.d", .service = "soak", .confined = true,
			.user = users[turn % user_count],
		};

		rc = way->log_in(&request, err);
		if (rc < 0)
			return error_wrap(err, rc, "login %llu, of %s",
					  (unsigned long long)done + 1, request.user);
		done += way->logins;
		if (done - collected >= LOGINS_PER_GC) {
			rc = collect(err);
			collected = done;
		}
		if (clock_us() - told_us >= PROGRESS_EVERY_S * 1e6) {
			told_us = clock_us();
			printf("%llu of %llu logins, %.0f a second\n", (unsigned long long)done,
			       (unsigned long long)logins,
			       (double)done / (told_us - start_us) * 1e6);
			fflush(stdout);
		}
	}
	return rc;
}

int main(int argc, char **argv)
{
	struct carrel_error err = { 0 };
	unsigned before, after;
	uint64_t logins;

	if (argc < 3 || number_parse(argv[1], strlen(argv[1]), LOGINS_MAX, &logins) < 0) {
		fputs("usage: carrel-soak LOGINS USER...\n", stderr);
		return 2;
	}
	/* The first login loads name services and modules. */
	if (soak(WAY_COUNT + 1, argv + 2, (size_t)argc - 2, &err) < 0) {
		fprintf(stderr, "carrel-soak: %s\n", err.text);
		return 1;
	}
	before = count_descriptors();
	if (soak(logins, argv + 2, (size_t)argc - 2, &err) < 0) {
		fprintf(stderr, "carrel-soak: %s\n", err.text);
		return 1;
	}
	after = count_descriptors();
	printf("%llu logins; %u descriptors before, %u after, in the process that made them\n",
	       (unsigned long long)logins, before, after);
	return after > before;
}
