/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sources: systemd.slice(5), logind (session-N.scope), user@.service(5); the names of scopes and
 * directories that Docker, Podman, CRI-O, LXC and systemd-nspawn make; the 15 characters that the
 * kernel keeps of a program's name.
 */
#include "core/origin.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"

/* A name in a control group's path that only containers have. */
static const char *const container_marks[] = {
	"docker-", "docker", "libpod", "crio-", "kubepods", "lxc", "machine.slice", "containerd",
	"nspawn",
};

/* Programs that others come out of. With "": they ask no PAM, or make containers. */
static const struct door {
	const char *program, *service;
	enum origin_kind kind;
} doors[] = {
	{ "sshd", "sshd", ORIGIN_LOGIN },
	{ "sshd-session", "sshd", ORIGIN_LOGIN },
	{ "login", "login", ORIGIN_LOGIN },
	{ "cron", "cron", ORIGIN_LOGIN },
	{ "crond", "crond", ORIGIN_LOGIN },
	{ "atd", "atd", ORIGIN_LOGIN },
	{ "su", "su", ORIGIN_LOGIN },
	{ "sudo", "sudo", ORIGIN_LOGIN },
	{ "runuser", "runuser", ORIGIN_LOGIN },
	{ "lightdm", "lightdm", ORIGIN_LOGIN },
	{ "gdm-session-wor", "gdm-password", ORIGIN_LOGIN },
	{ "sddm-helper", "sddm", ORIGIN_LOGIN },
	{ "dropbear", "", ORIGIN_LOGIN },
	{ "containerd-shim", "", ORIGIN_CONTAINER },
	{ "conmon", "", ORIGIN_CONTAINER },
	{ "lxc-start", "", ORIGIN_CONTAINER },
};

/** component() - the next part of @path; false at its end */
static bool component(const char **path, const char **ret, size_t *ret_length)
{
	*path += strspn(*path, "/");
	*ret = *path;
	*ret_length = strcspn(*path, "/");
	*path += *ret_length;
	return *ret_length > 0;
}

/** begins() and ends() - with @part? */
static bool begins(const char *text, size_t length, const char *part)
{
	return length >= strlen(part) && strncmp(text, part, strlen(part)) == 0;
}

/** ends() - does @text end with @part? */
static bool ends(const char *text, size_t length, const char *part)
{
	size_t part_length = strlen(part);

	return length >= part_length && strncmp(text + length - part_length, part, part_length) == 0;
}

/** is_container_mark() - does this part of a path say that a container is below? */
static bool is_container_mark(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(container_marks) / sizeof(container_marks[0]); i++)
		if (begins(name, length, container_marks[i]) && !ends(name, length, ".service"))
			return true;
	return false;
}

/** tell_by_cgroup() - the outermost part that says something decides */
static int tell_by_cgroup(const char *cgroup, struct arena *arena, struct origin *origin)
{
	const char *name;
	size_t length;

	while (component(&cgroup, &name, &length)) {
		if (is_container_mark(name, length))
			origin->kind = ORIGIN_CONTAINER;
		else if (begins(name, length, "user@") && ends(name, length, ".service"))
			origin->kind = ORIGIN_USER_MANAGER;
		else if (begins(name, length, "session-") && ends(name, length, ".scope"))
			origin->kind = ORIGIN_LOGIN;
		else if (ends(name, length, ".service"))
			origin->kind = ORIGIN_SYSTEM_SERVICE;
		else
			continue;
		origin->unit = arena_strndup(arena, name, length);
		return origin->unit ? 0 : -ENOMEM;
	}
	return 0;
}

/** find_door() - the nearest ancestor that others come out of, or NULL */
static const struct door *find_door(const char *const *ancestors, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < sizeof(doors) / sizeof(doors[0]); k++)
			if (strcasecmp(ancestors[i], doors[k].program) == 0)
				return &doors[k];
	return NULL;
}

int origin_tell(const char *cgroup, const char *const *ancestors, size_t ancestor_count,
		struct arena *arena, struct origin *ret)
{
	struct origin origin = { .kind = ORIGIN_UNKNOWN, .unit = "", .service = "" };
	const struct door *door = find_door(ancestors, ancestor_count);
	int rc = tell_by_cgroup(cgroup, arena, &origin);

	if (rc < 0)
		return rc;
	if (origin.kind == ORIGIN_USER_MANAGER) {
		origin.service = "systemd-user";
	} else if (door && origin.kind != ORIGIN_CONTAINER) {
		origin.kind = door->kind;
		origin.service = door->service;
	}
	*ret = origin;
	return 0;
}

const char *origin_name(enum origin_kind kind)
{
	switch (kind) {
	case ORIGIN_LOGIN:
		return "login";
	case ORIGIN_USER_MANAGER:
		return "user-manager";
	case ORIGIN_SYSTEM_SERVICE:
		return "system-service";
	case ORIGIN_CONTAINER:
		return "container";
	case ORIGIN_UNKNOWN:
		return "unknown";
	}
	return "";
}
