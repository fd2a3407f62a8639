/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sets.h"

#include <libmnl/libmnl.h>

#include "base/fd.h"
#include "base/name.h"
#include "kernel/netns.h"
#include "kernel/nft.h"
#include "kernel/nft_names.h"
#include "state/record.h"

int sets_update(struct mnl_socket *nft, const struct sets_known *known, uint32_t *generation,
		struct carrel_error *err)
{
	uint32_t before, after;
	int rc = nft_generation(nft, &before, err);

	if (rc == 0)
		rc = known->names ? nft_update_names(nft, known->names, err) :
				    nft_update_host(nft, known->host, err);
	if (rc <= 0 || *generation != before)
		return rc;
	rc = nft_generation(nft, &after, err);
	/* Not one step: somebody else's is in between. */
	*generation = rc == 0 && after == before + 1 ? after : 0;
	return rc < 0 ? rc : 1;
}

int sets_update_pinned(struct record *record, const struct sets_known *known,
		       struct carrel_error *err)
{
	FD_CLEANUP int netns_fd = -1;
	struct mnl_socket *nft;
	char pin[NETNS_NAME_SIZE];

	name_of_netns(record->uid, pin);
	int rc = netns_open_pin(pin, &netns_fd, err);
	if (rc == 0)
		rc = netns_enter(netns_fd, err);
	if (rc == 0)
		rc = nft_open(&nft, err);
	if (rc < 0)
		return rc;
	rc = sets_update(nft, known, &record->generation, err);
	mnl_socket_close(nft);
	return rc;
}
