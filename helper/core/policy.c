/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/policy.h"

#include <assert.h>
#include <string.h>

#include "base/paths.h"
#include "core/rebind.h"

const char *const verdict_words[] = { "allow", "deny", "reject", NULL };
const char *const direction_words[] = { "out", "in", NULL };
const char *const uplink_words[] = { "nat", "none", NULL };

static_assert(sizeof(verdict_words) / sizeof(*verdict_words) == VERDICT_REJECT + 2,
	      "one word for each verdict");
static_assert(sizeof(direction_words) / sizeof(*direction_words) == DIRECTION_COUNT + 1,
	      "one word for each direction");
static_assert(sizeof(uplink_words) / sizeof(*uplink_words) == UPLINK_NONE + 2,
	      "one word for each uplink");

bool policy_is_packaged(const char *path)
{
	static const char directory[] = PATH_PACKAGED_POLICIES "/";

	return strncmp(path, directory, sizeof(directory) - 1) == 0;
}

const char *uplink_name(enum uplink uplink)
{
	return uplink_words[uplink];
}

const char *verdict_name(enum verdict verdict)
{
	return verdict_words[verdict];
}

/* Not the internet: RFC 1918, RFC 4193, RFC 6598, RFC 3927, RFC 4291 and the loopback. */
static const struct prefix private_prefixes[] = {
	{ { FAMILY_IPV4, { 10 } }, 8 },
	{ { FAMILY_IPV4, { 100, 64 } }, 10 },
	{ { FAMILY_IPV4, { 127 } }, 8 },
	{ { FAMILY_IPV4, { 169, 254 } }, 16 },
	{ { FAMILY_IPV4, { 172, 16 } }, 12 },
	{ { FAMILY_IPV4, { 192, 168 } }, 16 },
	{ { FAMILY_IPV6, { [15] = 1 } }, 128 },
	{ { FAMILY_IPV6, { 0xfc } }, 7 },
	{ { FAMILY_IPV6, { 0xfe, 0x80 } }, 10 },
};

/* Where clouds hand credentials to the machine. */
static const struct prefix metadata_prefixes[] = {
	{ { FAMILY_IPV4, { 169, 254, 169, 254 } }, 32 },
	{ { FAMILY_IPV6, { 0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54 } }, 128 },
};

static const struct class {
	const char *word;
	const struct prefix *prefixes;
	size_t count;
} classes[] = {
	{ "private", private_prefixes, sizeof(private_prefixes) / sizeof(*private_prefixes) },
	{ "metadata", metadata_prefixes, sizeof(metadata_prefixes) / sizeof(*metadata_prefixes) },
};

const struct prefix *policy_class_prefixes(const char *word, size_t length, size_t *ret_count)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
		if (length != strlen(classes[i].word) || memcmp(word, classes[i].word, length) != 0)
			continue;
		*ret_count = classes[i].count;
		return classes[i].prefixes;
	}
	*ret_count = 0;
	return NULL;
}

bool policy_names_host(const struct policy *policy)
{
	/* Else the host's table would stop what is for it, and nothing would be logged. */
	if (policy->log_denied)
		return true;
	for (size_t i = 0; i < policy->rules.count; i++)
		if (policy->rules.items[i].remote_host || policy->rules.items[i].remote_resolver)
			return true;
	return false;
}

/* Has one of the resolvers one of the addresses of @host? */
static bool resolver_is_host(const struct policy *policy, const struct prefix *host, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (dns_is_resolver(&policy->dns, &host[i].address))
			return true;
	return false;
}

/* Is it a rule that lets the carrel begin to talk to somebody? */
static bool lets_out(const struct policy_rule *rule)
{
	return rule->direction == DIRECTION_OUT && rule->verdict == VERDICT_ALLOW;
}

bool policy_reaches_host(const struct policy *policy, const struct prefix *host, size_t count)
{
	bool resolver = resolver_is_host(policy, host, count);

	for (size_t i = 0; i < policy->rules.count; i++) {
		const struct policy_rule *rule = &policy->rules.items[i];

		if (lets_out(rule) && (rule->remote_host || (rule->remote_resolver && resolver)))
			return true;
	}
	return false;
}

bool policy_reaches_peers(const struct policy *policy)
{
	for (size_t i = 0; i < policy->rules.count; i++)
		if (lets_out(&policy->rules.items[i]) && policy->rules.items[i].remote_peers)
			return true;
	return false;
}

bool policy_believes(const struct policy *policy, const struct policy_rule *rule,
		     const struct address *address)
{
	return (policy->rebind && !rule->override) || !rebind_refused(address);
}
