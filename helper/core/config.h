/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * carrel.conf and its drop-ins: pools, how long carrels are kept, sets of addresses that
 * policies name, and who gets which policy.
 */
#ifndef CARREL_CORE_CONFIG_H
#define CARREL_CORE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include "base/address.h"
#include "base/arena.h"
#include "base/name.h"
#include "core/diagnostic.h"
#include "core/source.h"
#include "base/subject.h"

struct buffer;
struct carrel_error;

enum condition_kind {
	CONDITION_USER, CONDITION_GROUP, CONDITION_UID,
	CONDITION_SERVICE, CONDITION_FROM, CONDITION_TTY,
};
#define CONDITION_COUNT (CONDITION_TTY + 1)

struct condition_value {
	bool negated;           /* "!name": no user, group ... of that name */
	unsigned column;        /* where it stands in the assignment's line */
	const char *name;       /* user, group, service, tty (without "/dev/") */
	uint32_t first, last;   /* uid */
	struct prefix prefix;   /* from */
};

/*
 * A condition holds when one of its plain values matches (or it has none) and none
 * of its negated values does.
 */
struct condition {
	enum condition_kind kind;
	ARENA_LIST(struct condition_value) values;
};

/*
 * Who is unconfined stays where the session is begun, and that is another user's carrel where they
 * become who they are in there (su, sudo). ASSIGN_HOST puts them into the host's network.
 */
enum assignment_kind { ASSIGN_UNCONFINED, ASSIGN_HOST, ASSIGN_DENY, ASSIGN_POLICY };

/* All conditions must hold. An assignment without conditions holds for everyone. */
struct assignment {
	enum assignment_kind kind;
	const char *policy;     /* ASSIGN_POLICY: its name */
	unsigned policy_column; /* where that stands */
	ARENA_LIST(struct condition) conditions;
	struct position position;
};

/* Addresses under a name: "to set campus". */
struct named_set {
	const char *name;
	ARENA_LIST(struct prefix) prefixes;     /* as written: of both families, in any order */
};

/* Where pins are: in the host's /run/netns, or in a mount namespace of carrel's own. */
enum pins { PINS_VISIBLE, PINS_PRIVATE };

struct config {
	struct prefix pool4;            /* default 10.213.0.0/16; /8 to /30 */
	struct prefix pool6;            /* default fd42:ca44:e1::/64; /96 or shorter: holds a 32-bit uid */
	uint64_t linger_s;              /* an idle carrel is kept this long; default 10 minutes */
	enum pins pins;                 /* default visible */
	struct position pins_position;  /* of the line that says so; line 0: there is none */
	ARENA_LIST(struct named_set) sets;      /* each name once */
	ARENA_LIST(struct assignment) assignments;
	ARENA_LIST(const char *) groups; /* every group name that a condition uses, once */
};

/**
 * config_parse() - check and understand every file of a configuration
 * @arena:	the configuration lives here; keeps no pointer into @sources' texts
 * @diagnostics: gets every error and warning
 *
 * Return: 0; -EINVAL when an error was added; -ENOMEM
 * Context: pure
 */
int config_parse(const struct sources *sources, struct arena *arena,
		 struct config *ret_config, struct diagnostics *diagnostics);

/** config_find_set() - the set called @name, or NULL */
const struct named_set *config_find_set(const struct config *config, const char *name,
					size_t length);

/** config_write_sets() - append @config's sets as a text that config_parse() understands */
void config_write_sets(const struct config *config, struct buffer *buffer);

/**
 * config_assign() - the first assignment that holds for @subject
 * @ret:	the assignment, or NULL when none holds: the user is not confined
 *
 * Return: 0; -ESTALE when a condition asks for a group that @subject does not answer
 *	   (it was looked up under another version of the configuration)
 * Context: pure
 */
int config_assign(const struct config *config, const struct subject *subject,
		  const struct assignment **ret, struct carrel_error *err);

/**
 * config_may_confine() - can there be a user whose login through @service is not left alone?
 *
 * Whom assignments name is not looked at: users may be yet to come.
 *
 * Context: pure
 */
bool config_may_confine(const struct config *config, const char *service);

/** config_is_free() - does @assignment, or that there is none (NULL), neither confine nor refuse? */
bool config_is_free(const struct assignment *assignment);

/** config_assigns_host() - is any user given the host's network, so that it matters who somebody is? */
bool config_assigns_host(const struct config *config);

/** config_tty_name() - @tty without a leading "/dev/"; points into @tty */
const char *config_tty_name(const char *tty);

#endif
