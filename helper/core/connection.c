/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/connection.h"

#include "core/evaluate.h"
#include "core/redirect.h"

/* Is it the carrel's? */
static bool is_own(const struct connection_judge *judge, const struct address *address)
{
	return address_equal(&judge->own[address->family], address);
}

/* Is it a query that would go to another resolver today, or to none? */
static bool is_astray(const struct connection_judge *judge, const struct connection *connection)
{
	const struct redirect redirect = redirect_find(&judge->policy->dns,
						       &connection->destination,
						       connection->l4proto, connection->port);

	/* A resolver of the user's own. */
	if (address_is_loopback(&connection->replier))
		return false;
	switch (redirect.kind) {
	case REDIRECT_NONE:
		return false;
	case REDIRECT_TO:
		return !redirect_leads_to(&redirect, &connection->replier);
	case REDIRECT_REFUSED:
		return true;
	}
	return false;
}

bool connection_is_forbidden(const struct connection_judge *judge,
			     const struct connection *connection)
{
	bool in = is_own(judge, &connection->destination);
	/* The rules see a packet that leaves after it was redirected: where it really goes. */
	const struct packet first = {
		.direction = in ? DIRECTION_IN : DIRECTION_OUT,
		.remote = in ? connection->source : connection->replier,
		.l4proto = connection->l4proto,
		.port = connection->port,
		.icmp_type = connection->icmp_type,
	};

	/* To itself: it does not leave the carrel. */
	if (in && is_own(judge, &connection->source))
		return false;
	if (!in && is_astray(judge, connection))
		return true;
	return evaluate_arrival(judge->policy, judge->config, judge->host, &first).verdict !=
	       VERDICT_ALLOW;
}

bool connection_is_cut(const struct connection *connection)
{
	return connection->mark & CONNECTION_CUT;
}
