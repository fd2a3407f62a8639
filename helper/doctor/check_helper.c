/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Can the helper make a network at all? And what may the kernel lack, where it cannot? */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/paths.h"
#include "doctor/checks.h"
#include "doctor/trial.h"

/* What a kernel's list of its modules may be at most. */
#define LIST_MAX_BYTES (16 * 1024 * 1024)

/* What carrels are made of, by the names of modules. */
static const char *const modules[] = {
	"nf_tables", "nf_conntrack", "nft_ct", "nft_fib_inet", "nft_chain_nat", "nft_masq",
	"nft_reject_inet", "nft_limit", "veth",
};

/** read_list() - a list of modules, or "" when there is none */
static const char *read_list(const char *release, const char *name, struct arena *arena)
{
	const char *path = arena_printf(arena, "/lib/modules/%s/%s", release, name);
	FD_CLEANUP int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char *text;
	size_t length;

	if (fd < 0 || fd_read_all(fd, LIST_MAX_BYTES, arena, &text, &length, NULL) < 0)
		return "";
	return text;
}

/** has_module() - is @name in one of the kernel's lists, or loaded? */
static bool has_module(const char *name, const char *available, const char *built_in,
		       struct arena *arena)
{
	const char *file = arena_printf(arena, "/%s.ko", name);
	const char *loaded = arena_printf(arena, "/sys/module/%s", name);

	return !file || !loaded || strstr(available, file) || strstr(built_in, file) ||
	       access(loaded, F_OK) == 0;
}

/** missing_modules() - "nft_fib_inet, veth"; "" when none is known to be missing; NULL: no memory */
static const char *missing_modules(struct arena *arena)
{
	struct utsname kernel;
	const char *missing = "";

	if (uname(&kernel) < 0)
		return missing;
	const char *available = read_list(kernel.release, "modules.dep", arena);
	const char *built_in = read_list(kernel.release, "modules.builtin", arena);
	if (!*available && !*built_in)
		return missing;
	for (size_t i = 0; missing && i < sizeof(modules) / sizeof(modules[0]); i++)
		if (!has_module(modules[i], available, built_in, arena))
			missing = arena_printf(arena, "%s%s%s", missing, *missing ? ", " : "",
					       modules[i]);
	return missing;
}

/** add_failure() - the helper could not, and said @why */
static int add_failure(struct doctor *doctor, const char *policy, const char *why)
{
	const char *missing = missing_modules(doctor->arena);
	const char *fix = "read what the message names; the log has more: journalctl -g carrel";

	if (!missing)
		return -ENOMEM;
	if (*missing)
		fix = arena_printf(doctor->arena, "install a kernel that has the modules %s", missing);
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "no network can be made with the policy '%s': %s",
				     policy, why),
		.why = "users whom an assignment confines are refused",
		.fix = fix,
	});
}

/** check_room() - report a full file system of /run/carrel, where a login has to write */
static int check_room(struct doctor *doctor)
{
	struct statvfs room;

	if (doctor->state_fd < 0 || fstatvfs(doctor->state_fd, &room) < 0 ||
	    (room.f_bavail && (room.f_favail || !room.f_files)))
		return 0;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = "the file system of " PATH_STATE " is full",
		.why = "confined users who have no carrel yet are refused",
		.fix = "make room there: df " PATH_STATE "; du -xs /run/* | sort -n",
	});
}

int doctor_check_helper(struct doctor *doctor, struct carrel_error *err)
{
	struct throwaway trial = { .netns_fd = -1, .lease_fd = -1 };
	struct carrel_error why = { 0 };
	const struct config *config;

	int rc = doctor_config(doctor, &config, err);
	if (rc == 0)
		rc = check_room(doctor);
	if (rc < 0)
		return rc;
	const char *policy = trial_policy(doctor, config);
	if (!policy)
		return 0;       /* nobody would get one */
	if (trial_begin(doctor, policy, &trial, &why) < 0)
		return add_failure(doctor, policy, why.text);
	return trial_end(doctor, &trial, err);
}
