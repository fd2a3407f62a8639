/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doctor/coverage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "cli/view.h"
#include "core/network.h"
#include "doctor/accounts.h"
#include "kernel/network.h"
#include "state/session.h"
#include "state/textfile.h"

/* Deeper than processes are nested. */
#define ANCESTORS_MAX 64
#define CGROUP_BYTES  8192

/* A carrel's namespace. */
struct home {
	uid_t uid;
	uint64_t inode;
};

struct look {
	struct doctor *doctor;
	const struct doctor_accounts *accounts;
	const struct config *config;
	ARENA_LIST(struct process) processes;   /* in order of pid, once all are there */
	ARENA_LIST(struct home) homes;
	uint64_t host_inode, host_users_inode;  /* of process 1 */
	struct strays strays;
};

/** keep_process() - process_each() callback */
static int keep_process(const struct process *process, void *context)
{
	struct look *look = context;
	struct process *place = ARENA_APPEND(look->doctor->arena, &look->processes);

	if (!place)
		return -ENOMEM;
	*place = *process;
	return 0;
}

/** compare_processes() - for qsort() and bsearch() */
static int compare_processes(const void *a, const void *b)
{
	const struct process *first = a, *second = b;

	return (first->pid > second->pid) - (first->pid < second->pid);
}

/** keep_home() - view_each_record() callback */
static int keep_home(const struct record *record, int rc, const struct carrel_error *why,
		     void *context)
{
	struct look *look = context;
	struct home *home;

	(void)why;
	if (rc < 0)
		return 0;
	home = ARENA_APPEND(look->doctor->arena, &look->homes);
	if (!home)
		return -ENOMEM;
	*home = (struct home){ .uid = record->uid, .inode = record->netns_inode };
	return 0;
}

/**
 * list_ancestors() - names, the parent first; Return: how many
 *
 * Those of the process's own user are left out: whose they are gives them any name, and as many
 * as may be.
 */
static size_t list_ancestors(const struct look *look, const struct process *process,
			     const char *names[ANCESTORS_MAX])
{
	const uid_t own = process->uid;
	size_t count = 0;

	/* Numbers that were given again while we looked may lead in a circle. */
	for (size_t i = 0; i < look->processes.count && count < ANCESTORS_MAX; i++) {
		const struct process key = { .pid = process->parent };

		process = bsearch(&key, look->processes.items, look->processes.count, sizeof(key),
				  compare_processes);
		if (!process)
			break;
		if (process->uid != own)
			names[count++] = process->name;
	}
	return count;
}

/** path_behind() - the path behind @mark in the text of /proc/PID/cgroup; "" when not there */
static const char *path_behind(char *text, const char *mark)
{
	char *found = strstr(text, mark);

	if (!found)
		return "";
	found += strlen(mark);
	found[strcspn(found, "\n")] = '\0';
	return found;
}

/** path_of_cgroup() - in systemd's hierarchy: that of the second version, where it is in use */
static const char *path_of_cgroup(char *text)
{
	/* The kernel lists the second version last: to cut its line's end off hides nothing. */
	const char *path = path_behind(text, "0::");

	return path[0] && path[1] ? path : path_behind(text, ":name=systemd:");
}

/** tell_origin() - of a process that may have ended meanwhile */
static int tell_origin(const struct look *look, struct stray *stray)
{
	const char *ancestors[ANCESTORS_MAX];
	char path[64], text[CGROUP_BYTES];
	size_t length = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", stray->process.pid);
	if (textfile_read(AT_FDCWD, path, text, sizeof(text) - 1, &length) < 0)
		length = 0;
	text[length] = '\0';
	size_t count = list_ancestors(look, &stray->process, ancestors);
	return origin_tell(path_of_cgroup(text), ancestors, count, look->doctor->arena,
			   &stray->origin);
}

/** namespace_of() - the inode of the namespace of @kind that @pid is in; 0 when it has ended */
static uint64_t namespace_of(pid_t pid, const char *kind)
{
	char path[64];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, kind);
	return stat(path, &st) == 0 ? st.st_ino : 0;
}

/** is_users_own() - was the network @netns_fd made in a user namespace of somebody's own? */
static bool is_users_own(const struct look *look, int netns_fd)
{
	struct stat st;

	FD_CLEANUP int users_fd = ioctl(netns_fd, NS_GET_USERNS);
	return users_fd >= 0 && fstat(users_fd, &st) == 0 && st.st_ino != look->host_users_inode;
}

/** was_carrel() - does the network @netns_fd say that it was made for @uid? */
static bool was_carrel(int netns_fd, uid_t uid)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct network network;

	return network_read_inside(netns_fd, &arena, &network, NULL) == 0 &&
	       network_is_of(&network, uid);
}

/** found_session() - session_each() callback: one is enough */
static int found_session(const struct session *session, void *context)
{
	(void)session, (void)context;
	return 1;
}

/** is_lost() - has @uid sessions, and nothing by which logins would find their carrel? */
static bool is_lost(const struct look *look, uid_t uid)
{
	for (size_t i = 0; i < look->homes.count; i++)
		if (look->homes.items[i].uid == uid)
			return false;
	return look->doctor->state_fd >= 0 &&
	       session_each(look->doctor->state_fd, uid, false, found_session, NULL, NULL) > 0;
}

/** find_other_place() - find_place() of who is neither on the host nor in a carrel */
static bool find_other_place(const struct look *look, struct stray *stray)
{
	uid_t uid = stray->process.uid;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", stray->process.pid);
	FD_CLEANUP int netns_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (netns_fd < 0 || is_users_own(look, netns_fd))
		return false;           /* it has ended, or may be there */
	stray->place = was_carrel(netns_fd, uid) ? STRAY_FORMER : STRAY_ELSEWHERE;
	stray->lost = stray->place == STRAY_FORMER && is_lost(look, uid);
	return true;
}

/** find_place() - where the process is; false: where it belongs, or may be */
static bool find_place(const struct look *look, struct stray *stray)
{
	pid_t pid = stray->process.pid;
	uint64_t inode = namespace_of(pid, "net");
	const struct home *other = NULL;

	if (inode == 0)
		return false;
	for (size_t i = 0; i < look->homes.count; i++) {
		if (look->homes.items[i].inode != inode)
			continue;
		if (look->homes.items[i].uid == stray->process.uid)
			return false;
		other = &look->homes.items[i];
	}
	if (inode == look->host_inode) {
		stray->place = STRAY_HOST;
	} else if (other) {
		stray->place = STRAY_OTHER_CARREL;
		stray->owner = other->uid;
	} else {
		return find_other_place(look, stray);
	}
	return true;
}

/** judge() - add @process to the strays, if it is one */
static int judge(struct look *look, const struct process *process)
{
	const struct doctor_account *account = doctor_accounts_find(look->accounts, process->uid);
	struct stray stray = { .process = *process };

	if (!account || !find_place(look, &stray))
		return 0;
	int rc = tell_origin(look, &stray);
	if (rc < 0)
		return rc;
	if (!doctor_confines(look->config, account, stray.origin.service))
		return 0;
	stray.user = account->account.name;
	struct stray *place = ARENA_APPEND(look->doctor->arena, &look->strays.list);
	if (!place)
		return -ENOMEM;
	*place = stray;
	return 0;
}

int coverage_take(struct doctor *doctor, struct strays *ret, struct carrel_error *err)
{
	struct look look = {
		.doctor = doctor, .host_inode = namespace_of(1, "net"),
		.host_users_inode = namespace_of(1, "user"),
	};
	int rc = doctor_config(doctor, &look.config, err);

	if (rc == 0)
		rc = doctor_accounts_list(doctor, &look.accounts, err);
	/* Carrels first: a process in one that is made meanwhile would seem to be elsewhere. */
	if (rc == 0)
		rc = process_each(doctor->arena, keep_process, &look, err);
	if (rc == 0)
		rc = view_each_record(doctor->state_fd, keep_home, &look, err);
	if (rc < 0)
		return rc;
	if (look.processes.count)
		qsort(look.processes.items, look.processes.count, sizeof(struct process),
		      compare_processes);
	for (size_t i = 0; rc == 0 && i < look.processes.count; i++)
		rc = judge(&look, &look.processes.items[i]);
	if (rc == 0)
		*ret = look.strays;
	return rc;
}
