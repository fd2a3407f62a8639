/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What there is in a namespace that the caller is not in. */
#include "kernel/network.h"

#include "base/error.h"
#include "base/fd.h"
#include "kernel/netns.h"
#include "kernel/rtnl.h"

int network_read_inside(int netns_fd, struct arena *arena, struct network *ret,
			struct carrel_error *err)
{
	const struct plan nothing = { 0 };      /* asks for no neighbour */
	RTNL_CLEANUP struct rtnl rtnl = { 0 };
	FD_CLEANUP int here = -1;
	int rc = netns_current(&here, err), back;

	if (rc < 0)
		return rc;
	rc = netns_enter(netns_fd, err);
	if (rc < 0)
		return rc;
	rc = rtnl_open(&rtnl, err);
	if (rc == 0)
		rc = network_read_carrel(&rtnl, &nothing, arena, ret, err);
	back = netns_enter(here, rc < 0 ? NULL : err);
	return rc < 0 ? rc : back;
}
