/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's network, as far as carrels need it: addresses that are free, packets that go on. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/name.h"
#include "cli/view.h"
#include "doctor/checks.h"
#include "kernel/link.h"
#include "kernel/routes.h"
#include "kernel/rtnl.h"
#include "kernel/sysctl.h"
#include "state/hoststate.h"
#include "state/textfile.h"

/** list_routes() - of the host */
static int list_routes(struct doctor *doctor, struct routes *ret, struct carrel_error *err)
{
	RTNL_CLEANUP struct rtnl host = { 0 };
	int rc = rtnl_open(&host, err);

	return rc < 0 ? rc : routes_list(&host, doctor->arena, ret, err);
}

/** suggestion() - an edit that ends the overlap; NULL: out of memory */
static const char *suggestion(struct doctor *doctor, const struct prefix *pool,
			      const struct routes *routes)
{
	const char *word = pool->address.family == FAMILY_IPV4 ? "pool4" : "pool6";
	char text[PREFIX_TEXT_SIZE];
	struct prefix other;

	if (!overlap_suggest(pool, routes->list.items, routes->list.count, &other))
		return arena_printf(doctor->arena, "set %s in %s to a prefix that is free; carrels that "
				    "are made from then on are in it", word, doctor->config_path);
	prefix_format(&other, text);
	return arena_printf(doctor->arena, "set in %s: %s %s (or another prefix that is free); carrels "
			    "that are made from then on are in it", doctor->config_path, word, text);
}

/** add_overlap() - report what @pool and @route have in common */
static int add_overlap(struct doctor *doctor, const struct prefix *pool,
		       const struct host_route *route, enum overlap_kind kind,
		       const struct routes *routes)
{
	char pool_text[PREFIX_TEXT_SIZE], route_text[PREFIX_TEXT_SIZE];

	prefix_format(pool, pool_text);
	prefix_format(&route->prefix, route_text);
	return doctor_add(doctor, (struct doctor_finding){
		.severity = kind == OVERLAP_CLASH ? DOCTOR_WRONG : DOCTOR_NOTICE,
		.what = arena_printf(doctor->arena, "the addresses of carrels, %s, overlap the network %s "
				     "on %s", pool_text, route_text, route->link),
		.why = "who has one of these addresses out there cannot be reached from this host while "
		       "a carrel has it, nor from a carrel",
		.fix = suggestion(doctor, pool, routes),
	});
}

int doctor_check_pools(struct doctor *doctor, struct carrel_error *err)
{
	const struct config *config;
	struct routes routes;

	int rc = doctor_config(doctor, &config, err);
	if (rc == 0)
		rc = list_routes(doctor, &routes, err);
	if (rc < 0)
		return rc;
	const struct prefix *pools[] = { &config->pool4, &config->pool6 };
	for (size_t k = 0; rc == 0 && k < sizeof(pools) / sizeof(pools[0]); k++)
		for (size_t i = 0; rc == 0 && i < routes.list.count; i++) {
			enum overlap_kind kind = overlap_judge(pools[k], &routes.list.items[i]);

			if (kind != OVERLAP_NONE)
				rc = add_overlap(doctor, pools[k], &routes.list.items[i], kind,
						 &routes);
		}
	return rc;
}

/** setting() - of @link, for @family ("ipv4", "ipv6"); -1: there is none */
static long setting(const char *family, const char *link, const char *name)
{
	char path[PATH_MAX];
	long value;

	if (snprintf(path, sizeof(path), "net/%s/conf/%s/%s", family, link, name) >=
	    (int)sizeof(path) || sysctl_read_number(path, &value, NULL) < 0)
		return -1;
	return value;
}

/** add_setting() - @link has a setting that must be another; slashes, as a link may have a dot */
static int add_setting(struct doctor *doctor, const char *family, const char *link,
		       const char *name, int value, const char *what, const char *why)
{
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "%s: net/%s/conf/%s/%s should be %d", what, family,
				     link, name, value),
		.why = why,
		.fix = arena_printf(doctor->arena, "sysctl -w net/%s/conf/%s/%s=%d", family, link, name,
				    value),
	});
}

/** is_device() - no bridge or tunnel: something that a router may be behind */
static bool is_device(const char *link)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "/sys/class/net/%s/device", link) < (int)sizeof(path) &&
	       access(path, F_OK) == 0;
}

/** check_link() - one that packets come in by */
static int check_link(struct doctor *doctor, const struct routes *routes, const char *link,
		      const struct host_state *state)
{
	long forwards4 = setting("ipv4", link, "forwarding");
	long forwards6 = setting("ipv6", "all", "forwarding");
	long advertisements = setting("ipv6", link, "accept_ra");
	int rc = 0;

	if (forwards4 == 0)
		rc = add_setting(doctor, "ipv4", link, "forwarding", 1,
				 arena_printf(doctor->arena, "IPv4 that comes in by %s is not forwarded",
					      link),
				 "answers to carrels that come in there are dropped; the link is newer "
				 "than the last look at it, or something has reset it");
	/* A host that forwarded before carrel did has chosen for itself. */
	if (rc == 0 && forwards6 == 1 && state->guard6 && advertisements == 1 &&
	    (is_device(link) || routes_has_link(&routes->advertised, link)))
		rc = add_setting(doctor, "ipv6", link, "accept_ra", 2,
				 arena_printf(doctor->arena, "router advertisements are not heard on %s",
					      link),
				 "a host that forwards IPv6 ignores them, unless told otherwise: it "
				 "loses its address or its default route when they run out");
	return rc;
}

/** check_carrel() - view_each_record() callback: the host's end of a carrel's uplink */
static int check_carrel(const struct record *record, int rc, const struct carrel_error *why,
			void *context)
{
	struct doctor *doctor = context;
	char link[LINK_NAME_SIZE];

	(void)why;
	if (rc < 0)
		return 0;
	name_of_host_link(record->uid, link);
	if (setting("ipv4", link, "forwarding") != 0)
		return 0;
	return add_setting(doctor, "ipv4", link, "forwarding", 1,
			   arena_printf(doctor->arena, "IPv4 from the carrel of %s is not forwarded",
					record->user),
			   "the user reaches nothing over IPv4; something has reset it");
}

/** check_name() - link_each() visit: the host's table knows carrels by the names of their links */
static int check_name(const char *name, bool up, void *context)
{
	static const char prefix[] = "cr-";
	struct doctor *doctor = context;
	uid_t uid;

	(void)up;
	if (strncmp(name, prefix, strlen(prefix)) != 0 ||
	    textfile_parse_uid(name + strlen(prefix), &uid))
		return 0;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "the link %s has a name that begins as those of "
				     "carrels' links", name),
		.why = "what comes in there is taken for a carrel's and dropped: nobody reaches the host "
		       "by it",
		.fix = "give it another name, with 'ip link set' and where it is configured",
	});
}

/** check_names() - of all links of the host */
static int check_names(struct doctor *doctor, struct carrel_error *err)
{
	RTNL_CLEANUP struct rtnl host = { 0 };
	int rc = rtnl_open(&host, err);

	return rc < 0 ? rc : link_each(&host, check_name, doctor, err);
}

int doctor_check_forwarding(struct doctor *doctor, struct carrel_error *err)
{
	struct host_state state = { 0 };
	struct routes routes;

	int rc = doctor->state_fd >= 0 ? hoststate_read(doctor->state_fd, &state, err) : 0;

	if (rc < 0)
		return rc;
	/* Until somebody has logged in, nothing needs to be forwarded. */
	if (!state.known)
		return 0;
	rc = check_names(doctor, err);
	if (rc == 0)
		rc = list_routes(doctor, &routes, err);
	if (rc == 0 && setting("ipv6", "default", "disable_ipv6") == 0 &&
	    setting("ipv6", "all", "forwarding") == 0)
		rc = add_setting(doctor, "ipv6", "all", "forwarding", 1, "IPv6 is not forwarded",
				 "carrels reach nothing over IPv6 until the next login, which sets it "
				 "again; something has reset it");
	for (size_t i = 0; rc == 0 && i < routes.links.list.count; i++)
		rc = check_link(doctor, &routes, routes.links.list.items[i], &state);
	return rc < 0 ? rc : view_each_record(doctor->state_fd, check_carrel, doctor, err);
}
