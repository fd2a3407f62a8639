/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a policy: refused with a message, or rules as core/policy.h promises them. */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/hostname.h"
#include "core/expect.h"
#include "core/policy_parse.h"
#include "core/shadow.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Sorted, no overlap. */
static void check_prefixes(const struct prefix *items, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		const struct address *a = &items[i - 1].address, *b = &items[i].address;
		assert(a->family <= b->family);
		assert(a->family < b->family || memcmp(a->bytes, b->bytes, sizeof(a->bytes)) < 0);
		assert(!prefix_covers(&items[i - 1], &items[i]));
	}
}

static void check_names(const struct policy *policy, const struct policy_rule *rule)
{
	assert(!rule->names.count || rule->direction == DIRECTION_OUT);
	for (size_t i = 0; i < rule->names.count; i++) {
		assert(rule->names.items[i] < policy->names.count);
		assert(hostname_valid(policy->names.items[rule->names.items[i]].name));
		for (size_t j = 0; j < i; j++)
			assert(rule->names.items[i] != rule->names.items[j]);
	}
	assert(policy->names.count <= POLICY_NAMES_MAX);
}

static void check_rule(const struct policy_rule *rule)
{
	assert(rule->remote_any || rule->remote_host || rule->remote_peers ||
	       rule->remote_resolver || rule->remotes.count || rule->names.count);
	assert(!rule->remote_any || rule->remotes.count == 0);
	assert(rule->remote_any || rule->excluded.count == 0);
	check_prefixes(rule->remotes.items, rule->remotes.count);
	check_prefixes(rule->excluded.items, rule->excluded.count);
	assert(rule->ports.count == 0 ||
	       (rule->protocols && !(rule->protocols & PROTOCOL_ICMP)));
	for (size_t i = 0; i < rule->ports.count; i++) {
		const struct port_range *range = &rule->ports.items[i];
		assert(range->first > 0 && range->first <= range->last);
		assert(i == 0 || range->first > rule->ports.items[i - 1].last + 1);
	}
	assert(!rule->comment || (*rule->comment && strlen(rule->comment) <= 127));
	assert(*rule->text && !strchr(rule->text, '\n'));
}

/* Whatever the policy is, its questions about itself have an answer. */
static void ask(const struct policy *policy, struct arena *arena, struct diagnostics *diagnostics)
{
	const struct sources none = { 0 };
	unsigned errors_before = diagnostics->errors;
	struct config config;

	int rc = config_parse(&none, arena, &config, diagnostics);
	assert(rc == 0);
	rc = expect_test(policy, &config, diagnostics);
	assert((rc == 0) == (diagnostics->errors == errors_before));
	rc = shadow_check(policy, &config, arena, diagnostics);
	assert(rc == 0);
}

/* "self" and what is below it is the text again, of other names there is one with a rule. */
static int include(void *reader, const char *name, struct source *ret_source,
		   struct carrel_error *err)
{
	static const char rule[] = "deny out to set campus";

	(void)err;
	if (strncmp(name, "self", strlen("self")) == 0)
		*ret_source = *(const struct source *)reader;
	else
		*ret_source = (struct source){ .text = rule, .length = strlen(rule) };
	ret_source->path = name;
	return 0;
}

/* A configuration with a set, "campus". */
static void make_config(struct arena *arena, struct config *ret)
{
	static const char text[] = "set campus 192.0.2.0/24,2001:db8::/32";
	struct diagnostics diagnostics = { .arena = arena };
	struct source source = { .path = "conf", .text = text, .length = strlen(text) };
	const struct sources sources = { .list = { &source, 1, 1 } };
	int rc = config_parse(&sources, arena, ret, &diagnostics);

	assert(rc == 0);
	(void)rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { .arena = &arena };
	struct source source = { .path = "fuzz", .text = (const char *)bytes, .length = length };
	struct config config;
	const struct policy_context context = {
		.config = &config, .include = include, .reader = &source,
	};
	struct policy policy;

	make_config(&arena, &config);
	int rc = policy_parse_within(&context, "fuzz", &source, &arena, &policy, &diagnostics);
	assert(rc == 0 || rc == -EINVAL);
	assert((rc == 0) == (diagnostics.errors == 0));
	for (size_t i = 0; rc == 0 && i < policy.rules.count; i++) {
		check_rule(&policy.rules.items[i]);
		check_names(&policy, &policy.rules.items[i]);
	}
	if (rc == 0)
		ask(&policy, &arena, &diagnostics);
	return 0;
}
