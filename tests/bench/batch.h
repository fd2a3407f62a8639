/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink requests, many to a send: as little between the bench and the kernel as can be.
 * carrel's own code is not used here, so that the floor does not move with it.
 */
#ifndef CARREL_BENCH_BATCH_H
#define CARREL_BENCH_BATCH_H

#include <stddef.h>
#include <stdint.h>
#include <libmnl/libmnl.h>

struct carrel_error;

/* 20 rules of 500 bytes and what is around them. */
#define BATCH_BYTES 32768

struct batch {
	struct mnl_socket *socket;
	uint32_t sequence;              /* of the last request written */
	uint32_t awaited;               /* of the request that asks for an answer */
	size_t used_bytes;
	struct nlmsghdr *last;
	_Alignas(struct nlmsghdr) uint8_t bytes[BATCH_BYTES];
};

/** batch_open() - a socket of @bus (NETLINK_*) in the current network namespace */
int batch_open(struct batch *batch, int bus, struct carrel_error *err);

/** batch_close() - harmless on one that was never opened (all zero) */
void batch_close(struct batch *batch);

/** batch_place() - where the next request is to be written; call batch_add() when it is */
void *batch_place(struct batch *batch);

/** batch_add() - @request, at batch_place(), is complete: number it */
void batch_add(struct batch *batch, struct nlmsghdr *request);

/** batch_await() - the request added last is the one whose answer batch_commit() waits for */
void batch_await(struct batch *batch);

/** batch_commit() - send, and wait for the answer; the first refusal is the result: 0 or -errno */
int batch_commit(struct batch *batch, struct carrel_error *err);

#endif
