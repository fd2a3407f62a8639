/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * No accept of ours overrides a drop of somebody else's. Whether there is one cannot be read from
 * rulesets that anybody may have written in any way; but a packet can be sent and followed
 * (kernel/nft_trace.c). It comes out of a network as users get it, made for this purpose, from
 * which the inner rules are taken away first: they are the policy's, not in the way. It is
 * addressed to the internet, and dropped as the very last thing before it would leave the host.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <libmnl/libmnl.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/name.h"
#include "core/compile.h"
#include "doctor/program.h"
#include "doctor/trial.h"
#include "kernel/facts.h"
#include "kernel/host.h"
#include "kernel/netns.h"
#include "kernel/nft.h"
#include "kernel/nft_trace.h"
#include "state/hoststate.h"

/* The kernel has dealt with a packet by the time that connect(2) returns; this is for its news. */
#define NEWS_TIMEOUT_MS 500
/* Rules tell web pages from other things; this is what every policy is made for. */
#define PORT 443

static const char *const family_names[FAMILY_COUNT] = {
	[FAMILY_IPV4] = "IPv4", [FAMILY_IPV6] = "IPv6",
};

/* Sockets that stay in a carrel's network. */
struct inside {
	int sockets[FAMILY_COUNT];      /* -1: the host does not have that family */
};

#define INSIDE_CLEANUP __attribute__((cleanup(close_inside)))

static void close_inside(struct inside *inside)
{
	for (size_t i = 0; i < FAMILY_COUNT; i++)
		fd_close(&inside->sockets[i]);
}

/** open_sockets() - in the network that the caller is in, without its rules */
static int open_sockets(struct inside *inside, struct carrel_error *err)
{
	static const int families[FAMILY_COUNT] = {
		[FAMILY_IPV4] = AF_INET, [FAMILY_IPV6] = AF_INET6,
	};
	struct mnl_socket *nft;

	int rc = nft_open(&nft, err);
	if (rc < 0)
		return rc;
	rc = nft_delete_table(nft, CARREL_TABLE, err);
	mnl_socket_close(nft);
	for (size_t i = 0; rc == 0 && i < FAMILY_COUNT; i++)
		inside->sockets[i] = socket(families[i], SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
					    0);
	return rc;
}

/** go_inside() - open_sockets() in @netns_fd, and come back */
static int go_inside(int netns_fd, struct inside *inside, struct carrel_error *err)
{
	FD_CLEANUP int own_fd = -1;
	struct carrel_error ignored = { 0 };

	int rc = netns_current(&own_fd, err);
	if (rc == 0)
		rc = netns_enter(netns_fd, err);
	if (rc < 0)
		return rc;
	rc = open_sockets(inside, err);
	int back = netns_enter(own_fd, rc < 0 ? &ignored : err);
	return rc < 0 ? rc : back;
}

/** connect_to_internet() - begin a connection; 0 or -errno */
static int connect_to_internet(int fd, enum family family)
{
	const uint8_t *bytes = facts_elsewhere[family].bytes;
	struct sockaddr_in to4 = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };
	bool ipv4 = family == FAMILY_IPV4;

	memcpy(&to4.sin_addr, bytes, sizeof(to4.sin_addr));
	memcpy(&to6.sin6_addr, bytes, sizeof(to6.sin6_addr));
	if (connect(fd, ipv4 ? (const struct sockaddr *)&to4 : (const struct sockaddr *)&to6,
		    ipv4 ? sizeof(to4) : sizeof(to6)) == 0 || errno == EINPROGRESS)
		return 0;
	return -errno;
}

/** has_route() - does the host itself know a way to the internet? */
static bool has_route(enum family family)
{
	FD_CLEANUP int fd = socket(family == FAMILY_IPV4 ? AF_INET : AF_INET6,
				   SOCK_DGRAM | SOCK_CLOEXEC, 0);

	/* Of a datagram socket, this asks for the route and sends nothing. */
	return fd >= 0 && connect_to_internet(fd, family) == 0;
}

/** says() - does the program end well? */
static bool says(struct doctor *doctor, const char *const *argv)
{
	const char *text;
	int status;

	return program_output(argv, doctor->arena, &text, &status, NULL) == 0 && status == 0;
}

/** find_hosts() - who is at work on this host's firewall */
static struct obstacle_hosts find_hosts(struct doctor *doctor, const struct obstacle *obstacle)
{
	const char *const docker[] = {
		"nft", "list", "chain", obstacle->family, obstacle->table, "DOCKER-USER", NULL,
	};
	const char *const ufw[] = { "grep", "-q", "^ENABLED=yes", "/etc/ufw/ufw.conf", NULL };

	return (struct obstacle_hosts){ .docker = says(doctor, docker), .ufw = says(doctor, ufw) };
}

/** rule_text() - the rule as nft writes it, or what is known of it; NULL: out of memory */
static const char *rule_text(struct doctor *doctor, const struct obstacle *obstacle)
{
	const char *const argv[] = {
		"nft", "-a", "list", "chain", obstacle->family, obstacle->table, obstacle->chain, NULL,
	};
	const char *text, *end;
	int status;

	if (!obstacle->handle)
		return "its policy, drop";
	const char *mark = arena_printf(doctor->arena, "# handle %llu\n",
					(unsigned long long)obstacle->handle);
	if (!mark || program_output(argv, doctor->arena, &text, &status, NULL) < 0 ||
	    !(end = strstr(text, mark)))
		return arena_printf(doctor->arena, "the rule with handle %llu",
				    (unsigned long long)obstacle->handle);
	const char *begin = end;
	while (begin > text && begin[-1] != '\n')
		begin--;
	begin += strspn(begin, " \t");
	return arena_printf(doctor->arena, "the rule '%.*s' (handle %llu)",
			    (int)(end - begin > 0 ? end - begin - 1 : 0), begin,
			    (unsigned long long)obstacle->handle);
}

/** add_obstacle() - a rule or a policy drops what carrels send */
static int add_obstacle(struct doctor *doctor, enum family family, const struct obstacle *obstacle)
{
	struct obstacle_hosts hosts = find_hosts(doctor, obstacle);
	const char *rule = rule_text(doctor, obstacle);

	if (!rule)
		return -ENOMEM;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "%s from carrels to the internet is dropped by %s, in "
				     "the chain %s of table %s %s: %s", family_names[family],
				     obstacle_owner(obstacle, &hosts), obstacle->chain,
				     obstacle->family, obstacle->table, rule),
		.why = "what policies allow is dropped there all the same; nothing that carrel accepts "
		       "overrides it",
		.fix = obstacle_fix(obstacle, &hosts, doctor->arena),
	});
}

/** add_lost() - the packet vanished, and no rule of nf_tables says that it was the one */
static int add_lost(struct doctor *doctor, enum family family)
{
	const char *program = family == FAMILY_IPV4 ? "iptables-legacy" : "ip6tables-legacy";
	const char *const argv[] = { program, "-S", "FORWARD", NULL };
	const char *text;
	int status;

	if (program_output(argv, doctor->arena, &text, &status, NULL) == 0 && status == 0 &&
	    (strstr(text, " DROP") || strstr(text, " REJECT") || strstr(text, "-j ")))
		return doctor_add(doctor, (struct doctor_finding){
			.severity = DOCTOR_WRONG,
			.what = arena_printf(doctor->arena, "%s from carrels to the internet is dropped, "
					     "it seems by %s: %.*s", family_names[family], program,
					     (int)strcspn(text, "\n"), text),
			.why = "what policies allow is dropped there all the same",
			.fix = obstacle_fix_iptables(program, "FORWARD", doctor->arena),
		});
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "%s from carrels to the internet is lost in the host, "
				     "and no rule of nf_tables drops it", family_names[family]),
		.why = "users reach nothing; forwarding may be off (see the findings of forwarding), a "
		       "route may lead nowhere, or a program below the firewall (XDP, tc) may drop it",
		.fix = arena_printf(doctor->arena, "ip route get %s",
				    family == FAMILY_IPV4 ? "193.0.14.129" : "2001:7fd::1"),
	});
}

/** follow() - send one packet of @family, and see what becomes of it */
static int follow(struct doctor *doctor, struct nft_trace *trace, int fd, enum family family,
		  struct carrel_error *err)
{
	enum nft_trace_fate fate;
	struct obstacle obstacle;

	if (fd < 0 || !has_route(family) || connect_to_internet(fd, family) < 0)
		return 0;       /* the host itself gets nowhere: no matter of its firewall's */
	int rc = nft_trace_follow(trace, family, NEWS_TIMEOUT_MS, &fate, &obstacle, err);
	if (rc < 0)
		return rc;
	switch (fate) {
	case TRACE_ARRIVED:
		return 0;
	case TRACE_DROPPED:
		return add_obstacle(doctor, family, &obstacle);
	case TRACE_LOST:
		return add_lost(doctor, family);
	case TRACE_UNSEEN:
		return error_set(err, EPROTO, "the %s packet that was sent to try did not come out of "
				 "its network", family_names[family]);
	}
	return 0;
}

/** follow_all() - with a network that was made for it */
static int follow_all(struct doctor *doctor, const struct throwaway *trial,
		      struct carrel_error *err)
{
	INSIDE_CLEANUP struct inside inside = { .sockets = { -1, -1 } };
	NFT_TRACE_CLEANUP struct nft_trace trace = { 0 };
	char link[LINK_NAME_SIZE];

	name_of_host_link(trial->number, link);
	int rc = go_inside(trial->netns_fd, &inside, err);
	if (rc == 0)
		rc = nft_trace_begin(link, &trace, err);
	for (size_t i = 0; rc == 0 && i < FAMILY_COUNT; i++) {
		rc = follow(doctor, &trace, inside.sockets[i], (enum family)i, err);
		/* So that nothing is sent again while the next is followed. */
		fd_close(&inside.sockets[i]);
	}
	return rc;
}

/* nft_trace_begin() and nft_trace_end(), a transaction each. */
#define OWN_TRANSACTIONS 2

/**
 * take_note() - what the helper has recorded of the host, when that is still so
 * @ret:	unknown, when somebody else has changed the firewall since
 */
static void take_note(struct doctor *doctor, struct host_state *ret)
{
	struct host_survey survey;

	*ret = (struct host_state){ 0 };
	if (doctor->state_fd < 0 || host_survey(false, &survey, NULL) < 0)
		return;
	(void)hoststate_read(doctor->state_fd, ret, NULL);
	ret->known = ret->known && ret->generation == survey.generation;
}

/**
 * restore_note() - when nobody but us has changed the firewall since take_note(), it is as it was
 *
 * Else the next login would look after the host once more, and mend on the way what the next
 * examination is to find.
 *
 * Return: 0 or -errno
 */
static int restore_note(struct doctor *doctor, struct host_state *state,
			struct carrel_error *err)
{
	struct host_survey survey;

	if (!state->known)
		return 0;
	int rc = host_survey(false, &survey, err);
	if (rc < 0 || survey.generation != state->generation + OWN_TRANSACTIONS)
		return rc;
	state->generation = survey.generation;
	return hoststate_write(doctor->state_fd, state, err);
}

int doctor_check_firewall(struct doctor *doctor, struct carrel_error *err)
{
	struct throwaway trial = { .netns_fd = -1, .lease_fd = -1 };
	struct carrel_error ignored = { 0 };
	const struct config *config;
	struct host_state state;

	int rc = doctor_config(doctor, &config, err);
	if (rc < 0)
		return rc;
	const char *policy = trial_policy(doctor, config);
	if (!policy)
		return 0;
	rc = trial_begin(doctor, policy, &trial, err);
	if (rc < 0)
		return rc;
	take_note(doctor, &state);
	rc = follow_all(doctor, &trial, err);
	if (rc == 0)
		rc = restore_note(doctor, &state, err);
	int end = trial_end(doctor, &trial, rc < 0 ? &ignored : err);
	return rc < 0 ? rc : end;
}
