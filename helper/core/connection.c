/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/connection.h"

#include "core/evaluate.h"

static bool is_own(const struct connection_judge *judge, const struct address *address)
{
	return address_equal(&judge->own[address->family], address);
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
	return evaluate_policy(judge->policy, judge->config, judge->host, &first).verdict !=
	       VERDICT_ALLOW;
}

bool connection_is_cut(const struct connection *connection)
{
	return connection->mark & CONNECTION_CUT;
}
