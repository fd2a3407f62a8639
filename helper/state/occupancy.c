/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * procfs lists processes in order of their numbers, while they come and go. Who is there all
 * the time is seen. Who runs away from us, by making a child and ending, over and over, gets
 * higher numbers each time and is met further on; but when the numbers begin again at the
 * bottom, the child is where we have been. So the scan is repeated when that happened meanwhile:
 * the last field of /proc/loadavg, the number that was given last, has become smaller then.
 *
 * A process that ended and waits to be reaped has no namespace (ENOENT); its threads may live on.
 */
#include "state/occupancy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/number.h"
#include "state/directory.h"
#include "state/textfile.h"

/* Numbers wrap around after 32768 processes at the least: twice in a row is a fork bomb. */
#define ATTEMPTS 5

/* "net:[18446744073709551615]" */
#define LINK_SIZE 32

/* Longer than "PID/task/TID/ns/net". */
#define PATH_SIZE 64

struct scan {
	int proc_fd;
	struct arena *arena;
	struct occupancy *occupancy;
};

/** compare_inodes() - for qsort() and bsearch() */
static int compare_inodes(const void *a, const void *b)
{
	uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

	return (first > second) - (first < second);
}

/** last_number() - of the process that was made last; 0 or -errno */
static int last_number(int proc_fd, uint64_t *ret)
{
	char text[128];
	size_t length;

	int rc = textfile_read(proc_fd, "loadavg", text, sizeof(text), &length);
	if (rc)
		return rc;
	if (length && text[length - 1] == '\n')
		length--;
	const char *blank = memrchr(text, ' ', length);
	if (!blank)
		return -EBADMSG;
	return number_parse(blank + 1, length - (size_t)(blank + 1 - text), UINT32_MAX, ret) ?
	       -EBADMSG : 0;
}

/** parse_inode() - of "net:[4026531840]" */
static int parse_inode(const char *text, size_t length, uint64_t *ret)
{
	static const char prefix[] = "net:[";
	size_t before = sizeof(prefix) - 1;

	if (length <= before + 1 || memcmp(text, prefix, before) != 0 || text[length - 1] != ']')
		return -EBADMSG;
	return number_parse(text + before, length - before - 1, UINT64_MAX, ret) ? -EBADMSG : 0;
}

/** is_number() - the name of a process's or thread's directory */
static bool is_number(const char *name)
{
	uint64_t number;

	return number_parse(name, strlen(name), INT32_MAX, &number) == 0;
}

/** add() - most threads are where the one before is: that is not noted again */
static int add(struct scan *scan, uint64_t inode)
{
	struct occupancy *occupancy = scan->occupancy;
	size_t count = occupancy->inodes.count;

	if (count && occupancy->inodes.items[count - 1] == inode)
		return 0;
	uint64_t *place = ARENA_APPEND(scan->arena, &occupancy->inodes);
	if (!place)
		return -ENOMEM;
	*place = inode;
	return 0;
}

/** look_at_thread() - 0 also when it is gone */
static int look_at_thread(struct scan *scan, int tasks_fd, const char *tid)
{
	char path[PATH_SIZE], link[LINK_SIZE];
	uint64_t inode;

	(void)snprintf(path, sizeof(path), "%s/ns/net", tid);
	ssize_t length = readlinkat(tasks_fd, path, link, sizeof(link));
	if (length < 0)
		return errno == ENOENT || errno == ESRCH ? 0 : -errno;
	if (parse_inode(link, (size_t)length, &inode))
		return -EBADMSG;
	return add(scan, inode);
}

/** look_at_process() - at each of its threads */
static int look_at_process(struct scan *scan, const char *pid)
{
	DIRECTORY_CLEANUP DIR *tasks = NULL;
	char path[PATH_SIZE];
	const char *tid;

	(void)snprintf(path, sizeof(path), "%s/task", pid);
	int rc = directory_open(scan->proc_fd, path, &tasks);
	while (!rc && !(rc = directory_next(tasks, &tid)) && tid)
		rc = is_number(tid) ? look_at_thread(scan, dirfd(tasks), tid) : 0;
	return rc == -ENOENT || rc == -ESRCH ? 0 : rc;
}

/** look_at_all() - add where every process is that is listed now */
static int look_at_all(struct scan *scan, struct carrel_error *err)
{
	DIRECTORY_CLEANUP DIR *processes = NULL;
	const char *pid = NULL;

	int rc = directory_open(scan->proc_fd, ".", &processes);
	while (!rc && !(rc = directory_next(processes, &pid)) && pid)
		rc = is_number(pid) ? look_at_process(scan, pid) : 0;
	if (!rc)
		return 0;
	return pid ? error_set_errno(err, -rc, "looking where process %s is", pid) :
		     error_set_errno(err, -rc, "listing processes");
}

/** sort() - and leave each inode once */
static void sort(struct occupancy *occupancy)
{
	uint64_t *inodes = occupancy->inodes.items;
	size_t kept = 0;

	if (occupancy->inodes.count == 0)
		return;
	qsort(inodes, occupancy->inodes.count, sizeof(*inodes), compare_inodes);
	for (size_t i = 1; i < occupancy->inodes.count; i++)
		if (inodes[i] != inodes[kept])
			inodes[++kept] = inodes[i];
	occupancy->inodes.count = kept + 1;
}

int occupancy_scan(const char *proc, struct arena *arena, struct occupancy *ret,
		   struct carrel_error *err)
{
	FD_CLEANUP int proc_fd = open(proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct occupancy occupancy = { 0 };
	struct scan scan = { .proc_fd = proc_fd, .arena = arena, .occupancy = &occupancy };
	uint64_t before, after;
	int rc;

	if (proc_fd < 0)
		return error_set_errno(err, errno, "cannot open %s", proc);
	/* What an earlier attempt saw stays: too much is no harm. */
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		rc = last_number(proc_fd, &before);
		if (rc)
			return error_set_errno(err, -rc, "%s/loadavg", proc);
		rc = look_at_all(&scan, err);
		if (rc)
			return rc;
		rc = last_number(proc_fd, &after);
		if (rc)
			return error_set_errno(err, -rc, "%s/loadavg", proc);
		if (after < before)
			continue;
		sort(&occupancy);
		*ret = occupancy;
		return 0;
	}
	return error_set(err, EAGAIN, "processes come and go faster than they can be looked at");
}

bool occupancy_has(const struct occupancy *occupancy, uint64_t inode)
{
	return occupancy->inodes.count &&
	       bsearch(&inode, occupancy->inodes.items, occupancy->inodes.count, sizeof(inode),
		       compare_inodes);
}
