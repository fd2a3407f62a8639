/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * The order of a build carries the promises:
 *
 *   1. the namespace, held by the helper alone;
 *   2. its sysctls: what the links made later inherit;
 *   3. its rules: default deny is in force before there is a link;
 *   4. the veth, both ends down; the host's end is set up when LINK_QUIET has forbidden the
 *      kernel to give it an IPv6 address of its own, and its routes and neighbours are made;
 *   5. everything in the carrel: its end up last, but for the routes, which need that;
 *   6. the pin. Only now can anyone join, and only a pinned carrel outlives the helper.
 *
 * Neighbouring operations of one place become one netlink send (kernel/apply.c).
 *
 * The order of 4 and 5 also carries the cost on a host with thousands of carrels. When the
 * state of an IPv6 link changes, the kernel walks through all IPv6 routes of its namespace
 * (rt6_sync_up() and rt6_sync_down_dev(), net/ipv6/route.c), for a change of carrier in the background, and
 * whoever changes anything in a network meanwhile waits. Set up when it is known to be without
 * a carrier, the host's end causes no walk. That it has one is the one walk; it begins when the
 * peer comes up, and so late as to find the login's work done.
 */
#include "core/plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "core/compile.h"
#include "core/group.h"

/* Locally administered; 0xca44 stands for "carrel". */
const uint8_t plan_mac_host[MAC_SIZE]   = { 0x02, 0xca, 0x44, 0x00, 0x00, 0x01 };
const uint8_t plan_mac_carrel[MAC_SIZE] = { 0x02, 0xca, 0x44, 0x00, 0x00, 0x02 };

/*
 * The next hop of every carrel: never on the wire outside its own veth. 169.254.0.0/24 is
 * kept out of autoconfiguration by RFC 3927, section 2.1.
 */
static const struct address gateways[FAMILY_COUNT] = {
	[FAMILY_IPV4] = { FAMILY_IPV4, { 169, 254, 0, 1 } },
	[FAMILY_IPV6] = { FAMILY_IPV6, { 0xfe, 0x80, [15] = 1 } },
};

/* Before any link is there, so that uplink0 inherits them. */
static const struct { const char *path, *value; bool ipv6; } carrel_sysctls[] = {
	/* Unprivileged ICMP echo for everyone: the largest group id that the kernel accepts. */
	{ "net/ipv4/ping_group_range", "0 2147483647", false },
	/* Routes come from the plan, never from a router advertisement. */
	{ "net/ipv6/conf/default/accept_ra", "0", true },
};

uint32_t plan_group(const struct policy *policy, const struct prefix_list *host)
{
	uint32_t group = GROUP_BASE;

	if (policy->uplink == UPLINK_NAT)
		group |= GROUP_NAT;
	if (policy_reaches_host(policy, host->items, host->count))
		group |= GROUP_HOST;
	if (policy_reaches_peers(policy))
		group |= GROUP_PEERS;
	return group;
}

/* The same, with the edition of the host's addresses that the rules know. */
static uint32_t group_of(const struct plan_input *input)
{
	return edition_in_group(plan_group(input->policy, &input->facts->host),
				input->facts->edition);
}

/* A plan being written: remembers that memory ran out, so that callers ask once. */
struct writer {
	struct arena *arena;
	struct plan *plan;
	bool replace;                   /* what is made may be there already */
	bool failed;
	struct plan_operation spare;    /* written to when memory ran out */
};

/* Append an operation; never NULL. */
static struct plan_operation *add(struct writer *writer, enum plan_kind kind, enum place place,
				  enum plan_link link)
{
	struct plan_operation *operation = ARENA_APPEND(writer->arena, &writer->plan->operations);

	if (!operation) {
		writer->failed = true;
		operation = &writer->spare;
	}
	operation->kind = kind;
	operation->place = place;
	operation->link = link;
	return operation;
}

static void add_neighbour(struct writer *writer, enum place place, enum plan_link link,
			  const struct address *address, const uint8_t *mac)
{
	struct plan_operation *operation = add(writer, PLAN_NEIGHBOUR, place, link);

	operation->neighbour.address = *address;
	operation->neighbour.mac = mac;
}

/* The host's side of one family: where the carrel's address is. */
static void add_host_family(struct writer *writer, const struct address *address)
{
	struct plan_operation *operation = add(writer, PLAN_ROUTE, PLACE_HOST, LINK_HOST_END);

	operation->route.destination.address = *address;
	operation->route.destination.length = (uint8_t)address_bits(address->family);
	/* Whoever had the address before may have left a link that leads there. */
	operation->route.replace = true;
	add_neighbour(writer, PLACE_HOST, LINK_HOST_END, address, plan_mac_carrel);
}

/* The carrel's own address, and the gateway of its family. */
static void add_carrel_address(struct writer *writer, const struct address *address)
{
	add(writer, PLAN_ADDRESS, PLACE_CARREL, LINK_UPLINK)->address = *address;
	add_neighbour(writer, PLACE_CARREL, LINK_UPLINK, &gateways[address->family],
		      plan_mac_host);
}

/* Everything else is behind the gateway. */
static void add_carrel_route(struct writer *writer, enum family family)
{
	struct plan_operation *operation = add(writer, PLAN_ROUTE, PLACE_CARREL, LINK_UPLINK);

	operation->route.destination.address.family = family;
	operation->route.has_gateway = true;
	operation->route.replace = writer->replace;
	operation->route.gateway = gateways[family];
}

/*
 * Up, and with a name that tells whose namespace it is: by it a process's namespace is known
 * again where the pin is lost, and a pinned one where the record is.
 */
static void add_loopback(struct writer *writer, const struct plan_input *input)
{
	struct plan_operation *up = add(writer, PLAN_LINK_UP, PLACE_CARREL, LINK_LOOPBACK);
	char name[NETNS_NAME_SIZE];

	if (input->throwaway)
		return;
	name_of_netns(input->uid, name);
	up->up.alias = arena_strdup(writer->arena, name);
	if (!up->up.alias)
		writer->failed = true;
}

/*
 * What was sent to the loopback and redirected comes back for the loopback: IPv4 lets it in by a
 * switch, IPv6 by a route. (IPv4's is asked for on the way out, too.)
 */
static void add_answers4(struct writer *writer, bool on)
{
	struct plan_operation *operation = add(writer, PLAN_SYSCTL, PLACE_CARREL, LINK_LOOPBACK);

	operation->sysctl.path = "net/ipv4/conf/all/route_localnet";
	operation->sysctl.value = on ? "1" : "0";
}

static void add_answers6(struct writer *writer, const struct plan_input *input)
{
	if (input->facts->ipv6 && dns_redirects_loopback(&input->policy->dns, FAMILY_IPV6))
		add(writer, PLAN_ANSWERS, PLACE_CARREL, LINK_UPLINK);
}

static void add_uplink(struct writer *writer, const struct plan_input *input)
{
	struct plan_operation *pair = add(writer, PLAN_LINK_PAIR, PLACE_HOST, LINK_HOST_END);
	struct plan_operation *quiet;

	name_of_host_link(input->uid, pair->pair.host_name);
	pair->pair.group = group_of(input);
	pair->pair.mtu_bytes = input->facts->mtu_bytes;

	quiet = add(writer, PLAN_LINK_QUIET, PLACE_HOST, LINK_HOST_END);
	quiet->quiet.ipv6 = input->facts->ipv6;
	quiet->quiet.forward = true;
	quiet->quiet.alias = input->user;
	add(writer, input->cut ? PLAN_LINK_DOWN : PLAN_LINK_UP, PLACE_HOST, LINK_HOST_END);
	if (!input->cut) {
		add_host_family(writer, &input->address4);
		if (input->facts->ipv6)
			add_host_family(writer, &input->address6);
	}

	add_loopback(writer, input);
	add(writer, PLAN_LINK_QUIET, PLACE_CARREL, LINK_UPLINK)->quiet.ipv6 = input->facts->ipv6;
	add_carrel_address(writer, &input->address4);
	if (input->facts->ipv6)
		add_carrel_address(writer, &input->address6);
	add(writer, PLAN_LINK_UP, PLACE_CARREL, LINK_UPLINK);
	add_carrel_route(writer, FAMILY_IPV4);
	if (input->facts->ipv6)
		add_carrel_route(writer, FAMILY_IPV6);
	add_answers6(writer, input);
}

/*
 * Bring up again what `logout cut` has set down. The kernel forgot the routes and neighbours
 * then; down first, because a helper that was killed may have left it up, with them.
 */
static void add_reconnection(struct writer *writer, const struct plan_input *input)
{
	add(writer, PLAN_LINK_DOWN, PLACE_HOST, LINK_HOST_END);
	add(writer, PLAN_LINK_UP, PLACE_HOST, LINK_HOST_END);
	add_host_family(writer, &input->address4);
	if (input->facts->ipv6)
		add_host_family(writer, &input->address6);
}

static void add_group(struct writer *writer, const struct plan_input *input)
{
	add(writer, PLAN_LINK_GROUP, PLACE_HOST, LINK_HOST_END)->group = group_of(input);
}

static int add_rules(struct writer *writer, const struct plan_input *input, bool replace,
		     struct carrel_error *err)
{
	struct ruleset *ruleset = arena_alloc(writer->arena, sizeof(*ruleset));
	struct plan_operation *operation;
	int rc;

	if (!ruleset)
		return error_set(err, ENOMEM, "out of memory");
	rc = compile_policy(input->policy, input->config, &input->facts->host, writer->arena,
			    ruleset, err);
	if (rc < 0)
		return rc;
	operation = add(writer, PLAN_RULES, PLACE_CARREL, LINK_LOOPBACK);
	operation->rules.ruleset = ruleset;
	operation->rules.replace = replace;
	return 0;
}

/* Judge the connections that are open by the policy. */
static void add_connections(struct writer *writer, const struct plan_input *input)
{
	struct plan_operation *operation = add(writer, PLAN_CONNECTIONS, PLACE_CARREL,
					       LINK_LOOPBACK);

	operation->connections = (struct connection_judge){
		.policy = input->policy,
		.config = input->config,
		.host = &input->facts->host,
		.own = { [FAMILY_IPV4] = input->address4, [FAMILY_IPV6] = input->address6 },
	};
}

/* Who may listen on low ports; a namespace begins with nobody but those with the capability. */
static void add_low_ports(struct writer *writer, bool everyone)
{
	struct plan_operation *operation = add(writer, PLAN_SYSCTL, PLACE_CARREL, LINK_LOOPBACK);

	operation->sysctl.path = "net/ipv4/ip_unprivileged_port_start";
	operation->sysctl.value = everyone ? "0" : "1024";
}

static void add_sysctls(struct writer *writer, const struct plan_input *input)
{
	for (size_t i = 0; i < sizeof(carrel_sysctls) / sizeof(*carrel_sysctls); i++) {
		struct plan_operation *operation;

		if (carrel_sysctls[i].ipv6 && !input->facts->ipv6)
			continue;
		operation = add(writer, PLAN_SYSCTL, PLACE_CARREL, LINK_LOOPBACK);
		operation->sysctl.path = carrel_sysctls[i].path;
		operation->sysctl.value = carrel_sysctls[i].value;
	}
}

/* What connects the carrel, as its policy says. */
static void add_links(struct writer *writer, const struct plan_input *input)
{
	switch (input->policy->uplink) {
	case UPLINK_NAT:
		add_uplink(writer, input);
		break;
	case UPLINK_NONE:
		add_loopback(writer, input);
		break;
	}
}

int plan_build(const struct plan_input *input, struct arena *arena, struct plan *ret_plan,
	       struct carrel_error *err)
{
	struct plan plan = { 0 };
	struct writer writer = { .arena = arena, .plan = &plan };
	int rc;

	add(&writer, PLAN_NETNS, PLACE_CARREL, LINK_LOOPBACK);
	add_sysctls(&writer, input);
	if (input->policy->low_ports)
		add_low_ports(&writer, true);
	if (dns_redirects_loopback(&input->policy->dns, FAMILY_IPV4))
		add_answers4(&writer, true);
	rc = add_rules(&writer, input, false, err);
	if (rc < 0)
		return rc;

	add_links(&writer, input);
	if (!input->throwaway)
		name_of_netns(input->uid,
			      add(&writer, PLAN_PIN, PLACE_HOST, LINK_LOOPBACK)->pin.name);

	if (writer.failed)
		return error_set(err, ENOMEM, "out of memory");
	*ret_plan = plan;
	return 0;
}

int plan_update(const struct plan_input *input, struct arena *arena, struct plan *ret_plan,
		struct carrel_error *err)
{
	struct plan plan = { 0 };
	struct writer writer = { .arena = arena, .plan = &plan };
	int rc;

	add_low_ports(&writer, input->policy->low_ports);
	add_answers4(&writer, dns_redirects_loopback(&input->policy->dns, FAMILY_IPV4));
	add_answers6(&writer, input);
	rc = add_rules(&writer, input, true, err);
	if (rc < 0)
		return rc;
	add_connections(&writer, input);
	if (input->policy->uplink != UPLINK_NONE)
		add_group(&writer, input);
	if (input->policy->uplink != UPLINK_NONE && input->reconnect)
		add_reconnection(&writer, input);
	if (writer.failed)
		return error_set(err, ENOMEM, "out of memory");
	*ret_plan = plan;
	return 0;
}

int plan_know_host(const struct plan_input *input, struct arena *arena, struct plan *ret_plan,
		   struct carrel_error *err)
{
	struct plan plan = { 0 };
	struct writer writer = { .arena = arena, .plan = &plan };

	add_group(&writer, input);
	if (writer.failed)
		return error_set(err, ENOMEM, "out of memory");
	*ret_plan = plan;
	return 0;
}

int plan_intend(const struct plan_input *input, bool rules, struct arena *arena,
		struct plan *ret_plan, struct carrel_error *err)
{
	struct plan plan = { 0 };
	struct writer writer = { .arena = arena, .plan = &plan, .replace = true };

	add_sysctls(&writer, input);
	add_low_ports(&writer, input->policy->low_ports);
	add_answers4(&writer, dns_redirects_loopback(&input->policy->dns, FAMILY_IPV4));
	if (rules) {
		int rc = add_rules(&writer, input, true, err);

		if (rc < 0)
			return rc;
		add_connections(&writer, input);
	}
	add_links(&writer, input);
	if (writer.failed)
		return error_set(err, ENOMEM, "out of memory");
	*ret_plan = plan;
	return 0;
}

static const char *link_text(enum plan_link link)
{
	switch (link) {
	case LINK_LOOPBACK: return "lo";
	case LINK_HOST_END: return "the host's end";
	case LINK_UPLINK:   return CARREL_UPLINK;
	}
	return "?";
}

const char *plan_place_name(enum place place)
{
	return place == PLACE_HOST ? "host" : "carrel";
}

void plan_describe(const struct plan_operation *operation, struct buffer *buffer)
{
	char prefix[PREFIX_TEXT_SIZE], address[ADDRESS_TEXT_SIZE];
	const char *link = link_text(operation->link);

	switch (operation->kind) {
	case PLAN_NETNS:
		buffer_puts(buffer, "make a network namespace");
		break;
	case PLAN_SYSCTL:
		buffer_printf(buffer, "set %s = %s", operation->sysctl.path, operation->sysctl.value);
		break;
	case PLAN_RULES:
		buffer_printf(buffer, "%s table inet %s",
			      operation->rules.replace ? "replace" : "load",
			      operation->rules.ruleset->table);
		break;
	case PLAN_CONNECTIONS:
		buffer_puts(buffer, "cut open connections that the policy forbids");
		break;
	case PLAN_LINK_PAIR:
		buffer_printf(buffer, "make veth %s <-> %s, group 0x%x, mtu %u",
			      operation->pair.host_name, CARREL_UPLINK, operation->pair.group,
			      operation->pair.mtu_bytes);
		break;
	case PLAN_LINK_GROUP:
		buffer_printf(buffer, "set group 0x%x on %s", operation->group, link);
		break;
	case PLAN_LINK_RESET:
		buffer_printf(buffer, "reset %s", link);
		break;
	case PLAN_LINK_DELETE:
		buffer_printf(buffer, "delete %s", link);
		break;
	case PLAN_LINK_QUIET:
		buffer_printf(buffer, "%s: no automatic address%s", link,
			      operation->quiet.forward ? ", forwarding on" : "");
		break;
	case PLAN_LINK_UP:
		buffer_printf(buffer, "set %s up", link);
		break;
	case PLAN_LINK_DOWN:
		buffer_printf(buffer, "set %s down", link);
		break;
	case PLAN_ADDRESS:
		address_format(&operation->address, address);
		buffer_printf(buffer, "%s: address %s", link, address);
		break;
	case PLAN_ROUTE:
		prefix_format(&operation->route.destination, prefix);
		buffer_printf(buffer, "route %s dev %s", prefix, link);
		if (operation->route.has_gateway) {
			address_format(&operation->route.gateway, address);
			buffer_printf(buffer, " via %s", address);
		}
		break;
	case PLAN_NEIGHBOUR:
		address_format(&operation->neighbour.address, address);
		buffer_printf(buffer, "permanent neighbour %s dev %s", address, link);
		break;
	case PLAN_ANSWERS:
		buffer_printf(buffer, "%s: let answers to queries from ::1 in", link);
		break;
	case PLAN_PIN:
		buffer_printf(buffer, "pin it as %s", operation->pin.name);
		break;
	}
}
