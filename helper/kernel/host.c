/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: forwarding
 *
 * Packets must go from a carrel's veth to the host's links and back, and nothing else
 * must change: a machine with two networks must not become a router between them
 * because somebody logged in.
 *
 * IPv4 looks at the forwarding switch of the link where a packet comes in, so the
 * switches of the host's own links are turned on and net.ipv4.ip_forward stays as it is.
 * Where it is off, the host did not forward, and the table drops what goes from one of
 * the host's links to another ("guard"). Once somebody else (a container engine, an
 * administrator) turns ip_forward on, the guard goes.
 *
 * IPv6 (before Linux 6.17) looks at net.ipv6.conf.all.forwarding alone. Turning that on
 * makes Linux ignore router advertisements, from which the host may have its own address
 * and route: so links that accept them (accept_ra 1) are first told to accept them even
 * while forwarding (2). That the switch was off is recorded before it is on, for the same
 * guard.
 */
#include "kernel/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <libmnl/libmnl.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/name.h"
#include "core/hosttable.h"
#include "kernel/facts.h"
#include "kernel/network.h"
#include "kernel/nft.h"
#include "kernel/nft_load.h"
#include "kernel/sysctl.h"

#define FORWARDING4 "net/ipv4/ip_forward"
#define FORWARDING6 "net/ipv6/conf/all/forwarding"

/* Directories below net/ipv?/conf that are links, of the host's own or, if so wanted, carrels'. */
static bool is_host_link(const char *name, bool carrels)
{
	return name[0] != '.' && strcmp(name, "all") != 0 && strcmp(name, "default") != 0 &&
	       strcmp(name, "lo") != 0 && (carrels || strncmp(name, "cr-", 3) != 0);
}

/*
 * Call @act with the path of net/@family/conf/LINK/@setting for each of the host's links where it
 * is @value; for its ends of carrels' uplinks too, when @carrels.
 */
static int each_link(const char *family, const char *setting, long value, bool carrels,
		     int (*act)(const char *path, void *context, struct carrel_error *err),
		     void *context, struct carrel_error *err)
{
	char path[PATH_MAX];
	const struct dirent *entry;
	DIR *links;
	int rc = 0;

	(void)snprintf(path, sizeof(path), "/proc/sys/net/%s/conf", family);
	links = opendir(path);
	if (!links)
		return error_set_errno(err, errno, "opening %s", path);
	while (rc == 0 && (entry = readdir(links))) {
		long found;

		if (!is_host_link(entry->d_name, carrels))
			continue;
		(void)snprintf(path, sizeof(path), "net/%s/conf/%s/%s", family, entry->d_name,
			       setting);
		/* A link may go while we look: what is not there needs no setting. */
		if (sysctl_read_number(path, &found, NULL) < 0 || found != value)
			continue;
		rc = act(path, context, err);
		if (rc == -ENOENT)
			rc = 0;
	}
	closedir(links);
	return rc;
}

/* each_link() act: @context is the value to set */
static int set_link(const char *path, void *context, struct carrel_error *err)
{
	return sysctl_write(path, context, err);
}

/* each_link() act: there is one; @context is a bool */
static int note_link(const char *path, void *context, struct carrel_error *err)
{
	(void)path, (void)err;
	*(bool *)context = true;
	return 0;
}

/* Switch on what @survey found off. */
static int enable_forwarding(const struct host_survey *survey, struct carrel_error *err)
{
	char on[] = "1", though_forwarding[] = "2";
	int rc = 0;

	if (!survey->forwards4) {
		/* Who switched ip_forward off has switched off those of open carrels with it. */
		rc = each_link("ipv4", "forwarding", 0, true, set_link, on, err);
		if (rc < 0)
			return error_wrap(err, rc, "enabling IPv4 forwarding");
	}
	if (survey->ipv6 && !survey->forwards6) {
		rc = each_link("ipv6", "accept_ra", 1, false, set_link, though_forwarding, err);
		if (rc == 0)
			rc = sysctl_write(FORWARDING6, "1", err);
	}
	return rc < 0 ? error_wrap(err, rc, "enabling IPv6 forwarding") : 0;
}

/* Put the host's table in place, with the guards of @state. */
static int load_table(struct mnl_socket *nft, const struct host_state *state,
		      const struct editions *editions, struct carrel_error *err)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct ruleset table;
	int rc = hosttable_build(state->guard4, state->guard6, editions, &arena, &table);

	if (rc < 0)
		return error_set_errno(err, -rc, "building the host's table");
	rc = nft_load(nft, &table, true, err);
	return rc < 0 ? error_wrap(err, rc, "loading the host's table inet %s", table.table) : 0;
}

/*
 * Load the table until the generation that is recorded is one at which it is surely in
 * place: somebody may change the firewall between our transaction and the question for
 * its number.
 */
static int load_and_number(struct mnl_socket *nft, struct host_state *state,
			   const struct editions *editions, struct carrel_error *err)
{
	enum { ATTEMPTS = 5 };

	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		uint32_t after;
		int rc = load_table(nft, state, editions, err);

		if (rc == 0)
			rc = nft_generation(nft, &state->generation, err);
		if (rc == 0)
			rc = nft_table_exists(nft, CARREL_TABLE, err);
		if (rc < 0)
			return rc;
		if (rc == 0)
			continue;
		rc = nft_generation(nft, &after, err);
		if (rc < 0)
			return rc;
		if (after == state->generation)
			return 0;
	}
	return error_set(err, EBUSY, "something on this host keeps changing the firewall");
}

/*
 * Links that came after the host was prepared (a VPN, a modem) do not forward yet. Of those
 * the one counts that leads out; where the host forwards by itself, it is the administrator who
 * says which links do.
 */
int host_survey_way_out(struct rtnl *rtnl, struct host_survey *survey, struct carrel_error *err)
{
	int index = survey->forwards4 ? 0 : facts_way_out(rtnl, FAMILY_IPV4);
	int rc = index ? network_forwards4(rtnl, index, err) : 1;

	survey->way_out_closed4 = rc == 0;
	return rc < 0 && rc != -ENODEV ? rc : 0;
}

int host_survey_links(struct host_survey *survey, struct carrel_error *err)
{
	bool found = false;
	int rc = survey->forwards4 ? 0 : each_link("ipv4", "forwarding", 0, false, note_link, &found,
						    err);

	if (rc == 0 && found)
		survey->way_out_closed4 = true;
	return rc;
}

/* host_survey(), with a socket. */
static int survey_with(struct mnl_socket *nft, bool ipv6, struct host_survey *ret_survey,
		       struct carrel_error *err)
{
	struct host_survey survey = { .ipv6 = ipv6 };
	long on4, on6 = 0;
	int rc = nft_generation(nft, &survey.generation, err);

	if (rc == 0)
		rc = sysctl_read_number(FORWARDING4, &on4, err);
	if (rc == 0 && ipv6)
		rc = sysctl_read_number(FORWARDING6, &on6, err);
	if (rc < 0)
		return rc;
	survey.forwards4 = on4 != 0;
	survey.forwards6 = on6 != 0;
	*ret_survey = survey;
	return 0;
}

int host_survey(bool ipv6, struct host_survey *ret_survey, struct carrel_error *err)
{
	struct mnl_socket *nft;
	int rc = nft_open(&nft, err);

	if (rc < 0)
		return rc;
	rc = survey_with(nft, ipv6, ret_survey, err);
	mnl_socket_close(nft);
	return rc;
}

bool host_is_prepared(const struct host_survey *survey, const struct host_state *recorded)
{
	return recorded->known && recorded->generation == survey->generation &&
	       !survey->way_out_closed4 &&
	       recorded->guard4 == !survey->forwards4 && (!survey->ipv6 || survey->forwards6);
}

struct host_state host_intend(const struct host_survey *survey,
			      const struct host_state *recorded)
{
	return (struct host_state){
		.known = true,
		.generation = HOST_UNPREPARED,
		.guard4 = !survey->forwards4,
		.guard6 = recorded->guard6 || (survey->ipv6 && !survey->forwards6),
	};
}

int host_prepare(const struct host_survey *survey, struct host_state *state,
		 const struct editions *editions, bool *ret_existed, struct carrel_error *err)
{
	struct mnl_socket *nft;
	int rc = nft_open(&nft, err), existed;

	if (rc < 0)
		return rc;
	existed = nft_table_exists(nft, CARREL_TABLE, err);
	rc = existed < 0 ? existed : enable_forwarding(survey, err);
	if (rc == 0)
		rc = load_and_number(nft, state, editions, err);
	mnl_socket_close(nft);
	if (rc < 0)
		return rc;
	*ret_existed = existed;
	return 0;
}

/* Fill the sets; @generation follows where nobody else's change came between. */
static int fill_sets(struct mnl_socket *nft, const struct ruleset *table, uint32_t *generation,
		     struct carrel_error *err)
{
	uint32_t before, after;
	int rc = nft_generation(nft, &before, err);

	if (rc == 0)
		rc = nft_refill(nft, table, err);
	if (rc == 0)
		rc = nft_generation(nft, &after, err);
	if (rc == 0 && *generation == before && after == before + 1)
		*generation = after;
	return rc;
}

int host_publish(const struct editions *editions, uint32_t *generation, struct carrel_error *err)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct mnl_socket *nft;
	struct ruleset table;
	int rc = hosttable_build(false, false, editions, &arena, &table);

	if (rc < 0)
		return error_set_errno(err, -rc, "building the host's table");
	rc = nft_open(&nft, err);
	if (rc < 0)
		return rc;
	rc = fill_sets(nft, &table, generation, err);
	mnl_socket_close(nft);
	return rc;
}
