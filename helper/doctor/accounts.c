/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doctor/accounts.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "base/error.h"
#include "cli/view.h"
#include "doctor/services.h"

/* How many users a finding names before it counts the rest. */
#define NAMES_SHOWN 3

struct listing {
	struct doctor *doctor;
	struct doctor_accounts *accounts;
	const struct config *config;
	const struct pam_services *services;
};

/** is_asked_before() - do the services before number @index exempt the same groups? Most do. */
static bool is_asked_before(const struct pam_services *services, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (services->list.items[i].exempt &&
		    strcmp(services->list.items[i].exempt, services->list.items[index].exempt) == 0)
			return true;
	return false;
}

/** is_exempt() - does a line of the module, in whatever service, let @account through? */
static bool is_exempt(struct account *account, const struct pam_services *services)
{
	for (size_t i = 0; i < services->list.count; i++) {
		const char *groups = services->list.items[i].exempt;

		if (groups && *groups && !is_asked_before(services, i) &&
		    subject_in_any_group(account, groups, NULL) > 0)
			return true;
	}
	return false;
}

/** add_account() - @name with @uid; one that cannot be looked up has no login either */
static int add_account(struct listing *listing, const char *name, uid_t uid, gid_t gid)
{
	struct arena *arena = listing->doctor->arena;
	struct doctor_account *place;

	if (uid == 0)
		return 0;
	if (listing->accounts->list.count == DOCTOR_ACCOUNTS_MAX) {
		listing->accounts->whole = false;
		return 0;
	}
	place = ARENA_APPEND(arena, &listing->accounts->list);
	if (!place)
		return -ENOMEM;
	place->account = (struct account){
		.name = arena_strdup(arena, name), .uid = uid, .gid = gid, .arena = arena,
	};
	if (!place->account.name)
		return -ENOMEM;
	/* Of no group: that lists those of the account, for whoever asks later. */
	int rc = subject_in_any_group(&place->account, "", NULL);
	if (rc == 0)
		rc = subject_of_account(&place->account, "", "", "", listing->config, arena,
					&place->subject, NULL);
	if (rc == -ENOMEM)
		return rc;
	if (rc < 0) {
		listing->accounts->list.count--;
		return 0;
	}
	place->exempt = is_exempt(&place->account, listing->services);
	return 0;
}

/** add_enumerated() - everyone whom the name services tell of unasked */
static int add_enumerated(struct listing *listing)
{
	const struct passwd *entry;
	int rc = 0;

	setpwent();
	while (rc == 0 && (entry = getpwent()))
		rc = add_account(listing, entry->pw_name, entry->pw_uid, entry->pw_gid);
	endpwent();
	return rc;
}

/** add_recorded() - view_each_record() callback: a directory service may list nobody */
static int add_recorded(const struct record *record, int rc, const struct carrel_error *why,
			void *context)
{
	struct listing *listing = context;
	struct account account;

	(void)why;
	if (rc < 0 || doctor_accounts_find(listing->accounts, record->uid))
		return 0;
	rc = subject_find_account(record->user, listing->doctor->arena, &account, NULL);
	if (rc < 0)
		return rc == -ENOMEM ? rc : 0;
	return add_account(listing, account.name, account.uid, account.gid);
}

int doctor_accounts_list(struct doctor *doctor, const struct doctor_accounts **ret,
			 struct carrel_error *err)
{
	struct listing listing = { .doctor = doctor };
	int rc;

	if (doctor->accounts) {
		*ret = doctor->accounts;
		return 0;
	}
	rc = doctor_config(doctor, &listing.config, err);
	if (rc == 0)
		rc = doctor_services_list(doctor, &listing.services, err);
	if (rc < 0)
		return rc;
	listing.accounts = arena_alloc(doctor->arena, sizeof(*listing.accounts));
	if (!listing.accounts)
		return -ENOMEM;
	listing.accounts->whole = true;
	rc = add_enumerated(&listing);
	if (rc == 0)
		rc = view_each_record(doctor->state_fd, add_recorded, &listing, err);
	if (rc < 0)
		return rc;
	*ret = doctor->accounts = listing.accounts;
	return 0;
}

const struct doctor_account *doctor_accounts_find(const struct doctor_accounts *accounts,
						  uid_t uid)
{
	for (size_t i = 0; i < accounts->list.count; i++)
		if (accounts->list.items[i].account.uid == uid)
			return &accounts->list.items[i];
	return NULL;
}

bool doctor_confines(const struct config *config, const struct doctor_account *account,
		     const char *service)
{
	struct subject subject = account->subject;
	const struct assignment *assignment;

	subject.service = service;
	if (account->exempt || config_assign(config, &subject, &assignment, NULL) < 0)
		return false;
	return !config_is_free(assignment);
}

bool doctor_confines_anywhere(const struct config *config, const struct doctor_account *account,
			      const struct pam_services *services)
{
	if (doctor_confines(config, account, ""))
		return true;
	for (size_t i = 0; i < services->list.count; i++)
		if (doctor_confines(config, account, services->list.items[i].name))
			return true;
	return false;
}

const char *doctor_name_users(const struct doctor_accounts *accounts,
			      bool (*chosen)(const struct doctor_account *account, void *context),
			      void *context, struct arena *arena, size_t *ret_count)
{
	const char *names[NAMES_SHOWN] = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < accounts->list.count; i++) {
		const struct doctor_account *account = &accounts->list.items[i];

		if (!chosen(account, context))
			continue;
		if (count < NAMES_SHOWN)
			names[count] = account->account.name;
		count++;
	}
	*ret_count = count;
	switch (count) {
	case 0:
		return "";
	case 1:
		return names[0];
	case 2:
		return arena_printf(arena, "%s and %s", names[0], names[1]);
	case NAMES_SHOWN:
		return arena_printf(arena, "%s, %s and %s", names[0], names[1], names[2]);
	default:
		return arena_printf(arena, "%s, %s and %zu more", names[0], names[1], count - 2);
	}
}
