/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets of the differential test as bytes: each carries a number to know it by. */
#ifndef CARREL_TESTS_DIFFERENTIAL_FRAME_H
#define CARREL_TESTS_DIFFERENTIAL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/evaluate.h"

/* An IPv6 header and the longest first packet of a flow: an SCTP INIT. */
#define FRAME_MAX_BYTES 128

/* A question of ICMPv6 that is no echo (RFC 4620, section 4). */
#define FRAME_NODE_INFORMATION 139

/* The protocol without ports that has no name in policies (RFC 3692: for experiments). */
#define FRAME_OTHER_PROTOCOL 253

/**
 * frame_build() - the IP packet that begins the flow @packet
 * @own:	the carrel's address of the family
 * @id:		its number: the source port, ICMP's identifier, or the first bytes
 *
 * Return: bytes in @bytes
 */
size_t frame_build(const struct packet *packet, const struct address *own, uint16_t id,
		   uint8_t bytes[FRAME_MAX_BYTES]);

/* What a packet that was caught says of the one it is, or answers. */
enum frame_meaning {
	FRAME_FOREIGN,          /* nothing of ours */
	FRAME_FIRST,            /* it is the first packet of a flow */
	FRAME_REFUSAL,          /* a reset, or an ICMP error about it */
};

/**
 * frame_read() - what is said by the transport layer's @bytes, and about which packet
 * Return: FRAME_FOREIGN when it cannot be told; then there is no *@ret_id
 */
enum frame_meaning frame_read(enum family family, uint8_t l4proto, const uint8_t *bytes,
			      size_t length, uint16_t *ret_id);

/** frame_destination() - of an IP packet; whether it is one */
bool frame_destination(const uint8_t *bytes, size_t length, struct address *ret);

/** frame_read_ip() - as frame_read(), from the IP header on */
enum frame_meaning frame_read_ip(const uint8_t *bytes, size_t length, uint16_t *ret_id);

#endif
