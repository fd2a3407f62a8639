/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets that are sent out of a carrel to see what becomes of them. None arrives anywhere. */
#ifndef CARREL_DOCTOR_PROBE_H
#define CARREL_DOCTOR_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/address.h"
#include "cli/throwaway.h"
#include "kernel/nft_trace.h"

struct carrel_error;

/* As many as one network is made for. */
#define PROBES_MAX 4

struct probe {
	struct address to;
	uint16_t port;
	bool udp;                       /* else TCP */
	/* What came of it. */
	bool sent;                      /* the host has a route, and the carrel the family */
	enum nft_trace_fate fate;
	struct obstacle obstacle;       /* of TRACE_DROPPED */
};

/**
 * probe_send() - send @probes one after the other from @trial, whose inner rules are taken away
 * @probes:	at most PROBES_MAX; their fates are filled in
 *
 * Return: 0 or -errno
 * Context: root, in the host's network namespace
 */
int probe_send(const struct throwaway *trial, struct probe *probes, size_t count,
	       struct carrel_error *err);

#endif
