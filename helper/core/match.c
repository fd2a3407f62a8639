/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who gets what: the part of config.h that applies a configuration to a subject. */
#include "core/config.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"

const char *config_tty_name(const char *tty)
{
	static const char directory[] = "/dev/";
	size_t length = sizeof(directory) - 1;

	return strncmp(tty, directory, length) == 0 ? tty + length : tty;
}

/* Is @subject in @group? 1, 0, or -ESTALE when nobody looked. */
static int in_group(const struct subject *subject, const char *group, struct carrel_error *err)
{
	for (size_t i = 0; i < subject->group_count; i++)
		if (strcmp(subject->groups[i].name, group) == 0)
			return subject->groups[i].member;
	return error_set(err, ESTALE, "whether '%s' is in the group '%s' was not looked up",
			 subject->user, group);
}

/*
 * PAM_RHOST as an address: without the scope of a link-local one, and IPv4 as such even
 * when the daemon listens on one IPv6 socket for both. A host name is -EINVAL: the
 * client's resolver chooses it, so it decides nothing.
 */
static int parse_rhost(const char *rhost, struct address *ret)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct address address;

	int rc = address_parse(rhost, strcspn(rhost, "%"), &address);
	if (rc)
		return rc;
	if (address.family == FAMILY_IPV6 &&
	    memcmp(address.bytes, mapped, sizeof(mapped)) == 0) {
		*ret = (struct address){ .family = FAMILY_IPV4 };
		memcpy(ret->bytes, address.bytes + sizeof(mapped), address_size(FAMILY_IPV4));
		return 0;
	}
	*ret = address;
	return 0;
}

/* Does one value, its "!" aside, match? 1, 0, or -ESTALE. */
static int value_matches(const struct condition_value *value, enum condition_kind kind,
			 const struct subject *subject, struct carrel_error *err)
{
	struct address address;

	switch (kind) {
	case CONDITION_USER:
		return strcmp(value->name, subject->user) == 0;
	case CONDITION_GROUP:
		return in_group(subject, value->name, err);
	case CONDITION_UID:
		return subject->uid >= value->first && subject->uid <= value->last;
	case CONDITION_SERVICE:
		return strcmp(value->name, subject->service) == 0;
	case CONDITION_FROM:
		return parse_rhost(subject->rhost, &address) == 0 &&
		       prefix_contains(&value->prefix, &address);
	case CONDITION_TTY:
		return strcmp(value->name, config_tty_name(subject->tty)) == 0;
	}
	return 0;
}

/* Does @condition hold? 1, 0, or -ESTALE. */
static int condition_holds(const struct condition *condition, const struct subject *subject,
			   struct carrel_error *err)
{
	bool has_plain = false, plain_matched = false;

	for (size_t i = 0; i < condition->values.count; i++) {
		const struct condition_value *value = &condition->values.items[i];
		int matches = value_matches(value, condition->kind, subject, err);
		if (matches < 0)
			return matches;
		if (value->negated && matches)
			return 0;
		if (value->negated)
			continue;
		has_plain = true;
		plain_matched |= matches;
	}
	return plain_matched || !has_plain;
}

/* Do all conditions hold? 1, 0, or -ESTALE. */
static int assignment_holds(const struct assignment *assignment, const struct subject *subject,
			    struct carrel_error *err)
{
	for (size_t i = 0; i < assignment->conditions.count; i++) {
		int holds = condition_holds(&assignment->conditions.items[i], subject, err);
		if (holds <= 0)
			return holds;
	}
	return 1;
}

int config_assign(const struct config *config, const struct subject *subject,
		  const struct assignment **ret, struct carrel_error *err)
{
	for (size_t i = 0; i < config->assignments.count; i++) {
		const struct assignment *assignment = &config->assignments.items[i];
		int holds = assignment_holds(assignment, subject, err);
		if (holds < 0)
			return holds;
		if (holds) {
			*ret = assignment;
			return 0;
		}
	}
	*ret = NULL;
	return 0;
}

bool config_is_free(const struct assignment *assignment)
{
	return !assignment || assignment->kind == ASSIGN_UNCONFINED ||
	       assignment->kind == ASSIGN_HOST;
}

bool config_assigns_host(const struct config *config)
{
	for (size_t i = 0; i < config->assignments.count; i++)
		if (config->assignments.items[i].kind == ASSIGN_HOST)
			return true;
	return false;
}

/* Do the conditions on the service hold for @service? *@ret_only: there are no others. */
static bool holds_for_service(const struct assignment *assignment, const char *service,
			      bool *ret_only)
{
	const struct subject subject = { .service = service };

	*ret_only = true;
	for (size_t i = 0; i < assignment->conditions.count; i++) {
		const struct condition *condition = &assignment->conditions.items[i];

		if (condition->kind != CONDITION_SERVICE)
			*ret_only = false;
		else if (condition_holds(condition, &subject, NULL) <= 0)
			return false;
	}
	return true;
}

bool config_may_confine(const struct config *config, const char *service)
{
	for (size_t i = 0; i < config->assignments.count; i++) {
		const struct assignment *assignment = &config->assignments.items[i];
		bool only;

		if (!holds_for_service(assignment, service, &only))
			continue;
		if (!config_is_free(assignment))
			return true;
		if (only)
			return false;
	}
	return false;
}
