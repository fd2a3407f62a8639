/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: the part of source.h that says which text decides
 *
 * It is found in one way for the configuration and for policies (in_force()): the text on
 * disk when it is readable, trusted and valid, which is then kept; else the text that was
 * kept last. What is kept of a policy is all that it is made of: every file, and, as one
 * more text, the sets of the configuration that it was valid with. So the last valid text
 * stays valid whatever happens to the files.
 */
#include "state/source.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "core/expect.h"
#include "state/policytext.h"
#include "state/valid.h"

/* The text of the sets among the files of a policy that are kept: no file's path. */
#define SETS_PATH "sets"

/* A text that decides something, of which the last valid version is kept. */
struct text {
	const char *config_path;
	struct config *ret_config;      /* of the configuration: what a valid text fills */
	const char *policy;             /* of a policy: its name; else NULL */
	const struct config *config;    /* the same: whose sets its rules name */
	struct policy *ret_policy;      /* what a valid text fills */
	struct arena *arena;
};

/* The first error of @diagnostics, or what @rc stands for, in @err. */
static int explain(int rc, const struct diagnostics *diagnostics, const char *path,
		   struct carrel_error *err)
{
	if (diagnostics->errors)
		return diagnostic_to_error(diagnostics, err);
	return rc ? error_set_errno(err, -rc, "reading %s", path) : 0;
}

/* Understand a configuration. */
static int parse_config(const struct text *text, const struct sources *sources,
			struct carrel_error *err)
{
	struct diagnostics diagnostics = { .arena = text->arena };
	int rc = config_parse(sources, text->arena, text->ret_config, &diagnostics);

	return explain(rc, &diagnostics, text->config_path, err);
}

/* Understand a policy; what it is made of is in @texts then. */
static int parse_policy(const struct text *text, struct policy_texts *texts,
			const struct config *config, struct carrel_error *err)
{
	struct diagnostics diagnostics = { .arena = text->arena };
	struct policy policy;
	struct source source;

	int rc = policytext_read(texts, text->policy, &source, err);
	if (rc)
		return rc;
	rc = policytext_parse(texts, text->policy, &source, config, &policy, &diagnostics, err);
	/* Of what was kept it was true once; that other pools make it untrue locks nobody out. */
	if (!rc && !texts->closed)
		rc = expect_test(&policy, config, &diagnostics);
	if (rc == -ENOMEM)
		return error_set_errno(err, ENOMEM, "testing the policy '%s'", text->policy);
	if (!rc)
		*text->ret_policy = policy;
	return diagnostics.errors ? diagnostic_to_error(&diagnostics, err) : rc;
}

/* Append the sets of @config, if it has any; 0 or -ENOMEM. */
static int append_sets(const struct config *config, struct arena *arena, struct sources *sources)
{
	BUFFER_CLEANUP struct buffer buffer = { 0 };

	if (!config->sets.count)
		return 0;
	config_write_sets(config, &buffer);
	const char *text = buffer.failed ? NULL : arena_strdup(arena, buffer.data);
	struct source *source = text ? ARENA_APPEND(arena, &sources->list) : NULL;
	if (!source)
		return -ENOMEM;
	*source = (struct source){ .path = SETS_PATH, .text = text, .length = buffer.length };
	return 0;
}

/* The sets among the @sources of a policy that were kept. */
static int parse_sets(const struct sources *sources, struct arena *arena,
		      struct config *ret_config)
{
	struct diagnostics diagnostics = { .arena = arena };
	struct sources sets = { 0 };

	for (size_t i = 0; i < sources->list.count; i++) {
		if (strcmp(sources->list.items[i].path, SETS_PATH) != 0)
			continue;
		struct source *source = ARENA_APPEND(arena, &sets.list);
		if (!source)
			return -ENOMEM;
		*source = sources->list.items[i];
	}
	return config_parse(&sets, arena, ret_config, &diagnostics);
}

/* Understand the text on disk; @ret_sources is what is worth keeping of it. */
static int parse_disk(const struct text *text, struct sources *ret_sources,
		      struct carrel_error *err)
{
	struct policy_texts texts;
	int rc;

	if (!text->policy) {
		rc = source_read_config(text->config_path, true, text->arena, ret_sources, err);
		return rc ? rc : parse_config(text, ret_sources, err);
	}
	rc = policytext_begin(text->config_path, true, text->arena, &texts, err);
	if (!rc)
		rc = parse_policy(text, &texts, text->config, err);
	if (!rc && append_sets(text->config, text->arena, &texts.sources))
		return error_set_errno(err, ENOMEM, "reading the policy '%s'", text->policy);
	if (!rc)
		*ret_sources = texts.sources;
	return rc;
}

/* Understand the text that was kept last; 0 or -errno. */
static int parse_kept(const struct text *text, int state_fd)
{
	char path[VALID_PATH_SIZE];
	struct policy_texts texts;
	struct sources sources;
	struct config config;

	int rc = valid_path(text->config_path, text->policy, path, NULL);
	if (!rc)
		rc = valid_load(state_fd, path, text->arena, &sources, NULL);
	if (!rc && !text->policy)
		return parse_config(text, &sources, NULL);
	if (!rc)
		rc = parse_sets(&sources, text->arena, &config);
	if (!rc)
		rc = policytext_begin(text->config_path, true, text->arena, &texts, NULL);
	if (rc)
		return rc;
	texts.closed = true;
	texts.sources = sources;
	return parse_policy(text, &texts, &config, NULL);
}

/* Keep @sources; a failure is no reason to refuse a login, but one to tell. */
static const char *keep_text(const struct text *text, const struct sources *sources,
			     int state_fd)
{
	char path[VALID_PATH_SIZE];
	struct carrel_error why;

	int rc = valid_path(text->config_path, text->policy, path, &why);
	if (!rc)
		rc = valid_store(state_fd, path, sources, text->arena, &why);
	return rc ? arena_printf(text->arena, "this version cannot be kept against a later one "
				 "that is invalid: %s", why.text) : NULL;
}

/* Let the text on disk decide, else the one that was kept. */
static int in_force(const struct text *text, int state_fd, bool keep, const char **ret_warning,
		    struct carrel_error *err)
{
	struct sources sources = { 0 };
	struct carrel_error why;

	int rc = parse_disk(text, &sources, &why);
	if (!rc) {
		*ret_warning = keep && state_fd >= 0 ? keep_text(text, &sources, state_fd) : NULL;
		return 0;
	}
	/* With memory short nothing is known about the text. */
	if (rc == -ENOMEM || state_fd < 0 || parse_kept(text, state_fd))
		return error_set(err, -rc, "%s", why.text);

	const char *warning = arena_printf(text->arena, "%s; the last valid version stays in "
					   "force", why.text);
	if (!warning)
		return error_set_errno(err, ENOMEM, "reading %s", text->config_path);
	*ret_warning = warning;
	return 0;
}

/* Paths have a directory, and name the same file to everyone. */
static int check_absolute(const char *path, struct carrel_error *err)
{
	if (path[0] != '/')
		return error_set(err, EINVAL, "'%s' is not an absolute path", path);
	return 0;
}

int source_config_in_force(const char *path, int state_fd, bool keep, struct arena *arena,
			   struct config *ret_config, const char **ret_warning,
			   struct carrel_error *err)
{
	const struct text text = {
		.config_path = path, .ret_config = ret_config, .arena = arena,
	};
	int rc = check_absolute(path, err);

	return rc ? rc : in_force(&text, state_fd, keep, ret_warning, err);
}

int source_policy_in_force(const char *config_path, const struct config *config,
			   const char *name, int state_fd, bool keep, struct arena *arena,
			   struct policy *ret_policy, const char **ret_warning,
			   struct carrel_error *err)
{
	const struct text text = {
		.config_path = config_path, .policy = name, .config = config,
		.ret_policy = ret_policy, .arena = arena,
	};
	int rc = check_absolute(config_path, err);

	if (rc)
		return rc;
	/* It becomes a file name. */
	if (!name_valid_policy(name, strlen(name)) || strcmp(name, POLICY_OVERRIDES) == 0)
		return error_set(err, ENOENT, "'%s' is not the name of a policy", name);
	return in_force(&text, state_fd, keep, ret_warning, err);
}
