/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What carrels need of the host: its constant table, and forwarding. Made when it is
 * first needed, and looked at by every login for the price of one netlink query.
 */
#ifndef CARREL_KERNEL_HOST_H
#define CARREL_KERNEL_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include "core/edition.h"
#include "core/host.h"

struct carrel_error;
struct rtnl;

/* What is there now. */
struct host_survey {
	bool ipv6;                      /* the host speaks IPv6 */
	uint32_t generation;            /* of its firewall */
	bool forwards4, forwards6;
	/* The link that leads out does not, being younger than host_prepare(): see host.c. */
	bool way_out_closed4;
};

/**
 * host_survey() - look, and change nothing
 * @ipv6:	the host speaks IPv6
 *
 * Context: in the host's network namespace, CAP_NET_ADMIN
 */
int host_survey(bool ipv6, struct host_survey *ret_survey, struct carrel_error *err);

/**
 * host_survey_way_out() - does the link that leads out forward?
 * @rtnl:	of the host's namespace
 * @survey:	made; gets way_out_closed4, where forwarding is carrel's affair
 */
int host_survey_way_out(struct rtnl *rtnl, struct host_survey *survey, struct carrel_error *err);

/**
 * host_survey_links() - does any of the host's links not forward? For who has time to look at each
 * @survey:	as host_survey_way_out()
 */
int host_survey_links(struct host_survey *survey, struct carrel_error *err);

/**
 * host_is_prepared() - is nothing to be done?
 *
 * As long as the firewall's generation is the recorded one, nobody has changed anything.
 */
bool host_is_prepared(const struct host_survey *survey, const struct host_state *recorded);

/**
 * host_intend() - what is to be recorded before host_prepare()
 * @recorded:	read after @survey was made
 *
 * Once IPv6 forwarding is on, nothing but the record tells that it was carrel who switched it
 * on. So the record comes first: whoever finds the switch on also finds out by whom, in a
 * login at the same instant, and after a helper that was killed in between.
 */
struct host_state host_intend(const struct host_survey *survey,
			      const struct host_state *recorded);

/**
 * host_prepare() - see to it that the host does its part
 * @state:	host_intend()'s, recorded; on success to be recorded again
 * @editions:	that there are: what its sets are to hold
 * @ret_existed: the table was there before
 *
 * The table is replaced by itself, in one transaction without a moment without rules.
 *
 * Context: as host_survey(); under editionsfile_lock()
 */
int host_prepare(const struct host_survey *survey, struct host_state *state,
		 const struct editions *editions, bool *ret_existed, struct carrel_error *err);

/**
 * host_publish() - have the host's table know @editions, and no others
 * @generation:	of the host's firewall, as recorded; where it still was that one, what it is now
 *
 * Return: 0; -ENOENT when the table is not there; -errno
 * Context: as host_survey(); under editionsfile_lock()
 */
int host_publish(const struct editions *editions, uint32_t *generation, struct carrel_error *err);

#endif
