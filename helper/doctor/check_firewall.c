/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * No accept of ours overrides a drop of somebody else's. Whether there is one cannot be read from
 * rulesets that anybody may have written in any way; but a packet can be sent and followed
 * (kernel/nft_trace.c). It comes out of a network as users get it, made for this purpose, from
 * which the inner rules are taken away first: they are the policy's, not in the way. It is
 * addressed to the internet, and dropped as the very last thing before it would leave the host;
 * or to the host itself, where a policy allows something there, and dropped before anybody gets it.
 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "doctor/checks.h"
#include "doctor/probe.h"
#include "doctor/program.h"
#include "doctor/trial.h"
#include "kernel/facts.h"
#include "kernel/host.h"
#include "kernel/rtnl.h"
#include "state/hoststate.h"
#include "state/resolvers.h"
#include "state/source.h"

/* Rules tell web pages from other things; this is what every policy is made for. */
#define INTERNET_PORT 443
/* Asked by UDP, as a rule. */
#define DNS_PORT      53

/* What is tried at once, from a network of one policy. */
struct attempt {
	const char *policy;
	const char *where;              /* "to the internet", in findings */
	bool local;
	struct probe probes[PROBES_MAX];
	size_t count;
};

/** family_name() - for people */
static const char *family_name(const struct probe *probe)
{
	return probe->to.family == FAMILY_IPV4 ? "IPv4" : "IPv6";
}

/** is_silent() - was it to be told already that the program @name could not be asked? */
static bool is_silent(const struct doctor *doctor, const char *name)
{
	for (size_t i = 0; i < doctor->silent.count; i++)
		if (strcmp(doctor->silent.items[i], name) == 0)
			return true;
	return false;
}

/** add_silent() - the program @name is there, and cannot be asked: nobody waits for it again */
static int add_silent(struct doctor *doctor, const char *name, const struct carrel_error *why)
{
	const char **place = ARENA_APPEND(doctor->arena, &doctor->silent);

	if (!place)
		return -ENOMEM;
	*place = name;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_UNCHECKED,
		.what = arena_printf(doctor->arena, "cannot ask %s: %s", name, why->text),
		.why = "who made a rule that is in the way, and what it says, is not known without it; run "
		       "it by hand to see what it waits for",
		.fix = "",
	});
}

/**
 * ask() - what a program of somebody's firewall says
 * @ret_text:	NULL where it is not there, cannot be asked, which is a finding then, or ends badly
 *
 * Return: 0 or -ENOMEM
 */
static int ask(struct doctor *doctor, const char *const *argv, const char **ret_text)
{
	struct carrel_error err = { 0 };
	const char *text;
	int status;

	*ret_text = NULL;
	if (is_silent(doctor, argv[0]))
		return 0;
	int rc = program_output(argv, doctor->arena, &text, &status, &err);
	if (rc == -ENOENT)
		return 0;
	if (rc < 0)
		return rc == -ENOMEM ? rc : add_silent(doctor, argv[0], &err);
	if (status == 0)
		*ret_text = text;
	return 0;
}

/** find_hosts() - who is at work on this host's firewall; 0 or -ENOMEM */
static int find_hosts(struct doctor *doctor, const struct obstacle *obstacle, bool local,
		      struct obstacle_hosts *ret)
{
	const char *const docker[] = {
		"nft", "list", "chain", obstacle->family, obstacle->table, "DOCKER-USER", NULL,
	};
	const char *const ufw[] = { "grep", "-q", "^ENABLED=yes", "/etc/ufw/ufw.conf", NULL };
	const char *docker_says = NULL, *ufw_says;

	int rc = local ? 0 : ask(doctor, docker, &docker_says);
	if (rc == 0)
		rc = ask(doctor, ufw, &ufw_says);
	if (rc < 0)
		return rc;
	*ret = (struct obstacle_hosts){ .local = local, .docker = docker_says, .ufw = ufw_says };
	return 0;
}

/** rule_text() - the rule as nft writes it, or what is known of it; NULL: out of memory */
static const char *rule_text(struct doctor *doctor, const struct obstacle *obstacle)
{
	const char *const argv[] = {
		"nft", "-a", "list", "chain", obstacle->family, obstacle->table, obstacle->chain, NULL,
	};
	const char *text, *end;

	if (!obstacle->handle)
		return "its policy, drop";
	const char *mark = arena_printf(doctor->arena, " # handle %llu\n",
					(unsigned long long)obstacle->handle);
	if (!mark || ask(doctor, argv, &text) < 0)
		return NULL;
	if (!text || !(end = strstr(text, mark)))
		return arena_printf(doctor->arena, "the rule with handle %llu",
				    (unsigned long long)obstacle->handle);
	const char *begin = end;
	while (begin > text && begin[-1] != '\n')
		begin--;
	begin += strspn(begin, " \t");
	return arena_printf(doctor->arena, "the rule '%.*s' (handle %llu)",
			    (int)(end > begin ? end - begin : 0), begin,
			    (unsigned long long)obstacle->handle);
}

/** add_obstacle() - a rule or a policy drops what carrels send */
static int add_obstacle(struct doctor *doctor, const struct attempt *attempt,
			const struct probe *probe)
{
	const struct obstacle *obstacle = &probe->obstacle;
	struct obstacle_hosts hosts;
	const char *rule;

	if (find_hosts(doctor, obstacle, attempt->local, &hosts) < 0 ||
	    !(rule = rule_text(doctor, obstacle)))
		return -ENOMEM;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "%s from carrels %s is dropped by %s, in the chain %s "
				     "of table %s %s: %s", family_name(probe), attempt->where,
				     obstacle_owner(obstacle, &hosts), obstacle->chain,
				     obstacle->family, obstacle->table, rule),
		.why = "what policies allow is dropped there all the same; nothing that carrel accepts "
		       "overrides it",
		.fix = obstacle_fix(obstacle, &hosts, doctor->arena),
	});
}

/** add_lost() - the packet vanished, and no rule of nf_tables says that it was the one */
static int add_lost(struct doctor *doctor, const struct attempt *attempt,
		    const struct probe *probe)
{
	bool ipv4 = probe->to.family == FAMILY_IPV4;
	const char *program = ipv4 ? "iptables-legacy" : "ip6tables-legacy";
	const char *chain = attempt->local ? "INPUT" : "FORWARD";
	const char *const argv[] = { program, "-S", chain, NULL };
	const char *text;

	if (ask(doctor, argv, &text) < 0)
		return -ENOMEM;
	if (text && (strstr(text, " DROP") || strstr(text, " REJECT") || strstr(text, "-j ")))
		return doctor_add(doctor, (struct doctor_finding){
			.severity = DOCTOR_WRONG,
			.what = arena_printf(doctor->arena, "%s from carrels %s is dropped, it seems by "
					     "%s: %.*s", family_name(probe), attempt->where, program,
					     (int)strcspn(text, "\n"), text),
			.why = "what policies allow is dropped there all the same",
			.fix = obstacle_fix_iptables(program, chain, attempt->local, doctor->arena),
		});
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "%s from carrels %s is lost in the host, and no rule "
				     "of nf_tables drops it", family_name(probe), attempt->where),
		.why = "users do not get there; forwarding may be off (see the findings of forwarding), "
		       "a route may lead nowhere, or a program below the firewall (XDP, tc) may drop it",
		.fix = "",
	});
}

/** judge() - what became of one packet */
static int judge(struct doctor *doctor, const struct attempt *attempt, const struct probe *probe,
		 struct carrel_error *err)
{
	/* Where the host itself gets nowhere, its firewall has no part in it. */
	if (!probe->sent)
		return 0;
	switch (probe->fate) {
	case TRACE_ARRIVED:
		return 0;
	case TRACE_DROPPED:
		return add_obstacle(doctor, attempt, probe);
	case TRACE_LOST:
		return add_lost(doctor, attempt, probe);
	case TRACE_UNSEEN:
		return error_set(err, EPROTO, "the %s packet that was sent to try did not come out of "
				 "its network", family_name(probe));
	}
	return 0;
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

/** make() - a network for @attempt, its packets, and what became of them */
static int make(struct doctor *doctor, struct attempt *attempt, struct carrel_error *err)
{
	struct throwaway trial = { .netns_fd = -1, .lease_fd = -1 };
	struct carrel_error ignored = { 0 };
	struct host_state state;

	int rc = trial_begin(doctor, attempt->policy, &trial, err);
	if (rc < 0)
		return rc;
	take_note(doctor, &state);
	rc = probe_send(&trial, attempt->probes, attempt->count, err);
	if (rc == 0)
		rc = restore_note(doctor, &state, err);
	int end = trial_end(doctor, &trial, rc < 0 ? &ignored : err);
	if (rc == 0)
		rc = end;
	for (size_t i = 0; rc == 0 && i < attempt->count; i++)
		rc = judge(doctor, attempt, &attempt->probes[i], err);
	return rc;
}

/** try_internet() - with a policy whose uplink leads there */
static int try_internet(struct doctor *doctor, const struct config *config,
			struct carrel_error *err)
{
	struct attempt attempt = {
		.policy = trial_policy(doctor, config), .where = "to the internet",
		.count = FAMILY_COUNT,
	};

	if (!attempt.policy)
		return 0;
	for (size_t i = 0; i < FAMILY_COUNT; i++)
		attempt.probes[i] = (struct probe){
			.to = facts_elsewhere[i], .port = INTERNET_PORT,
		};
	return make(doctor, &attempt, err);
}

/**
 * find_host_rule() - the first rule of @policy that allows TCP or UDP to the host, or to resolvers,
 * of whom the host may be one; NULL: there is none
 */
static const struct policy_rule *find_host_rule(const struct policy *policy)
{
	for (size_t i = 0; i < policy->rules.count; i++) {
		const struct policy_rule *rule = &policy->rules.items[i];

		if (rule->direction == DIRECTION_OUT && rule->verdict == VERDICT_ALLOW &&
		    (rule->remote_host || rule->remote_resolver) && rule->ports.count &&
		    (!rule->protocols || rule->protocols & (PROTOCOL_TCP | PROTOCOL_UDP)))
			return rule;
	}
	return NULL;
}

/** prefers_udp() - which of the protocols that a rule allows is it most likely about? */
static bool prefers_udp(unsigned protocols, uint16_t port)
{
	if (protocols && !(protocols & PROTOCOL_TCP))
		return true;
	return port == DNS_PORT && (!protocols || protocols & PROTOCOL_UDP);
}

/** add_host_probes() - to an address of the host's own that @rule allows, of each family */
static int add_host_probes(struct doctor *doctor, const struct policy *policy,
			   const struct policy_rule *rule, struct attempt *attempt,
			   struct carrel_error *err)
{
	RTNL_CLEANUP struct rtnl host = { 0 };
	bool known[FAMILY_COUNT] = { 0 };
	uint16_t port = rule->ports.items[0].first;
	struct facts facts;

	int rc = rtnl_open(&host, err);
	if (rc == 0)
		rc = facts_gather(&host, true, doctor->arena, &facts, err);
	for (size_t i = 0; rc == 0 && i < facts.host.count; i++) {
		const struct address *address = &facts.host.items[i].address;

		if (known[address->family] ||
		    (!rule->remote_host && !dns_is_resolver(&policy->dns, address)))
			continue;
		known[address->family] = true;
		attempt->probes[attempt->count++] = (struct probe){
			.to = *address, .port = port, .udp = prefers_udp(rule->protocols, port),
		};
	}
	return rc;
}

/** prepare_host() - what @policy lets carrels send to the host; nothing: a count of 0 */
static int prepare_host(struct doctor *doctor, const struct config *config, const char *name,
			struct attempt *attempt, struct carrel_error *err)
{
	const char *warning;
	struct policy policy;

	*attempt = (struct attempt){ .policy = name, .local = true };
	if (source_policy_in_force(doctor->config_path, config, name, doctor->state_fd, false,
				   doctor->arena, &policy, &warning, NULL) < 0 ||
	    policy.uplink == UPLINK_NONE)
		return 0;       /* another check reports what is invalid */
	int rc = resolvers_settle(&policy, doctor->arena, &warning, err);
	const struct policy_rule *rule = find_host_rule(&policy);
	if (rc < 0 || !rule)
		return rc;
	attempt->where = arena_printf(doctor->arena, "to the host itself (%s)", rule->text);
	return attempt->where ? add_host_probes(doctor, &policy, rule, attempt, err) : -ENOMEM;
}

/** try_host() - with the first policy that allows something there */
static int try_host(struct doctor *doctor, const struct config *config, struct carrel_error *err)
{
	for (size_t i = 0; i < config->assignments.count; i++) {
		const struct assignment *assignment = &config->assignments.items[i];
		struct attempt attempt;

		if (assignment->kind != ASSIGN_POLICY)
			continue;
		int rc = prepare_host(doctor, config, assignment->policy, &attempt, err);
		if (rc < 0)
			return rc;
		if (attempt.count)
			return make(doctor, &attempt, err);
	}
	return 0;
}

int doctor_check_firewall(struct doctor *doctor, struct carrel_error *err)
{
	const struct config *config;

	int rc = doctor_config(doctor, &config, err);
	if (rc == 0)
		rc = try_internet(doctor, config, err);
	return rc < 0 ? rc : try_host(doctor, config, err);
}
