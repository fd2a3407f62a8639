/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Each set is one dump. What the marks in them stand for is only true of the same generation
 * of the rules, so that is looked at before and after, and all is read again when it changed.
 * Packets that come meanwhile change no generation: they are in this reading or in the next.
 *
 * Source: net/netfilter/nf_tables_api.c, nft_counter.c
 */
#include "kernel/nft_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "base/error.h"
#include "kernel/nft.h"
#include "kernel/nft_batch.h"
#include "kernel/rtnl.h"

#define MESSAGE(type) ((uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | (type)))

/* Nobody replaces rules that often but to annoy. */
#define ATTEMPTS 5

/* Who takes the elements of a dump. */
struct reading {
	struct arena *arena;
	struct log_state *log;
	enum log_set set;
	int (*take)(struct reading *reading, const struct nlattr *element);
	struct carrel_error *err;
};

/* mnl_attr_parse_nested() callback: one element; what is none of ours is left out */
static int take_element(const struct nlattr *element, void *context)
{
	struct reading *reading = context;

	return reading->take(reading, element) == -ENOMEM ? MNL_CB_ERROR : MNL_CB_OK;
}

/* rtnl_query() answer: the elements of one message */
static int read_elements(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *list;
	struct reading *reading = context;

	list = rtnl_attribute(message, sizeof(struct nfgenmsg), NFTA_SET_ELEM_LIST_ELEMENTS);
	if (message->nlmsg_type != MESSAGE(NFT_MSG_NEWSETELEM) || !list)
		return 0;
	int rc = mnl_attr_parse_nested(list, take_element, reading) < 0 ? -ENOMEM : 0;
	return rc < 0 ? error_set(reading->err, ENOMEM, "out of memory") : 0;
}

/* Hand the elements of @set to @reading. */
static int dump(struct mnl_socket *socket, const char *table, const char *set,
		struct reading *reading)
{
	struct rtnl netlink = { .socket = socket };
	struct nlmsghdr *message = rtnl_request(&netlink, MESSAGE(NFT_MSG_GETSETELEM), NLM_F_DUMP,
						"reading what was logged");
	struct nfgenmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	header->nfgen_family = NFPROTO_INET;
	header->version = NFNETLINK_V0;
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, table);
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, set);
	int rc = rtnl_end(&netlink, message, reading->err);
	return rc < 0 ? rc : rtnl_query(&netlink, read_elements, reading, reading->err);
}

/* The value of an element's key, or NULL. */
static const struct nlattr *key_of(const struct nlattr *element)
{
	return rtnl_nested_attribute(rtnl_nested_attribute(element, NFTA_SET_ELEM_KEY),
				     NFTA_DATA_VALUE);
}

/* An element of LOG_SET_RULES or LOG_SET_BEFORE; what is none of ours is left out. */
static int take_rule(struct reading *reading, const struct nlattr *element)
{
	const struct nlattr *key = key_of(element);
	const struct nlattr *notes = rtnl_nested_attribute(element, NFTA_SET_ELEM_USERDATA);
	const uint8_t *note = notes ? mnl_attr_get_payload(notes) : NULL;
	struct log_rule rule;
	uint32_t mark;

	/* Type, length, text with its terminator. */
	if (!key || mnl_attr_get_payload_len(key) != sizeof(mark) || !note ||
	    mnl_attr_get_payload_len(notes) < 3 || note[0] != NFTNL_UDATA_SET_ELEM_COMMENT ||
	    note[1] < 1 || 2 + note[1] > mnl_attr_get_payload_len(notes))
		return 0;
	memcpy(&mark, mnl_attr_get_payload(key), sizeof(mark));
	int rc = log_read_rule(mark, (const char *)note + 2, note[1] - 1U, reading->arena, &rule);
	if (rc < 0)
		return rc;
	struct log_rule *kept = ARENA_APPEND(reading->arena, &reading->log->rules);
	if (!kept)
		return -ENOMEM;
	*kept = rule;
	return 0;
}

/* A number of 64 bits in network order; 0 when there is none. */
static uint64_t get_u64(const struct nlattr *attribute)
{
	if (!attribute || mnl_attr_validate(attribute, MNL_TYPE_U64) < 0)
		return 0;
	return be64toh(mnl_attr_get_u64(attribute));
}

/* What the element's counter has counted. */
static uint64_t packets_of(const struct nlattr *element)
{
	const struct nlattr *counter = rtnl_nested_attribute(element, NFTA_SET_ELEM_EXPR);

	return get_u64(rtnl_nested_attribute(rtnl_nested_attribute(counter, NFTA_EXPR_DATA),
					     NFTA_COUNTER_PACKETS));
}

/* An element of a set that packets are noted in. */
static int take_entry(struct reading *reading, const struct nlattr *element)
{
	const uint64_t timeout_ms = UINT64_C(1000) * LOG_TIMEOUT_S;
	uint64_t left_ms = get_u64(rtnl_nested_attribute(element, NFTA_SET_ELEM_EXPIRATION));
	const struct nlattr *key = key_of(element);
	struct log_entry *entry;

	if (!key || mnl_attr_get_payload_len(key) > sizeof(entry->key))
		return 0;
	entry = ARENA_APPEND(reading->arena, &reading->log->entries);
	if (!entry)
		return -ENOMEM;
	entry->set = reading->set;
	entry->key_bytes = mnl_attr_get_payload_len(key);
	memcpy(entry->key, mnl_attr_get_payload(key), entry->key_bytes);
	entry->packets = packets_of(element);
	entry->age_ms = left_ms < timeout_ms ? timeout_ms - left_ms : 0;
	return 0;
}

/* qsort() order of rules: by mark */
static int compare_rules(const void *a, const void *b)
{
	uint32_t mark_a = ((const struct log_rule *)a)->mark;
	uint32_t mark_b = ((const struct log_rule *)b)->mark;

	return (mark_a > mark_b) - (mark_a < mark_b);
}

/* All sets, one after the other. */
static int read_all(struct mnl_socket *socket, const char *table, struct arena *arena,
		    struct log_state *log, struct carrel_error *err)
{
	struct reading reading = { .arena = arena, .log = log, .take = take_rule, .err = err };
	int rc = dump(socket, table, LOG_SET_RULES, &reading);

	if (rc == 0)
		rc = dump(socket, table, LOG_SET_BEFORE, &reading);
	reading.take = take_entry;
	for (enum log_set set = 0; set < LOG_SET_COUNT && rc == 0; set++) {
		reading.set = set;
		rc = dump(socket, table, log_set_name(set), &reading);
	}
	/* Nothing logs, or the table is gone. */
	if (rc == -ENOENT) {
		*log = (struct log_state){ 0 };
		rc = 0;
	}
	if (rc == 0 && log->rules.count)
		qsort(log->rules.items, log->rules.count, sizeof(*log->rules.items),
		      compare_rules);
	return rc;
}

int nft_log_read(struct mnl_socket *socket, const char *table, struct arena *arena,
		 struct log_state *ret, struct carrel_error *err)
{
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		struct log_state log = { 0 };
		uint32_t before, after;

		int rc = nft_generation(socket, &before, err);
		if (rc == 0)
			rc = read_all(socket, table, arena, &log, err);
		if (rc == 0)
			rc = nft_generation(socket, &after, err);
		if (rc < 0)
			return rc;
		if (before != after)
			continue;
		*ret = log;
		return 0;
	}
	return error_set(err, EAGAIN, "the rules change faster than their log can be read");
}

/* An element of a set with a timeout: what it says, and how long it is still to stay. */
static void put_element(struct nlmsghdr *message, const void *key, size_t key_bytes,
			uint64_t left_ms)
{
	struct nlattr *value = mnl_attr_nest_start(message, NFTA_SET_ELEM_KEY);

	mnl_attr_put(message, NFTA_DATA_VALUE, key_bytes, key);
	mnl_attr_nest_end(message, value);
	mnl_attr_put_u64(message, NFTA_SET_ELEM_EXPIRATION, htobe64(left_ms));
}

/* A counter that has counted @packets. */
static void put_counter(struct nlmsghdr *message, uint64_t packets)
{
	struct nlattr *counter = mnl_attr_nest_start(message, NFTA_SET_ELEM_EXPR);

	mnl_attr_put_strz(message, NFTA_EXPR_NAME, "counter");
	struct nlattr *data = mnl_attr_nest_start(message, NFTA_EXPR_DATA);
	/* Of bytes nobody asks. */
	mnl_attr_put_u64(message, NFTA_COUNTER_BYTES, 0);
	mnl_attr_put_u64(message, NFTA_COUNTER_PACKETS, htobe64(packets));
	mnl_attr_nest_end(message, data);
	mnl_attr_nest_end(message, counter);
}

/* What nft keeps beside an element: type, length, text with its terminator. */
static void put_comment(struct nlmsghdr *message, const char *comment)
{
	uint8_t note[2 + COMMENT_MAX_BYTES + 1] = { NFTNL_UDATA_SET_ELEM_COMMENT };
	size_t length = strnlen(comment, COMMENT_MAX_BYTES);

	note[1] = (uint8_t)(length + 1);
	memcpy(note + 2, comment, length);
	mnl_attr_put(message, NFTA_SET_ELEM_USERDATA, 2 + length + 1, note);
}

/* Begin a message of one element: there are few, and it is not often. NULL: ENOMEM */
static struct nlmsghdr *begin_element(struct nft_batch *batch, const char *table, const char *set,
				      struct nlattr *nests[2])
{
	/* Two names of at most 255 bytes, a key, a comment, a counter. */
	const size_t room_bytes = 1024;
	struct nlmsghdr *message = nft_batch_message(batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE,
						     room_bytes);

	if (!message)
		return NULL;
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, table);
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, set);
	nests[0] = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
	nests[1] = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
	return message;
}

/* What begin_element() began. */
static void end_element(struct nft_batch *batch, struct nlmsghdr *message,
			struct nlattr *const nests[2])
{
	mnl_attr_nest_end(message, nests[1]);
	mnl_attr_nest_end(message, nests[0]);
	nft_batch_end(batch, message);
}

int nft_log_encode(struct nft_batch *batch, const char *table, const struct log_carry *carry)
{
	const uint64_t timeout_ms = UINT64_C(1000) * LOG_TIMEOUT_S;
	struct nlattr *nests[2];

	for (size_t i = 0; i < carry->former.count; i++) {
		const struct log_former *former = &carry->former.items[i];
		struct nlmsghdr *message = begin_element(batch, table, LOG_SET_BEFORE, nests);

		if (!message)
			return -ENOMEM;
		put_element(message, &former->mark, sizeof(former->mark), timeout_ms);
		put_comment(message, former->comment);
		end_element(batch, message, nests);
	}
	for (size_t i = 0; i < carry->entries.count; i++) {
		const struct log_entry *entry = &carry->entries.items[i];
		struct nlmsghdr *message = begin_element(batch, table, log_set_name(entry->set),
							 nests);

		if (!message)
			return -ENOMEM;
		/* 0 would mean: as long as any. */
		put_element(message, entry->key, entry->key_bytes,
			    entry->age_ms < timeout_ms ? timeout_ms - entry->age_ms : 1);
		put_counter(message, entry->packets);
		end_element(batch, message, nests);
	}
	return 0;
}
