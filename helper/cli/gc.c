/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * What root alone can see is found out here: in which namespaces there are processes. What is to
 * be done about each carrel is decided here to be shown and to be asked for, and once more by
 * the helper (helper/collect.c), which holds the carrel's lock and acts only where nothing
 * has changed meanwhile.
 *
 * The kernel clears up a namespace long after the last reference to it is gone, and while it
 * does that for many, logins wait to make new ones. So they go in batches, each when the links
 * of the one before are gone.
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/paths.h"
#include "cli/arguments.h"
#include "cli/hostns.h"
#include "cli/pins.h"
#include "cli/refresh.h"
#include "cli/survey.h"
#include "cli/view.h"
#include "kernel/netns.h"
#include "pam/client.h"
#include "state/source.h"

/* A namespace that something holds does not go; the next batch does not wait for ever. */
#define PACE_STEP_MS   10
#define PACE_STEPS_MAX 100

enum action { ACTION_REMOVE, ACTION_NOTE, ACTION_WAKE, ACTION_CUT };

/* What is to be done about one carrel. */
struct task {
	const struct surveyed *surveyed;
	enum lifetime_step step;
	bool cut;
};

struct collection {
	const struct invocation *invocation;
	int state_fd;
	struct arena arena;
	struct survey survey;
	ARENA_LIST(struct task) tasks;
	struct buffer text;     /* what is printed at the end */
	size_t shown;           /* actions in it */
	int status;
};

static const struct action_words {
	const char *json, *done, *planned;
} action_words[] = {
	[ACTION_REMOVE] = { "remove", "removed", "would be removed" },
	[ACTION_NOTE]   = { "idle", "idle from now on", "would be noted as idle" },
	[ACTION_WAKE]   = { "wake", "in use again", "is in use again" },
	[ACTION_CUT]    = { "cut", "cut off from the network", "would be cut off from the network" },
};

/** now_s() - as the helper notes it */
static uint64_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec;
}

/**
 * begin_turn() - note the time of this run, for those who ask whether one is due
 * @ret_fd:	keeps others out until it is closed
 *
 * Return: 0; -EWOULDBLOCK when another run goes on; -errno
 */
static int begin_turn(int state_fd, int *ret_fd, struct carrel_error *err)
{
	FD_CLEANUP int fd = openat(state_fd, NAME_COLLECTED,
				   O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || futimens(fd, NULL) < 0)
		return error_set_errno(err, errno, "%s/%s", PATH_STATE, NAME_COLLECTED);
	*ret_fd = fd_steal(&fd);
	return 0;
}

/** plan() - a task for each carrel to which something is to be done */
static int plan(struct collection *collection, struct carrel_error *err)
{
	struct config config;
	const char *warning;

	int rc = source_config_in_force(collection->invocation->config, collection->state_fd, false,
					&collection->arena, &config, &warning, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < collection->survey.list.count; i++) {
		const struct surveyed *surveyed = &collection->survey.list.items[i];
		struct lifetime lifetime = survey_lifetime(surveyed, now_s(), config.linger_s);
		struct task task = {
			.surveyed = surveyed, .step = lifetime_decide(&lifetime),
			.cut = lifetime_cuts(&lifetime) &&
			       (!surveyed->sight.record.cut || surveyed->link_up),
		};

		if (task.step == LIFETIME_KEEP && !task.cut)
			continue;
		struct task *place = ARENA_APPEND(&collection->arena, &collection->tasks);
		if (!place)
			return error_set_errno(err, ENOMEM, "noting what is to be done");
		*place = task;
	}
	return 0;
}

/** show_action() - append a line, or a JSON object */
static void show_action(struct collection *collection, const struct task *task,
			enum action action)
{
	const struct sight *sight = &task->surveyed->sight;
	const struct action_words *words = &action_words[action];
	struct buffer *text = &collection->text;
	const char *user = sight->recorded ? sight->record.user : "";

	if (collection->invocation->json) {
		buffer_puts(text, collection->shown++ ? ",\n {" : "{");
		json_string(text, "user", user);
		json_number(text, "uid", sight->seen.uid);
		json_string(text, "action", words->json);
		json_bool(text, "whole", sight->whole);
		buffer_puts(text, "}");
		return;
	}
	collection->shown++;
	if (*user)
		cli_put_printable(text, user);
	else
		buffer_printf(text, "uid %u", sight->seen.uid);
	buffer_printf(text, ": %s%s\n", sight->whole ? "" : "remains ",
		      collection->invocation->dry_run ? words->planned : words->done);
}

/** show_task() - what is, or was, done about one carrel */
static void show_task(struct collection *collection, const struct task *task)
{
	switch (task->step) {
	case LIFETIME_REMOVE:
		show_action(collection, task, ACTION_REMOVE);
		return;
	case LIFETIME_NOTE:
		show_action(collection, task, ACTION_NOTE);
		break;
	case LIFETIME_WAKE:
		show_action(collection, task, ACTION_WAKE);
		break;
	case LIFETIME_KEEP:
		break;
	}
	if (task->cut)
		show_action(collection, task, ACTION_CUT);
}

/** was_done() - look whether the helper has done it; a login may have been faster */
static bool was_done(const struct collection *collection, const struct task *task)
{
	const struct sight *before = &task->surveyed->sight;
	struct sight after;

	if (sight_take(collection->state_fd, before->seen.uid, &after, NULL) < 0)
		return false;
	if (task->step == LIFETIME_REMOVE)
		return !after.recorded && !after.seen.pinned_inode;
	return task->step == LIFETIME_KEEP ? after.record.cut :
					     !sight_same(&before->seen, &after.seen);
}

/** clear_pin() - of what @task removed, the helper has to leave a file that is root's */
static void clear_pin(const struct task *task)
{
	char pin[NETNS_NAME_SIZE];

	if (task->step != LIFETIME_REMOVE)
		return;
	name_of_netns(task->surveyed->sight.seen.uid, pin);
	netns_clear(pin);
}

/** ask_helper() - have the helper do @count tasks; CLI_OK or, after a complaint, CLI_FAILURE */
static int ask_helper(const struct collection *collection, const struct task *tasks, size_t count)
{
	const struct client_options options = {
		.helper = PATH_HELPER, .timeout_ms = CLI_HELPER_TIMEOUT_MS,
	};
	struct wire_carrel carrels[WIRE_MAX_CARRELS];
	const struct wire_request request = {
		.operation = WIRE_COLLECT,
		.subject = { .user = "root", .service = CLI_SERVICE, .tty = "", .rhost = "" },
		.config = collection->invocation->config,
		.carrels = carrels, .carrel_count = count,
	};
	CLIENT_REPLY_CLEANUP struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };
	struct carrel_error err = { 0 };

	for (size_t i = 0; i < count; i++)
		carrels[i] = tasks[i].surveyed->sight.seen;
	if (client_call(&options, &request, &reply, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	cli_complain_lines(reply.reply.warnings);
	if (reply.reply.status != WIRE_OK) {
		cli_complain("%s", reply.reply.message);
		return CLI_FAILURE;
	}
	return *reply.reply.warnings ? CLI_FAILURE : CLI_OK;
}

/** advance_once() - carrels whose policies name the host learn its addresses; how many, or -1 */
static int advance_once(struct collection *collection)
{
	const struct client_options options = {
		.helper = PATH_HELPER, .timeout_ms = CLI_HELPER_TIMEOUT_MS,
	};
	const struct wire_request request = {
		.operation = WIRE_EDITIONS,
		.subject = { .user = "root", .service = CLI_SERVICE, .tty = "", .rhost = "" },
		.config = collection->invocation->config,
	};
	CLIENT_REPLY_CLEANUP struct client_reply reply = { .netns_fd = -1, .session_fd = -1 };
	struct carrel_error err = { 0 };

	if (client_call(&options, &request, &reply, &err) < 0) {
		collection->status = cli_fail(CLI_FAILURE, &err);
		return -1;
	}
	cli_complain_lines(reply.reply.warnings);
	if (reply.reply.status != WIRE_OK)
		cli_complain("%s", reply.reply.message);
	if (reply.reply.status != WIRE_OK || *reply.reply.warnings) {
		collection->status = CLI_FAILURE;
		return -1;
	}
	return (int)reply.reply.number;
}

/** has_link() - the kernel still has the link of what @task removed */
static bool has_link(const struct task *task)
{
	char name[LINK_NAME_SIZE];

	name_of_host_link(task->surveyed->sight.seen.uid, name);
	return task->step == LIFETIME_REMOVE && if_nametoindex(name) != 0;
}

/** pace() - wait until the kernel has cleared up after @count tasks */
static void pace(const struct task *tasks, size_t count)
{
	const struct timespec step = { .tv_nsec = PACE_STEP_MS * 1000000L };
	size_t next = 0;

	for (int i = 0; i < PACE_STEPS_MAX; i++) {
		while (next < count && !has_link(&tasks[next]))
			next++;
		if (next == count)
			return;
		nanosleep(&step, NULL);
	}
}

/** work() - do all tasks, in batches */
static void work(struct collection *collection)
{
	size_t done = 0, count = collection->tasks.count;

	/* Temporary files alone are worth a request too. */
	while (done < count || (done == 0 && collection->survey.temporaries)) {
		const struct task *tasks = collection->tasks.items + done;
		size_t batch = count - done < WIRE_MAX_CARRELS ? count - done : WIRE_MAX_CARRELS;

		int status = ask_helper(collection, tasks, batch);
		if (status != CLI_OK)
			collection->status = status;
		for (size_t i = 0; i < batch; i++)
			if (was_done(collection, &tasks[i])) {
				clear_pin(&tasks[i]);
				show_task(collection, &tasks[i]);
			}
		done += batch;
		if (done >= count)
			return;
		pace(tasks, batch);
	}
}

/** collect() - look, decide, act, tell; exit status */
static int collect(struct collection *collection)
{
	struct carrel_error err = { 0 };

	/* Without the directory nobody ever logged in. */
	if (collection->state_fd >= 0 &&
	    survey_take(collection->state_fd, &collection->arena, &collection->survey, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	int rc = plan(collection, &err);
	if (rc < 0)
		return cli_fail(rc == -ENOMEM ? CLI_FAILURE : CLI_INVALID, &err);

	if (collection->invocation->json)
		buffer_puts(&collection->text, "[");
	if (collection->invocation->dry_run)
		for (size_t i = 0; i < collection->tasks.count; i++)
			show_task(collection, &collection->tasks.items[i]);
	else
		work(collection);
	if (!collection->invocation->dry_run &&
	    pins_settle(collection->state_fd, &err) < 0)
		collection->status = cli_fail(CLI_FAILURE, &err);
	/* The helper takes so many at a time. */
	while (!collection->invocation->dry_run && collection->survey.list.count &&
	       advance_once(collection) > 0)
		;
	if (collection->invocation->json)
		buffer_puts(&collection->text, "]\n");
	int status = cli_print(&collection->text);
	return status != CLI_OK ? status : collection->status;
}

int cli_gc(const struct invocation *invocation)
{
	FD_CLEANUP int state_fd = -1, turn_fd = -1;
	struct carrel_error err = { 0 };

	int status = cli_need_root("gc");
	if (status != CLI_OK)
		return status;
	if (hostns_enter_pins(&err) < 0 || view_open_state(&state_fd, &err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	if (state_fd >= 0 && !invocation->dry_run) {
		int rc = begin_turn(state_fd, &turn_fd, &err);

		if (rc == -EWOULDBLOCK) {
			cli_complain("another 'carrel gc' is at work");
			return CLI_OK;
		}
		if (rc < 0)
			return cli_fail(CLI_FAILURE, &err);
	}

	struct collection collection = { .invocation = invocation, .state_fd = state_fd };
	status = collect(&collection);
	buffer_free(&collection.text);
	arena_free(&collection.arena);
	fd_close(&turn_fd);
	if (state_fd >= 0 && !invocation->dry_run)
		refresh_neglected(invocation->config, state_fd);
	return status;
}
