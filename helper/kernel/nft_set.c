/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * A set of single values is a hash or a bitmap. A set with a range is an interval set:
 * every element is a boundary, flagged when it ends a range, and a range ends *before*
 * its end's boundary. So 10.0.0.0-10.0.0.9 is {10.0.0.0, 10.0.0.10 end}; a range that
 * reaches the largest value has no end; and below the first range there is one that is
 * closed from the beginning, {0 end}. nft writes sets the same way and reads them back
 * so, with the help of the type number and the byte order that are noted on the set.
 *
 * Elements are written without libnftnl's objects: a set of 10,000 would make as many.
 */
#include "kernel/nft_set.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

/* Names, numbers and user data of a set: 6 attributes, table name of at most 255 bytes. */
#define SET_ROOM_BYTES 1024

/*
 * Elements of one message: their attribute must stay below 64 KiB, the limit of a netlink
 * attribute's length. An element is 176 bytes at most (a key, flags, a comment).
 */
#define ELEMENT_ROOM_BYTES   192
#define ELEMENTS_PER_MESSAGE 320
static_assert(ELEMENT_ROOM_BYTES * ELEMENTS_PER_MESSAGE < UINT16_MAX, "fits into an attribute");

/* nft's numbers (enum datatypes, enum byteorder in its include/datatype.h). */
enum {
	TYPE_IPADDR = 7, TYPE_IP6ADDR = 8, TYPE_INET_PROTOCOL = 12, TYPE_INET_SERVICE = 13,
	TYPE_ICMP_TYPE = 14, TYPE_MARK = 19, TYPE_ICMP6_TYPE = 29, TYPE_ICMP_CODE = 32,
	TYPE_ICMPV6_CODE = 33, TYPE_DEVGROUP = 35,
};
#define TYPE_BITS 6     /* of each in the number of a key of several */
enum { BYTEORDER_HOST_ENDIAN = 1, BYTEORDER_BIG_ENDIAN = 2 };

/* nft's type of the field's values; 0 for those that no set is made of. */
static uint32_t key_type(enum field field)
{
	switch (field) {
	case FIELD_SADDR4:
	case FIELD_DADDR4:
		return TYPE_IPADDR;
	case FIELD_SADDR6:
	case FIELD_DADDR6:
		return TYPE_IP6ADDR;
	case FIELD_L4PROTO:
		return TYPE_INET_PROTOCOL;
	case FIELD_DPORT:
		return TYPE_INET_SERVICE;
	case FIELD_ICMP_TYPE:
		return TYPE_ICMP_TYPE;
	case FIELD_ICMPV6_TYPE:
		return TYPE_ICMP6_TYPE;
	case FIELD_ICMP_CODE:
		return TYPE_ICMP_CODE;
	case FIELD_ICMPV6_CODE:
		return TYPE_ICMPV6_CODE;
	case FIELD_MARK:
		return TYPE_MARK;
	case FIELD_IIFGROUP:
		return TYPE_DEVGROUP;
	case FIELD_IIFNAME:
	case FIELD_OIFNAME:
	case FIELD_NFPROTO:
	case FIELD_CT_STATE:
	case FIELD_CT_MARK:
	case FIELD_CT_DIRECTION:
	case FIELD_CT_STATUS:
	case FIELD_TURN:
	case FIELD_FIB_SADDR_IIF_OIF:
	case FIELD_FIB_DADDR_TYPE:
		return 0;
	}
	return 0;
}

/* Elements of a set being written, message by message. */
struct element_writer {
	struct nft_batch *batch;
	const char *table, *set;
	uint32_t set_id;                /* within the transaction; 0 where the set is older */
	bool remove;                    /* take them out instead */
	size_t key_bytes;
	size_t left;                    /* elements that are still to come, at most */
	unsigned in_message;            /* elements in the message that is open */
	struct nlmsghdr *message;       /* or NULL: none is open */
	struct nlattr *list;
};

/* End the message that is open, if one is. */
static void close_message(struct element_writer *writer)
{
	if (!writer->message)
		return;
	mnl_attr_nest_end(writer->message, writer->list);
	nft_batch_end(writer->batch, writer->message);
	writer->message = NULL;
}

/* Begin a message for the next elements. */
static int open_message(struct element_writer *writer)
{
	size_t count = writer->left < ELEMENTS_PER_MESSAGE ? writer->left : ELEMENTS_PER_MESSAGE;
	struct nlmsghdr *message = nft_batch_message(writer->batch, writer->remove ?
						     NFT_MSG_DELSETELEM : NFT_MSG_NEWSETELEM,
						     writer->remove ? 0 : NLM_F_CREATE,
						     SET_ROOM_BYTES + count * ELEMENT_ROOM_BYTES);

	if (!message)
		return -ENOMEM;
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, writer->set);
	if (writer->set_id)
		mnl_attr_put_u32(message, NFTA_SET_ELEM_LIST_SET_ID, htonl(writer->set_id));
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, writer->table);
	writer->list = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
	writer->message = message;
	writer->in_message = 0;
	return 0;
}

/* What nft keeps beside an element: type, length, value. */
struct note {
	uint8_t type, length;
	uint8_t value[COMMENT_MAX_BYTES + 1];
};

/* One element; @note: or NULL */
static int put_element(struct element_writer *writer, const uint8_t *key, uint32_t flags,
		       const struct note *note)
{
	struct nlattr *element, *value;

	if (!writer->message && open_message(writer) < 0)
		return -ENOMEM;
	element = mnl_attr_nest_start(writer->message, NFTA_LIST_ELEM);
	if (flags)
		mnl_attr_put_u32(writer->message, NFTA_SET_ELEM_FLAGS, htonl(flags));
	value = mnl_attr_nest_start(writer->message, NFTA_SET_ELEM_KEY);
	mnl_attr_put(writer->message, NFTA_DATA_VALUE, writer->key_bytes, key);
	mnl_attr_nest_end(writer->message, value);
	if (note)
		mnl_attr_put(writer->message, NFTA_SET_ELEM_USERDATA,
			     offsetof(struct note, value) + note->length, note);
	mnl_attr_nest_end(writer->message, element);

	writer->left--;
	if (++writer->in_message == ELEMENTS_PER_MESSAGE)
		close_message(writer);
	return 0;
}

/* @key + 1, big-endian; false when @key was the largest value. */
static bool next_key(const uint8_t *key, uint8_t *ret_next, size_t size_bytes)
{
	memcpy(ret_next, key, size_bytes);
	for (size_t i = size_bytes; i-- > 0;)
		if (++ret_next[i] != 0)
			return true;
	return false;
}

/* Is there a value that is a range? */
static bool is_interval(const struct match *match)
{
	for (size_t i = 0; i < match->values.count; i++)
		if (memcmp(match->values.items[i].first, match->values.items[i].last,
			   VALUE_MAX_BYTES) != 0)
			return true;
	return false;
}

/* An element where @range begins, and one, that says so, behind its end. */
static int put_range(struct element_writer *writer, const struct value_range *range)
{
	/* A range that reaches the largest value has no end. The number is in host order. */
	const uint32_t interval_open = NFTNL_SET_ELEM_F_INTERVAL_OPEN;
	struct note open = { NFTNL_UDATA_SET_ELEM_FLAGS, sizeof(interval_open), { 0 } };
	uint8_t end[VALUE_MAX_BYTES];
	bool has_end = next_key(range->last, end, writer->key_bytes);

	memcpy(open.value, &interval_open, sizeof(interval_open));
	int rc = put_element(writer, range->first, 0, has_end ? NULL : &open);
	if (rc < 0 || !has_end)
		return rc;
	return put_element(writer, end, NFT_SET_ELEM_INTERVAL_END, NULL);
}

/* All values of @match; as intervals' ends where @interval. */
static int put_elements(struct element_writer *writer, const struct match *match, bool interval)
{
	static const uint8_t zero[VALUE_MAX_BYTES];
	int rc = 0;

	if (interval && memcmp(match->values.items[0].first, zero, sizeof(zero)) != 0)
		rc = put_element(writer, zero, NFT_SET_ELEM_INTERVAL_END, NULL);
	for (size_t i = 0; i < match->values.count && rc == 0; i++)
		rc = interval ? put_range(writer, &match->values.items[i])
			      : put_element(writer, match->values.items[i].first, 0, NULL);
	close_message(writer);
	return rc;
}

/* A set, as the kernel and nft want it described. */
struct description {
	const char *table, *name;
	uint32_t id;
	uint32_t flags;                 /* NFT_SET_* */
	uint32_t key_type, key_bytes, byteorder;
	uint32_t size;                  /* the most elements; 0: any number */
	uint32_t timeout_s;             /* of elements, or 0 */
};

/* What libnftnl knows about the set; NULL when memory ran out. */
static struct nftnl_set *describe(const struct description *description)
{
	struct nftnl_udata_buf *notes = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);
	struct nftnl_set *set = nftnl_set_alloc();

	if (!notes || !set)
		goto fail;
	nftnl_udata_put_u32(notes, NFTNL_UDATA_SET_KEYBYTEORDER, description->byteorder);
	nftnl_set_set_u32(set, NFTNL_SET_FAMILY, NFPROTO_INET);
	nftnl_set_set_u32(set, NFTNL_SET_ID, description->id);
	nftnl_set_set_u32(set, NFTNL_SET_FLAGS, description->flags);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_TYPE, description->key_type);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_LEN, description->key_bytes);
	/* Lets the kernel choose the right structure and size it once. */
	if (description->size)
		nftnl_set_set_u32(set, NFTNL_SET_DESC_SIZE, description->size);
	if (description->timeout_s)
		nftnl_set_set_u64(set, NFTNL_SET_TIMEOUT, description->timeout_s * UINT64_C(1000));
	if (nftnl_set_set_str(set, NFTNL_SET_TABLE, description->table) < 0 ||
	    nftnl_set_set_str(set, NFTNL_SET_NAME, description->name) < 0 ||
	    nftnl_set_set_data(set, NFTNL_SET_USERDATA, nftnl_udata_buf_data(notes),
			       nftnl_udata_buf_len(notes)) < 0)
		goto fail;
	nftnl_udata_buf_free(notes);
	return set;
fail:
	if (set)
		nftnl_set_free(set);
	if (notes)
		nftnl_udata_buf_free(notes);
	return NULL;
}

/* Make the set, without elements; 0 or -ENOMEM */
static int put_set(struct nft_batch *batch, const struct description *description)
{
	struct nftnl_set *set = describe(description);
	struct nlmsghdr *message;

	if (!set)
		return -ENOMEM;
	message = nft_batch_message(batch, NFT_MSG_NEWSET, NLM_F_CREATE, SET_ROOM_BYTES);
	if (message) {
		nftnl_set_nlmsg_build_payload(message, set);
		nft_batch_end(batch, message);
	}
	nftnl_set_free(set);
	return message ? 0 : -ENOMEM;
}

int nft_encode_set(struct nft_batch *batch, const char *table, const struct match *match,
		   uint32_t set_id)
{
	bool interval = is_interval(match);
	/* Two boundaries for a range, and the one at zero. */
	size_t size = interval ? 2 * match->values.count + 1 : match->values.count;
	const struct description description = {
		.table = table, .name = NFT_SET_NAME, .id = set_id,
		.flags = NFT_SET_ANONYMOUS | NFT_SET_CONSTANT |
			 (interval ? NFT_SET_INTERVAL : 0),
		.key_type = key_type(match->field),
		.key_bytes = field_info(match->field)->size_bytes,
		.byteorder = BYTEORDER_BIG_ENDIAN, .size = (uint32_t)size,
	};
	struct element_writer writer = {
		.batch = batch, .table = table, .set = NFT_SET_NAME, .set_id = set_id,
		.left = size, .key_bytes = description.key_bytes,
	};

	assert(description.key_type);
	if (put_set(batch, &description) < 0)
		return -ENOMEM;
	return put_elements(&writer, match, interval);
}

/* One value, with what is said of it, if anything is. */
static int put_value(struct element_writer *writer, const uint8_t *value, const char *text)
{
	struct note comment = { .type = NFTNL_UDATA_SET_ELEM_COMMENT };

	if (!text)
		return put_element(writer, value, 0, NULL);
	comment.length = (uint8_t)(strlen(text) + 1);
	memcpy(comment.value, text, comment.length);
	return put_element(writer, value, 0, &comment);
}

/* nft's type of a key of one field or several, and its size. */
static void describe_key(const struct key *key, struct description *description)
{
	description->byteorder = key->fields[0] == FIELD_MARK ? BYTEORDER_HOST_ENDIAN
							      : BYTEORDER_BIG_ENDIAN;
	for (size_t i = 0; i < key->count; i++) {
		uint32_t size_bytes = field_info(key->fields[i])->size_bytes;

		assert(key_type(key->fields[i]));
		description->key_type = description->key_type << TYPE_BITS |
					key_type(key->fields[i]);
		/* The parts of a key of several begin at whole registers. */
		description->key_bytes += key->count > 1 ? (size_bytes + 3) & ~3U : size_bytes;
	}
}

/* What is in @set, as it is described; @set_id: as in struct element_writer */
static int put_content(struct nft_batch *batch, const char *table, const struct element_set *set,
		       uint32_t set_id, size_t key_bytes)
{
	struct element_writer writer = {
		.batch = batch, .table = table, .set = set->name, .set_id = set_id,
		.left = set->values.count + set->keys.count, .key_bytes = key_bytes,
	};
	int rc = 0;

	assert(!set->values.count || set->key.count == 1);
	assert(!set->keys.count || (set->key.count > 1 && key_bytes <= ELEMENT_MAX_BYTES));
	for (size_t i = 0; i < set->values.count && rc == 0; i++)
		rc = put_value(&writer, set->values.items[i].first,
			       i < set->comments.count ? set->comments.items[i] : NULL);
	for (size_t i = 0; i < set->keys.count && rc == 0; i++)
		rc = put_element(&writer, set->keys.items[i].bytes, 0, NULL);
	close_message(&writer);
	return rc;
}

int nft_encode_named_set(struct nft_batch *batch, const char *table,
			 const struct element_set *set, uint32_t set_id)
{
	struct description description = {
		.table = table, .name = set->name, .id = set_id, .size = set->size,
		.timeout_s = set->timeout_s,
		.flags = (set->size ? NFT_SET_EVAL : 0) | (set->timeout_s ? NFT_SET_TIMEOUT : 0),
	};

	describe_key(&set->key, &description);
	int rc = put_set(batch, &description);

	return rc < 0 ? rc : put_content(batch, table, set, set_id, description.key_bytes);
}

/* Take out whatever is in the set. */
static int put_flush(struct nft_batch *batch, const char *table, const char *set)
{
	struct nlmsghdr *message = nft_batch_message(batch, NFT_MSG_DELSETELEM, 0, SET_ROOM_BYTES);

	if (!message)
		return -ENOMEM;
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, set);
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, table);
	nft_batch_end(batch, message);
	return 0;
}

int nft_encode_content(struct nft_batch *batch, const char *table, const struct element_set *set)
{
	struct description description = { .key_bytes = 0 };
	int rc = put_flush(batch, table, set->name);

	describe_key(&set->key, &description);
	return rc < 0 ? rc : put_content(batch, table, set, 0, description.key_bytes);
}

int nft_encode_elements(struct nft_batch *batch, const char *table, const char *set,
			enum field field, bool remove, const struct value_range *values,
			size_t count)
{
	struct element_writer writer = {
		.batch = batch, .table = table, .set = set, .remove = remove, .left = count,
		.key_bytes = field_info(field)->size_bytes,
	};
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++)
		rc = put_value(&writer, values[i].first, NULL);
	close_message(&writer);
	return rc;
}
