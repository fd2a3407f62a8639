/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as carrel.conf: parsed or refused with a message, then asked who gets what. */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "core/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Membership of the subject in every second group that @config names. */
static size_t answer_groups(const struct config *config, struct subject_group *groups, size_t room)
{
	size_t count = config->groups.count < room ? config->groups.count : room;

	for (size_t i = 0; i < count; i++)
		groups[i] = (struct subject_group){ config->groups.items[i], i % 2 == 0 };
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { .arena = &arena };
	struct source source = { .path = "fuzz", .text = (const char *)bytes, .length = length };
	struct sources sources = { .list = { &source, 1, 1 } };
	struct subject_group groups[64];
	struct config config;

	int rc = config_parse(&sources, &arena, &config, &diagnostics);
	assert(rc == 0 || rc == -EINVAL);
	assert((rc == 0) == (diagnostics.errors == 0));
	if (rc)
		return 0;

	struct subject subject = {
		.user = "ann", .uid = 1000, .service = "sshd", .tty = "ssh",
		.rhost = "192.0.2.9", .groups = groups,
		.group_count = answer_groups(&config, groups, sizeof(groups) / sizeof(*groups)),
	};
	const struct assignment *assignment;
	rc = config_assign(&config, &subject, &assignment, NULL);
	assert(rc == 0 || (rc == -ESTALE && config.groups.count > subject.group_count));
	assert(config.pool4.length >= 8 && config.pool4.length <= 30);
	assert(config.pool6.length <= 96);
	return 0;
}
