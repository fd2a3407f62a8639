/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doctor/services.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "state/directory.h"

/* Where libpam looks, in this order. Source: pam.conf(5) */
static const char *const directories[] = { "/etc/pam.d", "/usr/lib/pam.d" };
#define DIRECTORY_COUNT (sizeof(directories) / sizeof(directories[0]))

/* Far above any file of PAM's. */
#define FILE_MAX_BYTES (1024 * 1024)

/* How files are called that distributions have others include. */
static const char *const included[] = {
	"common-", "system-", "password-auth", "postlogin", "smartcard-auth", "fingerprint-auth",
	"config-util",
};

/** read_path() - the file at @path; 0 or -errno */
static int read_path(const char *path, struct arena *arena, struct source *ret)
{
	FD_CLEANUP int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct source source = { .path = path };
	char *text;

	if (fd < 0)
		return -errno;
	int rc = fd_read_all(fd, FILE_MAX_BYTES, arena, &text, &source.length, NULL);
	if (rc < 0)
		return rc;
	source.text = text;
	*ret = source;
	return 0;
}

/** find_file() - pamstack_reader */
static int find_file(void *context, const char *name, struct source *ret_source,
		     struct carrel_error *err)
{
	struct arena *arena = context;
	int rc = -ENOENT;

	if (*name == '/')
		rc = read_path(name, arena, ret_source);
	for (size_t i = 0; *name != '/' && rc == -ENOENT && i < DIRECTORY_COUNT; i++) {
		const char *path = arena_printf(arena, "%s/%s", directories[i], name);

		rc = path ? read_path(path, arena, ret_source) : -ENOMEM;
	}
	return rc < 0 ? error_set_errno(err, -rc, "reading PAM's file %s", name) : 0;
}

/** is_service() - is @name the file of a service, not one to be included or a spare copy? */
static bool is_service(const char *name)
{
	/* dpkg's and rpm's spare copies have such a dot, as have editors' tildes. */
	if (*name == '.' || strchr(name, '~') || strstr(name, ".dpkg-") || strstr(name, ".rpm") ||
	    strstr(name, ".pam-") || strcmp(name, "README") == 0)
		return false;
	for (size_t i = 0; i < sizeof(included) / sizeof(included[0]); i++)
		if (strncmp(name, included[i], strlen(included[i])) == 0)
			return false;
	return true;
}

/** find_service() - the one called @name, or NULL */
static const struct pam_service *find_service(const struct pam_services *services,
					       const char *name)
{
	for (size_t i = 0; i < services->list.count; i++)
		if (strcmp(services->list.items[i].name, name) == 0)
			return &services->list.items[i];
	return NULL;
}

/** add_service() - the one called @name, unless a directory before had it too */
static int add_service(struct pam_services *services, const char *directory, const char *name,
		       struct arena *arena)
{
	struct carrel_error err = { 0 };
	struct pam_service service = { 0 };

	if (find_service(services, name))
		return 0;
	service.name = arena_strdup(arena, name);
	service.path = arena_printf(arena, "%s/%s", directory, name);
	if (!service.name || !service.path)
		return -ENOMEM;
	int rc = pamstack_read(service.name, find_file, arena, arena, &service.stack, &err);
	if (rc == -ENOMEM)
		return rc;
	/* A subdirectory is no service, nor is what is not there any more. */
	if (rc == -EISDIR || rc == -ENOENT)
		return 0;
	if (rc < 0) {
		const char **why = ARENA_APPEND(arena, &services->unreadable);

		if (!why || !(*why = arena_strdup(arena, err.text)))
			return -ENOMEM;
		return 0;
	}
	service.judgement = pamstack_judge(&service.stack);
	if (service.judgement.module)
		service.exempt = pamstack_argument(service.judgement.module, "exempt");
	struct pam_service *place = ARENA_APPEND(arena, &services->list);
	if (!place)
		return -ENOMEM;
	*place = service;
	return 0;
}

/** add_directory() - every service in @path; 0, -ENOENT, -errno */
static int add_directory(struct pam_services *services, const char *path, struct arena *arena)
{
	DIRECTORY_CLEANUP DIR *directory = NULL;
	const char *name;
	int rc = directory_open(AT_FDCWD, path, &directory);

	while (!rc && !(rc = directory_next(directory, &name)) && name)
		rc = is_service(name) ? add_service(services, path, name, arena) : 0;
	return rc;
}

/** compare_services() - for qsort(): by name */
static int compare_services(const void *a, const void *b)
{
	const struct pam_service *first = a, *second = b;

	return strcmp(first->name, second->name);
}

int doctor_services_list(struct doctor *doctor, const struct pam_services **ret,
			 struct carrel_error *err)
{
	struct pam_services *services;
	size_t found = 0;

	if (doctor->services) {
		*ret = doctor->services;
		return 0;
	}
	services = arena_alloc(doctor->arena, sizeof(*services));
	if (!services)
		return error_set_errno(err, ENOMEM, "listing PAM's services");
	for (size_t i = 0; i < DIRECTORY_COUNT; i++) {
		int rc = add_directory(services, directories[i], doctor->arena);

		if (rc < 0 && rc != -ENOENT)
			return error_set_errno(err, -rc, "listing %s", directories[i]);
		found += rc == 0;
	}
	if (!found)
		return error_set(err, ENOENT, "there is no %s: does this system use PAM?",
				 directories[0]);
	/* Judgements point into lists of the arena, which stay where they are. */
	if (services->list.count)
		qsort(services->list.items, services->list.count, sizeof(*services->list.items),
		      compare_services);
	*ret = doctor->services = services;
	return 0;
}
