/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/policytext.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/paths.h"
#include "core/policy_parse.h"
#include "state/source.h"

int policytext_begin(const char *config_path, bool trusted_only, struct arena *arena,
		     struct policy_texts *ret, struct carrel_error *err)
{
	const char *slash = strrchr(config_path, '/');
	const char *local = arena_printf(arena, "%.*s/policies",
					 slash ? (int)(slash - config_path) : 0, config_path);

	if (!local)
		return error_set_errno(err, ENOMEM, "looking for policies");
	*ret = (struct policy_texts){
		.arena = arena, .local = local, .trusted_only = trusted_only,
	};
	return 0;
}

/* The file at @path, if it was read already. */
static const struct source *find_read(const struct policy_texts *texts, const char *path)
{
	for (size_t i = 0; i < texts->sources.list.count; i++)
		if (strcmp(texts->sources.list.items[i].path, path) == 0)
			return &texts->sources.list.items[i];
	return NULL;
}

/* DIRECTORY/NAME.policy; 0, -ENOENT, -errno. */
static int read_in(struct policy_texts *texts, const char *directory, const char *name,
		   struct source *ret, struct carrel_error *err)
{
	const char *path = arena_printf(texts->arena, "%s/%s.policy", directory, name);
	char *slash;

	if (!path)
		return error_set_errno(err, ENOMEM, "reading the policy '%s'", name);
	const struct source *known = find_read(texts, path);
	if (!known && texts->closed)
		return error_set(err, ENOENT, "%s was not kept", path);
	if (!known) {
		/* The name may have directories of its own; the last one is whose trust counts. */
		char *parent = arena_strdup(texts->arena, path);

		if (!parent)
			return error_set_errno(err, ENOMEM, "reading %s", path);
		slash = strrchr(parent, '/');
		*slash = '\0';
		int rc = source_append(parent, slash + 1, texts->trusted_only, texts->arena,
				       &texts->sources, err);
		if (rc)
			return rc;
		known = &texts->sources.list.items[texts->sources.list.count - 1];
	}
	*ret = *known;
	return 0;
}

int policytext_read(struct policy_texts *texts, const char *name, struct source *ret,
		    struct carrel_error *err)
{
	int rc = -ENOENT;

	if (texts->drafts)
		rc = read_in(texts, texts->drafts, name, ret, err);
	if (rc == -ENOENT)
		rc = read_in(texts, texts->local, name, ret, err);
	if (rc == -ENOENT)
		rc = read_in(texts, PATH_PACKAGED_POLICIES, name, ret, err);
	if (rc == -ENOENT)
		return error_set(err, ENOENT,
				 "there is no policy '%s': neither %s/%s.policy nor %s/%s.policy",
				 name, texts->local, name, PATH_PACKAGED_POLICIES, name);
	return rc;
}

/* For "include" */
static int include(void *reader, const char *name, struct source *ret_source,
		   struct carrel_error *err)
{
	return policytext_read(reader, name, ret_source, err);
}

int policytext_parse(struct policy_texts *texts, const char *name, const struct source *source,
		     const struct config *config, struct policy *ret_policy,
		     struct diagnostics *diagnostics, struct carrel_error *err)
{
	struct source overrides;
	struct policy_context context = {
		.config = config, .overrides = &overrides, .include = include, .reader = texts,
	};

	/* Only the administrator's: a package has nothing to say about other packages' policies. */
	int rc = read_in(texts, texts->local, POLICY_OVERRIDES, &overrides, err);
	if (rc == -ENOENT)
		context.overrides = NULL;
	else if (rc)
		return rc;
	rc = policy_parse_within(&context, name, source, texts->arena, ret_policy, diagnostics);
	if (rc == -ENOMEM)
		return error_set_errno(err, ENOMEM, "reading %s", source->path);
	return rc;
}
