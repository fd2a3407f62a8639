/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/check.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/name.h"
#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/names.h"
#include "cli/pins.h"
#include "cli/policyfile.h"
#include "cli/readable.h"
#include "core/expect.h"
#include "core/policy.h"
#include "core/shadow.h"
#include "state/policytext.h"
#include "state/resolvers.h"
#include "state/source.h"

/* One run. The functions below return 0, also when they found something, or -ENOMEM. */
struct check {
	struct arena *arena;
	const char *config;             /* path of carrel.conf */
	struct policy_files known;      /* the policies that assignments may name */
	struct config settings;         /* what policies are tested with */
	bool settled;                   /* these are the administrator's, not the built-in ones */
	bool broken;                    /* the administrator's are there, and cannot be used */
	ARENA_LIST(const char *) parts;  /* paths of what policies include */
	struct findings findings;
};

/** note_error() - @err concerns all of @path; memory that ran out concerns the run */
static int note_error(struct check *check, const char *path, int rc,
		      const struct carrel_error *err)
{
	if (rc == -ENOMEM)
		return rc;
	return findings_add_file(&check->findings, check->arena, path, err->text);
}

/**
 * note_overrides() - @err concerns the overrides: once, whatever policies they stand before
 *
 * Those are what they are together with them.
 */
static int note_overrides(struct check *check, const struct policy_texts *texts, int rc,
			  const struct carrel_error *err)
{
	const char *path = arena_printf(check->arena, "%s/" POLICY_OVERRIDES ".policy", texts->local);

	check->findings.unchecked = POLICY_OVERRIDES ".policy";
	return path ? note_error(check, path, rc, err) : -ENOMEM;
}

/** check_readable() - report what root can read and the helper cannot */
static int check_readable(struct check *check, const char *path)
{
	if (!check->findings.trust_checked)
		return 0;
	const char *obstacle = readable_obstacle(path, check->arena);
	return obstacle ? findings_add_file(&check->findings, check->arena, path, obstacle) : 0;
}

/** check_name() - report a policy of a name that no assignment can use */
static int check_name(struct check *check, const char *name, const char *path)
{
	if (name_valid_policy(name, strlen(name)))
		return 0;
	return findings_add_file(&check->findings, check->arena, path,
				 "this is not the name of a policy; expected 1 to 32 lower-case "
				 "letters, digits, '_', '-' and '.', a letter, digit or '_' first, "
				 "and none of 'unconfined', 'host' and 'deny'");
}

/** is_assigned() - can a user be given the policy @name? */
static bool is_assigned(const struct check *check, const char *name)
{
	for (size_t i = 0; i < check->settings.assignments.count; i++) {
		const struct assignment *assignment = &check->settings.assignments.items[i];

		if (assignment->kind == ASSIGN_POLICY && strcmp(assignment->policy, name) == 0)
			return true;
	}
	return false;
}

/** check_resolvers() - warn where programs under @policy will find no names; 0 or -ENOMEM */
static int check_resolvers(struct check *check, const char *path, struct policy *policy,
			   struct diagnostics *diagnostics)
{
	const struct position whole_file = { .file = path };
	struct carrel_error err = { 0 };
	const char *warning;

	int rc = resolvers_settle(policy, check->arena, &warning, &err);
	if (rc == -ENOMEM)
		return rc;
	if (rc < 0)
		warning = err.text;
	if (warning)
		diagnostic_add(diagnostics, SEVERITY_WARNING,
			       policy->dns.own ? &policy->dns.position : &whole_file, "%s", warning);
	return 0;
}

/**
 * parse_policy() - report what is wrong in the text of the policy @name, and what it includes
 *
 * How this host finds names matters to policies that are in use on it.
 */
static int parse_policy(struct check *check, struct policy_texts *texts, const char *name,
			const struct source *source)
{
	struct diagnostics diagnostics = { .arena = check->arena };
	struct carrel_error err = { 0 };
	struct policy policy;

	int rc = policytext_parse(texts, name, source, &check->settings, &policy, &diagnostics,
				  &err);
	if (rc < 0 && !diagnostics.errors)
		return note_overrides(check, texts, rc, &err);
	if (rc == 0)
		rc = expect_test(&policy, &check->settings, &diagnostics);
	if (rc == 0)
		rc = shadow_check(&policy, &check->settings, check->arena, &diagnostics);
	if (rc == 0 && !texts->drafts && check->settled && is_assigned(check, name))
		rc = check_resolvers(check, source->path, &policy, &diagnostics);
	if (rc == -ENOMEM)
		return rc;
	return findings_add(&check->findings, check->arena, source->path, &diagnostics);
}

/** note_parts() - look at the files of a policy, and remember those beside its own; 0 or -ENOMEM */
static int note_parts(struct check *check, const struct policy_texts *texts, const char *own_path)
{
	for (size_t i = 0; i < texts->sources.list.count; i++) {
		const char *path = texts->sources.list.items[i].path;
		int rc = check_readable(check, path);

		if (rc < 0)
			return rc;
		if (strcmp(path, own_path) == 0)
			continue;
		const char **part = ARENA_APPEND(check->arena, &check->parts);
		if (!part)
			return -ENOMEM;
		*part = path;
	}
	return 0;
}

/** is_part() - is the file at @path there for policies that include it? */
static bool is_part(const struct check *check, const char *path)
{
	for (size_t i = 0; i < check->parts.count; i++)
		if (strcmp(check->parts.items[i], path) == 0)
			return true;
	return false;
}

/** is_overrides() - is @name that of the rules before all policies, and of no policy? */
static bool is_overrides(const char *name)
{
	return strcmp(name, POLICY_OVERRIDES) == 0;
}

/**
 * check_policy() - report what is wrong with the policy in @path
 * @draft:	it is not installed: what it includes may be beside it
 */
static int check_policy(struct check *check, const char *name, const char *path, bool draft)
{
	struct carrel_error err = { 0 };
	struct policy_texts texts;
	struct source source;

	check->findings.policies += !is_overrides(name);
	int rc = check_name(check, name, path);
	if (rc == 0)
		rc = policytext_begin(check->config, check->findings.trust_checked, check->arena,
				      &texts, &err);
	if (rc < 0)
		return rc;
	if (draft) {
		const char *slash = strrchr(path, '/');

		texts.drafts = slash ? arena_strndup(check->arena, path, (size_t)(slash - path)) :
				       ".";
		if (!texts.drafts)
			return -ENOMEM;
		rc = source_read(path, false, check->arena, &source, &err);
	} else {
		rc = policytext_read(&texts, name, &source, &err);
	}
	if (rc < 0)
		return note_error(check, path, rc, &err);
	rc = parse_policy(check, &texts, name, &source);
	return rc < 0 ? rc : note_parts(check, &texts, path);
}

/** check_assigned() - warn of a policy of the administrator's that no user can be given */
static int check_assigned(struct check *check, const struct policy_file *file)
{
	struct diagnostics diagnostics = { .arena = check->arena };
	const struct position whole_file = { .file = file->path };

	if (!check->settled || policy_is_packaged(file->path) || is_part(check, file->path))
		return 0;
	if (is_overrides(file->name) || is_assigned(check, file->name))
		return 0;
	diagnostic_add(&diagnostics, SEVERITY_WARNING, &whole_file,
		       "no assignment gives this policy to anyone");
	return findings_add(&check->findings, check->arena, file->path, &diagnostics);
}

/** check_installed_policies() - every policy that a login could be given */
static int check_installed_policies(struct check *check)
{
	int rc = 0;

	for (size_t i = 0; i < check->known.list.count && rc == 0; i++) {
		const struct policy_file *file = &check->known.list.items[i];

		rc = check_policy(check, file->name, file->path, false);
	}
	for (size_t i = 0; i < check->known.list.count && rc == 0; i++)
		rc = check_assigned(check, &check->known.list.items[i]);
	return rc;
}

/** check_assignment() - report an assignment of a policy that there is not */
static void check_assignment(struct check *check, const struct assignment *assignment,
			     struct diagnostics *diagnostics)
{
	if (assignment->kind != ASSIGN_POLICY || policyfile_get(&check->known, assignment->policy))
		return;

	const char *nearest = policyfile_nearest(&check->known, assignment->policy, check->arena);
	struct position position = assignment->position;

	position.column = assignment->policy_column;
	if (nearest)
		diagnostic_add(diagnostics, SEVERITY_ERROR, &position,
			       "there is no policy '%s' (did you mean '%s'?)", assignment->policy,
			       nearest);
	else
		diagnostic_add(diagnostics, SEVERITY_ERROR, &position,
			       "there is no policy '%s'", assignment->policy);
}

/** check_sources() - report what is wrong with one configuration */
static int check_sources(struct check *check, const struct sources *sources)
{
	struct diagnostics diagnostics = { .arena = check->arena };
	struct config config;

	int rc = config_parse(sources, check->arena, &config, &diagnostics);
	if (rc == -ENOMEM)
		return rc;
	for (size_t i = 0; rc == 0 && i < config.assignments.count; i++)
		check_assignment(check, &config.assignments.items[i], &diagnostics);
	if (rc == 0) {
		names_check(&config, check->arena, &diagnostics);
		pins_check(&config, check->config, &diagnostics);
		check->findings.assignments += config.assignments.count;
	}
	check->findings.files += sources->list.count;
	return findings_add(&check->findings, check->arena, sources->list.items[0].path,
			    &diagnostics);
}

/** check_config() - the configuration that decides about logins */
static int check_config(struct check *check)
{
	struct carrel_error err = { 0 };
	struct sources sources;

	int rc = source_read_config(check->config, check->findings.trust_checked, check->arena,
				    &sources, &err);
	if (rc < 0)
		return note_error(check, check->config, rc, &err);
	for (size_t i = 0; rc == 0 && i < sources.list.count; i++)
		rc = check_readable(check, sources.list.items[i].path);
	return rc < 0 ? rc : check_sources(check, &sources);
}

/**
 * leave_policies() - check no policy without a configuration; say what is wrong with that
 *
 * Half of what would be said of policies had its cause there.
 */
static int leave_policies(struct check *check)
{
	if (check->findings.unchecked)
		return 0;
	check->findings.unchecked = "a valid configuration";
	return check_config(check);
}

/** check_installed() - what decides about logins */
static int check_installed(struct check *check)
{
	if (check->broken)
		return leave_policies(check);
	int rc = check_config(check);
	return rc < 0 ? rc : check_installed_policies(check);
}

/** check_config_file() - @path as a configuration of one file */
static int check_config_file(struct check *check, const char *path)
{
	struct carrel_error err = { 0 };
	struct sources sources = { 0 };
	struct source *source = ARENA_APPEND(check->arena, &sources.list);

	if (!source)
		return -ENOMEM;
	int rc = source_read(path, false, check->arena, source, &err);
	return rc < 0 ? note_error(check, path, rc, &err) : check_sources(check, &sources);
}

/** know_policies() - let assignments name the policies among the @files, too */
static int know_policies(struct check *check, int count, char *const *files)
{
	for (int i = 0; i < count; i++) {
		const char *name;

		if (policyfile_name(files[i], check->arena, &name) < 0)
			return -ENOMEM;
		if (!name)
			continue;
		struct policy_file *known = ARENA_APPEND(check->arena, &check->known.list);
		if (!known)
			return -ENOMEM;
		*known = (struct policy_file){ .name = name, .path = files[i] };
	}
	return 0;
}

/** check_files() - the files that were named, whoever may write them */
static int check_files(struct check *check, int count, char *const *files)
{
	int rc = know_policies(check, count, files);

	for (int i = 0; rc == 0 && i < count; i++) {
		const char *name;

		rc = policyfile_name(files[i], check->arena, &name);
		if (rc < 0)
			break;
		if (!name)
			rc = check_config_file(check, files[i]);
		else
			rc = check->broken ? leave_policies(check) :
			     check_policy(check, name, files[i], true);
	}
	return rc;
}

/**
 * settle() - find the configuration that policies are tested with
 *
 * What is wrong with it is said where it is checked itself; then it is the built-in one.
 */
static int settle(struct check *check)
{
	struct diagnostics unheard = { .arena = check->arena };
	struct sources sources = { 0 };

	int rc = source_read_config(check->config, false, check->arena, &sources, NULL);
	if (rc == 0)
		rc = config_parse(&sources, check->arena, &check->settings, &unheard);
	check->settled = rc == 0;
	check->broken = rc < 0 && rc != -ENOENT;
	if (rc == 0 || rc == -ENOMEM)
		return rc;
	sources = (struct sources){ 0 };
	return config_parse(&sources, check->arena, &check->settings, &unheard);
}

/** begin() - find what everything else is tested with */
static int begin(struct check *check)
{
	struct carrel_error err = { 0 };

	int rc = policyfile_find(check->config, check->arena, &check->known, &err);
	if (rc < 0)
		rc = note_error(check, check->config, rc, &err);
	return rc < 0 ? rc : settle(check);
}

int check_configuration(const char *config, struct arena *arena, struct findings *ret)
{
	struct check check = { .arena = arena, .config = config };

	check.findings.trust_checked = geteuid() == 0;
	int rc = begin(&check);
	if (rc == 0)
		rc = check_installed(&check);
	if (rc == 0)
		*ret = check.findings;
	return rc;
}

int cli_check(const struct invocation *invocation)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct check check = { .arena = &arena, .config = invocation->config };
	int files = invocation->argument_count;

	/* Files elsewhere are drafts: whose they are says nothing. */
	check.findings.trust_checked = files == 0 && geteuid() == 0;
	int rc = begin(&check);
	if (rc == 0)
		rc = files ? check_files(&check, files, invocation->arguments) :
			     check_installed(&check);
	if (rc < 0)
		return cli_out_of_memory();

	if (invocation->json)
		findings_put_json(&check.findings, &text);
	else
		findings_put_text(&check.findings, &text);
	int status = cli_print(&text);
	if (status != CLI_OK)
		return status;
	return check.findings.errors ? CLI_INVALID : CLI_OK;
}
