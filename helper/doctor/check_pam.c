/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is the module where sessions open, in the right place? And whom does it let through? */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/paths.h"
#include "doctor/accounts.h"
#include "doctor/checks.h"
#include "doctor/services.h"
#include "pam/options.h"
#include "pam/subject.h"

/* Debian's way to put the module into every service. */
#define PROFILE "/usr/share/pam-configs/carrel"

/*
 * Programs that ask PAM who somebody is, and open no session whatever their file says: it only
 * includes what all include.
 */
static const char *const without_session[] = {
	"chfn", "chpasswd", "chsh", "newusers", "passwd", "polkit-1", "vlock", "groupmems", "useradd",
	"userdel", "usermod", "groupadd", "groupdel", "groupmod", "chage", "samba", "cups", "xscreensaver",
	"xlock", "i3lock", "swaylock", "kscreenlocker", "screen", "openvpn", "ppp", "squid", "dovecot",
	/* These open one, for the display manager's own account, which greets users. */
	"lightdm-greeter", "gdm-launch-environment", "sddm-greeter",
};

/* With more than these without the module, it was never put into the common files. */
#define MISSING_FEW 4

/** opens_sessions() - can a user's process come out of @service? */
static bool opens_sessions(const struct pam_service *service)
{
	if (service->judgement.flaw == PAM_NO_SESSION)
		return false;
	for (size_t i = 0; i < sizeof(without_session) / sizeof(without_session[0]); i++)
		if (strcmp(service->name, without_session[i]) == 0)
			return false;
	return true;
}

struct question {
	const struct config *config;
	const char *service;
};

/** comes_through() - doctor_name_users() callback */
static bool comes_through(const struct doctor_account *account, void *context)
{
	const struct question *question = context;

	return doctor_confines(question->config, account, question->service);
}

/** whom_it_concerns() - "exam1, exam2 and 14 more"; NULL: out of memory */
static const char *whom_it_concerns(struct doctor *doctor, const char *service)
{
	struct question question = { .config = doctor->config, .service = service };
	size_t count;
	const char *users = doctor_name_users(doctor->accounts, comes_through, &question,
					      doctor->arena, &count);

	if (!users || count)
		return users;
	return "users whom an assignment confines";
}

/** place() - "FILE:LINE", from the arena */
static const char *place(struct doctor *doctor, const struct pam_line *line)
{
	return arena_printf(doctor->arena, "%s:%u", line->position.file, line->position.line);
}

/** add_flaw() - the module is in @service, but not as it must be */
static int add_flaw(struct doctor *doctor, const struct pam_service *service, const char *what,
		    const char *why, const char *fix)
{
	const struct pam_judgement *judgement = &service->judgement;
	const char *module = place(doctor, judgement->module);
	const char *culprit = judgement->culprit ? place(doctor, judgement->culprit) : "";

	if (!module || !culprit)
		return -ENOMEM;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = judgement->flaw == PAM_TOO_EARLY ? DOCTOR_NOTICE : DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "%s: the line of %s %s%s%s", module, PAMSTACK_MODULE, what,
				     *culprit ? " " : "", culprit),
		.why = why, .fix = fix,
	});
}

/* Services that open sessions without the module. */
struct missing {
	const char *names;              /* with commas */
	const char *words;              /* with blanks, for a command */
	const char *packaged;           /* those whose file is the package's own; NULL: none */
	const char *first;
	size_t count;
};

/** join() - "@list@separator@name"; NULL: out of memory */
static const char *join(struct doctor *doctor, const char *list, const char *separator,
			const char *name)
{
	return list ? arena_printf(doctor->arena, "%s%s%s", list, separator, name) : name;
}

/** note_missing() - one more; 0 or -ENOMEM */
static int note_missing(struct doctor *doctor, struct missing *missing,
			const struct pam_service *service)
{
	if (!missing->count++)
		missing->first = service->name;
	missing->names = join(doctor, missing->names, ", ", service->name);
	missing->words = join(doctor, missing->words, " ", service->name);
	if (strncmp(service->path, "/etc/", strlen("/etc/")) != 0) {
		missing->packaged = join(doctor, missing->packaged, " ", service->path);
		if (!missing->packaged)
			return -ENOMEM;
	}
	return missing->names && missing->words ? 0 : -ENOMEM;
}

/** exempted() - the groups that another line of the module exempts, or else administrators' own */
static const char *exempted(struct doctor *doctor, const struct pam_services *services)
{
	gid_t gid;

	for (size_t i = 0; i < services->list.count; i++)
		if (services->list.items[i].exempt)
			return services->list.items[i].exempt;
	return subject_find_group("sudo", doctor->arena, &gid, NULL) < 0 ? "wheel" : "sudo";
}

/** fix_missing() - the commands; NULL: out of memory */
static const char *fix_missing(struct doctor *doctor, const struct missing *missing,
			       const struct pam_services *services)
{
	const char *copy = "";

	/* One line for all, where there is a file that they all include. */
	if (missing->count > MISSING_FEW && access(PROFILE, F_OK) == 0)
		return "pam-auth-update --enable carrel";
	if (missing->packaged)
		copy = arena_printf(doctor->arena, "cp -n %s /etc/pam.d/\n", missing->packaged);
	if (!copy)
		return NULL;
	return arena_printf(doctor->arena, "%sfor service in %s; do echo 'session required "
			    PAMSTACK_MODULE " exempt=%s' >>/etc/pam.d/$service; done", copy,
			    missing->words, exempted(doctor, services));
}

/** add_missing() - they open sessions without the module */
static int add_missing(struct doctor *doctor, const struct missing *missing,
		       const struct pam_services *services)
{
	const char *users = whom_it_concerns(doctor, missing->first);

	if (!users)
		return -ENOMEM;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "sessions are opened without " PAMSTACK_MODULE
				     " by: %s", missing->names),
		.why = arena_printf(doctor->arena, "coming in that way, %s get%s no network of "
				    "their own", users, strpbrk(users, " ") ? "" : "s"),
		.fix = fix_missing(doctor, missing, services),
	});
}

/** judge_present() - report what is wrong with the line of the module in @service */
static int judge_present(struct doctor *doctor, const struct pam_service *service)
{
	switch (service->judgement.flaw) {
	case PAM_SOUND:
	case PAM_NO_SESSION:
	case PAM_MISSING:
		return 0;
	case PAM_NOT_BINDING:
		return add_flaw(doctor, service, "is not binding",
				"when no network can be made, the session starts without",
				"let the line begin with: session required " PAMSTACK_MODULE);
	case PAM_SKIPPED:
		return add_flaw(doctor, service, "is not reached after the line",
				"sessions start without a network of their own",
				"put the module before that line, or change that line's control");
	case PAM_TOO_EARLY:
		/* Debian's has it behind the common file, and does no more than name the manager. */
		if (strcmp(service->name, "systemd-user") == 0)
			return 0;
		return add_flaw(doctor, service, "stands before pam_systemd, at",
				"what follows the module runs in the user's network, where a home "
				"directory's server or a directory service may not be reached",
				"make it the last session line");
	}
	return 0;
}

/** judge_options() - report what stands behind the module in @service and is wrong there */
static int judge_options(struct doctor *doctor, const struct pam_service *service)
{
	const struct pam_line *module = service->judgement.module;
	struct carrel_error why = { 0 };
	struct options options;

	if (!module || options_parse((int)module->arguments.count, module->arguments.items,
				     &options, &why) == 0)
		return 0;
	const char *where = place(doctor, module);
	if (!where)
		return -ENOMEM;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "%s: %s", where, why.text),
		.why = "the module refuses every session but root's and those of exempt groups",
		.fix = arena_printf(doctor->arena, "edit %s: man pam_carrel tells the options",
				    module->position.file),
	});
}

/** judge_misplaced() - the module has nothing to say about passwords */
static int judge_misplaced(struct doctor *doctor, const struct pam_service *service)
{
	if (!service->stack.misplaced)
		return 0;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "%s:%u: %s is not in a session line",
				     service->stack.misplaced_at.file,
				     service->stack.misplaced_at.line, PAMSTACK_MODULE),
		.why = "the module knows sessions only: PAM fails at this line, for root too",
		.fix = "remove the line; the module's is: session required " PAMSTACK_MODULE,
	});
}

/** check_module_file() - PAM names the module: is it there? */
static int check_module_file(struct doctor *doctor, const struct pam_line *line)
{
	const char *path = *line->module == '/' ? line->module : PATH_MODULE;
	const char *where = place(doctor, line);

	if (access(path, F_OK) == 0)
		return 0;
	if (!where)
		return -ENOMEM;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "%s names %s, and there is no %s", where,
				     line->module, path),
		.why = "PAM refuses every session, root's too",
		.fix = "install carrel again (make install), or take the line away",
	});
}

int doctor_check_pam(struct doctor *doctor, struct carrel_error *err)
{
	const struct pam_services *services;
	const struct doctor_accounts *accounts;
	const struct config *config;
	const struct pam_line *module = NULL;
	struct missing missing = { 0 };

	int rc = doctor_services_list(doctor, &services, err);
	if (rc == 0)
		rc = doctor_accounts_list(doctor, &accounts, err);
	if (rc == 0)
		rc = doctor_config(doctor, &config, err);
	for (size_t i = 0; rc == 0 && i < services->list.count; i++) {
		const struct pam_service *service = &services->list.items[i];

		if (service->judgement.module)
			module = service->judgement.module;
		rc = judge_misplaced(doctor, service);
		if (rc < 0 || !opens_sessions(service) || !config_may_confine(config, service->name))
			continue;
		rc = judge_present(doctor, service);
		if (rc == 0)
			rc = judge_options(doctor, service);
		if (rc == 0 && service->judgement.flaw == PAM_MISSING)
			rc = note_missing(doctor, &missing, service);
	}
	if (rc == 0 && module)
		rc = check_module_file(doctor, module);
	if (rc == 0 && missing.count)
		rc = add_missing(doctor, &missing, services);
	for (size_t i = 0; rc == 0 && i < services->unreadable.count; i++)
		rc = doctor_add(doctor, (struct doctor_finding){
			.severity = DOCTOR_WRONG, .what = services->unreadable.items[i],
			.why = "PAM cannot read it either", .fix = "",
		});
	return rc;
}

/** judge_group() - report the group @name that the module's line in @service exempts, if there is none */
static int judge_group(struct doctor *doctor, const struct pam_service *service, const char *name)
{
	gid_t gid;

	if (subject_find_group(name, doctor->arena, &gid, NULL) != -ENOENT)
		return 0;
	const char *where = place(doctor, service->judgement.module);
	if (!where)
		return -ENOMEM;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_NOTICE,
		.what = arena_printf(doctor->arena, "%s: exempt= names the group '%s', which does not "
				     "exist", where, name),
		.why = "when something of carrel is broken, it lets nobody in to mend it",
		.fix = "name a group of administrators there, and keep a root shell open meanwhile",
	});
}

/** judge_exempt() - every group that the module's line in @service exempts */
static int judge_exempt(struct doctor *doctor, const struct pam_service *service)
{
	const char *at = service->exempt;
	int rc = 0;

	while (rc == 0 && at && *at) {
		size_t length = strcspn(at, ",");
		const char *name = arena_strndup(doctor->arena, at, length);

		if (!name)
			return -ENOMEM;
		rc = *name ? judge_group(doctor, service, name) : 0;
		at += length + (at[length] == ',');
	}
	return rc;
}

/** is_let_through() - doctor_name_users() callback: confined, were it not for exempt= */
static bool is_let_through(const struct doctor_account *account, void *context)
{
	struct doctor_account other = *account;

	other.exempt = false;
	return account->exempt && doctor_confines(context, &other, "");
}

int doctor_check_exempt(struct doctor *doctor, struct carrel_error *err)
{
	const struct doctor_accounts *accounts;
	const struct pam_services *services;
	const struct config *config;
	size_t count;

	int rc = doctor_services_list(doctor, &services, err);
	if (rc == 0)
		rc = doctor_accounts_list(doctor, &accounts, err);
	if (rc == 0)
		rc = doctor_config(doctor, &config, err);
	for (size_t i = 0; rc == 0 && i < services->list.count; i++)
		rc = judge_exempt(doctor, &services->list.items[i]);
	if (rc < 0)
		return rc;
	const char *users = doctor_name_users(accounts, is_let_through, (void *)config,
					      doctor->arena, &count);
	if (!users)
		return -ENOMEM;
	if (count == 0)
		return 0;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_NOTICE,
		.what = arena_printf(doctor->arena, "exempt= lets %s through, whom an assignment "
				     "confines", users),
		.why = "a member of an exempted group is asked nothing and confined by nothing",
		.fix = "take them out of the group (gpasswd -d USER GROUP), or exempt another one",
	});
}
