/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * carrel-scale [-p] [-n CARRELS] [-r SAMPLES]
 *
 * What a first login costs beside CARRELS carrels, and what it costs on an empty host; each
 * sample beside one of the bare kernel steps, so that what the kernel itself adds, and what else
 * the machine does, falls on both. What a mount namespace costs others on the host, which must not
 * grow where pins are private (-p). Then what commands that look at all carrels take.
 *
 * Runs in the test host (tests/bench/scale.sh), and only there. What is not as it should be is said
 * in a line that begins with "NOT", and the exit status is 1 then.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bare.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/number.h"
#include "command.h"
#include "memory.h"
#include "mounts.h"
#include "scale.h"

#define CARRELS_DEFAULT 5000
#define SAMPLES_DEFAULT 60
#define SAMPLES_MAX     1000

#define FIRST_UID 300000
#define SETTLE_MS 20

static void settle(void)
{
	const struct timespec pause = { .tv_nsec = SETTLE_MS * 1000000L };

	(void)nanosleep(&pause, NULL);
}

static int read_passwd(struct scale *scale, struct carrel_error *err)
{
	FILE *file = fopen("/etc/passwd", "re");
	ssize_t length;
	size_t size = 0;

	if (!file)
		return error_set_errno(err, errno, "opening /etc/passwd");
	length = getdelim(&scale->passwd, &size, '\0', file);
	fclose(file);
	if (length < 0)
		return error_set_errno(err, errno, "reading /etc/passwd");
	scale->passwd_length = (size_t)length;
	return 0;
}

/*
 * The user who is to log in next: the only one of ours in /etc/passwd. With all of them in there,
 * the name services would be the thing measured.
 */
static int next_user(struct scale *scale, char name[32], struct carrel_error *err)
{
	unsigned number = ++scale->made;
	FILE *file = fopen("/etc/passwd", "we");
	bool failed;

	if (!file)
		return error_set_errno(err, errno, "opening /etc/passwd");
	(void)snprintf(name, 32, "scale%u", number);
	failed = fwrite(scale->passwd, scale->passwd_length, 1, file) != 1 ||
		 fprintf(file, "%s:x:%u:100::/:/bin/sh\n", name, FIRST_UID + number) < 0;
	if (fclose(file) != 0 || failed)
		return error_set_errno(err, EIO, "writing /etc/passwd");
	return 0;
}

static double own_cpu_us(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Make bare namespace number @number, and come back. */
static int run_bare(const struct scale *scale, unsigned number, double *ret_us, double *ret_cpu_us,
		    struct carrel_error *err)
{
	double us[BARE_STEP_COUNT], sum_us = 0, before_us = own_cpu_us();
	int rc = bare_login(number, us, err);

	*ret_cpu_us = own_cpu_us() - before_us;
	if (setns(scale->home_fd, CLONE_NEWNET) < 0 && rc == 0)
		rc = error_set_errno(err, errno, "coming back from a namespace");
	bare_forget();
	for (size_t i = 0; rc == 0 && i < BARE_STEP_COUNT; i++)
		sum_us += us[i];
	*ret_us = sum_us;
	return rc;
}

static int unpin_bare(unsigned number, struct carrel_error *err)
{
	char pin[BARE_PIN_SIZE];

	bare_pin_path(number, pin);
	if (umount2(pin, MNT_DETACH) < 0 || unlink(pin) < 0)
		return error_set_errno(err, errno, "removing %s", pin);
	return 0;
}

static int sample_bare(struct scale *scale, struct phase *phase, size_t i, struct carrel_error *err)
{
	unsigned number = ++scale->bare_number;
	int rc = run_bare(scale, number, &phase->bare_us[i], &phase->bare_cpu_us[i], err);

	return rc < 0 ? rc : unpin_bare(number, err);
}

/* A first login of a user who stays, and a second one. */
static int sample_carrel(struct scale *scale, struct phase *phase, size_t i,
			 struct carrel_error *err)
{
	char name[32];
	struct login first, second = { 0 };
	const struct login_request request = {
		.confdir = "/etc/pam.d", .service = "scale", .user = name, .confined = true,
		.cpu = true,
	};
	double us;
	int rc = next_user(scale, name, err), rc2;

	if (rc == 0)
		rc = login_open(&request, &first, &phase->first_us[i], err);
	if (rc < 0)
		return rc;
	phase->first_cpu_us[i] = first.cpu_us;
	rc = login_open(&request, &second, &phase->second_us[i], err);
	phase->second_cpu_us[i] = second.cpu_us;
	if (rc == 0)
		rc = login_close(&second, &us, err);
	rc2 = login_close(&first, &us, rc < 0 ? &(struct carrel_error){ 0 } : err);
	return rc < 0 ? rc : rc2;
}

/* By a process that has no other children: count_calls() waits for all. */
static int count_login(struct scale *scale, struct phase *phase, struct carrel_error *err)
{
	char name[32];
	struct login_request request = {
		.confdir = "/etc/pam.d", .service = "scale", .user = name, .confined = true,
	};
	struct counts counts;
	int channel[2], rc = next_user(scale, name, err);
	pid_t pid;

	if (rc < 0)
		return rc;
	if (pipe2(channel, O_CLOEXEC) < 0)
		return error_set_errno(err, errno, "making a pipe");
	pid = fork();
	if (pid == 0) {
		rc = count_calls(login_count, &request, &counts, err);
		if (rc < 0)
			fprintf(stderr, "carrel-scale: %s\n", err->text);
		_exit(rc < 0 || fd_write_all(channel[1], &counts, sizeof(counts)) < 0);
	}
	close(channel[1]);
	rc = pid > 0 && read(channel[0], &phase->counts, sizeof(counts)) == sizeof(counts) ?
		     0 : error_set(err, ECHILD, "counting a login's system calls");
	close(channel[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return rc;
}

/* All samples at the number of carrels that there are. */
static int measure(struct scale *scale, struct phase *phase, struct carrel_error *err)
{
	int rc = 0;

	/* The first round is not kept: it loads modules and fills caches. */
	for (size_t i = 0; rc == 0 && i <= scale->samples; i++) {
		size_t place = i ? i - 1 : 0;

		rc = sample_bare(scale, phase, place, err);
		if (rc == 0)
			rc = mounts_copy(&phase->mounts_us[place], err);
		settle();
		if (rc == 0)
			rc = sample_carrel(scale, phase, place, err);
		settle();
	}
	return rc < 0 ? rc : count_login(scale, phase, err);
}

/* Until there are as many carrels as are wanted. */
static int fill(struct scale *scale, struct carrel_error *err)
{
	while (scale->made < scale->carrels) {
		char name[32];
		const struct login_request request = {
			.confdir = "/etc/pam.d", .service = "scale", .user = name, .confined = true,
		};
		struct login login;
		double us;
		int rc = next_user(scale, name, err);

		if (rc == 0)
			rc = login_open(&request, &login, &us, err);
		if (rc < 0)
			return rc;
		if (scale->made % SESSION_EVERY == 0) {
			scale->sessions[scale->session_count++] = login;
			continue;
		}
		rc = login_close(&login, &us, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Memory of @count bare namespaces, to compare with. */
static int measure_bare_memory(struct scale *scale, unsigned count, double *ret_bytes,
			       struct carrel_error *err)
{
	double before, after, us, cpu_us;
	unsigned first = scale->bare_number + 1;
	int rc = memory_of_kernel(&before, err);

	for (unsigned i = 0; rc == 0 && i < count; i++)
		rc = run_bare(scale, ++scale->bare_number, &us, &cpu_us, err);
	if (rc == 0)
		rc = memory_of_kernel(&after, err);
	for (unsigned i = first; rc == 0 && i <= scale->bare_number; i++)
		rc = unpin_bare(i, err);
	if (rc == 0)
		*ret_bytes = (after - before) / count;
	return rc;
}

static int close_sessions(struct scale *scale, struct carrel_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < scale->session_count; i++) {
		double us;

		rc = login_close(&scale->sessions[i], &us, err);
	}
	return rc;
}

static int run(struct scale *scale, struct carrel_error *err)
{
	unsigned bare_count = scale->carrels < 400 ? (unsigned)scale->carrels / 4 : 100;
	double before, after, bare_bytes = NAN;
	unsigned made;
	int rc = read_passwd(scale, err);

	if (rc == 0)
		rc = measure(scale, &scale->empty, err);
	if (rc == 0)
		rc = measure_bare_memory(scale, bare_count, &bare_bytes, err);
	if (rc == 0)
		rc = memory_of_kernel(&before, err);
	made = scale->made;
	if (rc == 0)
		rc = fill(scale, err);
	if (rc == 0)
		rc = memory_of_kernel(&after, err);
	made = scale->made - made;
	if (rc == 0)
		rc = measure(scale, &scale->full, err);
	if (rc < 0)
		return rc;
	scale_report_logins(scale);
	scale_report_mounts(scale);
	rc = scale_report_memory(scale, (after - before) / made, bare_bytes, err);
	if (rc == 0)
		rc = scale_report_commands(scale, err);
	return rc < 0 ? rc : close_sessions(scale, err);
}

static int allocate(struct scale *scale)
{
	double **lists[] = {
		&scale->empty.bare_us, &scale->empty.bare_cpu_us, &scale->empty.first_us,
		&scale->empty.first_cpu_us, &scale->empty.second_us,
		&scale->empty.second_cpu_us, &scale->full.bare_us,
		&scale->full.bare_cpu_us, &scale->full.first_us, &scale->full.first_cpu_us,
		&scale->full.second_us, &scale->full.second_cpu_us,
		&scale->empty.mounts_us, &scale->full.mounts_us, &scale->scratch,
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		/* Room for the statistics of commands as well. */
		*lists[i] = calloc(scale->samples + COMMAND_TURNS, sizeof(double));
		if (!*lists[i])
			return -ENOMEM;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct scale scale;
	uint64_t carrels = CARRELS_DEFAULT, samples = SAMPLES_DEFAULT;
	struct carrel_error err = { 0 };
	int option, rc = 0;

	while (rc == 0 && (option = getopt(argc, argv, "pn:r:")) != -1) {
		switch (option) {
		case 'p': scale.private_pins = true; break;
		case 'n': rc = number_parse(optarg, strlen(optarg), CARRELS_MAX, &carrels); break;
		case 'r': rc = number_parse(optarg, strlen(optarg), SAMPLES_MAX, &samples); break;
		default:  rc = -EINVAL; break;
		}
	}
	if (rc < 0 || samples == 0 || optind != argc) {
		fputs("usage: carrel-scale [-p] [-n CARRELS] [-r SAMPLES]\n", stderr);
		return 2;
	}
	/* What was measured at the beginning stays. */
	scale.carrels = carrels < 2 * samples ? 2 * samples : carrels;
	scale.samples = samples;
	scale.home_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	rc = allocate(&scale);
	if (rc == 0)
		rc = run(&scale, &err);
	if (rc < 0) {
		fprintf(stderr, "carrel-scale: %s\n", err.text);
		return 1;
	}
	return scale.failed;
}
