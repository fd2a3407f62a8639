/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/policyfile.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/name.h"
#include "base/paths.h"

#define SUFFIX ".policy"

int policyfile_name(const char *path, struct arena *arena, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	const char *file = slash ? slash + 1 : path;
	size_t length = strlen(file), suffix = strlen(SUFFIX);

	/* Hidden files are editors' and package managers'. */
	if (file[0] == '.' || length <= suffix || strcmp(file + length - suffix, SUFFIX) != 0) {
		*ret_name = NULL;
		return 0;
	}
	const char *name = arena_strndup(arena, file, length - suffix);
	if (!name)
		return -ENOMEM;
	*ret_name = name;
	return 0;
}

const struct policy_file *policyfile_get(const struct policy_files *files, const char *name)
{
	for (size_t i = 0; i < files->list.count; i++)
		if (strcmp(files->list.items[i].name, name) == 0)
			return &files->list.items[i];
	return NULL;
}

const char *policyfile_nearest(const struct policy_files *files, const char *name,
			       struct arena *arena)
{
	const char **names = arena_alloc(arena, (files->list.count + 1) * sizeof(*names));

	if (!names)
		return NULL;
	for (size_t i = 0; i < files->list.count; i++)
		names[i] = files->list.items[i].name;
	return name_nearest(name, strlen(name), names);
}

/** add_file() - note @directory/@file when it is a policy that is not overridden; 0, -ENOMEM */
static int add_file(const char *directory, const char *file, struct arena *arena,
		    struct policy_files *files)
{
	const char *path = arena_printf(arena, "%s/%s", directory, file);
	const char *name;

	if (!path || policyfile_name(path, arena, &name) < 0)
		return -ENOMEM;
	if (!name || policyfile_get(files, name))
		return 0;
	struct policy_file *added = ARENA_APPEND(arena, &files->list);
	if (!added)
		return -ENOMEM;
	added->name = name;
	added->path = path;
	return 0;
}

/** add_directory() - note the policies in @directory, which need not exist */
static int add_directory(const char *directory, struct arena *arena, struct policy_files *files,
			 struct carrel_error *err)
{
	const struct dirent *entry;
	int rc = 0;

	DIR *stream = opendir(directory);
	if (!stream)
		return errno == ENOENT ? 0 : error_set_errno(err, errno, "cannot open %s",
							     directory);
	for (;;) {
		errno = 0;
		entry = readdir(stream);
		if (!entry) {
			rc = -errno;
			break;
		}
		rc = add_file(directory, entry->d_name, arena, files);
		if (rc < 0)
			break;
	}
	closedir(stream);
	return rc < 0 ? error_set_errno(err, -rc, "cannot read %s", directory) : 0;
}

/** compare_names() - qsort(3) order of policies */
static int compare_names(const void *a, const void *b)
{
	const struct policy_file *left = a, *right = b;

	return strcmp(left->name, right->name);
}

int policyfile_find(const char *config_path, struct arena *arena, struct policy_files *ret,
		    struct carrel_error *err)
{
	struct policy_files files = { 0 };
	const char *slash = strrchr(config_path, '/');
	const char *local = arena_printf(arena, "%.*s/policies",
					 slash ? (int)(slash - config_path) : 0, config_path);

	if (!local)
		return error_set_errno(err, ENOMEM, "looking for policies");
	int rc = add_directory(local, arena, &files, err);
	if (rc == 0)
		rc = add_directory(PATH_PACKAGED_POLICIES, arena, &files, err);
	if (rc < 0)
		return rc;
	if (files.list.count)
		qsort(files.list.items, files.list.count, sizeof(*files.list.items),
		      compare_names);
	*ret = files;
	return 0;
}
