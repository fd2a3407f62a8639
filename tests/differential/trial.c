/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/differential/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/error.h"
#include "core/names.h"
#include "core/policy_dns.h"
#include "core/policy_parse.h"
#include "tests/unit/resolvers.h"

/* Cut the text at its lines "=== NAME"; -EINVAL when there are too many. */
static int cut_parts(struct trial *trial)
{
	static const char mark[] = "=== ";
	const char *name = "conf", *begin = trial->text;

	while (begin) {
		bool at_once = strncmp(begin, mark, strlen(mark)) == 0;
		const char *mark_at = at_once ? begin : strstr(begin, "\n=== ");
		const char *end = mark_at ? mark_at + !at_once : begin + strlen(begin);

		if (trial->part_count == TRIAL_PARTS_MAX)
			return -EINVAL;
		trial->parts[trial->part_count++] = (struct trial_part){
			name, { arena_printf(&trial->arena, "%s.policy", name), begin,
				(size_t)(end - begin) },
		};
		if (!mark_at)
			return 0;
		size_t length = strcspn(end + strlen(mark), "\n");
		name = arena_strndup(&trial->arena, end + strlen(mark), length);
		begin = end + strlen(mark) + length;
		begin += *begin == '\n';
	}
	return 0;
}

static const struct source *find_part(const struct trial *trial, const char *name)
{
	for (size_t i = 0; i < trial->part_count; i++)
		if (strcmp(trial->parts[i].name, name) == 0)
			return &trial->parts[i].source;
	return NULL;
}

/* What "include" names: struct policy_context's include() */
static int include_part(void *reader, const char *name, struct source *ret_source,
			struct carrel_error *err)
{
	const struct source *source = find_part(reader, name);

	if (!source)
		return error_set(err, ENOENT, "no part %s", name);
	*ret_source = *source;
	return 0;
}

/* What is known of the hosts: "NAME ADDRESS..." on each line. */
static int read_names(struct trial *trial, struct known_names *known)
{
	const struct source *source = find_part(trial, "names");
	char *rest = source ? arena_strndup(&trial->arena, source->text, source->length) : NULL;

	for (char *line; rest && (line = strsep(&rest, "\n")) != NULL;) {
		const char *name = strsep(&line, " ");

		if (!*name)
			continue;
		struct known_name *kept = ARENA_APPEND(&trial->arena, &known->list);
		assert_non_null(kept);
		kept->name = name;
		for (const char *word; (word = strsep(&line, " ")) != NULL;) {
			struct known_address *known_address =
				ARENA_APPEND(&trial->arena, &kept->addresses);
			assert_non_null(known_address);
			if (address_parse(word, strlen(word), &known_address->address) < 0)
				return -EINVAL;
		}
	}
	return 0;
}

/* qsort() order that names_find() expects */
static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct known_name *)a)->name, ((const struct known_name *)b)->name);
}

/* The text of a resolv.conf with these addresses, which blanks divide. */
static const char *resolv_conf(struct arena *arena, const char *addresses)
{
	const char *text = "";

	for (size_t length; *addresses; addresses += length + (addresses[length] == ' ')) {
		length = strcspn(addresses, " ");
		text = arena_printf(arena, "%snameserver %.*s\n", text, (int)length, addresses);
	}
	return text;
}

static void read_host(struct trial *trial)
{
	const char *text = TRIAL_HOST;

	for (size_t i = 0; i < TRIAL_HOST_COUNT; i++) {
		size_t length = strcspn(text, " ");

		assert_int_equal(prefix_parse(text, length, &trial->host[i]), 0);
		text += length + 1;
	}
}

int trial_begin(struct trial *trial, const char *text, bool host_known)
{
	struct diagnostics diagnostics = { .arena = &trial->arena };
	struct policy_context context = {
		.config = &trial->config, .include = include_part, .reader = trial,
	};
	struct known_names known = { 0 };

	*trial = (struct trial){ .text = text, .host_known = host_known };
	read_host(trial);
	if (cut_parts(trial) < 0 || !find_part(trial, "policy") || read_names(trial, &known) < 0)
		return -EINVAL;
	if (known.list.count)
		qsort(known.list.items, known.list.count, sizeof(*known.list.items), compare_names);
	context.overrides = find_part(trial, "overrides");
	const struct sources sources = { .list = { &trial->parts[0].source, 1, 1 } };
	int rc = config_parse(&sources, &trial->arena, &trial->config, &diagnostics);
	if (rc == 0)
		rc = policy_parse_within(&context, "random", find_part(trial, "policy"), &trial->arena,
					 &trial->policy, &diagnostics);
	if (rc == 0)
		rc = names_bind(&trial->policy, &known, &trial->arena);
	if (rc == 0) {
		const struct host_resolvers host = resolvers_of(&trial->arena,
			resolv_conf(&trial->arena, TRIAL_NAMED), resolv_conf(&trial->arena, TRIAL_BEHIND));

		policy_dns_settle(&trial->policy, &host);
	}
	return rc;
}

struct prefix_list trial_host(const struct trial *trial)
{
	return (struct prefix_list){ trial->host, trial->host_known ? TRIAL_HOST_COUNT : 0 };
}
