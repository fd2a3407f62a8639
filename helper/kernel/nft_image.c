/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Attributes are copied as they come, but for those that differ from load to load: handles,
 * numbers of use, what was counted, and names of anonymous sets, in whose place their content
 * stands. A listing is not atomic; so the generation is asked for before and after.
 */
#include "kernel/nft_image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "base/error.h"
#include "base/fd.h"
#include "core/names.h"
#include "kernel/netns.h"
#include "kernel/nft.h"
#include "kernel/nft_imaging.h"
#include "kernel/nft_load.h"

#define MESSAGE(type) ((NFNL_SUBSYS_NFTABLES << 8) | (type))
/* Somebody who reloads a firewall does so once or twice. */
#define ATTEMPTS 5

/* A number of 32 bits; 0 where @attribute is NULL or has none. */
static uint32_t number_of(const struct nlattr *attribute)
{
	return attribute && mnl_attr_validate(attribute, MNL_TYPE_U32) >= 0 ?
	       ntohl(mnl_attr_get_u32(attribute)) : 0;
}

/* Ask for a list of the table's things; @table_attribute: the one that names it, or 0. */
static int list(struct imaging *imaging, uint16_t type, uint8_t family, uint16_t table_attribute,
		uint16_t name_attribute, const char *name,
		int (*keep)(const struct nlmsghdr *message, void *context), struct carrel_error *err)
{
	struct nlmsghdr *request = rtnl_request(&imaging->netlink, MESSAGE(type), NLM_F_DUMP,
						"listing the firewall");
	struct nfgenmsg *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	int rc;

	header->nfgen_family = family;
	if (table_attribute)
		mnl_attr_put_strz(request, table_attribute, imaging->table);
	if (name_attribute)
		mnl_attr_put_strz(request, name_attribute, name);
	rc = rtnl_end(&imaging->netlink, request, err);
	if (rc == 0)
		rc = rtnl_query(&imaging->netlink, keep, imaging, err);
	return rc == -ENOMEM ? error_set(err, ENOMEM, "out of memory") : rc;
}

/* rtnl_query() answer: the table, or the name of another one */
static int keep_table(const struct nlmsghdr *message, void *context)
{
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(message);
	struct imaging *imaging = context;
	const char *name = imaging_text(imaging_attribute(message, NFTA_TABLE_NAME)), **other;

	if (header->nfgen_family == NFPROTO_INET && strcmp(name, imaging->table) == 0) {
		imaging->image.exists = true;
		imaging->image.flags = number_of(imaging_attribute(message, NFTA_TABLE_FLAGS));
		return 0;
	}
	other = ARENA_APPEND(imaging->arena, &imaging->image.other_tables);
	if (!other)
		return -ENOMEM;
	*other = arena_printf(imaging->arena, "%s %s", nft_family_word(header->nfgen_family), name);
	return *other ? 0 : -ENOMEM;
}

/* rtnl_query() answer: a set of the table, without its elements */
static int keep_set(const struct nlmsghdr *message, void *context)
{
	static const uint16_t kept[] = {
		NFTA_SET_FLAGS, NFTA_SET_KEY_TYPE, NFTA_SET_KEY_LEN, NFTA_SET_DATA_TYPE,
		NFTA_SET_DATA_LEN, NFTA_SET_OBJ_TYPE, NFTA_SET_TIMEOUT, NFTA_SET_USERDATA,
	};
	BUFFER_CLEANUP struct buffer content = { 0 };
	struct imaging *imaging = context;
	struct listed_set *set;

	if (strcmp(imaging_text(imaging_attribute(message, NFTA_SET_TABLE)), imaging->table) != 0)
		return 0;
	set = ARENA_APPEND(imaging->arena, &imaging->sets);
	if (!set)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		const struct nlattr *attribute = imaging_attribute(message, kept[i]);

		if (attribute)
			imaging_append(&content, attribute);
	}
	set->flags = number_of(imaging_attribute(message, NFTA_SET_FLAGS));
	set->name = arena_strdup(imaging->arena, imaging_text(imaging_attribute(message, NFTA_SET_NAME)));
	return set->name ? imaging_keep_bytes(imaging->arena, &content, &set->content) : -ENOMEM;
}

/* When an element expires, and what was counted for it, changes by itself. */
static int append_element_part(const struct nlattr *attribute, void *context)
{
	uint16_t type = mnl_attr_get_type(attribute);

	if (type == NFTA_SET_ELEM_KEY || type == NFTA_SET_ELEM_KEY_END ||
	    type == NFTA_SET_ELEM_DATA || type == NFTA_SET_ELEM_FLAGS ||
	    type == NFTA_SET_ELEM_USERDATA || type == NFTA_SET_ELEM_OBJREF)
		imaging_append(context, attribute);
	return MNL_CB_OK;
}

/* mnl_attr_parse_nested() callback */
static int keep_element(const struct nlattr *element, void *context)
{
	BUFFER_CLEANUP struct buffer content = { 0 };
	struct imaging *imaging = context;
	struct image_bytes *place = ARENA_APPEND(imaging->arena, &imaging->elements);

	mnl_attr_parse_nested(element, append_element_part, &content);
	return place && imaging_keep_bytes(imaging->arena, &content, place) == 0 ? MNL_CB_OK : -ENOMEM;
}

/* rtnl_query() answer: elements of the set that is being read */
static int keep_elements(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *elements = imaging_attribute(message, NFTA_SET_ELEM_LIST_ELEMENTS);
	int rc = elements ? mnl_attr_parse_nested(elements, keep_element, context) : 0;

	return rc < 0 ? rc : 0;
}

/* For qsort(): any order will do, if it is always the same. */
static int compare_elements(const void *a, const void *b)
{
	const struct image_bytes *first = a, *second = b;

	if (first->length != second->length)
		return first->length < second->length ? -1 : 1;
	return memcmp(first->bytes, second->bytes, first->length);
}

/* Is what is in it part of what was loaded? Packets, and addresses, come and go while a set stands. */
static bool is_settled(const struct listed_set *set)
{
	struct names_set of_addresses;

	return (set->flags & NFT_SET_CONSTANT) ||
	       (!(set->flags & (NFT_SET_EVAL | NFT_SET_TIMEOUT)) &&
		!names_set_parse(set->name, &of_addresses));
}

/* Add to @set's content its elements, where is_settled(). */
static int read_elements(struct imaging *imaging, struct listed_set *set, struct carrel_error *err)
{
	BUFFER_CLEANUP struct buffer content = { 0 };
	int rc;

	if (!is_settled(set))
		return 0;
	imaging->elements.count = 0;
	rc = list(imaging, NFT_MSG_GETSETELEM, NFPROTO_INET, NFTA_SET_ELEM_LIST_TABLE,
		  NFTA_SET_ELEM_LIST_SET, set->name, keep_elements, err);
	if (rc < 0)
		return rc;
	if (imaging->elements.count)
		qsort(imaging->elements.items, imaging->elements.count,
		      sizeof(*imaging->elements.items), compare_elements);
	imaging_append_bytes(&content, &set->content);
	for (size_t i = 0; i < imaging->elements.count; i++)
		imaging_append_bytes(&content, &imaging->elements.items[i]);
	rc = imaging_keep_bytes(imaging->arena, &content, &set->content);
	return rc < 0 ? error_set(err, ENOMEM, "out of memory") : 0;
}

/* 0 or -ENOMEM */
static int add_object(struct imaging *imaging, const char *kind, const char *name,
		      const struct image_bytes *content)
{
	struct image_object *object = ARENA_APPEND(imaging->arena, &imaging->image.objects);

	if (!object)
		return -ENOMEM;
	*object = (struct image_object){
		.kind = kind, .name = arena_strdup(imaging->arena, name), .content = *content,
	};
	return object->name ? 0 : -ENOMEM;
}

/* Of what counts, the data is what was counted. */
static const char *object_kind(uint32_t type, bool *ret_counts)
{
	*ret_counts = type == NFT_OBJECT_COUNTER || type == NFT_OBJECT_QUOTA;
	switch (type) {
	case NFT_OBJECT_LIMIT:   return "limit";
	case NFT_OBJECT_COUNTER: return "counter";
	case NFT_OBJECT_QUOTA:   return "quota";
	}
	return "object";
}

/* rtnl_query() answer: a limit, or another object of the table */
static int keep_object(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *type = imaging_attribute(message, NFTA_OBJ_TYPE);
	const struct nlattr *data = imaging_attribute(message, NFTA_OBJ_DATA);
	BUFFER_CLEANUP struct buffer content = { 0 };
	struct imaging *imaging = context;
	struct image_bytes bytes;
	const char *kind;
	bool counts;
	int rc;

	if (strcmp(imaging_text(imaging_attribute(message, NFTA_OBJ_TABLE)), imaging->table) != 0)
		return 0;
	kind = object_kind(number_of(type), &counts);
	if (type)
		imaging_append(&content, type);
	if (data && !counts)
		imaging_append(&content, data);
	rc = imaging_keep_bytes(imaging->arena, &content, &bytes);
	return rc < 0 ? rc : add_object(imaging, kind,
					imaging_text(imaging_attribute(message, NFTA_OBJ_NAME)), &bytes);
}

/* rtnl_query() answer: a chain of the table, without its rules */
static int keep_chain(const struct nlmsghdr *message, void *context)
{
	static const uint16_t kept[] = {
		NFTA_CHAIN_HOOK, NFTA_CHAIN_POLICY, NFTA_CHAIN_TYPE, NFTA_CHAIN_FLAGS,
	};
	BUFFER_CLEANUP struct buffer content = { 0 };
	struct imaging *imaging = context;
	struct image_chain *chain;

	if (strcmp(imaging_text(imaging_attribute(message, NFTA_CHAIN_TABLE)), imaging->table) != 0)
		return 0;
	chain = ARENA_APPEND(imaging->arena, &imaging->image.chains);
	if (!chain)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		const struct nlattr *attribute = imaging_attribute(message, kept[i]);

		if (attribute)
			imaging_append(&content, attribute);
	}
	chain->name = arena_strdup(imaging->arena,
				   imaging_text(imaging_attribute(message, NFTA_CHAIN_NAME)));
	return chain->name ? imaging_keep_bytes(imaging->arena, &content, &chain->properties) : -ENOMEM;
}

/* What rules refer to, then the rules. */
static int read_table(struct imaging *imaging, struct carrel_error *err)
{
	int rc = list(imaging, NFT_MSG_GETSET, NFPROTO_INET, NFTA_SET_TABLE, 0, NULL, keep_set, err);

	for (size_t i = 0; i < imaging->sets.count && rc == 0; i++) {
		struct listed_set *set = &imaging->sets.items[i];

		rc = read_elements(imaging, set, err);
		if (rc == 0 && !(set->flags & NFT_SET_ANONYMOUS) &&
		    add_object(imaging, "set", set->name, &set->content) < 0)
			rc = error_set(err, ENOMEM, "out of memory");
	}
	if (rc == 0)
		rc = list(imaging, NFT_MSG_GETOBJ, NFPROTO_INET, NFTA_OBJ_TABLE, 0, NULL,
			  keep_object, err);
	if (rc == 0)
		rc = list(imaging, NFT_MSG_GETCHAIN, NFPROTO_INET, 0, 0, NULL, keep_chain, err);
	if (rc == 0)
		rc = list(imaging, NFT_MSG_GETRULE, NFPROTO_INET, NFTA_RULE_TABLE, 0, NULL,
			  imaging_keep_rule, err);
	return rc;
}

/* Something was taken away while it was listed. */
static bool is_gone(int rc)
{
	return rc == -ENOENT || rc == -EINTR;
}

int nft_image_read(struct mnl_socket *socket, const char *table, bool texts, struct arena *arena,
		   struct image *ret, uint32_t *ret_generation, struct carrel_error *err)
{
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		struct imaging imaging = {
			.netlink = { .socket = socket }, .arena = arena, .table = table,
			.texts = texts,
		};
		uint32_t before, after;
		int rc = nft_generation(socket, &before, err);

		if (rc == 0)
			rc = list(&imaging, NFT_MSG_GETTABLE, NFPROTO_UNSPEC, 0, 0, NULL,
				  keep_table, err);
		if (rc == 0 && imaging.image.exists)
			rc = read_table(&imaging, err);
		if (rc < 0 && !is_gone(rc))
			return error_wrap(err, rc, "reading table inet %s", table);
		int asked = nft_generation(socket, &after, err);
		if (asked < 0)
			return asked;
		if (rc < 0 || before != after)
			continue;
		*ret = imaging.image;
		*ret_generation = after;
		return 0;
	}
	return error_set(err, EAGAIN, "something keeps changing the firewall while it is read");
}

/* In a fresh namespace: load, and read what became of it. */
static int load_and_read(const struct ruleset *ruleset, struct arena *arena, struct image *ret,
			 struct carrel_error *err)
{
	struct mnl_socket *socket;
	uint32_t generation;
	int rc = nft_open(&socket, err);

	if (rc < 0)
		return rc;
	rc = nft_load(socket, ruleset, false, err);
	if (rc == 0)
		rc = nft_image_read(socket, ruleset->table, false, arena, ret, &generation, err);
	mnl_socket_close(socket);
	return rc;
}

int nft_image_intend(const struct ruleset *ruleset, struct arena *arena, struct image *ret,
		     struct carrel_error *err)
{
	FD_CLEANUP int here = -1, there = -1;
	int rc = netns_current(&here, err), back;

	if (rc < 0)
		return rc;
	rc = netns_create(&there, err);
	if (rc < 0)
		return rc;
	rc = load_and_read(ruleset, arena, ret, err);
	back = netns_enter(here, rc < 0 ? NULL : err);
	return rc < 0 ? rc : back;
}
