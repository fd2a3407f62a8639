/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of checks, and the subcommand that goes through it. */
#include "doctor/checks.h"

#include <errno.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/hostns.h"
#include "cli/view.h"
#include "doctor/coverage.h"
#include "kernel/netns.h"

static const struct doctor_check checks[] = {
	{ "account", "the account of the helper", DOCTOR_NEEDS_NOTHING, doctor_check_account },
	{ "modes", "owners and modes of files", DOCTOR_NEEDS_NOTHING, doctor_check_modes },
	{ "versions", "the versions of the module, the helper and this command", DOCTOR_NEEDS_NOTHING,
	  doctor_check_versions },
	{ "config", "the configuration and the policies", DOCTOR_NEEDS_NOTHING,
	  doctor_check_config },
	{ "pam", "PAM's services", DOCTOR_NEEDS_NOTHING, doctor_check_pam },
	{ "exempt", "who is let through by exempt=", DOCTOR_NEEDS_NOTHING, doctor_check_exempt },
	{ "sshd", "the configuration of sshd", DOCTOR_NEEDS_ROOT, doctor_check_sshd },
	{ "processes", "processes outside their users' carrels", DOCTOR_NEEDS_ROOT,
	  doctor_check_processes },
	{ "daemons", "daemons that start users' processes", DOCTOR_NEEDS_ROOT,
	  doctor_check_daemons },
	{ "groups", "groups that lead around PAM", DOCTOR_NEEDS_NOTHING, doctor_check_groups },
	{ "timer", "the timer that removes idle carrels", DOCTOR_NEEDS_NOTHING,
	  doctor_check_timer },
	{ "names", "the hosts that policies name", DOCTOR_NEEDS_NOTHING, doctor_check_names },
	{ "pools", "the addresses of carrels", DOCTOR_NEEDS_HOST, doctor_check_pools },
	{ "forwarding", "forwarding, and router advertisements", DOCTOR_NEEDS_HOST,
	  doctor_check_forwarding },
	{ "resolvers", "who answers for names", DOCTOR_NEEDS_NOTHING, doctor_check_resolvers },
	{ "addresses", "what carrels know of the host's addresses", DOCTOR_NEEDS_HOST,
	  doctor_check_addresses },
	{ "host", "carrel's table on the host", DOCTOR_NEEDS_ROOT, doctor_check_host },
	{ "carrels", "the carrels that there are", DOCTOR_NEEDS_ROOT, doctor_check_carrels },
	/* Last: making a network mends part of what the others look at. */
	{ "helper", "whether a network can be made", DOCTOR_NEEDS_ROOT, doctor_check_helper },
	{ "firewall", "what becomes of packets that leave a carrel", DOCTOR_NEEDS_ROOT,
	  doctor_check_firewall },
};
#define CHECK_COUNT (sizeof(checks) / sizeof(checks[0]))

/** add_unchecked() - the current check could not be done, and why not */
static int add_unchecked(struct doctor *doctor, const char *why)
{
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_UNCHECKED,
		.what = arena_printf(doctor->arena, "cannot look at %s", doctor->current->looks_at),
		.why = arena_strdup(doctor->arena, why), .fix = "",
	});
}

/** is_pinned_as() - view_each_record() callback: 1 when the record is of the namespace @context */
static int is_pinned_as(const struct record *record, int rc, const struct carrel_error *why,
			void *context)
{
	const uint64_t *inode = context;

	(void)why;
	return rc == 0 && record->netns_inode == *inode;
}

/** is_in_carrel() - does this process see a carrel's network, and not the host's? */
static bool is_in_carrel(const struct doctor *doctor)
{
	FD_CLEANUP int fd = -1;
	uint64_t inode;

	return doctor->state_fd >= 0 && netns_current(&fd, NULL) == 0 &&
	       netns_inode(fd, &inode, NULL) == 0 &&
	       view_each_record(doctor->state_fd, is_pinned_as, &inode, NULL) > 0;
}

/** obstacle_to() - what is in the way of @check; NULL: nothing */
static const char *obstacle_to(const struct doctor *doctor, const struct doctor_check *check)
{
	if (doctor->root || check->need == DOCTOR_NEEDS_NOTHING)
		return NULL;
	if (check->need == DOCTOR_NEEDS_ROOT)
		return "it takes root";
	return is_in_carrel(doctor) ? "this is a carrel, not the host's network; it takes root" : NULL;
}

/** run_check() - one row of the table; 0 or -ENOMEM */
static int run_check(struct doctor *doctor, const struct doctor_check *check)
{
	const char *obstacle = obstacle_to(doctor, check);
	struct carrel_error err = { 0 };

	doctor->current = check;
	if (obstacle)
		return add_unchecked(doctor, obstacle);
	/* Some take seconds; what they are at is for people who wait, not for scripts. */
	if (isatty(STDERR_FILENO))
		cli_complain("looking at %s", check->looks_at);
	int rc = check->run(doctor, &err);
	if (rc == 0 || rc == -ENOMEM)
		return rc;
	return add_unchecked(doctor, err.text);
}

/** report() - print what was found; exit status */
static int report(const struct doctor *doctor, bool json)
{
	BUFFER_CLEANUP struct buffer text = { 0 };

	if (json)
		doctor_put_json(doctor, checks, CHECK_COUNT, &text);
	else
		doctor_put_text(doctor, CHECK_COUNT, &text);
	int status = cli_print(&text);
	if (status != CLI_OK)
		return status;
	return doctor_is_well(doctor) ? CLI_OK : CLI_NO;
}

/** show_coverage() - print every process outside its user's carrel; exit status */
static int show_coverage(struct doctor *doctor, bool json)
{
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct carrel_error err = { 0 };
	struct strays strays;
	bool leak = false;

	int rc = coverage_take(doctor, &strays, &err);
	if (rc < 0 && rc != -ENOMEM)
		return cli_fail(CLI_FAILURE, &err);
	if (rc == 0)
		rc = json ? coverage_put_json(&strays, doctor->arena, &text) :
			    coverage_put_table(&strays, doctor->arena, &text);
	if (rc < 0)
		return cli_out_of_memory();
	for (size_t i = 0; i < strays.list.count; i++)
		leak = leak || coverage_is_leak(&strays.list.items[i]);
	int status = cli_print(&text);
	if (status != CLI_OK)
		return status;
	return leak ? CLI_NO : CLI_OK;
}

/** examine() - go through the table; exit status */
static int examine(struct doctor *doctor, bool json)
{
	for (size_t i = 0; i < CHECK_COUNT; i++)
		if (run_check(doctor, &checks[i]) < 0)
			return cli_out_of_memory();
	return report(doctor, json);
}

int cli_doctor(const struct invocation *invocation)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	FD_CLEANUP int state_fd = -1;
	struct carrel_error err = { 0 };
	struct doctor doctor = {
		.arena = &arena, .config_path = invocation->config, .root = geteuid() == 0,
	};

	if (doctor.root && hostns_enter(&err) < 0)
		return cli_fail(CLI_FAILURE, &err);
	/* What is wrong with the directory is for a check to say. */
	if (view_open_state(&state_fd, &err) < 0)
		state_fd = -1;
	doctor.state_fd = state_fd;

	if (!invocation->coverage)
		return examine(&doctor, invocation->json);
	int status = cli_need_root("doctor --coverage");
	return status != CLI_OK ? status : show_coverage(&doctor, invocation->json);
}
