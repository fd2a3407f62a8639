/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One carrel in the hands of the helper: what is known about it, step by step, and the
 * steps that requests of different kinds have in common. Each request goes through those
 * that it needs, in this order.
 */
#ifndef CARREL_WORK_H
#define CARREL_WORK_H

#include "core/config.h"
#include "core/course.h"
#include "core/plan.h"
#include "core/policy.h"
#include "inspect.h"
#include "kernel/apply.h"
#include "request.h"
#include "state/namesfile.h"
#include "state/record.h"

struct work {
	struct request *request;
	const struct subject *subject;
	int state_fd, lock_fd;          /* owned */
	struct config config;
	struct policy policy;
	struct namesfile_version names; /* with what is known of its names */
	struct facts facts;
	const char *no_names;           /* why the carrel will not find names, or NULL */
	struct plan_input input;
	struct record record;           /* of the carrel that is joined, updated or built */
	struct kernel kernel;
	bool pinned_again;              /* by work_find() */
};

#define WORK_CLEANUP __attribute__((cleanup(work_end)))

/** work_begin() - open what every request needs */
int work_begin(struct work *work, struct request *request, struct carrel_error *err);

void work_end(struct work *work);

/** work_read_config() - the configuration in force */
int work_read_config(struct work *work, struct carrel_error *err);

/**
 * work_assign() - the policy that the configuration gives to the request's subject
 * Return: 0 with reply.status WIRE_OK, or another one when there is none; or -errno
 */
int work_assign(struct work *work, struct carrel_error *err);

/** work_read_policy() - the policy @name in force, whoever has it */
int work_read_policy(struct work *work, const char *name, struct carrel_error *err);

/**
 * work_warn_unknown() - tell of the names of the policy of which no address is known
 *
 * That keeps nobody out: the rules about them match nothing.
 */
void work_warn_unknown(struct work *work);

/**
 * work_settle_names() - see whether names have other addresses since they were read
 * @anyway:	also where they have not: somebody changed something in the carrel's table
 *
 * Called when the record is there: had `carrel refresh` written new addresses in between, it
 * would not have found this carrel. See names.c.
 *
 * Return: 1 when sets were changed; 0; -ENOMEM
 */
int work_settle_names(struct work *work, bool anyway, struct carrel_error *err);

/** work_lock() - from here on alone with the subject's carrel, and ready to look at the kernel */
int work_lock(struct work *work, struct carrel_error *err);

/** work_prepare() - know the host, and see to it that it does its part for the policy */
int work_prepare(struct work *work, struct carrel_error *err);

/**
 * work_find() - look for a carrel of the subject that can be used, or mended
 * @ret_netns_fd: the pinned namespace; -1 when there is none
 *
 * Where only the record is lost it is written again from what the kernel has; where only the pin
 * is lost, the namespace that came with the request is pinned.
 *
 * Return: 0; with reply.status WIRE_UNPINNED, where that should come with it; -errno
 * Context: the configuration was read; in the host's namespace, as afterwards
 */
int work_find(struct work *work, struct record *ret_record, int *ret_netns_fd,
	      struct carrel_error *err);

/** work_choose() - what is to be done about @standing, NULL when work_find() found none */
enum course work_choose(const struct work *work, const struct record *standing);

/** work_find_addresses() - where a new carrel is to be, and what its uplink is to be like */
int work_find_addresses(struct work *work, struct carrel_error *err);

/** work_build() - make the carrel anew, in the place of what there may be */
int work_build(struct work *work, struct carrel_error *err);

/** work_join() - take the carrel in @netns_fd (consumed) as its record @old says; mend it first */
int work_join(struct work *work, const struct record *old, int netns_fd,
	      struct carrel_error *err);

/**
 * work_update() - bring the carrel in @netns_fd (consumed) under the rules of today
 * @old:	its record
 * @login:	somebody comes: it is in use from now on, and the request's login decides
 */
int work_update(struct work *work, const struct record *old, int netns_fd, bool login,
		struct carrel_error *err);

/**
 * work_mend() - see where the carrel that work->kernel has joined is not as it should be; mend it
 * @old:	its record
 * @rules:	how to look at them
 * @ret:	what was found; lives as long as the request. ret->generation is of the firewall as
 *		it is now
 */
int work_mend(struct work *work, const struct record *old, const struct inspect_rules *rules,
	      struct inspection *ret, struct carrel_error *err);

/**
 * work_warn_of() - a line for the log for each of @differences that is mended
 * @update:	the policy changed meanwhile: of what is altered nobody knows by whom
 */
void work_warn_of(struct work *work, const struct differences *differences, bool update);

/**
 * work_repair() - work_join() for nobody, and reading the rules whatever the generation is
 *
 * reply.status says whether there was anything to mend.
 */
int work_repair(struct work *work, const struct record *old, int netns_fd,
		struct carrel_error *err);

/**
 * work_fill_record() - the record of a carrel under the policy that was chosen, for the login
 *			that is served
 */
int work_fill_record(struct work *work, struct carrel_error *err);

/** work_write_record() - of the namespace that work->kernel holds */
int work_write_record(struct work *work, struct carrel_error *err);

#endif
