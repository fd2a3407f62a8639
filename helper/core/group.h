/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's table never changes with users: what it must know of a carrel's policy
 * is in the group number of the host's end of the veth.
 */
#ifndef CARREL_CORE_GROUP_H
#define CARREL_CORE_GROUP_H

#include <stdint.h>

/*
 * Keeps carrel's groups apart from those that an administrator gives to links. Below
 * 2^31, which is as far as "ip link show group" goes.
 */
#define GROUP_BASE  UINT32_C(0x0ca40000)
/* The half of a group number that GROUP_BASE fills; the other holds the bits below. */
#define GROUP_BASE_MASK UINT32_C(0xffff0000)

enum group_bit {
	GROUP_HOST  = 1 << 0,   /* may reach the host itself */
	GROUP_PEERS = 1 << 1,   /* may reach other carrels */
	GROUP_NAT   = 1 << 2,   /* may leave the host, under the host's addresses */
};

/* Above the bits, which edition of the host's addresses the carrel knows: see core/edition.h. */
#define GROUP_EDITION_SHIFT 4
#define GROUP_EDITION_MASK  (UINT32_C(0xfff) << GROUP_EDITION_SHIFT)

#endif
