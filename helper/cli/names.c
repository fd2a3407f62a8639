/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/names.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "pam/subject.h"

/* Where PAM looks for services: the administrator's files, then those of packages. */
static const char *const service_directories[] = { "/etc/pam.d", "/usr/lib/pam.d" };

/** user_missing() - do the name services say that there is no user @name? */
static bool user_missing(const char *name, struct arena *arena)
{
	struct account account;

	return subject_find_account(name, arena, &account, NULL) == -ENOENT;
}

/** group_missing() - the same for a group */
static bool group_missing(const char *name, struct arena *arena)
{
	gid_t gid;

	return subject_find_group(name, arena, &gid, NULL) == -ENOENT;
}

/** service_missing() - is @name no service of PAM, nor the one of this command? */
static bool service_missing(const char *name, struct arena *arena)
{
	if (strcmp(name, CLI_SERVICE) == 0)
		return false;
	for (size_t i = 0; i < sizeof(service_directories) / sizeof(service_directories[0]); i++) {
		const char *path = arena_printf(arena, "%s/%s", service_directories[i], name);

		if (!path || access(path, F_OK) == 0 || errno != ENOENT)
			return false;
	}
	return true;
}

/* The kinds of conditions that name something of the system. */
static const struct kind {
	const char *word;
	bool (*missing)(const char *name, struct arena *arena);
} kinds[CONDITION_COUNT] = {
	[CONDITION_USER]    = { "user", user_missing },
	[CONDITION_GROUP]   = { "group", group_missing },
	[CONDITION_SERVICE] = { "service", service_missing },
};

/** check_condition() - warn of the names in one condition of the assignment at @line */
static void check_condition(const struct condition *condition, const struct position *line,
			    struct arena *arena, struct diagnostics *diagnostics)
{
	const struct kind *kind = &kinds[condition->kind];

	for (size_t i = 0; kind->missing && i < condition->values.count; i++) {
		const struct condition_value *value = &condition->values.items[i];
		struct position position = *line;

		position.column = value->column;
		if (kind->missing(value->name, arena))
			diagnostic_add(diagnostics, SEVERITY_WARNING, &position,
				       "there is no %s '%s' on this system", kind->word,
				       value->name);
	}
}

void names_check(const struct config *config, struct arena *arena,
		 struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < config->assignments.count; i++) {
		const struct assignment *assignment = &config->assignments.items[i];

		for (size_t k = 0; k < assignment->conditions.count; k++)
			check_condition(&assignment->conditions.items[k], &assignment->position,
					arena, diagnostics);
	}
}
