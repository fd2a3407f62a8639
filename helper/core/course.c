/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/course.h"

#include <string.h>

#include "base/digest.h"

/* Who is asked, and who answers: what the policy says is in its own digest. */
static uint64_t digest_add_dns(uint64_t digest, const struct dns *dns)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const struct resolver_list *lists[] = { &dns->named[family], &dns->resolvers[family] };

		for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
			digest = digest_add(digest, &lists[i]->list.count, sizeof(lists[i]->list.count));
			for (size_t j = 0; j < lists[i]->list.count; j++)
				digest = digest_add(digest, lists[i]->list.items[j].bytes,
						    address_size(family));
		}
	}
	return digest;
}

uint64_t course_digest(const struct plan_input *input)
{
	const struct prefix_list *host = &input->facts->host;
	uint64_t digest = digest_add(DIGEST_START, CARREL_VERSION, sizeof(CARREL_VERSION));

	digest = digest_add(digest, &input->policy->digest, sizeof(input->policy->digest));
	digest = digest_add_prefix(digest, &input->config->pool4);
	digest = digest_add_prefix(digest, &input->config->pool6);
	/* The host's other addresses come and go while the rules stay. */
	for (size_t i = 0; i < host->count; i++)
		if (dns_is_resolver(&input->policy->dns, &host->items[i].address))
			digest = digest_add_prefix(digest, &host->items[i]);
	return digest_add_dns(digest, &input->policy->dns);
}

enum course course_choose(const struct standing *standing, const struct plan_input *input)
{
	if (!standing)
		return COURSE_BUILD;
	if (strcmp(standing->uplink, uplink_name(input->policy->uplink)) != 0)
		return COURSE_REBUILD;
	/* A user may have been renamed, or have two names. */
	if (standing->cut || strcmp(standing->user, input->user) != 0 ||
	    strcmp(standing->policy, input->policy->name) != 0 ||
	    standing->rules_digest != course_digest(input))
		return COURSE_UPDATE;
	return COURSE_JOIN;
}

const char *course_name(enum course course)
{
	switch (course) {
	case COURSE_JOIN:    return "join";
	case COURSE_UPDATE:  return "update";
	case COURSE_REBUILD: return "rebuild";
	case COURSE_BUILD:   return "build";
	}
	return "?";
}
