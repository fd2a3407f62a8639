/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Do carrels know the host's addresses? What they do not know is closed to them: core/edition.h. */
#include <errno.h>

#include "base/error.h"
#include "core/network.h"
#include "doctor/checks.h"
#include "kernel/facts.h"
#include "kernel/network.h"
#include "kernel/rtnl.h"
#include "state/editionsfile.h"

/* Of those who reach nothing, so many are named: there may be thousands. */
#define NAMED_MAX 3

/** names_host() - doctor_each_policy()'s check: 1 ends it */
static int names_host(struct doctor *doctor, struct policy *policy, struct carrel_error *err)
{
	(void)doctor, (void)err;
	return policy_names_host(policy);
}

/** check_number() - has the host more addresses than there can be known? */
static int check_number(struct doctor *doctor, struct rtnl *host, struct carrel_error *err)
{
	char last[ADDRESS_TEXT_SIZE];
	struct facts facts;

	int rc = facts_gather(host, true, doctor->arena, &facts, err);
	if (rc < 0 || !facts.host_beyond)
		return rc;
	address_format(&facts.host.items[facts.host.count - 1].address, last);
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_NOTICE,
		.what = arena_printf(doctor->arena, "the host has %zu addresses, and carrels know only the "
				     "first %d, up to %s", facts.host.count + facts.host_beyond,
				     EDITION_ADDRESSES_MAX, last),
		.why = "the others stay closed to them, also where their policies allow something there",
		.fix = arena_printf(doctor->arena, "have what carrels use listen on an address up to %s (in "
				    "order, IPv4 first), or give the host fewer", last),
	});
}

/**
 * count_behind() - carrels whose links say that they know an edition that is no more
 * @users:	the first of them are appended
 */
static size_t count_behind(const struct network *network, const struct editions *editions,
			   struct buffer *users)
{
	size_t count = 0;

	for (size_t i = 0; i < network->links.count; i++) {
		const struct network_link *link = &network->links.items[i];
		uint32_t edition = edition_of_group(link->group);

		if (edition == EDITION_NONE || editions_find(editions, edition))
			continue;
		if (count < NAMED_MAX)
			buffer_printf(users, "%s%s", count ? ", " : "",
				      link->alias[0] ? link->alias : link->name);
		count++;
	}
	return count;
}

/** check_editions() - is a carrel so far behind that it reaches nothing of the host? */
static int check_editions(struct doctor *doctor, struct rtnl *host, struct carrel_error *err)
{
	BUFFER_CLEANUP struct buffer users = { 0 };
	struct editions editions = { 0 };
	struct network network;

	int rc = network_read_links(host, doctor->arena, &network, err);
	if (rc == 0)
		rc = editionsfile_read(doctor->state_fd, doctor->arena, &editions, err);
	/* What cannot be understood counts for nothing: so it is with the host's table. */
	if (rc < 0 && rc != -EBADMSG)
		return rc;
	size_t count = count_behind(&network, &editions, &users);
	if (users.failed)
		return -ENOMEM;
	if (!count)
		return 0;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "carrels that reach no address of the host, whatever their "
				     "policies allow: %zu (%s%s)", count, users.data,
				     count > NAMED_MAX ? ", ..." : ""),
		.why = arena_printf(doctor->arena, "what they know of its addresses is older than the last %d "
				    "changes that some carrel had not learnt of, or /run/carrel/editions was "
				    "lost", EDITIONS_MAX),
		.fix = "carrel gc",
	});
}

int doctor_check_addresses(struct doctor *doctor, struct carrel_error *err)
{
	RTNL_CLEANUP struct rtnl host = { 0 };

	int rc = rtnl_open(&host, err);
	if (rc == 0 && doctor->state_fd >= 0)
		rc = check_editions(doctor, &host, err);
	if (rc == 0)
		rc = doctor_each_policy(doctor, names_host, err);
	return rc > 0 ? check_number(doctor, &host, err) : rc;
}
