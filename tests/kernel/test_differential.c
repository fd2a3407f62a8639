/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three opinions on the same packets under the same policies, all by chance:
 *
 *   evaluator     core/evaluate.c, what `carrel explain` answers from
 *   kernel        real packets against the rules of core/compile.c and kernel/nft.c
 *   translation   real packets against what a script made of the policy's text, by nft(8)
 *
 * SEED=, RUNS= in the environment choose the first policy and how many. A policy on which
 * two differ is cut down as far as they still do, and printed with the packet.
 */
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include <libmnl/libmnl.h>
#include <netinet/in.h>

#include "base/error.h"
#include "core/compile.h"
#include "core/evaluate.h"
#include "core/shadow.h"
#include "kernel/netns.h"
#include "kernel/nft.h"
#include "kernel/nft_load.h"
#include "tests/differential/random.h"
#include "tests/differential/trial.h"
#include "tests/differential/wire.h"

/* Some seconds on a slow machine. */
#define RUNS_DEFAULT 400
#define PACKETS 96

#define TRANSLATE "tests/differential/translate.pl"

static const char *const opinion_names[] = { "evaluator", "kernel", "translation" };

struct fixture {
	int outside_fd;
	struct wire compiled, translated;
	struct mnl_socket *nft;         /* in the carrel with the compiled rules */
};

static int set_up(void **state)
{
	static struct fixture fixture;

	if (netns_create(&fixture.outside_fd, NULL) < 0 ||
	    wire_open("compiled", &fixture.compiled) < 0 ||
	    wire_open("translated", &fixture.translated) < 0 ||
	    netns_enter(fixture.compiled.netns_fd, NULL) < 0 ||
	    nft_open(&fixture.nft, NULL) < 0 || netns_enter(fixture.outside_fd, NULL) < 0)
		return -1;
	*state = &fixture;
	return 0;
}

static void load_compiled(struct fixture *fixture, struct trial *trial)
{
	const struct prefix_list host = trial_host(trial);
	struct carrel_error err = { 0 };
	struct ruleset ruleset;

	assert_int_equal(compile_policy(&trial->policy, &trial->config, &host, &trial->arena,
					&ruleset, &err), 0);
	if (nft_load(fixture->nft, &ruleset, true, &err) < 0)
		fail_msg("%s\n%s", err.text, trial->text);
}

static void load_translated(struct fixture *fixture, const struct trial *trial)
{
	char command[512], pools[FAMILY_COUNT][PREFIX_TEXT_SIZE];

	prefix_format(&trial->config.pool4, pools[FAMILY_IPV4]);
	prefix_format(&trial->config.pool6, pools[FAMILY_IPV6]);
	snprintf(command, sizeof(command), "NAMED='" TRIAL_NAMED "' BEHIND='" TRIAL_BEHIND "' "
		 TRANSLATE " %s %s %s | nft -f -", pools[FAMILY_IPV4], pools[FAMILY_IPV6],
		 trial->host_known ? TRIAL_HOST : "");

	assert_int_equal(netns_enter(fixture->translated.netns_fd, NULL), 0);
	FILE *pipe = popen(command, "we");
	assert_non_null(pipe);
	assert_true(fputs(trial->text, pipe) >= 0);
	if (pclose(pipe) != 0)
		fail_msg("the translation cannot be loaded of\n%s", trial->text);
	assert_int_equal(netns_enter(fixture->outside_fd, NULL), 0);
}

/* Ask all three about @packets. */
static void ask(struct fixture *fixture, struct trial *trial, const struct packet *packets,
		size_t count)
{
	const struct prefix_list host = trial_host(trial);

	load_compiled(fixture, trial);
	load_translated(fixture, trial);
	for (size_t i = 0; i < count; i++) {
		const struct decision decision = evaluate_policy(&trial->policy, &trial->config,
								 &host, &packets[i]);

		trial->verdicts[OPINION_EVALUATOR][i] = decision.verdict;
		trial->redirects[i] = decision.redirect;
	}
	if (wire_try(&fixture->compiled, packets, count, trial->verdicts[OPINION_KERNEL],
		     trial->arrivals[OPINION_KERNEL]) < 0 ||
	    wire_try(&fixture->translated, packets, count, trial->verdicts[OPINION_TRANSLATION],
		     trial->arrivals[OPINION_TRANSLATION]) < 0)
		fail_msg("sending: %s", strerror(errno));
}

/* Do the two agree with the evaluator about whom the packet number @i, which went out, was for? */
static bool same_arrival(const struct trial *trial, const struct packet *packet, size_t i)
{
	const struct redirect *redirect = &trial->redirects[i];

	for (enum opinion opinion = OPINION_KERNEL; opinion < OPINION_COUNT; opinion++) {
		const struct address *arrival = &trial->arrivals[opinion][i];

		if (redirect->kind == REDIRECT_TO ? !redirect_leads_to(redirect, arrival) :
						    !address_equal(&packet->remote, arrival))
			return false;
	}
	return true;
}

/* Index of the first of @packets that two differ on, or @count. */
static size_t first_difference(const struct trial *trial, const struct packet *packets, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		bool came_out = packets[i].direction == DIRECTION_OUT &&
				trial->verdicts[OPINION_EVALUATOR][i] == VERDICT_ALLOW;

		if (trial->verdicts[0][i] != trial->verdicts[1][i] ||
		    trial->verdicts[0][i] != trial->verdicts[2][i] ||
		    (came_out && !same_arrival(trial, &packets[i], i)))
			break;
	}
	return i;
}

/* Does what becomes of a query depend on which of several resolvers has its turn? */
static bool is_chance(const struct trial *trial, const struct packet *packet)
{
	const struct prefix_list host = trial_host(trial);
	const struct redirect redirect = packet->direction == DIRECTION_IN ? (struct redirect){ 0 } :
		redirect_find(&trial->policy.dns, &packet->remote, packet->l4proto, packet->port);
	const struct address *resolver;
	unsigned verdicts = 0;

	for (size_t at = 0; (resolver = redirect_each(&redirect, &at)) != NULL;) {
		struct packet redirected = *packet;

		redirected.remote = *resolver;
		verdicts |= 1U << evaluate_arrival(&trial->policy, &trial->config, &host,
						   &redirected).verdict;
	}
	return verdicts & (verdicts - 1);
}

/* Is @text a policy, and do two still differ on @packet under it? */
static bool still_differs(struct fixture *fixture, const char *text, bool host_known,
			  const struct packet *packet)
{
	struct trial trial;
	bool differs = false;

	if (trial_begin(&trial, text, host_known) == 0 && !is_chance(&trial, packet)) {
		ask(fixture, &trial, packet, 1);
		differs = first_difference(&trial, packet, 1) == 0;
	}
	arena_free(&trial.arena);
	return differs;
}

/* @text without the @length bytes at @offset; from malloc() */
static char *without(const char *text, size_t offset, size_t length)
{
	char *shorter = strdup(text);

	assert_non_null(shorter);
	memmove(shorter + offset, shorter + offset + length, strlen(text) - offset - length + 1);
	return shorter;
}

/*
 * Cut @text (from malloc(), consumed) down: leave out whatever stands between two of the
 * @separators, as long as what is left is a policy that they differ on.
 */
static char *shrink(struct fixture *fixture, char *text, const char *separators, bool host_known,
		    const struct packet *packet)
{
	size_t offset = 0;

	while (text[offset]) {
		size_t length = strcspn(text + offset, separators);

		length += text[offset + length] != '\0';
		char *shorter = without(text, offset, length);
		if (still_differs(fixture, shorter, host_known, packet)) {
			free(text);
			text = shorter;
			continue;
		}
		free(shorter);
		offset += length;
	}
	return text;
}

static void print_packet(const struct packet *packet)
{
	char address[ADDRESS_TEXT_SIZE];

	address_format(&packet->remote, address);
	print_error("# packet: %s, protocol %u, %s, port %u, ICMP type %u\n",
		    packet->direction == DIRECTION_OUT ? "out" : "in", packet->l4proto, address,
		    packet->port, packet->icmp_type);
}

/* Make a difference small, and show it. */
static void report(struct fixture *fixture, const char *text, bool host_known,
		   const struct packet *packet)
{
	static const char *const separators[] = { "\n", " \n", ", \n", "\n" };
	char *shrunk = strdup(text), *rest;
	struct trial trial;

	assert_non_null(shrunk);
	for (size_t i = 0; i < sizeof(separators) / sizeof(separators[0]); i++)
		shrunk = shrink(fixture, shrunk, separators[i], host_known, packet);
	/* The same again: as it was the first time is how it is shown. */
	trial_begin(&trial, shrunk, host_known);
	ask(fixture, &trial, packet, 1);

	print_error("# policy%s:\n", host_known ? "" : " (the host's addresses are unknown)");
	rest = shrunk;
	for (char *line; (line = strsep(&rest, "\n")) != NULL && rest;)
		print_error("#   %s\n", line);
	print_packet(packet);
	for (enum opinion opinion = 0; opinion < OPINION_COUNT; opinion++) {
		char arrival[ADDRESS_TEXT_SIZE] = "";

		if (opinion != OPINION_EVALUATOR)
			address_format(&trial.arrivals[opinion][0], arrival);
		print_error("# %s: %s %s\n", opinion_names[opinion],
			    verdict_name(trial.verdicts[opinion][0]), arrival);
	}
	arena_free(&trial.arena);
	free(shrunk);
}

/* One policy and its packets; whether all agree. */
static bool run_one(struct fixture *fixture, uint64_t seed)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct random random = { .state = seed };
	struct packet packets[PACKETS];
	struct trial trial;
	const char *text = random_policy(&random, &arena);
	bool host_known = random_below(&random, 4) != 0;

	static_assert(PACKETS <= WIRE_BATCH_MAX, "a batch");
	assert_non_null(text);
	for (size_t i = 0; i < PACKETS; i++)
		packets[i] = random_packet(&random, wire_own);
	if (trial_begin(&trial, text, host_known) < 0)
		fail_msg("not a policy (seed %" PRIu64 "):\n%s", seed, text);
	for (size_t i = 0; i < PACKETS; i++)
		if (is_chance(&trial, &packets[i]))
			packets[i].port = DNS_PORT + 1;
	ask(fixture, &trial, packets, PACKETS);
	size_t first = first_difference(&trial, packets, PACKETS);
	if (first < PACKETS) {
		print_error("# SEED=%" PRIu64 " RUNS=1: packet %zu\n", seed, first);
		report(fixture, text, host_known, &packets[first]);
	}
	arena_free(&trial.arena);
	return first == PACKETS;
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

static void test_differential_three_opinions_agree(void **state)
{
	uint64_t seed = setting("SEED", (uint64_t)time(NULL) * 1000000);
	uint64_t runs = setting("RUNS", RUNS_DEFAULT);

	print_message("# SEED=%" PRIu64 " RUNS=%" PRIu64 "\n", seed, runs);
	for (uint64_t run = 0; run < runs; run++)
		if (!run_one(*state, seed + run))
			fail_msg("run %" PRIu64 " of %" PRIu64, run + 1, runs);
}

static bool is_at(const struct position *a, const struct position *b)
{
	return a->line == b->line && strcmp(a->file, b->file) == 0;
}

/* No rule that `carrel check` says can never match decides about a packet. */
static void test_differential_shadowed_rules_decide_nothing(void **state)
{
	uint64_t seed = setting("SEED", (uint64_t)time(NULL) * 1000000);
	uint64_t runs = 20 * setting("RUNS", RUNS_DEFAULT);
	size_t warnings = 0;

	(void)state;
	for (uint64_t run = 0; run < runs; run++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		struct random random = { .state = seed + run };
		struct diagnostics diagnostics = { .arena = &arena };
		struct trial trial;

		assert_int_equal(trial_begin(&trial, random_policy(&random, &arena), true), 0);
		const struct prefix_list host = trial_host(&trial);
		assert_int_equal(shadow_check(&trial.policy, &trial.config, &arena,
					      &diagnostics), 0);
		warnings += diagnostics.warnings;
		for (size_t i = 0; i < PACKETS; i++) {
			const struct packet packet = random_packet(&random, wire_own);
			const struct policy_rule *rule =
				evaluate_policy(&trial.policy, &trial.config, &host, &packet).rule;

			for (size_t j = 0; rule && j < diagnostics.list.count; j++)
				if (is_at(&diagnostics.list.items[j].position, &rule->position))
					fail_msg("SEED=%" PRIu64 " RUNS=1: %s:%u matches:\n%s",
						 seed + run, rule->position.file,
						 rule->position.line, trial.text);
		}
		arena_free(&trial.arena);
	}
	assert_true(warnings > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_differential_shadowed_rules_decide_nothing),
		cmocka_unit_test(test_differential_three_opinions_agree),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
