/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Each operation of the intent is looked for among what is there. The links come first, for
 * everything else stands on them: where the veth is not whole it is made anew, and then
 * nothing that stood on it is there. The order of the intent is kept, so what mends a carrel
 * is done in the order in which it would be made.
 */
#include "core/compare.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"

struct comparison {
	const struct compare_input *input;
	struct arena *arena;
	struct differences *differences;
	struct plan mend;
	const struct network_link *host_end, *uplink;   /* NULL: not there, or to be made anew */
	bool reset[LINK_UPLINK + 1];                    /* that end is reset: its neighbours go */
	bool failed;                                    /* memory ran out */
};

/* One difference more; that memory ran out is noted, and told in the end. */
static void report(struct comparison *comparison, struct difference difference)
{
	if (differences_add(comparison->differences, comparison->arena, difference) < 0)
		comparison->failed = true;
}

/* @operation is to be done. */
static void mend(struct comparison *comparison, const struct plan_operation *operation)
{
	struct plan_operation *place = ARENA_APPEND(comparison->arena,
						    &comparison->mend.operations);

	if (place)
		*place = *operation;
	else
		comparison->failed = true;
}

/* @operation as plan_describe() says it, with what is there instead, and mend it. */
static void mend_described(struct comparison *comparison, const struct plan_operation *operation,
			   const char *object, const char *found)
{
	BUFFER_CLEANUP struct buffer words = { 0 };

	plan_describe(operation, &words);
	if (words.failed) {
		comparison->failed = true;
		return;
	}
	report(comparison, (struct difference){
		.kind = found ? DIFFERENCE_ALTERED : DIFFERENCE_MISSING,
		.place = operation->place, .object = object,
		.intended = arena_strdup(comparison->arena, words.data), .found = found,
	});
	mend(comparison, operation);
}

/* What @link is called in its network. */
static const char *link_name(const struct comparison *comparison, enum plan_link link)
{
	switch (link) {
	case LINK_LOOPBACK: return "lo";
	case LINK_HOST_END: return comparison->input->host_link;
	case LINK_UPLINK:   return CARREL_UPLINK;
	}
	return "?";
}

/* The link that @operation is about, if it is there. */
static const struct network_link *link_of(const struct comparison *comparison,
					  const struct plan_operation *operation)
{
	switch (operation->link) {
	case LINK_LOOPBACK: return network_link(comparison->input->carrel, "lo");
	case LINK_HOST_END: return comparison->host_end;
	case LINK_UPLINK:   return comparison->uplink;
	}
	return NULL;
}

/* Where @operation would have its effect, as it is now. */
static const struct network *network_of(const struct comparison *comparison,
					const struct plan_operation *operation)
{
	return operation->place == PLACE_HOST ? comparison->input->host
					      : comparison->input->carrel;
}

/* Has it the value? */
static void compare_sysctl(struct comparison *comparison, const struct plan_operation *operation)
{
	const struct network *network = network_of(comparison, operation);
	const char *found = NULL;

	for (size_t i = 0; i < network->sysctls.count; i++)
		if (strcmp(network->sysctls.items[i].path, operation->sysctl.path) == 0)
			found = network->sysctls.items[i].value;
	if (found && strcmp(found, operation->sysctl.value) == 0)
		return;
	report(comparison, (struct difference){
		.kind = found ? DIFFERENCE_ALTERED : DIFFERENCE_MISSING,
		.place = operation->place,
		.object = arena_printf(comparison->arena, "sysctl %s", operation->sysctl.path),
		.intended = operation->sysctl.value, .found = found,
	});
	mend(comparison, operation);
}

/* What one end of the veth is, beyond being there; NULL when it is as it was made. */
static const char *what_end_is(struct comparison *comparison, const struct network_link *end,
			       const struct plan_operation *pair, const uint8_t *mac, bool near)
{
	if (end->master)
		return "part of another link";
	if (memcmp(end->mac, mac, MAC_SIZE) != 0)
		return "of another MAC address";
	if (near && !end->noarp)
		return "with ARP";
	if (near && edition_in_group(end->group, EDITION_NONE) !=
	    edition_in_group(pair->pair.group, EDITION_NONE))
		return arena_printf(comparison->arena, "of group 0x%x", end->group);
	if (pair->pair.mtu_bytes && end->mtu_bytes != pair->pair.mtu_bytes)
		return arena_printf(comparison->arena, "of mtu %u", end->mtu_bytes);
	return NULL;
}

/* Is the end @which of the veth there, and what @pair makes it? */
static void compare_end(struct comparison *comparison, const struct plan_operation *pair,
			enum plan_link which)
{
	bool near = which == LINK_HOST_END;
	const struct network_link *end = near ? comparison->host_end : comparison->uplink;
	const char *found = what_end_is(comparison, end, pair,
					near ? plan_mac_host : plan_mac_carrel, near);
	/* What it knows of the host is not for here to say: see core/edition.h. */
	const struct plan_operation reset = {
		.kind = PLAN_LINK_RESET, .place = near ? PLACE_HOST : PLACE_CARREL, .link = which,
		.reset = {
			.group = edition_in_group(pair->pair.group, edition_of_group(end->group)),
			.mtu_bytes = pair->pair.mtu_bytes,
		},
	};

	if (!found)
		return;
	report(comparison, (struct difference){
		.kind = DIFFERENCE_ALTERED, .place = reset.place,
		.object = arena_printf(comparison->arena, "link %s", link_name(comparison, which)),
		.intended = near ? arena_printf(comparison->arena, "as it was made, of group 0x%x",
						pair->pair.group) : "as it was made",
		.found = found,
	});
	mend(comparison, &reset);
	comparison->reset[which] = true;
}

/* Is the carrel to have IPv6? */
static bool wants_ipv6(const struct plan *intent)
{
	for (size_t i = 0; i < intent->operations.count; i++)
		if (intent->operations.items[i].kind == PLAN_LINK_QUIET &&
		    intent->operations.items[i].quiet.ipv6)
			return true;
	return false;
}

/* What the veth with these ends is, beyond what can be put right in it; NULL: they are ends of one. */
static const char *what_pair_is(const struct network_link *host_end,
				const struct network_link *uplink, bool ipv6)
{
	if (!uplink || host_end->peer != uplink->index || uplink->peer != host_end->index)
		return "not the other end of " CARREL_UPLINK;
	/* Addresses and routes went with it, and could not be given back. */
	if (ipv6 && (host_end->without6 || uplink->without6))
		return "without IPv6, at one of its ends";
	return NULL;
}

/* Make the veth anew, in the place of what there is. */
static void mend_pair(struct comparison *comparison, const struct plan_operation *pair,
		      bool uplink_exists, bool ipv6, const char *found)
{
	/* What the new end in the carrel begins with. */
	if (ipv6)
		mend(comparison, &(struct plan_operation){
			.kind = PLAN_SYSCTL, .place = PLACE_CARREL, .link = LINK_LOOPBACK,
			.sysctl = { "net/ipv6/conf/default/disable_ipv6", "0" },
		});
	if (uplink_exists)
		mend(comparison, &(struct plan_operation){
			.kind = PLAN_LINK_DELETE, .place = PLACE_CARREL, .link = LINK_UPLINK,
		});
	mend_described(comparison, pair,
		       arena_printf(comparison->arena, "link %s", comparison->input->host_link),
		       found);
}

/* The veth: are both ends there, and ends of the same? */
static void compare_pair(struct comparison *comparison, const struct plan_operation *pair)
{
	const struct network_link *host_end = network_link(comparison->input->host,
							   comparison->input->host_link);
	const struct network_link *uplink = network_link(comparison->input->carrel, CARREL_UPLINK);
	bool ipv6 = wants_ipv6(comparison->input->intent);
	const char *found = host_end ? what_pair_is(host_end, uplink, ipv6) : NULL;

	if (!host_end || found) {
		mend_pair(comparison, pair, uplink != NULL, ipv6, found);
		return;
	}
	comparison->host_end = host_end;
	comparison->uplink = uplink;
	compare_end(comparison, pair, LINK_HOST_END);
	compare_end(comparison, pair, LINK_UPLINK);
}

/* Is the link up, or down? */
static void compare_state(struct comparison *comparison, const struct plan_operation *operation)
{
	const struct network_link *link = link_of(comparison, operation);
	bool up = operation->kind == PLAN_LINK_UP;
	const char *name = link_name(comparison, operation->link), *alias = NULL;

	if (up)
		alias = operation->up.alias;
	/* It is to be made, and is down then; to say so again would be no news. */
	if (!link) {
		mend(comparison, operation);
		return;
	}
	if (link->up != up)
		mend_described(comparison, operation,
			       arena_printf(comparison->arena, "link %s", name),
			       up ? "down" : "up");
	else if (alias && strcmp(alias, link->alias) != 0)
		mend_described(comparison, operation,
			       arena_printf(comparison->arena, "alias of link %s", name),
			       arena_printf(comparison->arena, "'%s'", link->alias));
}

/* Does the link keep from IPv6 by itself? */
static void compare_quiet(struct comparison *comparison, const struct plan_operation *operation)
{
	const struct network_link *link = link_of(comparison, operation);
	const char *found = NULL, *name = link_name(comparison, operation->link);

	if (!link) {
		mend(comparison, operation);
		return;
	}
	if (operation->quiet.forward && !link->forwards4)
		found = "it does not forward IPv4";
	else if (operation->quiet.ipv6 && !link->quiet6)
		found = "it makes itself IPv6 addresses";
	else if (operation->quiet.alias && strcmp(operation->quiet.alias, link->alias) != 0)
		found = arena_printf(comparison->arena, "its alias is '%s'", link->alias);
	else
		return;
	mend_described(comparison, operation,
		       arena_printf(comparison->arena, "settings of link %s", name), found);
}

/* Has the link the address? */
static void compare_address(struct comparison *comparison, const struct plan_operation *operation)
{
	const struct network *network = network_of(comparison, operation);
	const struct network_link *link = link_of(comparison, operation);

	for (size_t i = 0; link && i < network->addresses.count; i++)
		if (network->addresses.items[i].link == link->index &&
		    address_equal(&network->addresses.items[i].address, &operation->address))
			return;
	mend_described(comparison, operation, "address", NULL);
}

static bool same_prefix(const struct prefix *a, const struct prefix *b)
{
	return a->length == b->length && address_equal(&a->address, &b->address);
}

/* Is @route what @operation makes at @link? */
static bool is_route(const struct network_route *route, const struct plan_operation *operation,
		     const struct network_link *link)
{
	return route->link == link->index &&
	       same_prefix(&route->destination, &operation->route.destination) &&
	       route->has_gateway == operation->route.has_gateway &&
	       (!route->has_gateway || address_equal(&route->gateway, &operation->route.gateway));
}

/* Has the link the route? */
static bool has_route(const struct comparison *comparison, const struct plan_operation *operation)
{
	const struct network *network = network_of(comparison, operation);
	const struct network_link *link = link_of(comparison, operation);

	for (size_t i = 0; link && i < network->routes.count; i++)
		if (is_route(&network->routes.items[i], operation, link))
			return true;
	return false;
}

static void compare_route(struct comparison *comparison, const struct plan_operation *operation)
{
	if (!has_route(comparison, operation))
		mend_described(comparison, operation, "route", NULL);
}

/* Is the neighbour known, for good, and by the right hardware address? */
static void compare_neighbour(struct comparison *comparison,
			      const struct plan_operation *operation)
{
	const struct network *network = network_of(comparison, operation);
	const struct network_link *link = link_of(comparison, operation);
	bool seen = false;

	for (size_t i = 0; link && i < network->neighbours.count; i++) {
		const struct network_neighbour *neighbour = &network->neighbours.items[i];

		if (neighbour->link != link->index ||
		    !address_equal(&neighbour->address, &operation->neighbour.address))
			continue;
		if (neighbour->permanent &&
		    memcmp(neighbour->mac, operation->neighbour.mac, MAC_SIZE) == 0) {
			/* Whoever is given an address, even the same, forgets them. */
			if (comparison->reset[operation->link])
				mend(comparison, operation);
			return;
		}
		seen = true;
	}
	mend_described(comparison, operation, "neighbour",
		       seen ? "another MAC address, or not permanent" : NULL);
}

/* Are answers let in? The route that does it goes when the link goes down, and with it. */
static void compare_answers(struct comparison *comparison, const struct plan_operation *operation)
{
	const struct network_link *link = link_of(comparison, operation);

	if (!link || !link->up)
		mend(comparison, operation);
	else if (!link->answers6)
		mend_described(comparison, operation, "route of answers", NULL);
}

/* Is there what @operation would bring about? */
static void compare_operation(struct comparison *comparison,
			      const struct plan_operation *operation)
{
	switch (operation->kind) {
	case PLAN_SYSCTL:
		compare_sysctl(comparison, operation);
		return;
	case PLAN_RULES:
	case PLAN_CONNECTIONS:  /* While there were no rules, any could begin. */
		if (comparison->input->rules_differ)
			mend(comparison, operation);
		return;
	case PLAN_LINK_PAIR:
		compare_pair(comparison, operation);
		return;
	case PLAN_LINK_UP:
	case PLAN_LINK_DOWN:
		compare_state(comparison, operation);
		return;
	case PLAN_LINK_QUIET:
		compare_quiet(comparison, operation);
		return;
	case PLAN_ADDRESS:
		compare_address(comparison, operation);
		return;
	case PLAN_ROUTE:
		compare_route(comparison, operation);
		return;
	case PLAN_NEIGHBOUR:
		compare_neighbour(comparison, operation);
		return;
	case PLAN_ANSWERS:
		compare_answers(comparison, operation);
		return;
	case PLAN_NETNS:
	case PLAN_LINK_GROUP:
	case PLAN_LINK_RESET:
	case PLAN_LINK_DELETE:
	case PLAN_PIN:
		return; /* no part of an intent */
	}
}

/* Is @address one of the carrel's own? */
static bool is_intended_address(const struct comparison *comparison, const struct address *address)
{
	const struct plan *intent = comparison->input->intent;

	for (size_t i = 0; i < intent->operations.count; i++)
		if (intent->operations.items[i].kind == PLAN_ADDRESS &&
		    address_equal(&intent->operations.items[i].address, address))
			return true;
	return false;
}

/* Is @route an intended one? One in the place of that was reported as it is missing. */
static bool is_intended_route(const struct comparison *comparison,
			      const struct network_route *route)
{
	const struct plan *intent = comparison->input->intent;

	for (size_t i = 0; i < intent->operations.count; i++) {
		const struct plan_operation *operation = &intent->operations.items[i];

		if (operation->kind != PLAN_ROUTE || operation->place != PLACE_CARREL ||
		    !same_prefix(&operation->route.destination, &route->destination))
			continue;
		return !has_route(comparison, operation) ||
		       is_route(route, operation, link_of(comparison, operation));
	}
	return false;
}

/* Loopback's own are the kernel's. */
static void find_extra_addresses(struct comparison *comparison)
{
	const struct network *carrel = comparison->input->carrel;

	for (size_t i = 0; i < carrel->addresses.count; i++) {
		const struct network_address *address = &carrel->addresses.items[i];
		const char *link = network_link_name(carrel, address->link);
		char text[ADDRESS_TEXT_SIZE];

		if (strcmp(link, "lo") == 0 ||
		    is_intended_address(comparison, &address->address))
			continue;
		address_format(&address->address, text);
		report(comparison, (struct difference){
			.kind = DIFFERENCE_EXTRA, .place = PLACE_CARREL, .remedy = REMEDY_OTHERS,
			.object = arena_printf(comparison->arena, "address %s of %s", text, link),
		});
	}
}

/* Routes in the carrel that nothing intends. */
static void find_extra_routes(struct comparison *comparison)
{
	const struct network *carrel = comparison->input->carrel;

	for (size_t i = 0; i < carrel->routes.count; i++) {
		const struct network_route *route = &carrel->routes.items[i];
		char text[PREFIX_TEXT_SIZE];

		if (is_intended_route(comparison, route))
			continue;
		prefix_format(&route->destination, text);
		report(comparison, (struct difference){
			.kind = DIFFERENCE_EXTRA, .place = PLACE_CARREL, .remedy = REMEDY_OTHERS,
			.object = arena_printf(comparison->arena, "route to %s by %s", text,
					       network_link_name(carrel, route->link)),
		});
	}
}

/* The kernel makes some in every namespace, where modules for tunnels are loaded: always down. */
static void find_extra_links(struct comparison *comparison)
{
	const struct network *carrel = comparison->input->carrel;

	for (size_t i = 0; i < carrel->links.count; i++) {
		const struct network_link *link = &carrel->links.items[i];

		if (!link->up || strcmp(link->name, "lo") == 0 ||
		    strcmp(link->name, CARREL_UPLINK) == 0)
			continue;
		report(comparison, (struct difference){
			.kind = DIFFERENCE_EXTRA, .place = PLACE_CARREL, .remedy = REMEDY_OTHERS,
			.object = arena_printf(comparison->arena, "link %s", link->name),
		});
	}
}

int compare_networks(const struct compare_input *input, struct arena *arena,
		     struct differences *differences, struct plan *ret_mend,
		     struct carrel_error *err)
{
	struct comparison comparison = {
		.input = input, .arena = arena, .differences = differences,
	};

	for (size_t i = 0; i < input->intent->operations.count; i++)
		compare_operation(&comparison, &input->intent->operations.items[i]);
	find_extra_links(&comparison);
	find_extra_addresses(&comparison);
	find_extra_routes(&comparison);
	if (comparison.failed)
		return error_set(err, ENOMEM, "out of memory");
	*ret_mend = comparison.mend;
	return 0;
}
