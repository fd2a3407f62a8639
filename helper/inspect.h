/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What there is against what there should be, asked of the kernel: for logins and `carrel repair`,
 * who mend it, and for `carrel diff`, which tells.
 */
#ifndef CARREL_INSPECT_H
#define CARREL_INSPECT_H

#include <stdbool.h>
#include <stdint.h>
#include "core/difference.h"
#include "core/holding.h"
#include "core/host.h"
#include "core/plan.h"

struct carrel_error;
struct kernel;

struct inspection {
	struct differences differences;
	struct plan mend;               /* in the carrel, and for its link on the host; may be empty */
	uint32_t generation;            /* of the carrel's firewall, as it was inspected */
	uint32_t edition;               /* of the host's addresses, as its link says, mended or not */
};

/* How rules are looked at. */
struct inspect_rules {
	bool reload;                    /* unless known to be good, load them: do not read them */
	uint32_t known_generation;      /* that was good; 0: read them whatever it is */
	bool texts;                     /* say of extra ones what they are */
	bool former;                    /* they were made from what was intended before an edit */
	uint32_t former_generation;     /* at which they were as made then; 0: unknown */
};

/**
 * inspect_carrel() - compare a carrel with what @input makes of its policy
 * @kernel:	has joined it (kernel_join())
 * @ret:	lives in @arena
 *
 * As long as the firewall's generation is the known one nobody has touched the rules, and
 * they are not read. The rest is read every time: it is little.
 *
 * Return: 0, also where there are differences; -errno
 * Context: CAP_NET_ADMIN, CAP_SYS_ADMIN; in the carrel
 */
int inspect_carrel(struct kernel *kernel, const struct plan_input *input,
		   const struct inspect_rules *rules, struct arena *arena,
		   struct inspection *ret, struct carrel_error *err);

/**
 * inspect_sets() - compare what a carrel's sets of addresses hold with what is known
 * @kernel:	has joined it
 * @differences: appended to
 *
 * A set that holds something else than addresses is for inspect_carrel() to find.
 *
 * Return: 0, also where there are differences; -errno
 */
int inspect_sets(struct kernel *kernel, const struct holding_wanted *wanted, struct arena *arena,
		 struct differences *differences, struct carrel_error *err);

/**
 * inspect_host() - compare the host's table with what it should be
 * @state, @editions: as recorded
 * @texts:	say of extra rules what they are
 * @differences: appended to
 * @ret_generation: of the host's firewall, at which the table was so
 *
 * Return: 0, also where there are differences; -errno
 * Context: as inspect_carrel(), but in the host's namespace
 */
int inspect_host(const struct host_state *state, const struct editions *editions, bool texts, struct arena *arena,
		 struct differences *differences, uint32_t *ret_generation,
		 struct carrel_error *err);

#endif
