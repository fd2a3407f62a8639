/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: who brings an open carrel to the newest edition
 *
 *   its user's next login, `carrel repair`    mend.c
 *   `carrel apply`                            apply.c, where it is all that is to be done
 *   `carrel gc`, every minute                 WIRE_EDITIONS, here
 *
 * Each does so under the user's lock, and reads the newest edition under it: so no carrel goes
 * back to an older one. First the sets, then the number on the link (core/edition.h).
 *
 * A carrel that somebody has the lock of is left to them, or to the next run. One whose rules
 * have no such sets was made by an older version of carrel: the host's table lets it reach
 * nothing of the host until `carrel apply`, or a login, gives it new ones.
 */
#include "editions.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/name.h"
#include "base/paths.h"
#include "core/network.h"
#include "kernel/facts.h"
#include "kernel/host.h"
#include "kernel/link.h"
#include "kernel/network.h"
#include "kernel/rtnl.h"
#include "sets.h"
#include "sight.h"
#include "state/editionsfile.h"
#include "state/hoststate.h"
#include "state/record.h"
#include "state/state.h"
#include "state/textfile.h"

/* Carrels that one request brings up to date: it is to end long before its deadline. */
#define ADVANCES_MAX 512

int editions_read(struct request *request, int state_fd, struct editions *ret,
		  struct carrel_error *err)
{
	int rc = editionsfile_read(state_fd, &request->arena, ret, err);

	if (rc != -EBADMSG)
		return rc;
	request_warn(request, "%s", err->text);
	*ret = (struct editions){ 0 };
	return 0;
}

/* The editions that links say their carrels know; EDITION_NONE among them. */
static int list_used(struct rtnl *host, struct arena *arena, uint32_t **ret_used,
		     size_t *ret_count, struct carrel_error *err)
{
	struct network network;
	uint32_t *used;
	int rc = network_read_links(host, arena, &network, err);

	if (rc < 0)
		return rc;
	used = arena_alloc(arena, network.links.count * sizeof(*used));
	if (!used)
		return error_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < network.links.count; i++)
		used[i] = edition_of_group(network.links.items[i].group);
	*ret_used = used;
	*ret_count = network.links.count;
	return 0;
}

/* On the host first: a number that nobody has does no harm, one that the host lacks shuts out. */
static int publish(int state_fd, const struct editions *editions, struct carrel_error *err)
{
	struct host_state state;
	uint32_t recorded;
	int rc = hoststate_read(state_fd, &state, err);

	if (rc < 0)
		return rc;
	recorded = state.generation;
	rc = host_publish(editions, &state.generation, err);
	/* Whoever puts the table back reads the file. */
	if (rc < 0 && rc != -ENOENT)
		return rc;
	rc = editionsfile_write(state_fd, editions, err);
	if (rc < 0 || state.generation == recorded)
		return rc;
	return hoststate_write(state_fd, &state, err);
}

/* Alone: the addresses of this moment have no number yet, or have got one meanwhile. */
static int number_addresses(struct request *request, int state_fd, struct rtnl *host,
			    struct facts *facts, struct carrel_error *err)
{
	struct arena *arena = &request->arena;
	struct editions old, next;
	struct facts now;
	uint32_t *used = NULL;
	size_t used_count = 0;
	int rc = facts_gather(host, true, arena, &now, err);

	if (rc == 0)
		rc = editions_read(request, state_fd, &old, err);
	if (rc < 0)
		return rc;
	facts->host = now.host;
	if (editions_newest(&old) && edition_has(editions_newest(&old), &now.host)) {
		facts->edition = editions_newest(&old)->number;
		return 0;
	}
	rc = list_used(host, arena, &used, &used_count, err);
	if (rc < 0)
		return rc;
	rc = editions_next(&old, &now.host, used, used_count, arena, &next);
	if (rc < 0)
		return error_set_errno(err, -rc, "numbering the host's addresses");
	rc = publish(state_fd, &next, err);
	if (rc == 0)
		facts->edition = editions_newest(&next)->number;
	return rc;
}

int editions_settle(struct request *request, int state_fd, struct rtnl *host,
		    struct facts *facts, struct carrel_error *err)
{
	FD_CLEANUP int lock_fd = -1;
	struct editions editions;
	int rc = editions_read(request, state_fd, &editions, err);

	if (rc < 0)
		return rc;
	if (editions_newest(&editions) && edition_has(editions_newest(&editions), &facts->host)) {
		facts->edition = editions_newest(&editions)->number;
		return 0;
	}
	rc = editionsfile_lock(state_fd, &lock_fd, err);
	if (rc == 0)
		rc = number_addresses(request, state_fd, host, facts, err);
	return rc < 0 ? error_wrap(err, rc, "noting the host's addresses") : 0;
}

/* Is it to be brought to the edition @newest? */
static bool is_behind(uint32_t group, uint32_t newest)
{
	uint32_t edition = edition_of_group(group);

	if ((group & GROUP_BASE_MASK) != GROUP_BASE || edition == newest)
		return false;
	return edition != EDITION_NONE || (group & GROUP_HOST);
}

int editions_advance(struct request *request, int state_fd, struct rtnl *host,
		     struct record *record, struct carrel_error *err)
{
	const struct plan nothing = { 0 };      /* asks for no route, and no neighbour */
	struct arena *arena = &request->arena;
	const struct edition *newest;
	struct editions editions;
	struct network network;
	char name[LINK_NAME_SIZE];

	name_of_host_link(record->uid, name);
	int rc = editions_read(request, state_fd, &editions, err);
	if (rc == 0)
		rc = network_read_host(host, name, &nothing, arena, &network, err);
	newest = rc == 0 ? editions_newest(&editions) : NULL;
	if (!newest || !network.links.count)
		return rc;
	const struct network_link *link = &network.links.items[0];
	if (!is_behind(link->group, newest->number))
		return 0;
	uint32_t generation = record->generation;
	const struct sets_known known = { .host = &newest->addresses };
	rc = sets_update_pinned(record, &known, err);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	if (record->generation != generation)
		rc = record_write(state_fd, record, err);
	if (rc >= 0)
		rc = link_group(host, link->index, edition_in_group(link->group, newest->number),
				err);
	if (rc == 0)
		rc = rtnl_commit(host, err);
	return rc < 0 ? rc : 1;
}

/* Under its lock, if nobody has it. */
static int advance(struct request *request, int state_fd, struct rtnl *host, uid_t uid,
		   struct carrel_error *err)
{
	FD_CLEANUP int lock_fd = -1;
	struct sight sight = { .whole = false };
	int rc = state_lock_try(state_fd, uid, &lock_fd, err);

	if (rc == -EWOULDBLOCK)
		return 0;
	if (rc == 0)
		rc = sight_take(state_fd, uid, &sight, err);
	if (rc < 0 || !sight.whole)
		return rc;
	return editions_advance(request, state_fd, host, &sight.record, err);
}

/* Whose link is @name? */
static bool is_carrel_link(const char *name, uid_t *ret_uid)
{
	static const char prefix[] = "cr-";

	return strncmp(name, prefix, strlen(prefix)) == 0 &&
	       textfile_parse_uid(name + strlen(prefix), ret_uid);
}

/* Those whose links say that they are behind; one that cannot be reached does not keep the others. */
static int advance_all(struct request *request, int state_fd, struct rtnl *host, uint32_t newest,
		       struct carrel_error *err)
{
	struct network network;
	int rc = network_read_links(host, &request->arena, &network, err);

	for (size_t i = 0; rc == 0 && i < network.links.count; i++) {
		const struct network_link *link = &network.links.items[i];
		uid_t uid;

		if (!is_behind(link->group, newest) || !is_carrel_link(link->name, &uid))
			continue;
		if (request->reply.number == ADVANCES_MAX)
			break;
		int advanced = advance(request, state_fd, host, uid, err);
		if (advanced < 0)
			request_warn(request, "uid %u: %s", uid, err->text);
		request->reply.number += advanced > 0;
	}
	return rc;
}

int request_editions(struct request *request, struct carrel_error *err)
{
	RTNL_CLEANUP struct rtnl host = { 0 };
	FD_CLEANUP int state_fd = -1;
	struct editions editions = { 0 };
	struct facts facts;
	int rc = state_open(PATH_STATE, true, &state_fd, err);

	if (rc == 0)
		rc = editions_read(request, state_fd, &editions, err);
	/* No policy has named the host yet. */
	if (rc < 0 || !editions_newest(&editions))
		return rc;
	rc = rtnl_open(&host, err);
	if (rc == 0)
		rc = facts_gather(&host, true, &request->arena, &facts, err);
	if (rc == 0)
		rc = editions_settle(request, state_fd, &host, &facts, err);
	if (rc == 0)
		rc = advance_all(request, state_fd, &host, facts.edition, err);
	return rc < 0 ? error_wrap(err, rc, "telling carrels of the host's addresses") : 0;
}
