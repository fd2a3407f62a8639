/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A policy: what an administrator wrote, understood but not yet compiled.
 *
 * Rules are in the order in which they decide. Two destinations are special: the
 * host itself and the other carrels ("peers") can be reached only by rules that
 * name them; "any" and every address or prefix mean the world beyond them. Inwards
 * "any" is everyone who can get here: the host, and peers that may reach others.
 */
#ifndef CARREL_CORE_POLICY_H
#define CARREL_CORE_POLICY_H

#include <stdbool.h>
#include <stdint.h>
#include "base/address.h"
#include "base/arena.h"
#include "base/name.h"
#include "core/config.h"
#include "core/diagnostic.h"
#include "core/dns.h"
#include "core/prefixes.h"

struct carrel_error;

enum uplink { UPLINK_NAT, UPLINK_NONE };

/* What the user's last logout does to processes that stay behind: their network stays, or goes. */
enum logout { LOGOUT_KEEP, LOGOUT_CUT };

enum direction { DIRECTION_OUT, DIRECTION_IN };
#define DIRECTION_COUNT 2

enum verdict { VERDICT_ALLOW, VERDICT_DENY, VERDICT_REJECT };
#define VERDICT_COUNT 3

/* A bit each; 0 in a rule means every protocol. */
enum protocol {
	PROTOCOL_TCP = 1 << 0, PROTOCOL_UDP = 1 << 1, PROTOCOL_ICMP = 1 << 2, /* ICMP and ICMPv6 */
	PROTOCOL_SCTP = 1 << 3,
};

/* A type of the family's own ICMP. */
struct icmp_type { enum family family; uint8_t number; };

/* Packets above it do not match: they go on to the next rule. */
struct rate_limit {
	uint32_t packets;       /* 0: there is no limit */
	uint32_t per_s;         /* the time in which they may come */
	uint32_t burst;         /* packets that may come at once */
};

struct policy_rule {
	enum direction direction;
	enum verdict verdict;
	unsigned protocols;     /* enum protocol bits */
	/*
	 * The remote end: destination of an "out" rule, source of an "in" rule.
	 * remote_host, remote_peers, remote_resolver (the resolvers in force, wherever they are:
	 * policy.dns) and names may stand beside prefixes. When remote_any is set there are
	 * no prefixes. Named classes (private, metadata) are expanded to
	 * prefixes; "internet" is remote_any with excluded = private.
	 */
	bool remote_any, remote_host, remote_peers, remote_resolver;
	ARENA_LIST(struct prefix) remotes;      /* sorted, no overlap, of both families */
	ARENA_LIST(struct prefix) excluded;     /* never match these; sorted, no overlap */
	/* Hosts of an "out" rule, by their numbers in the policy's names; each once. */
	ARENA_LIST(size_t) names;
	/* Destination ports: remote ports of an "out" rule, the carrel's own of an "in" rule. */
	ARENA_LIST(struct port_range) ports;    /* sorted, no overlap; empty = every port */
	/* Only of a rule about ICMP alone. Each once; empty = every type of both families. */
	ARENA_LIST(struct icmp_type) icmp_types;
	struct rate_limit limit;                /* one for all families and protocols of the rule */
	bool log;                               /* note what matches; see core/log.h */
	bool override;                          /* of POLICY_OVERRIDES: stands before all others */
	const char *comment;                    /* from the quotes at the end, or NULL */
	const char *text;                       /* the line as written, blanks folded */
	struct position position;
};

/* Distinct names of one policy: each has two sets in each carrel. */
#define POLICY_NAMES_MAX 256

/* A host that rules name. */
struct policy_name {
	const char *name;                       /* as hostname_parse() gives it */
	struct position position;               /* where it stands first */
	/* What is known: nothing, until names_bind() (core/names.h). Refused ones among them. */
	ARENA_LIST(struct address) addresses;   /* of both families, each once */
};

struct expectation;

struct policy {
	const char *name;
	const char *description;                /* or NULL */
	uint64_t digest;                        /* of all texts and sets (base/digest.h) */
	enum uplink uplink;                     /* default nat */
	enum logout logout;                     /* default keep */
	uint32_t connections;                   /* open at once, both ways; 0: any number */
	bool log_denied;                        /* note all that is denied or rejected; default no */
	struct dns dns;
	bool low_ports;                         /* programs may listen on 1 to 1023; default no */
	enum verdict defaults[DIRECTION_COUNT]; /* built-in: allow out, deny in */
	bool rebind;                            /* names may mean private addresses; default no */
	ARENA_LIST(struct policy_name) names;   /* that rules name, each once */
	ARENA_LIST(struct policy_rule) rules;
	ARENA_LIST(struct expectation) expectations;    /* core/expect.h */
};

/* What the text of a policy may refer to. Any part may be absent. */
struct policy_context {
	const struct config *config;            /* whose sets rules name */
	const struct source *overrides;         /* rules that decide before those of the policy */
	/*
	 * Gets what "include" names.
	 * @ret_source:	its text must outlive the parsing, not the policy
	 * Return: 0; -ENOMEM; -errno with the reason
	 */
	int (*include)(void *reader, const char *name, struct source *ret_source,
		       struct carrel_error *err);
	void *reader;
};

/* In the order of the enums, NULL-terminated. */
extern const char *const verdict_words[];
extern const char *const direction_words[];
extern const char *const uplink_words[];

/**
 * policy_names_host() - the host's addresses must be known to compile it: a rule is about them, or may
 * be, as it is about resolvers
 */
bool policy_names_host(const struct policy *policy);
/**
 * policy_reaches_host() - a rule allows the carrel to begin to talk to the host itself
 * @host:	its addresses, as a resolver may have one of them
 * @count:	of them
 */
bool policy_reaches_host(const struct policy *policy, const struct prefix *host, size_t count);
/** policy_reaches_peers() - likewise to other carrels */
bool policy_reaches_peers(const struct policy *policy);

/**
 * policy_believes() - does @rule mean @address when a name that it names has this one?
 *
 * What the policy says of private addresses is not said of the overrides, which stand above it.
 */
bool policy_believes(const struct policy *policy, const struct policy_rule *rule,
		     const struct address *address);

/** policy_is_packaged() - does the file @path come with carrel, and not from the administrator? */
bool policy_is_packaged(const char *path);

const char *uplink_name(enum uplink uplink);
const char *verdict_name(enum verdict verdict);

/** The prefixes of a class word ("private", "metadata"), or NULL with *@ret_count 0 */
const struct prefix *policy_class_prefixes(const char *word, size_t length, size_t *ret_count);

#endif
