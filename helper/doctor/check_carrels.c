/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Are the host's table, and the carrels that there are, as they should be? See cli/diff.h. */
#include <errno.h>
#include <time.h>

#include "base/error.h"
#include "cli/cli.h"
#include "cli/diff.h"
#include "cli/hostns.h"
#include "cli/view.h"
#include "doctor/checks.h"

/* Longer than thousands of carrels take, and not longer than somebody waits. */
#define COMPARE_MAX_MS  60000
/* So often those who wait are told how far it is. */
#define PROGRESS_MS     5000

/** describe() - one difference, as text from the arena; NULL: out of memory */
static const char *describe(struct doctor *doctor, const struct difference *difference)
{
	BUFFER_CLEANUP struct buffer text = { 0 };

	difference_describe(difference, &text);
	return text.failed ? NULL : arena_strdup(doctor->arena, text.data);
}

/** fix_for() - what brings @user's carrel back to what is intended; NULL: out of memory */
static const char *fix_for(struct doctor *doctor, const char *user, enum remedy remedy)
{
	switch (remedy) {
	case REMEDY_REPAIR:
		return arena_printf(doctor->arena, "carrel repair %s", user);
	case REMEDY_APPLY:
		return arena_printf(doctor->arena, "carrel apply %s", user);
	case REMEDY_REMOVE:
		return arena_printf(doctor->arena, "carrel remove %s\n# cuts the open sessions; the next "
				    "login makes a new carrel", user);
	case REMEDY_OTHERS:
		return "";
	}
	return "";
}

/** severity_of() - is it wrong, or somebody's choice? */
static enum doctor_severity severity_of(enum remedy remedy)
{
	return remedy == REMEDY_OTHERS || remedy == REMEDY_APPLY ? DOCTOR_NOTICE : DOCTOR_WRONG;
}

/** add_difference() - of the carrel of @user */
static int add_difference(struct doctor *doctor, const char *user,
			  const struct difference *difference)
{
	const char *text = describe(doctor, difference);

	if (!text)
		return -ENOMEM;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = severity_of(difference->remedy),
		.what = arena_printf(doctor->arena, "the carrel of %s: %s: %s", user,
				     plan_place_name(difference->place), text),
		.why = difference->remedy == REMEDY_APPLY ?
		       "open sessions go on under the rules of before" :
		       "it is not what the policy says",
		.fix = fix_for(doctor, user, difference->remedy),
	});
}

/** add_differences() - of the carrel of @user; an edit that nobody applied is one, of many rules */
static int add_differences(struct doctor *doctor, const char *user,
			   const struct differences *differences)
{
	bool edited = false;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < differences->list.count; i++) {
		const struct difference *difference = &differences->list.items[i];

		if (difference->remedy == REMEDY_APPLY && edited)
			continue;
		edited |= difference->remedy == REMEDY_APPLY;
		rc = add_difference(doctor, user, difference);
	}
	return rc;
}

int doctor_check_host(struct doctor *doctor, struct carrel_error *err)
{
	struct differences differences = { 0 };
	int rc = 0;

	if (diff_host(doctor->state_fd, doctor->arena, &differences) != CLI_OK)
		return error_set(err, EIO, "see the message above");
	for (size_t i = 0; rc == 0 && i < differences.list.count; i++) {
		const char *text = describe(doctor, &differences.list.items[i]);

		if (!text)
			return -ENOMEM;
		rc = doctor_add(doctor, (struct doctor_finding){
			.severity = DOCTOR_WRONG,
			.what = arena_printf(doctor->arena, "on the host: %s", text),
			.why = "what keeps carrels from each other and from the host stands there; the "
			       "next login puts it right",
			.fix = "carrel repair",
		});
	}
	return rc;
}

struct walk {
	struct doctor *doctor;
	size_t compared, left;
	uint64_t end_ms, progress_ms;   /* of CLOCK_MONOTONIC */
};

/** now_ms() - of a clock that nobody sets */
static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/** is_time_left() - else @walk only counts what is left; tells of the progress when it is slow */
static bool is_time_left(struct walk *walk)
{
	uint64_t now = now_ms();

	if (now >= walk->end_ms) {
		walk->left++;
		return false;
	}
	if (now >= walk->progress_ms) {
		cli_complain("%zu carrels compared so far", walk->compared);
		walk->progress_ms = now + PROGRESS_MS;
	}
	walk->compared++;
	return true;
}

/** check_carrel() - view_each_record() callback */
static int check_carrel(const struct record *record, int rc, const struct carrel_error *why,
			void *context)
{
	/* Only what is different is kept: there may be thousands. */
	ARENA_CLEANUP struct arena arena = { 0 };
	struct walk *walk = context;
	struct doctor *doctor = walk->doctor;
	struct diff diff;

	if (rc < 0)
		return doctor_add(doctor, (struct doctor_finding){
			.severity = DOCTOR_WRONG, .what = arena_strdup(doctor->arena, why->text),
			.why = "a carrel whose record cannot be read is made anew at the next login",
			.fix = "",
		});
	/* What cannot be compared was said, and is not different for that. */
	if (!is_time_left(walk) ||
	    diff_carrel(doctor->config_path, doctor->state_fd, record->uid, record->user, &arena,
			&diff) != CLI_OK)
		return 0;
	return add_differences(doctor, record->user, &diff.differences);
}

int doctor_check_carrels(struct doctor *doctor, struct carrel_error *err)
{
	HOSTNS_VISIT_CLEANUP struct hostns_visit visit;
	uint64_t now = now_ms();
	struct walk walk = {
		.doctor = doctor, .end_ms = now + COMPARE_MAX_MS, .progress_ms = now + PROGRESS_MS,
	};
	int rc = hostns_visit_pins(&visit, err);

	if (rc == 0)
		rc = view_each_record(doctor->state_fd, check_carrel, &walk, err);
	if (rc < 0 || !walk.left)
		return rc;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_UNCHECKED,
		.what = arena_printf(doctor->arena, "%zu carrels were not compared with their policies, "
				     "after %zu that were", walk.left, walk.compared),
		.why = arena_printf(doctor->arena, "%d s were over; 'carrel diff USER' compares one, "
				    "'carrel repair --dry-run' all", COMPARE_MAX_MS / 1000),
		.fix = "",
	});
}
