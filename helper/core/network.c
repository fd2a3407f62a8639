/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/network.h"

#include <string.h>

const struct network_link *network_link(const struct network *network, const char *name)
{
	for (size_t i = 0; i < network->links.count; i++)
		if (strcmp(network->links.items[i].name, name) == 0)
			return &network->links.items[i];
	return NULL;
}

bool network_is_of(const struct network *network, uid_t uid)
{
	const struct network_link *loopback = network_link(network, "lo");
	char name[NETNS_NAME_SIZE];

	name_of_netns(uid, name);
	return loopback && strcmp(loopback->alias, name) == 0;
}

const char *network_link_name(const struct network *network, int index)
{
	for (size_t i = 0; i < network->links.count; i++)
		if (network->links.items[i].index == index)
			return network->links.items[i].name;
	return "no link";
}
