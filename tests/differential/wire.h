/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A carrel's end of the network and the outside of it, held by one process: packets are
 * put in on either side, and what became of each is seen on both.
 */
#ifndef CARREL_TESTS_DIFFERENTIAL_WIRE_H
#define CARREL_TESTS_DIFFERENTIAL_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include "core/evaluate.h"

/* Packets that are on the way at once: what a socket's buffer holds for sure. */
#define WIRE_BATCH_MAX 128

/*
 * Packets are numbered from here. No packet may be sent to such a port: it would look like
 * the answer to another one.
 */
#define WIRE_FIRST_ID 40000

#define WIRE_PROTOCOLS 5

struct wire {
	int netns_fd;                   /* of the carrel */
	int outside_fd;                 /* raw link-layer socket on the outside's end */
	int marker_fd;                  /* likewise inside, for markers alone */
	int send_fds[FAMILY_COUNT];     /* raw, with IP header */
	int caught_fds[FAMILY_COUNT][WIRE_PROTOCOLS]; /* what rules let through to programs */
	struct mnl_socket *conntrack;
	unsigned link;                  /* interface index of uplink0 */
	uint8_t mac_inside[6];
	uint32_t markers;
};

/* The carrel's own addresses, in the built-in pools. */
extern const struct address wire_own[FAMILY_COUNT];

/**
 * wire_open() - a carrel with no rules yet
 * @name:	of the link's outside end
 *
 * Return: 0; -1 with errno set. What was opened is closed by the end of the process.
 * Context: root, in a network namespace of the test's own, which becomes the outside
 */
int wire_open(const char *name, struct wire *ret);

/**
 * wire_try() - send every packet at once and see what comes of it
 * @ret:	of each: allow when it came through, reject when it was answered, else deny
 * @ret_arrivals: of each that came through to the outside: whom it was for there
 *
 * Return: 0; -1 with errno set
 */
int wire_try(struct wire *wire, const struct packet *packets, size_t count, enum verdict *ret,
	     struct address *ret_arrivals);

#endif
