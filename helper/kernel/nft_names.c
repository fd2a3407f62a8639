/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/nft_names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/name.h"
#include "kernel/nft_batch.h"
#include "kernel/nft_set.h"
#include "kernel/rtnl.h"

/* A question: a table's and a set's name. */
#define QUESTION_BYTES 1024
/* What the kernel sends at once of a dump (NLMSG_GOODSIZE and more, up to 32 KiB). */
#define ANSWER_BYTES   32768

/* What take_set() fills. */
struct sets {
	struct arena *arena;
	struct holding *holding;
};

/* For "cleanup" */
static void free_set(struct nftnl_set **set)
{
	if (*set)
		nftnl_set_free(*set);
}
#define SET_CLEANUP __attribute__((cleanup(free_set)))

/* Send @question and give each answer to @take; 0 or -errno. */
static int dump(struct mnl_socket *socket, const struct nlmsghdr *question, mnl_cb_t take,
		void *context)
{
	_Alignas(struct nlmsghdr) static char answer[ANSWER_BYTES];

	if (mnl_socket_sendto(socket, question, question->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		ssize_t received = mnl_socket_recvfrom(socket, answer, sizeof(answer));
		if (received < 0 && errno == EINTR)
			continue;
		if (received < 0)
			return -errno;
		int rc = mnl_cb_run(answer, (size_t)received, question->nlmsg_seq,
				    mnl_socket_get_portid(socket), take, context);
		if (rc < 0)
			return -errno;
		if (rc == MNL_CB_STOP)
			return 0;
	}
}

/* dump() callback: note the sets that are of names */
static int take_set(const struct nlmsghdr *message, void *context)
{
	SET_CLEANUP struct nftnl_set *set = nftnl_set_alloc();
	struct sets *sets = context;
	struct names_set parsed;

	if (!set || nftnl_set_nlmsg_parse(message, set) < 0)
		return MNL_CB_ERROR;
	const char *table = nftnl_set_get_str(set, NFTNL_SET_TABLE);
	const char *name = nftnl_set_get_str(set, NFTNL_SET_NAME);
	/* Kernels before 5.18 list the sets of all tables, whatever they are asked for. */
	if (!table || strcmp(table, CARREL_TABLE) != 0 || !name || !names_set_parse(name, &parsed))
		return MNL_CB_OK;
	struct held_set *held = ARENA_APPEND(sets->arena, &sets->holding->list);
	if (!held) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	names_set_format(&parsed, held->text);
	return MNL_CB_OK;
}

static int list_sets(struct mnl_socket *socket, struct arena *arena, struct holding *holding)
{
	struct sets sets = { arena, holding };
	_Alignas(struct nlmsghdr) char question[QUESTION_BYTES];
	struct nlmsghdr *message = nftnl_nlmsg_build_hdr(question, NFT_MSG_GETSET, NFPROTO_INET,
							 NLM_F_DUMP, 1);

	mnl_attr_put_strz(message, NFTA_SET_TABLE, CARREL_TABLE);
	int rc = dump(socket, message, take_set, &sets);
	/* Only now: they are where they stay. */
	for (size_t i = 0; i < holding->list.count && rc == 0; i++)
		if (!names_set_parse(holding->list.items[i].text, &holding->list.items[i].set))
			rc = -EBADMSG;
	return rc;
}

/* What take_elements() fills. */
struct elements {
	struct arena *arena;
	struct held_set *held;
};

/* nftnl_set_elem_foreach() callback: note one; its key has the size of an address of the set */
static int take_element(struct nftnl_set_elem *element, void *context)
{
	struct elements *elements = context;
	size_t size = address_size(elements->held->set.family);
	uint32_t length = 0;
	const void *key = nftnl_set_elem_get(element, NFTNL_SET_ELEM_KEY, &length);
	struct value_range *value;

	if (!key || length != size) {
		errno = EBADMSG;
		return -1;
	}
	value = ARENA_APPEND(elements->arena, &elements->held->values);
	if (!value) {
		errno = ENOMEM;
		return -1;
	}
	memcpy(value->first, key, size);
	memcpy(value->last, key, size);
	return 0;
}

/* dump() callback */
static int take_elements(const struct nlmsghdr *message, void *context)
{
	SET_CLEANUP struct nftnl_set *set = nftnl_set_alloc();

	if (!set || nftnl_set_elems_nlmsg_parse(message, set) < 0 ||
	    nftnl_set_elem_foreach(set, take_element, context) < 0)
		return MNL_CB_ERROR;
	return MNL_CB_OK;
}

static int list_elements(struct mnl_socket *socket, struct arena *arena, struct held_set *held)
{
	_Alignas(struct nlmsghdr) char question[QUESTION_BYTES];
	struct nlmsghdr *message = nftnl_nlmsg_build_hdr(question, NFT_MSG_GETSETELEM,
							 NFPROTO_INET, NLM_F_DUMP, 2);
	struct elements elements = { arena, held };

	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, CARREL_TABLE);
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, held->text);
	return dump(socket, message, take_elements, &elements);
}

/* The sets and all that is in them; 0 or -errno. -ENOENT: the table is gone */
static int read_sets(struct mnl_socket *socket, struct arena *arena, struct holding *holding)
{
	int rc = list_sets(socket, arena, holding);

	for (size_t i = 0; i < holding->list.count && rc == 0; i++)
		rc = list_elements(socket, arena, &holding->list.items[i]);
	return rc;
}

int nft_read_names(struct mnl_socket *socket, struct arena *arena, struct holding *ret,
		   struct carrel_error *err)
{
	struct holding holding = { 0 };
	int rc = read_sets(socket, arena, &holding);

	/* Somebody flushed the table: that there are no rules is for others to say. */
	if (rc < 0 && rc != -ENOENT)
		return error_set_errno(err, -rc, "reading the sets of names");
	*ret = rc == 0 ? holding : (struct holding){ 0 };
	return 0;
}

/* Write what is to be changed in one set; *@changes counts it. 0 or -ENOMEM */
static int encode_changes(struct nft_batch *batch, struct arena *arena,
			  const struct held_set *held, const struct holding_wanted *wanted,
			  size_t *changes)
{
	enum field field = held->set.family == FAMILY_IPV4 ? FIELD_DADDR4 : FIELD_DADDR6;
	struct holding_change change;
	int rc = holding_change(held, wanted, arena, &change);

	if (rc == 0)
		rc = nft_encode_elements(batch, CARREL_TABLE, held->text, field, false,
					 change.added, change.added_count);
	if (rc == 0)
		rc = nft_encode_elements(batch, CARREL_TABLE, held->text, field, true,
					 change.removed, change.removed_count);
	*changes += change.added_count + change.removed_count;
	return rc;
}

/* Find out and change what differs. */
static int update(struct mnl_socket *socket, const struct holding_wanted *wanted,
		  struct carrel_error *err)
{
	struct nft_batch batch NFT_BATCH_CLEANUP = { 0 };
	ARENA_CLEANUP struct arena arena = { 0 };
	struct holding holding = { 0 };
	size_t changes = 0;
	int rc = read_sets(socket, &arena, &holding);

	/* Somebody flushed the table: its rules, and so its sets, come with the next login. */
	if (rc == 0 && wanted->host && !holding_has_host(&holding))
		rc = -ENOENT;
	if (rc == -ENOENT)
		return wanted->host ? error_set(err, ENOENT, "its rules have no sets of the host's "
						"addresses") : 0;
	if (rc < 0)
		return error_set_errno(err, -rc, "reading the sets of names");
	rc = nft_batch_begin(&batch);
	for (size_t i = 0; i < holding.list.count && rc == 0; i++)
		rc = encode_changes(&batch, &arena, &holding.list.items[i], wanted, &changes);
	if (rc < 0)
		return error_set(err, -rc, "out of memory");
	if (changes == 0)
		return 0;
	rc = nft_batch_commit(&batch, socket, err);
	return rc < 0 ? error_wrap(err, rc, "updating the sets of names") : 1;
}

int nft_update_names(struct mnl_socket *socket, const struct known_names *known,
		     struct carrel_error *err)
{
	return update(socket, &(struct holding_wanted){ .known = known }, err);
}

int nft_update_host(struct mnl_socket *socket, const struct prefix_list *host,
		    struct carrel_error *err)
{
	const struct known_names nothing = { 0 };

	return update(socket, &(struct holding_wanted){ .known = &nothing, .host = host }, err);
}
