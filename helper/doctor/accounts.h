/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The accounts of this machine, and which logins of theirs are confined. */
#ifndef CARREL_DOCTOR_ACCOUNTS_H
#define CARREL_DOCTOR_ACCOUNTS_H

#include "base/arena.h"
#include "base/subject.h"
#include "doctor/doctor.h"
#include "pam/subject.h"

/* More are not looked at one by one: a directory service may list every student there ever was. */
#define DOCTOR_ACCOUNTS_MAX 20000

struct doctor_account {
	struct account account;         /* with its groups */
	struct subject subject;         /* service "": set it to ask about one */
	bool exempt;                    /* a line of the module in some service exempts it */
};

struct doctor_accounts {
	ARENA_LIST(struct doctor_account) list; /* all but root */
	bool whole;                     /* nobody was left out for their number */
};

/**
 * doctor_accounts_list() - those that the name services enumerate, and those that have carrels
 * Return: 0; -ENOMEM; -errno when there is no configuration
 */
int doctor_accounts_list(struct doctor *doctor, const struct doctor_accounts **ret,
			 struct carrel_error *err);

/** doctor_accounts_find() - the one with @uid, or NULL */
const struct doctor_account *doctor_accounts_find(const struct doctor_accounts *accounts,
						  uid_t uid);

/**
 * doctor_confines() - does the configuration give a login through @service a network of its own?
 * @service:	"" for one that is not known: then only assignments count that do not ask
 *
 * "deny" counts too: who may not come in must not be in.
 */
bool doctor_confines(const struct config *config, const struct doctor_account *account,
		     const char *service);

/** doctor_confines_anywhere() - does it by one of @services, or by one that is not known? */
bool doctor_confines_anywhere(const struct config *config, const struct doctor_account *account,
			      const struct pam_services *services);

/**
 * doctor_name_users() - those of @accounts that @chosen is true of, as people say it
 *
 * "exam1", "exam1 and exam2", "exam1, exam2 and 14 more"
 * @ret_count:	how many there are
 * Return: the text from @arena, "" for none; NULL: out of memory
 */
const char *doctor_name_users(const struct doctor_accounts *accounts,
			      bool (*chosen)(const struct doctor_account *account, void *context),
			      void *context, struct arena *arena, size_t *ret_count);

#endif
