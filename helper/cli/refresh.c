/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * A round: which names are wanted; what is known of them; those that are due are asked about,
 * by carrel-resolver; what is known now is written down; the helper brings the carrels up
 * to date whose policies have a name that changed. In this order, so that a login that
 * reads the file too early is found by the helper (helper/names.c).
 *
 * With --follow round comes after round: when the next name is due, and every few seconds to
 * see whether the configuration has changed. The first one, and one after a failure, is about
 * all carrels that have names, for whatever was missed while nobody followed.
 *
 * Asking is slow where name servers do not answer. So what one batch of names brought is
 * in force before the next is asked about.
 */
#include "cli/refresh.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/paths.h"
#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/hostns.h"
#include "cli/resolver.h"
#include "cli/view.h"
#include "cli/wanted.h"
#include "core/schedule.h"
#include "pam/client.h"
#include "state/namesfile.h"

/* How soon a changed configuration is noticed, at the latest. */
#define LOOK_S 10
/* Who follows takes its turn more often than this. */
#define NEGLECTED_S 45

struct refresh {
	const struct invocation *invocation;
	int state_fd;
	bool everywhere;                /* the next round is about all carrels that have names */
	bool complained;                /* of names that are left out */
	bool quiet;                     /* nobody is told what was found out */
};

struct round {
	struct refresh *refresh;
	struct arena arena;
	struct wanted wanted;
	struct known_names known;
	struct refreshed *refreshed;    /* by number in known */
	struct buffer text;             /* what is printed */
	const char *written;            /* what the file says, as far as this process knows */
	int status;
};

/** now_s() - of a clock that nobody sets, and that goes on while the machine sleeps */
static uint64_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec;
}

/** begin_turn() - wait until no other process is at it, and note the time; @ret_fd keeps others out */
static int begin_turn(int state_fd, int *ret_fd, struct carrel_error *err)
{
	FD_CLEANUP int fd = openat(state_fd, NAME_REFRESHED,
				   O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || flock(fd, LOCK_EX) < 0 || futimens(fd, NULL) < 0)
		return error_set_errno(err, errno, "%s/%s", PATH_STATE, NAME_REFRESHED);
	*ret_fd = fd_steal(&fd);
	return 0;
}

/** is_meant() - is the name to be asked about now? */
static bool is_meant(const struct round *round, const struct known_name *name)
{
	const struct invocation *invocation = round->refresh->invocation;
	char parsed[HOSTNAME_SIZE];

	for (int i = 0; i < invocation->argument_count; i++) {
		const char *argument = invocation->arguments[i];

		if (!hostname_parse(argument, strlen(argument), parsed) &&
		    strcmp(parsed, name->name) == 0)
			return true;
	}
	return !invocation->argument_count && schedule_is_due(name, now_s());
}

/** uses_changed() - does one of the policy's names mean something else now? */
static bool uses_changed(const struct round *round, const struct policy *policy)
{
	for (size_t i = 0; i < policy->names.count; i++) {
		const struct known_name *name = names_find(&round->known,
							   policy->names.items[i].name);

		if (name && round->refreshed[name - round->known.list.items].changed)
			return true;
	}
	return false;
}

/** tell_helper() - have the sets of up to WIRE_MAX_CARRELS carrels brought up to date */
static int tell_helper(struct round *round, const struct wire_carrel *carrels, size_t count)
{
	const struct client_options options = {
		.helper = PATH_HELPER, .timeout_ms = CLI_HELPER_TIMEOUT_MS,
	};
	const struct wire_request request = {
		.operation = WIRE_NAMES,
		.subject = { .user = "root", .service = CLI_SERVICE, .tty = "", .rhost = "" },
		.config = round->refresh->invocation->config,
		.carrels = carrels, .carrel_count = count,
	};
	CLIENT_REPLY_CLEANUP struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };
	struct carrel_error err = { 0 };

	if (client_call(&options, &request, &reply, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	cli_complain_lines(reply.reply.warnings);
	if (reply.reply.status == WIRE_OK)
		return *reply.reply.warnings ? CLI_FAILURE : CLI_OK;
	cli_complain("%s", reply.reply.message);
	return CLI_FAILURE;
}

/** tell_of() - have the carrels that have @policy brought up to date; CLI_OK or CLI_FAILURE */
static int tell_of(struct round *round, const struct wanted_policy *policy)
{
	struct wire_carrel carrels[WIRE_MAX_CARRELS] = { 0 };
	int status = CLI_OK;
	size_t count = 0;

	for (size_t i = 0; i < policy->carrels.count; i++) {
		carrels[count++].uid = policy->carrels.items[i];
		if (count < WIRE_MAX_CARRELS && i + 1 < policy->carrels.count)
			continue;
		if (tell_helper(round, carrels, count) != CLI_OK)
			status = CLI_FAILURE;
		count = 0;
	}
	return status;
}

/** any_changed() - does any name mean something else now? */
static bool any_changed(const struct round *round)
{
	for (size_t i = 0; i < round->known.list.count; i++)
		if (round->refreshed[i].changed)
			return true;
	return false;
}

/**
 * update_carrels() - those whose policy has a changed name (@everywhere: any name)
 *
 * Only now, when the names are written, it counts who has a carrel: whose login read the file
 * before that has its record by now, or sees the new file when it has.
 */
static void update_carrels(struct round *round, bool everywhere)
{
	bool more = false;

	if (!everywhere && !any_changed(round))
		return;
	int status = wanted_list_carrels(round->refresh->state_fd, &round->arena, &round->wanted,
					 &more);
	for (size_t i = 0; i < round->wanted.policies.count; i++) {
		const struct wanted_policy *policy = &round->wanted.policies.items[i];

		if (!policy->policy.names.count ||
		    (!everywhere && !uses_changed(round, &policy->policy)))
			continue;
		if (tell_of(round, policy) != CLI_OK)
			status = CLI_FAILURE;
	}
	/* What could not be brought up to date is tried again. */
	round->refresh->everywhere |= status != CLI_OK || more;
	if (status != CLI_OK)
		round->status = CLI_FAILURE;
}

/** put() - append what became of one name, where that is to be told */
static void put(struct round *round, size_t number)
{
	const struct known_name *name = &round->known.list.items[number];
	const struct refreshed *refreshed = &round->refreshed[number];
	bool follow = round->refresh->invocation->follow;

	/* A log of what stays as it is helps nobody; nor does each of a hundred failures. */
	if (follow && !refreshed->changed && !(refreshed->reason && name->failures == 1))
		return;
	if (!round->refresh->invocation->json) {
		if (refreshed->asked || refreshed->changed)
			refresh_put_text(name, refreshed, now_s(), &round->text);
		return;
	}
	if (!follow && round->text.length > 1)
		buffer_puts(&round->text, ",\n ");
	refresh_put_json(name, refreshed, now_s(), &round->text);
	if (follow)
		buffer_puts(&round->text, "\n");
}

/** write_names() - what is known, unless the file says so; CLI_OK or an exit status */
static int write_names(struct round *round)
{
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct carrel_error err = { 0 };

	namesfile_format(&round->known, &text);
	if (text.failed)
		return cli_out_of_memory();
	if (strcmp(text.data, round->written) == 0)
		return CLI_OK;
	if (namesfile_write(round->refresh->state_fd, &round->known, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	round->written = arena_strdup(&round->arena, text.data);
	return round->written ? CLI_OK : cli_out_of_memory();
}

/** settle() - write what is known, and bring carrels up to date; CLI_OK or an exit status */
static int settle(struct round *round, bool everywhere)
{
	int status = write_names(round);

	if (status == CLI_OK)
		update_carrels(round, everywhere);
	return status;
}

/** take() - what was answered about name number @number; CLI_OK or an exit status */
static int take(struct round *round, size_t number, const struct answers *answers)
{
	struct known_name *name = &round->known.list.items[number];
	struct refreshed *refreshed = &round->refreshed[number];

	int rc = schedule_take(name, answers, now_s(), &round->arena);
	if (rc < 0)
		return cli_out_of_memory();
	refreshed->asked = true;
	refreshed->changed = rc > 0;
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		if (answers->of[family].kind == ANSWER_FAILED)
			refreshed->reason = answers->of[family].reason;
	return CLI_OK;
}

/** ask() - about @count names by their @numbers; CLI_OK or an exit status */
static int ask(struct round *round, const size_t *numbers, size_t count)
{
	static struct answers answers[ANSWERS_NAMES_MAX];
	const char *names[ANSWERS_NAMES_MAX] = { NULL };
	struct carrel_error err = { 0 };
	int status = CLI_OK;

	for (size_t i = 0; i < count; i++)
		names[i] = round->known.list.items[numbers[i]].name;
	if (resolver_ask(names, count, answers, &err) < 0) {
		cli_complain("%s", err.text);
		round->status = CLI_FAILURE;
		for (size_t i = 0; i < count; i++)
			answers[i] = (struct answers){
				.of = { { .reason = "error" }, { .reason = "error" } },
			};
	}
	for (size_t i = 0; i < count && status == CLI_OK; i++)
		status = take(round, numbers[i], &answers[i]);
	if (status == CLI_OK)
		status = settle(round, false);
	for (size_t i = 0; i < count && status == CLI_OK; i++) {
		put(round, numbers[i]);
		round->refreshed[numbers[i]].changed = false;
	}
	return status;
}

/** ask_all() - about all that are due, or meant; CLI_OK or an exit status */
static int ask_all(struct round *round)
{
	size_t numbers[ANSWERS_NAMES_MAX], count = 0;
	int status = CLI_OK;

	for (size_t i = 0; i < round->known.list.count && status == CLI_OK; i++) {
		if (is_meant(round, &round->known.list.items[i]))
			numbers[count++] = i;
		else if (round->refresh->invocation->json && !round->refresh->invocation->follow)
			put(round, i);
		if (count < ANSWERS_NAMES_MAX)
			continue;
		status = ask(round, numbers, count);
		count = 0;
	}
	return status == CLI_OK && count ? ask(round, numbers, count) : status;
}

/** read_known() - what the file says of the names that are wanted; CLI_OK or an exit status */
static int read_known(struct round *round)
{
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct known_names before = { 0 };
	struct carrel_error err = { 0 };

	int rc = namesfile_read(round->refresh->state_fd, &round->arena, &before, NULL, &err);
	if (rc == -ENOMEM)
		return cli_out_of_memory();
	if (rc < 0)
		cli_complain("%s; all names are asked about anew", err.text);
	else
		namesfile_format(&before, &text);
	round->written = arena_strdup(&round->arena, text.data ? text.data : "");
	rc = schedule_reconcile(&before, round->wanted.names.items, round->wanted.names.count,
				&round->arena, &round->known);
	round->refreshed = arena_alloc(&round->arena,
				       round->known.list.count * sizeof(*round->refreshed));
	return rc < 0 || text.failed || !round->refreshed || !round->written ?
	       cli_out_of_memory() : CLI_OK;
}

/** complain_unwanted() - names on the command line that no policy has; CLI_OK or CLI_NOT_FOUND */
static int complain_unwanted(const struct round *round)
{
	const struct invocation *invocation = round->refresh->invocation;
	int status = CLI_OK;

	for (int i = 0; i < invocation->argument_count; i++) {
		const char *argument = invocation->arguments[i];
		char parsed[HOSTNAME_SIZE];

		if (!hostname_parse(argument, strlen(argument), parsed) &&
		    names_find(&round->known, parsed))
			continue;
		cli_complain("no policy that somebody could have names '%s'", argument);
		status = CLI_NOT_FOUND;
	}
	return status;
}

/** expire() - drop addresses that have been gone for too long, and tell of it */
static void expire(struct round *round)
{
	for (size_t i = 0; i < round->known.list.count; i++)
		round->refreshed[i].changed = schedule_expire(&round->known.list.items[i], now_s());
}

/** work() - one round; CLI_OK or an exit status */
static int work(struct round *round)
{
	struct refresh *refresh = round->refresh;
	bool everywhere = refresh->everywhere;

	int status = wanted_gather(refresh->invocation->config, refresh->state_fd, &round->arena,
				   &round->wanted);
	if (status == CLI_OK)
		status = read_known(round);
	if (status == CLI_OK)
		status = complain_unwanted(round);
	if (status != CLI_OK)
		return status;
	if (round->wanted.left_out && !refresh->complained)
		cli_complain("policies name %zu hosts more than %d; nothing is found out about those",
			     round->wanted.left_out, NAMES_MAX);
	refresh->complained = round->wanted.left_out > 0;
	refresh->everywhere = false;
	expire(round);
	status = settle(round, everywhere);
	for (size_t i = 0; i < round->known.list.count && refresh->invocation->follow; i++)
		put(round, i);
	for (size_t i = 0; i < round->known.list.count; i++)
		round->refreshed[i].changed = false;
	return status == CLI_OK ? ask_all(round) : status;
}

/**
 * run_round() - one, with the turn and the output; its exit status
 * @ret_next_s:	when something is to be done again
 */
static int run_round(struct refresh *refresh, uint64_t *ret_next_s)
{
	struct round round = { .refresh = refresh };
	bool array = refresh->invocation->json && !refresh->invocation->follow;
	struct carrel_error err = { 0 };
	FD_CLEANUP int turn_fd = -1;

	*ret_next_s = UINT64_MAX;
	if (begin_turn(refresh->state_fd, &turn_fd, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	if (array)
		buffer_puts(&round.text, "[");
	int status = work(&round);
	if (array)
		buffer_puts(&round.text, "]\n");
	if (status == CLI_OK) {
		*ret_next_s = schedule_next_s(&round.known);
		status = round.text.length && !refresh->quiet ? cli_print(&round.text) : CLI_OK;
	}
	if (status == CLI_OK)
		status = round.status;
	buffer_free(&round.text);
	arena_free(&round.arena);
	return status;
}

void refresh_neglected(const char *config_path, int state_fd)
{
	const struct invocation invocation = { .config = config_path };
	struct refresh refresh = { .invocation = &invocation, .state_fd = state_fd, .quiet = true };
	uint64_t next_s;
	struct stat st;

	if (fstatat(state_fd, NAME_REFRESHED, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    time(NULL) - st.st_mtime < NEGLECTED_S)
		return;
	(void)run_round(&refresh, &next_s);
}

/** follow() - round after round, for ever; a failure is said, and tried again */
static _Noreturn void follow(struct refresh *refresh)
{
	refresh->everywhere = true;
	for (;;) {
		uint64_t next_s, now;

		(void)run_round(refresh, &next_s);
		now = now_s();
		if (next_s > now + LOOK_S)
			next_s = now + LOOK_S;
		/* At least a second: what is due again at once is no reason to burn a processor. */
		sleep(next_s > now ? (unsigned)(next_s - now) : 1);
	}
}

int cli_refresh(const struct invocation *invocation)
{
	struct refresh refresh = { .invocation = invocation };
	struct carrel_error err = { 0 };
	FD_CLEANUP int state_fd = -1;
	uint64_t next_s;

	if (invocation->follow && invocation->argument_count) {
		cli_complain("'--follow' is about all names; leave '%s' out",
			     invocation->arguments[0]);
		return CLI_USAGE;
	}
	int status = cli_need_root("refresh");
	if (status != CLI_OK)
		return status;
	if (hostns_enter(&err) < 0 || view_open_state(&state_fd, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	if (state_fd < 0) {
		cli_complain("there is no %s: make it with 'systemd-tmpfiles --create', or log in "
			     "once", PATH_STATE);
		return CLI_FAILURE;
	}
	refresh.state_fd = state_fd;
	if (invocation->follow)
		follow(&refresh);
	return run_round(&refresh, &next_s);
}
