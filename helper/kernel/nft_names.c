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

/* A set of the carrel's, and the elements that were found in it. */
struct found_set {
	struct names_set set;           /* its name points into text */
	char text[NAMES_SET_SIZE];
	ARENA_LIST(struct value_range) values;
};

struct found_sets {
	struct arena arena;
	ARENA_LIST(struct found_set) list;
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
	struct found_sets *sets = context;
	struct names_set parsed;

	if (!set || nftnl_set_nlmsg_parse(message, set) < 0)
		return MNL_CB_ERROR;
	const char *table = nftnl_set_get_str(set, NFTNL_SET_TABLE);
	const char *name = nftnl_set_get_str(set, NFTNL_SET_NAME);
	/* Kernels before 5.18 list the sets of all tables, whatever they are asked for. */
	if (!table || strcmp(table, CARREL_TABLE) != 0 || !name || !names_set_parse(name, &parsed))
		return MNL_CB_OK;
	struct found_set *found = ARENA_APPEND(&sets->arena, &sets->list);
	if (!found) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	names_set_format(&parsed, found->text);
	return MNL_CB_OK;
}

static int list_sets(struct mnl_socket *socket, struct found_sets *sets)
{
	_Alignas(struct nlmsghdr) char question[QUESTION_BYTES];
	struct nlmsghdr *message = nftnl_nlmsg_build_hdr(question, NFT_MSG_GETSET, NFPROTO_INET,
							 NLM_F_DUMP, 1);

	mnl_attr_put_strz(message, NFTA_SET_TABLE, CARREL_TABLE);
	int rc = dump(socket, message, take_set, sets);
	/* Only now: they are where they stay. */
	for (size_t i = 0; i < sets->list.count && rc == 0; i++)
		if (!names_set_parse(sets->list.items[i].text, &sets->list.items[i].set))
			rc = -EBADMSG;
	return rc;
}

/* What take_elements() fills. */
struct elements {
	struct arena *arena;
	struct found_set *found;
};

/* nftnl_set_elem_foreach() callback: note one; its key has the size of an address of the set */
static int take_element(struct nftnl_set_elem *element, void *context)
{
	struct elements *elements = context;
	size_t size = address_size(elements->found->set.family);
	uint32_t length = 0;
	const void *key = nftnl_set_elem_get(element, NFTNL_SET_ELEM_KEY, &length);
	struct value_range *value;

	if (!key || length != size) {
		errno = EBADMSG;
		return -1;
	}
	value = ARENA_APPEND(elements->arena, &elements->found->values);
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

static int list_elements(struct mnl_socket *socket, struct arena *arena, struct found_set *found)
{
	_Alignas(struct nlmsghdr) char question[QUESTION_BYTES];
	struct nlmsghdr *message = nftnl_nlmsg_build_hdr(question, NFT_MSG_GETSETELEM,
							 NFPROTO_INET, NLM_F_DUMP, 2);
	struct elements elements = { arena, found };

	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, CARREL_TABLE);
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, found->text);
	return dump(socket, message, take_elements, &elements);
}

/* Those of @values that are not among @others, at the beginning of @ret; how many there are. */
static size_t subtract(const struct value_range *values, size_t count,
		       const struct value_range *others, size_t other_count,
		       struct value_range *ret)
{
	size_t left = 0;

	for (size_t i = 0; i < count; i++) {
		size_t j = 0;

		while (j < other_count &&
		       memcmp(values[i].first, others[j].first, VALUE_MAX_BYTES) != 0)
			j++;
		if (j == other_count)
			ret[left++] = values[i];
	}
	return left;
}

/* What is to be in the sets. */
struct wanted {
	const struct known_names *known;
	const struct prefix_list *host;         /* or NULL: its sets are not looked at */
};

/* Is it known what is to be in @set? */
static bool is_known(const struct wanted *wanted, const struct names_set *set)
{
	return set->name ? names_find(wanted->known, set->name) != NULL : wanted->host != NULL;
}

/*
 * What is to be in @set, which is_known().
 * @ret_values:	in @arena
 * Return: how many there are, or -ENOMEM
 */
static ssize_t list_wanted(const struct wanted *wanted, const struct names_set *set,
			   struct arena *arena, struct value_range **ret_values)
{
	size_t room = set->name ? NAMES_ADDRESSES_MAX : wanted->host->count;
	struct value_range *values = arena_alloc(arena, room * sizeof(*values));

	if (!values)
		return -ENOMEM;
	*ret_values = values;
	if (!set->name)
		return (ssize_t)names_host_values(wanted->host, set->family, values);
	return (ssize_t)names_set_values(set, names_find(wanted->known, set->name), values);
}

/* Write what is to be changed in one set; *@changes counts it. 0 or -ENOMEM */
static int encode_changes(struct nft_batch *batch, struct arena *arena,
			  const struct found_set *found, const struct wanted *what,
			  size_t *changes)
{
	struct value_range *wanted = NULL;

	if (!is_known(what, &found->set))
		return 0;
	ssize_t count = list_wanted(what, &found->set, arena, &wanted);
	if (count < 0)
		return (int)count;
	size_t wanted_count = (size_t)count;
	struct value_range *added = arena_alloc(arena, wanted_count * sizeof(*added));
	struct value_range *removed = arena_alloc(arena, found->values.count * sizeof(*removed));
	if (!added || !removed)
		return -ENOMEM;
	size_t added_count = subtract(wanted, wanted_count, found->values.items,
				      found->values.count, added);
	size_t removed_count = subtract(found->values.items, found->values.count, wanted,
					wanted_count, removed);
	enum field field = found->set.family == FAMILY_IPV4 ? FIELD_DADDR4 : FIELD_DADDR6;
	int rc = nft_encode_elements(batch, CARREL_TABLE, found->text, field, false,
				     added, added_count);

	if (rc == 0)
		rc = nft_encode_elements(batch, CARREL_TABLE, found->text, field, true, removed,
					 removed_count);
	*changes += added_count + removed_count;
	return rc;
}

/* Is a set of the host's among them? Rules of a policy that does not name it have none. */
static bool has_host_set(const struct found_sets *sets)
{
	for (size_t i = 0; i < sets->list.count; i++)
		if (!sets->list.items[i].set.name)
			return true;
	return false;
}

/* Find out and change what differs. */
static int update(struct mnl_socket *socket, const struct wanted *wanted,
		  struct found_sets *sets, struct carrel_error *err)
{
	struct nft_batch batch NFT_BATCH_CLEANUP = { 0 };
	size_t changes = 0;
	int rc = list_sets(socket, sets);

	/* Somebody flushed the table: its rules, and so its sets, come with the next login. */
	if (rc == 0 && wanted->host && !has_host_set(sets))
		rc = -ENOENT;
	if (rc == -ENOENT)
		return wanted->host ? error_set(err, ENOENT, "its rules have no sets of the host's "
						"addresses") : 0;
	for (size_t i = 0; i < sets->list.count && rc == 0; i++)
		rc = list_elements(socket, &sets->arena, &sets->list.items[i]);
	if (rc < 0)
		return error_set_errno(err, -rc, "reading the sets of names");
	rc = nft_batch_begin(&batch);
	for (size_t i = 0; i < sets->list.count && rc == 0; i++)
		rc = encode_changes(&batch, &sets->arena, &sets->list.items[i], wanted, &changes);
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
	const struct wanted wanted = { .known = known };
	struct found_sets sets = { 0 };
	int rc = update(socket, &wanted, &sets, err);

	arena_free(&sets.arena);
	return rc;
}

int nft_update_host(struct mnl_socket *socket, const struct prefix_list *host,
		    struct carrel_error *err)
{
	const struct known_names nothing = { 0 };
	const struct wanted wanted = { .known = &nothing, .host = host };
	struct found_sets sets = { 0 };
	int rc = update(socket, &wanted, &sets, err);

	arena_free(&sets.arena);
	return rc;
}
