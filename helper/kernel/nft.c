/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/nft.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "base/error.h"
#include "kernel/rtnl.h"

/* A question (one name of at most 255 bytes), and its answer (a table's few attributes). */
#define QUESTION_BYTES 512
#define ANSWER_BYTES   8192

int nft_open(struct mnl_socket **ret, struct carrel_error *err)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	int on = 1;

	if (!socket)
		return error_set_errno(err, errno, "opening a netfilter netlink socket");
	/* Its address is the kernel's choice, at the first send. Without reasons older kernels do, too. */
	(void)mnl_socket_setsockopt(socket, NETLINK_EXT_ACK, &on, sizeof(on));
	*ret = socket;
	return 0;
}

/* The header of a question, NFT_MSG_*, in the QUESTION_BYTES at @bytes. */
static struct nlmsghdr *begin_question(void *bytes, unsigned type, uint8_t family)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(bytes);
	struct nfgenmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	message->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	message->nlmsg_flags = NLM_F_REQUEST;
	message->nlmsg_seq = 1;
	header->nfgen_family = family;
	header->version = NFNETLINK_V0;
	return message;
}

/*
 * Ask one question, get one answer.
 * @answer:	ANSWER_BYTES, aligned for a header
 * Return: 0 with the answer's message at @answer; or the -errno that the kernel answered
 */
static int ask(struct mnl_socket *socket, const struct nlmsghdr *question, void *answer,
	       struct carrel_error *err)
{
	const struct nlmsghdr *message = answer;
	ssize_t received;

	if (mnl_socket_sendto(socket, question, question->nlmsg_len) < 0)
		return error_set_errno(err, errno, "asking the kernel about its firewall");
	do {
		received = mnl_socket_recvfrom(socket, answer, ANSWER_BYTES);
	} while (received < 0 && errno == EINTR);
	if (received < 0)
		return error_set_errno(err, errno, "asking the kernel about its firewall");
	if (!rtnl_message_ok(message, (int)received) || message->nlmsg_seq != question->nlmsg_seq)
		return error_set(err, EPROTO, "the kernel's firewall gave a malformed answer");
	if (message->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);
		const char *text = rtnl_ack_text(message);

		return error_set_errno(err, -error->error, "the kernel's firewall%s%s",
				       text ? ": " : "", text ? text : "");
	}
	return 0;
}

int nft_generation(struct mnl_socket *socket, uint32_t *ret_generation, struct carrel_error *err)
{
	_Alignas(struct nlmsghdr) char question[QUESTION_BYTES];
	_Alignas(struct nlmsghdr) char answer[ANSWER_BYTES];
	const struct nlmsghdr *message = (const struct nlmsghdr *)answer;
	const struct nlattr *attribute;
	int rc;

	rc = ask(socket, begin_question(question, NFT_MSG_GETGEN, NFPROTO_UNSPEC), answer, err);
	if (rc < 0)
		return rc;
	attribute = rtnl_attribute(message, sizeof(struct nfgenmsg), NFTA_GEN_ID);
	if (!attribute || mnl_attr_validate(attribute, MNL_TYPE_U32) < 0)
		return error_set(err, EPROTO, "the kernel's firewall did not tell its generation");
	*ret_generation = ntohl(mnl_attr_get_u32(attribute));
	return 0;
}

int nft_table_exists(struct mnl_socket *socket, const char *table, struct carrel_error *err)
{
	_Alignas(struct nlmsghdr) char question[QUESTION_BYTES];
	_Alignas(struct nlmsghdr) char answer[ANSWER_BYTES];
	struct carrel_error refusal = { 0 };
	struct nlmsghdr *message;
	int rc;

	if (strlen(table) >= NFT_TABLE_MAXNAMELEN)
		return error_set(err, ENAMETOOLONG, "table '%s'", table);
	message = begin_question(question, NFT_MSG_GETTABLE, NFPROTO_INET);
	mnl_attr_put_strz(message, NFTA_TABLE_NAME, table);
	rc = ask(socket, message, answer, &refusal);
	if (rc == -ENOENT)
		return 0;
	if (rc < 0) {
		if (err)
			*err = refusal;
		return error_wrap(err, rc, "looking for table inet %s", table);
	}
	return 1;
}

const char *nft_family_word(uint32_t family)
{
	switch (family) {
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_ARP:
		return "arp";
	case NFPROTO_BRIDGE:
		return "bridge";
	case NFPROTO_NETDEV:
		return "netdev";
	}
	return "?";
}
