/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Nothing tells of a packet that was noted, so who follows looks again and again: every
 * second, less often when it would take more than a fiftieth of a processor. What was seen is kept from one look to the next, and in a file when one is named:
 * it is written behind the lines, so that a reader that is killed shows some twice, and
 * loses none.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/hostns.h"
#include "cli/journal.h"
#include "cli/logread.h"
#include "cli/owner.h"
#include "cli/view.h"

#define LOOK_INTERVAL_MIN_MS 1000
#define LOOK_INTERVAL_MAX_MS 30000
#define LOOK_SHARE           50         /* one of so many parts of a processor's time */

/* More than what three thousand carrels have whose users fill the sets. */
#define STATE_LIMIT_BYTES ((size_t)1 << 30)

struct follower {
	const struct invocation *invocation;
	int state_fd, journal_fd;
	uid_t uid;
	bool has_uid;                   /* only this one's */
	struct arena arena;             /* where the book lives */
	struct logbook book;
};

/** used_ms() - of processors, by the process */
static uint64_t used_ms(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * 1000 + (uint64_t)used.tv_nsec / 1000000;
}

/** load_book() - what a run before has seen, if the file is there */
static int load_book(struct follower *follower, struct carrel_error *err)
{
	const char *path = follower->invocation->state;
	FD_CLEANUP int fd = -1;
	char *text;
	size_t length;

	if (!path)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return error_set_errno(err, errno, "%s", path);
	int rc = fd_read_all(fd, STATE_LIMIT_BYTES, &follower->arena, &text, &length, err);
	if (rc < 0)
		return error_wrap(err, rc, "%s", path);
	rc = logbook_parse(text, length, &follower->arena, &follower->book);
	if (rc == -EINVAL)
		return error_set(err, EINVAL, "%s: not what 'carrel log --state' writes; expected "
				 "its file, or none: remove it to begin anew", path);
	return rc < 0 ? error_set(err, ENOMEM, "out of memory") : 0;
}

/** save_book() - for the next run */
static int save_book(const struct follower *follower, struct carrel_error *err)
{
	const char *path = follower->invocation->state;
	BUFFER_CLEANUP struct buffer text = { 0 };
	BUFFER_CLEANUP struct buffer temporary = { 0 };
	FD_CLEANUP int fd = -1;

	if (!path)
		return 0;
	logbook_write(&follower->book, &text);
	buffer_printf(&temporary, "%s.tmp-%d", path, getpid());
	if (text.failed || temporary.failed)
		return error_set(err, ENOMEM, "out of memory");
	/* Whom users talk to is nobody's business. */
	fd = open(temporary.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set_errno(err, errno, "making %s", temporary.data);
	int rc = fd_write_all(fd, text.data ? text.data : "", text.length);
	if (rc == 0 && rename(temporary.data, path) < 0)
		rc = -errno;
	if (rc == 0)
		return 0;
	unlink(temporary.data);
	return error_set_errno(err, -rc, "writing %s", path);
}

/** put_lines() - as text, or as JSON: an array, or lines of objects for one who follows */
static void put_lines(const struct logged_list *logged, const struct invocation *invocation,
		      struct buffer *text)
{
	bool array = invocation->json && !invocation->follow;

	if (array)
		buffer_puts(text, "[");
	for (size_t i = 0; i < logged->list.count; i++) {
		if (array && i)
			buffer_puts(text, ",\n ");
		if (invocation->json)
			logread_put_json(&logged->list.items[i], text);
		else
			logread_put_text(&logged->list.items[i], true, text);
		if (!array)
			buffer_puts(text, "\n");
	}
	if (array)
		buffer_puts(text, "]\n");
}

/** deliver() - to where the lines are wanted; exit status */
static int deliver(const struct follower *follower, const struct logged_list *logged)
{
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct carrel_error err = { 0 };

	if (!follower->invocation->syslog) {
		put_lines(logged, follower->invocation, &text);
		return cli_print(&text);
	}
	for (size_t i = 0; i < logged->list.count; i++)
		if (journal_send(follower->journal_fd, &logged->list.items[i], &err) < 0)
			return cli_fail(CLI_FAILURE, &err);
	return CLI_OK;
}

/** read_logs() - logread(), where pins are; they may have been elsewhere at the last look */
static int read_logs(const struct follower *follower, struct arena *arena, struct logged_list *ret,
		     struct carrel_error *err)
{
	HOSTNS_VISIT_CLEANUP struct hostns_visit visit;
	int rc = hostns_visit_pins(&visit, err);

	return rc < 0 ? rc : logread(follower->state_fd, follower->has_uid ? &follower->uid : NULL,
				     &follower->book, arena, ret, err);
}

/** look() - read, deliver what is new, remember; exit status */
static int look(struct follower *follower)
{
	struct arena arena = { 0 };
	struct carrel_error err = { 0 };
	struct logged_list logged;
	int status = CLI_OK;

	if (read_logs(follower, &arena, &logged, &err) < 0)
		status = cli_fail(CLI_FAILURE, &err);
	else if (follower->has_uid && !follower->invocation->follow && !logged.carrels &&
		 !logged.unreadable.count) {
		cli_complain("%s has no carrel", follower->invocation->arguments[0]);
		status = CLI_NOT_FOUND;
	} else {
		status = deliver(follower, &logged);
	}
	if (status != CLI_OK) {
		arena_free(&arena);
		return status;
	}
	for (size_t i = 0; i < logged.unreadable.count; i++)
		cli_complain("%s", logged.unreadable.items[i]);
	arena_free(&follower->arena);
	follower->arena = arena;
	follower->book = logged.book;
	if (logged.list.count && save_book(follower, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	return logged.unreadable.count && !follower->invocation->follow ? CLI_FAILURE : CLI_OK;
}

/** rest() - until it is time to look again, after a look that took @ms of a processor */
static void rest(uint64_t ms)
{
	uint64_t wait_ms = ms * LOOK_SHARE;

	if (wait_ms < LOOK_INTERVAL_MIN_MS)
		wait_ms = LOOK_INTERVAL_MIN_MS;
	if (wait_ms > LOOK_INTERVAL_MAX_MS)
		wait_ms = LOOK_INTERVAL_MAX_MS;
	const struct timespec wait = { (time_t)(wait_ms / 1000), (long)(wait_ms % 1000) * 1000000 };
	nanosleep(&wait, NULL);
}

/** begin() - whose log it is, where it goes, and what of it was seen; exit status */
static int begin(struct follower *follower)
{
	const struct invocation *invocation = follower->invocation;
	struct carrel_error err = { 0 };
	struct owner owner;

	if (view_open_state(&follower->state_fd, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	if (invocation->argument_count > 0) {
		int status = owner_meant(invocation->arguments[0], follower->state_fd, &owner);

		if (status != CLI_OK)
			return status;
		follower->has_uid = true;
		follower->uid = owner.uid;
	}
	if (invocation->syslog && journal_open(&follower->journal_fd, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	if (load_book(follower, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	return CLI_OK;
}

int cli_log(const struct invocation *invocation)
{
	struct follower follower = { .invocation = invocation, .state_fd = -1, .journal_fd = -1 };
	int status = cli_need_root("log");

	if (status == CLI_OK)
		status = begin(&follower);
	while (status == CLI_OK) {
		uint64_t before_ms = used_ms();

		status = look(&follower);
		if (!invocation->follow)
			break;
		if (status == CLI_OK)
			rest(used_ms() - before_ms);
		/* Nothing made it yet. */
		if (status == CLI_OK && follower.state_fd < 0)
			view_open_state(&follower.state_fd, NULL);
	}
	arena_free(&follower.arena);
	fd_close(&follower.state_fd);
	fd_close(&follower.journal_fd);
	return status;
}
