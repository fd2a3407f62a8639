/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * The connections are listed first and marked afterwards: a list that changes while it is being
 * read may leave some out. What is kept of each is its first tuple, just as the kernel
 * wrote it, because that is how the kernel wants to be told which one is meant.
 *
 * Source: net/netfilter/nf_conntrack_netlink.c
 */
#include "kernel/conntrack.h"

#include <errno.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "base/arena.h"
#include "base/error.h"
#include "kernel/rtnl.h"

#define MESSAGE(type) ((uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | (type)))

/* A connection whose mark is to change. */
struct change {
	const struct nlattr *tuple;     /* CTA_TUPLE_ORIG */
	uint8_t nfproto;
	bool cut;
};

struct review {
	const struct connection_judge *judge;
	struct arena arena;
	ARENA_LIST(struct change) changes;
	struct carrel_error *err;
};

/* Begin a request about connections of the family @nfproto. */
static struct nlmsghdr *request(struct rtnl *netlink, uint16_t type, uint16_t flags,
				uint8_t nfproto, const char *what)
{
	struct nlmsghdr *message = rtnl_request(netlink, MESSAGE(type), flags, what);
	struct nfgenmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	header->nfgen_family = nfproto;
	header->version = NFNETLINK_V0;
	return message;
}

/* An address of a tuple's CTA_TUPLE_IP; its type says the family. */
static bool get_address(const struct nlattr *ip, uint16_t type4, uint16_t type6,
			struct address *ret)
{
	const struct nlattr *value = rtnl_nested_attribute(ip, type4);
	struct address address = { .family = FAMILY_IPV4 };

	if (!value) {
		address.family = FAMILY_IPV6;
		value = rtnl_nested_attribute(ip, type6);
	}
	if (!value || mnl_attr_get_payload_len(value) != address_size(address.family))
		return false;
	memcpy(address.bytes, mnl_attr_get_payload(value), address_size(address.family));
	*ret = address;
	return true;
}

/* A number of one byte; 0 when there is none. */
static uint8_t get_byte(const struct nlattr *value)
{
	return value && mnl_attr_validate(value, MNL_TYPE_U8) >= 0 ? mnl_attr_get_u8(value) : 0;
}

/* What protocol a connection is of, and what of it rules look at. */
static void get_protocol(const struct nlattr *origin, const struct nlattr *reply,
			 struct connection *connection)
{
	const struct nlattr *asked = rtnl_nested_attribute(origin, CTA_TUPLE_PROTO);
	const struct nlattr *answers = rtnl_nested_attribute(reply, CTA_TUPLE_PROTO);
	const struct nlattr *port = rtnl_nested_attribute(answers, CTA_PROTO_SRC_PORT);

	connection->l4proto = get_byte(rtnl_nested_attribute(asked, CTA_PROTO_NUM));
	if (port && mnl_attr_validate(port, MNL_TYPE_U16) >= 0)
		connection->port = ntohs(mnl_attr_get_u16(port));
	if (connection->l4proto == IPPROTO_ICMP)
		connection->icmp_type = get_byte(rtnl_nested_attribute(asked,
								       CTA_PROTO_ICMP_TYPE));
	else if (connection->l4proto == IPPROTO_ICMPV6)
		connection->icmp_type = get_byte(rtnl_nested_attribute(asked,
								       CTA_PROTO_ICMPV6_TYPE));
}

/* A connection's entry as rules see it; false when it lacks what every entry has. */
static bool get_connection(const struct nlmsghdr *message, struct connection *ret)
{
	const size_t header = sizeof(struct nfgenmsg);
	const struct nlattr *origin = rtnl_attribute(message, header, CTA_TUPLE_ORIG);
	const struct nlattr *reply = rtnl_attribute(message, header, CTA_TUPLE_REPLY);
	const struct nlattr *mark = rtnl_attribute(message, header, CTA_MARK);
	const struct nlattr *from = rtnl_nested_attribute(origin, CTA_TUPLE_IP);
	const struct nlattr *back = rtnl_nested_attribute(reply, CTA_TUPLE_IP);
	struct connection connection = { 0 };

	if (!get_address(from, CTA_IP_V4_SRC, CTA_IP_V6_SRC, &connection.source) ||
	    !get_address(from, CTA_IP_V4_DST, CTA_IP_V6_DST, &connection.destination) ||
	    !get_address(back, CTA_IP_V4_SRC, CTA_IP_V6_SRC, &connection.replier))
		return false;
	get_protocol(origin, reply, &connection);
	if (mark && mnl_attr_validate(mark, MNL_TYPE_U32) >= 0)
		connection.mark = ntohl(mnl_attr_get_u32(mark));
	*ret = connection;
	return true;
}

/* A copy of @attribute; NULL when memory ran out. */
static const struct nlattr *copy_attribute(struct arena *arena, const struct nlattr *attribute)
{
	void *copy = arena_alloc(arena, attribute->nla_len);

	return copy ? memcpy(copy, attribute, attribute->nla_len) : NULL;
}

/* rtnl_query() answer: notes a connection whose mark is not what it should be */
static int review_connection(const struct nlmsghdr *message, void *context)
{
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(message);
	struct review *review = context;
	struct change *change;
	struct connection connection;
	bool forbidden;

	if (message->nlmsg_type != MESSAGE(IPCTNL_MSG_CT_NEW) ||
	    !get_connection(message, &connection))
		return 0;
	forbidden = connection_is_forbidden(review->judge, &connection);
	if (forbidden == connection_is_cut(&connection))
		return 0;
	change = ARENA_APPEND(&review->arena, &review->changes);
	if (!change)
		return error_set(review->err, ENOMEM, "out of memory");
	*change = (struct change){
		.tuple = copy_attribute(&review->arena,
					rtnl_attribute(message, sizeof(*header), CTA_TUPLE_ORIG)),
		.nfproto = header->nfgen_family,
		.cut = forbidden,
	};
	return change->tuple ? 0 : error_set(review->err, ENOMEM, "out of memory");
}

/* Ask that the connection of @change be marked, or not be any more. */
static int mark(struct rtnl *netlink, const struct change *change, struct carrel_error *err)
{
	struct nlmsghdr *message = request(netlink, IPCTNL_MSG_CT_NEW, 0, change->nfproto,
					   "marking an open connection");
	int rc;

	mnl_attr_put(message, CTA_TUPLE_ORIG | NLA_F_NESTED,
		     mnl_attr_get_payload_len(change->tuple),
		     mnl_attr_get_payload(change->tuple));
	mnl_attr_put_u32(message, CTA_MARK, htonl(change->cut ? CONNECTION_CUT : 0));
	mnl_attr_put_u32(message, CTA_MARK_MASK, htonl(CONNECTION_CUT));
	rc = rtnl_end(netlink, message, err);
	if (rc == 0)
		rc = rtnl_commit(netlink, err);
	/* It has ended since it was listed. */
	return rc == -ENOENT ? 0 : rc;
}

int conntrack_judge(struct mnl_socket *socket, const struct connection_judge *judge,
		    unsigned *ret_cut, struct carrel_error *err)
{
	struct rtnl netlink = { .socket = socket };
	struct review review = { .judge = judge, .err = err };
	unsigned cut = 0;
	int rc = rtnl_end(&netlink, request(&netlink, IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC,
					    "listing the open connections"), err);

	if (rc == 0)
		rc = rtnl_query(&netlink, review_connection, &review, err);
	for (size_t i = 0; i < review.changes.count && rc == 0; i++) {
		rc = mark(&netlink, &review.changes.items[i], err);
		cut += review.changes.items[i].cut;
	}
	arena_free(&review.arena);
	if (rc < 0)
		return rc;
	*ret_cut = cut;
	return 0;
}
