/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy that every variant loads: 20 rules, written down once, and given to each
 * in the form that it wants.
 */
#ifndef CARREL_BENCH_RULES_H
#define CARREL_BENCH_RULES_H

#include <stdio.h>

struct batch;
struct carrel_error;

/**
 * rules_load() - into the namespace that the batch's NETLINK_NETFILTER socket belongs to,
 *		  in one transaction
 */
int rules_load(struct batch *batch, struct carrel_error *err);

/** rules_write_nft() - as the text that "nft -f" reads */
void rules_write_nft(FILE *file);

/** rules_write_policy() - as a policy of carrel */
void rules_write_policy(FILE *file);

#endif
