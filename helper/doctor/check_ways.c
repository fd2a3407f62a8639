/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ways around PAM: daemons that ask nobody, and daemons that are root for whoever may ask them. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "doctor/accounts.h"
#include "doctor/checks.h"
#include "doctor/process.h"
#include "doctor/services.h"

/* Of a daemon with hundreds of libraries. */
#define MAPS_MAX_BYTES (4 * 1024 * 1024)

/* Daemons that start users' processes, and open sessions if they were built for it. */
static const struct daemon {
	const char *program, *service, *fix;
} daemons[] = {
	{ "cron", "cron", "install a cron that was built with PAM (Debian's is), or stop this one" },
	{ "crond", "crond", "install a cron that was built with PAM, or stop this one" },
	{ "fcron", "fcron", "install a cron that was built with PAM, or stop this one" },
	{ "atd", "atd", "install an at that was built with PAM (Debian's is), or stop this one" },
	{ "dropbear", "dropbear", "use OpenSSH's sshd instead: systemctl disable --now dropbear" },
	{ "tinysshd", "tinysshd", "use OpenSSH's sshd instead" },
};

/** knows_pam() - has the process loaded libpam? Unknown counts as yes. */
static bool knows_pam(pid_t pid, struct arena *arena)
{
	char path[64], *text;
	size_t length;

	(void)snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	FD_CLEANUP int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fd_read_all(fd, MAPS_MAX_BYTES, arena, &text, &length, NULL) < 0)
		return true;
	return length == 0 || strstr(text, "/libpam.so") != NULL;
}

/** check_daemon() - process_each() callback */
static int check_daemon(const struct process *process, void *context)
{
	struct doctor *doctor = context;
	const struct daemon *daemon = NULL;

	for (size_t i = 0; i < sizeof(daemons) / sizeof(daemons[0]); i++)
		if (strcmp(process->name, daemons[i].program) == 0)
			daemon = &daemons[i];
	if (!daemon || process->uid != 0 || knows_pam(process->pid, doctor->arena) ||
	    !config_may_confine(doctor->config, daemon->service))
		return 0;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "%s (process %d) works without PAM", daemon->program,
				     process->pid),
		.why = "what it starts for users has no session, and the host's network",
		.fix = daemon->fix,
	});
}

int doctor_check_daemons(struct doctor *doctor, struct carrel_error *err)
{
	const struct config *config;
	int rc = doctor_config(doctor, &config, err);

	return rc < 0 ? rc : process_each(doctor->arena, check_daemon, doctor, err);
}

/* Daemons that do as root what members of a group ask for. */
static const struct power {
	const char *group, *socket;     /* socket: or NULL */
	const char *what;
} powers[] = {
	{ "docker", "/run/docker.sock", "start containers in the host's network, and be root" },
	{ "lxd", "/var/lib/lxd/unix.socket", "start containers in the host's network, and be root" },
	{ "lxd", "/var/snap/lxd/common/lxd/unix.socket",
	  "start containers in the host's network, and be root" },
	{ "incus-admin", "/var/lib/incus/unix.socket",
	  "start containers in the host's network, and be root" },
	{ "libvirt", "/run/libvirt/libvirt-sock", "start machines in the host's networks" },
	{ "podman", "/run/podman/podman.sock",
	  "start containers in the host's network, and be root" },
	{ "containerd", "/run/containerd/containerd.sock",
	  "start containers in the host's network, and be root" },
	{ "disk", NULL, "write to disks directly, and be root" },
};

/* That of the table, and that of the socket. */
#define POWER_GROUPS_MAX 2

/* Whom a way is open to. */
struct opening {
	const struct config *config;
	const struct pam_services *services;
	const char *groups;             /* members of one of these, with commas */
	gid_t gids[POWER_GROUPS_MAX];   /* the same as numbers: asked for once, not for each account */
	size_t gid_count;
	bool everyone;
};

/** is_member() - of one of the groups? */
static bool is_member(const struct account *account, const struct opening *opening)
{
	for (size_t i = 0; i < account->group_count; i++)
		for (size_t k = 0; k < opening->gid_count; k++)
			if (account->groups[i] == opening->gids[k])
				return true;
	return false;
}

/** goes_through() - doctor_name_users() callback: is a confined account among those? */
static bool goes_through(const struct doctor_account *account, void *context)
{
	const struct opening *opening = context;

	if (!opening->everyone && !is_member(&account->account, opening))
		return false;
	return doctor_confines_anywhere(opening->config, account, opening->services);
}

/** look_at_socket() - who may write to it, beside root; 0 or -ENOMEM */
static int look_at_socket(struct doctor *doctor, const char *path, struct opening *opening)
{
	const struct group *group;
	struct stat st;

	if (!path || stat(path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return 0;
	opening->everyone = st.st_mode & S_IWOTH;
	group = st.st_mode & S_IWGRP ? getgrgid(st.st_gid) : NULL;
	if (!group || strcmp(group->gr_name, opening->groups) == 0)
		return 0;
	opening->gids[opening->gid_count++] = st.st_gid;
	opening->groups = arena_printf(doctor->arena, "%s,%s", opening->groups, group->gr_name);
	return opening->groups ? 0 : -ENOMEM;
}

/** add_power() - report that @users can have root's work done */
static int add_power(struct doctor *doctor, const struct power *power,
		     const struct opening *opening, const char *users)
{
	const char *way = opening->everyone ? power->socket :
			  arena_printf(doctor->arena, "the group %s", opening->groups);

	if (!way)
		return -ENOMEM;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "by %s, %s can %s", way, users, power->what),
		.why = "an assignment confines them, and this leads around it",
		.fix = opening->everyone ? arena_printf(doctor->arena, "chmod o-w %s", power->socket) :
		       arena_printf(doctor->arena, "take them out of the group (for each: gpasswd -d "
				    "USER %s), or hide the socket from them", power->group),
	});
}

int doctor_check_groups(struct doctor *doctor, struct carrel_error *err)
{
	const struct doctor_accounts *accounts;
	struct opening base = { 0 };

	int rc = doctor_config(doctor, &base.config, err);
	if (rc == 0)
		rc = doctor_services_list(doctor, &base.services, err);
	if (rc == 0)
		rc = doctor_accounts_list(doctor, &accounts, err);
	for (size_t i = 0; rc == 0 && i < sizeof(powers) / sizeof(powers[0]); i++) {
		struct opening opening = base;
		size_t count = 0;

		opening.groups = powers[i].group;
		if (subject_find_group(opening.groups, doctor->arena, &opening.gids[0], NULL) == 0)
			opening.gid_count = 1;
		rc = look_at_socket(doctor, powers[i].socket, &opening);
		if (rc < 0)
			return rc;
		const char *users = doctor_name_users(accounts, goes_through, &opening,
						      doctor->arena, &count);
		if (!users)
			return -ENOMEM;
		if (count)
			rc = add_power(doctor, &powers[i], &opening, users);
	}
	return rc;
}
