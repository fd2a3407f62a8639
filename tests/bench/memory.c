/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "cli/hostns.h"

#define FTW_DESCRIPTORS 16

int memory_of_kernel(double *ret_bytes, struct carrel_error *err)
{
	static const char *const counted[] = { "SUnreclaim", "Percpu", "KernelStack", "PageTables" };
	FILE *file = fopen("/proc/meminfo", "re");
	char name[64];
	double bytes = 0;
	unsigned long kib;

	if (!file)
		return error_set_errno(err, errno, "opening /proc/meminfo");
	while (fscanf(file, "%63[^:]: %lu%*[^\n]\n", name, &kib) == 2)
		for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
			if (strcmp(name, counted[i]) == 0)
				bytes += (double)kib * 1024;
	fclose(file);
	*ret_bytes = bytes;
	return 0;
}

static double file_bytes;

/* nftw() callback */
static int add_file(const char *path, const struct stat *st, int type, struct FTW *place)
{
	(void)path, (void)type, (void)place;
	file_bytes += (double)st->st_blocks * 512;
	return 0;
}

int memory_of_files(const char *directory, double *ret_bytes, struct carrel_error *err)
{
	file_bytes = 0;
	if (nftw(directory, add_file, FTW_DESCRIPTORS, FTW_PHYS | FTW_MOUNT) < 0)
		return error_set_errno(err, errno, "walking through %s", directory);
	*ret_bytes = file_bytes;
	return 0;
}

/* Open what is in @path, and read it where that makes sense. */
static int look_at_all(const char *path, bool contents, struct carrel_error *err)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	char text[1024];
	int rc = 0;

	if (!directory)
		return error_set_errno(err, errno, "opening %s", path);
	while (rc == 0 && (entry = readdir(directory))) {
		FD_CLEANUP int fd = -1;
		struct stat st;

		if (entry->d_name[0] == '.')
			continue;
		fd = openat(dirfd(directory), entry->d_name, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &st) < 0 ||
		    (contents && read(fd, text, sizeof(text)) < 0))
			rc = error_set_errno(err, errno, "%s/%s", path, entry->d_name);
	}
	closedir(directory);
	return rc;
}

int memory_read_all(struct carrel_error *err)
{
	HOSTNS_VISIT_CLEANUP struct hostns_visit visit;
	int rc = hostns_visit_pins(&visit, err);

	if (rc == 0)
		rc = look_at_all("/run/carrel/carrels", true, err);
	return rc < 0 ? rc : look_at_all("/run/netns", false, err);
}
