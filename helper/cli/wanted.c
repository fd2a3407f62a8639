/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/wanted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cli/cli.h"
#include "cli/view.h"
#include "core/names.h"
#include "state/source.h"

/* What the gathering goes by. */
struct gathering {
	const char *config_path;
	int state_fd;
	struct arena *arena;
	struct config config;
	struct wanted wanted;
};

/** add_policy() - the entry of the policy @name; NULL on ENOMEM */
static struct wanted_policy *add_policy(struct gathering *gathering, const char *name)
{
	struct wanted *wanted = &gathering->wanted;

	for (size_t i = 0; i < wanted->policies.count; i++)
		if (strcmp(wanted->policies.items[i].name, name) == 0)
			return &wanted->policies.items[i];
	struct wanted_policy *added = ARENA_APPEND(gathering->arena, &wanted->policies);
	const char *kept = arena_strdup(gathering->arena, name);
	if (!added || !kept)
		return NULL;
	added->name = kept;
	return added;
}

/** add_carrel() - record_each() callback: who has a policy now */
static int add_carrel(const struct record *record, int rc, const struct carrel_error *why,
		      void *context)
{
	struct gathering *gathering = context;

	(void)why;      /* "list" and the next login speak of a record that cannot be read */
	if (rc < 0)
		return 0;
	struct wanted_policy *policy = add_policy(gathering, record->policy);
	uid_t *uid = policy ? ARENA_APPEND(gathering->arena, &policy->carrels) : NULL;
	if (!uid)
		return -ENOMEM;
	*uid = record->uid;
	return 0;
}

/** read_policy() - the text in force of one entry; 0 or -ENOMEM */
static int read_policy(const struct gathering *gathering, struct wanted_policy *entry)
{
	struct carrel_error err = { 0 };
	const char *warning;
	struct policy policy;

	/* That the last valid text decides is said at login and by "check". */
	int rc = source_policy_in_force(gathering->config_path, &gathering->config, entry->name,
					gathering->state_fd, false, gathering->arena, &policy,
					&warning, &err);
	if (rc == 0)
		entry->policy = policy;
	else if (rc != -ENOMEM)
		cli_complain("%s", err.text);
	return rc == -ENOMEM ? rc : 0;
}

/** compare_names() - for qsort() */
static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/** collect_names() - of all policies, sorted, each once, as many as there may be; 0 or -ENOMEM */
static int collect_names(struct gathering *gathering)
{
	struct wanted *wanted = &gathering->wanted;
	size_t kept = 0;

	for (size_t i = 0; i < wanted->policies.count; i++) {
		const struct policy *policy = &wanted->policies.items[i].policy;

		for (size_t j = 0; j < policy->names.count; j++) {
			const char **name = ARENA_APPEND(gathering->arena, &wanted->names);
			if (!name)
				return -ENOMEM;
			*name = policy->names.items[j].name;
		}
	}
	if (wanted->names.count)
		qsort(wanted->names.items, wanted->names.count, sizeof(*wanted->names.items),
		      compare_names);
	for (size_t i = 0; i < wanted->names.count; i++)
		if (i == 0 || strcmp(wanted->names.items[i], wanted->names.items[i - 1]) != 0)
			wanted->names.items[kept++] = wanted->names.items[i];
	wanted->left_out = kept > NAMES_MAX ? kept - NAMES_MAX : 0;
	wanted->names.count = kept - wanted->left_out;
	return 0;
}

/** add_assigned() - the policies that logins can be given; 0 or -ENOMEM */
static int add_assigned(struct gathering *gathering)
{
	for (size_t i = 0; i < gathering->config.assignments.count; i++) {
		const struct assignment *assignment = &gathering->config.assignments.items[i];

		if (assignment->kind == ASSIGN_POLICY && !add_policy(gathering, assignment->policy))
			return -ENOMEM;
	}
	return 0;
}

int wanted_list_carrels(int state_fd, struct arena *arena, struct wanted *wanted, bool *ret_more)
{
	struct gathering gathering = { .state_fd = state_fd, .arena = arena, .wanted = *wanted };
	struct carrel_error err = { 0 };

	for (size_t i = 0; i < wanted->policies.count; i++)
		gathering.wanted.policies.items[i].carrels.count = 0;
	int rc = view_each_record(state_fd, add_carrel, &gathering, &err);
	if (rc < 0)
		return rc == -ENOMEM ? cli_out_of_memory() : cli_fail(CLI_FAILURE, &err);
	*ret_more = gathering.wanted.policies.count > wanted->policies.count;
	*wanted = gathering.wanted;
	return CLI_OK;
}

int wanted_gather(const char *config_path, int state_fd, struct arena *arena, struct wanted *ret)
{
	struct gathering gathering = {
		.config_path = config_path, .state_fd = state_fd, .arena = arena,
	};
	struct carrel_error err = { 0 };
	const char *warning;

	int rc = source_config_in_force(config_path, state_fd, false, arena, &gathering.config,
					&warning, &err);
	if (rc < 0)
		return cli_fail(rc == -ENOMEM ? CLI_FAILURE : CLI_INVALID, &err);
	rc = add_assigned(&gathering);
	if (rc == 0)
		rc = view_each_record(state_fd, add_carrel, &gathering, &err);
	for (size_t i = 0; i < gathering.wanted.policies.count && rc == 0; i++)
		rc = read_policy(&gathering, &gathering.wanted.policies.items[i]);
	if (rc == 0)
		rc = collect_names(&gathering);
	if (rc < 0)
		return rc == -ENOMEM ? cli_out_of_memory() : cli_fail(CLI_FAILURE, &err);
	*ret = gathering.wanted;
	return CLI_OK;
}
