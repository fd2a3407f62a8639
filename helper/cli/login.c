/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/login.h"

#include <errno.h>

#include "pam/subject.h"

int login_of_record(const struct record *record, const struct config *config,
		    struct arena *arena, struct subject *ret, struct carrel_error *err)
{
	const struct record_login *login = &record->login;
	struct subject subject;

	int rc = subject_look_up(record->user, login->service, login->tty, login->rhost, config,
				 arena, &subject, err);
	if (rc < 0 && rc != -ENOENT)
		return rc;
	if (rc < 0 || subject.uid != record->uid)
		subject = (struct subject){
			.user = record->user, .uid = record->uid,
			.service = "", .tty = "", .rhost = "",
		};
	*ret = subject;
	return 0;
}
