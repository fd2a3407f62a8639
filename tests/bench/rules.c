/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>

#include "base/error.h"
#include "batch.h"

#define TABLE "carrel"

/* What is let out: all else is dropped. */
static const struct rule {
	const char *protocol, *address;
	uint16_t port;
} rules[] = {
	{ "udp", "198.51.100.53",   53 }, { "tcp", "198.51.100.53",   53 },
	{ "udp", "2001:db8:53::53", 53 }, { "tcp", "2001:db8:53::53", 53 },
	{ "udp", "198.51.100.123", 123 }, { "udp", "2001:db8:53::123", 123 },
	{ "tcp", "203.0.113.10",   443 }, { "tcp", "2001:db8:10::10", 443 },
	{ "tcp", "203.0.113.11",   443 }, { "tcp", "2001:db8:10::11", 443 },
	{ "tcp", "203.0.113.12",   443 }, { "tcp", "2001:db8:10::12", 443 },
	{ "tcp", "203.0.113.20",    80 }, { "tcp", "2001:db8:10::20",  80 },
	{ "tcp", "203.0.113.25",   587 }, { "tcp", "2001:db8:10::25", 587 },
	{ "tcp", "203.0.113.30",    22 }, { "tcp", "2001:db8:10::30",  22 },
	{ "tcp", "203.0.113.40",  9418 }, { "tcp", "2001:db8:10::40", 9418 },
};
#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

static const struct hook { const char *name; uint32_t number; } hooks[] = {
	{ "input", NF_INET_LOCAL_IN }, { "output", NF_INET_LOCAL_OUT }, { "forward", NF_INET_FORWARD },
};

/* Begin a request of nf_tables at the batch's end. */
static struct nlmsghdr *begin(struct batch *batch, uint16_t type)
{
	return nftnl_nlmsg_build_hdr(batch_place(batch), type, NFPROTO_INET, NLM_F_CREATE, 0);
}

static int add_table(struct batch *batch)
{
	struct nlmsghdr *request = begin(batch, NFT_MSG_NEWTABLE);
	struct nftnl_table *table = nftnl_table_alloc();

	if (!table)
		return -ENOMEM;
	nftnl_table_set_str(table, NFTNL_TABLE_NAME, TABLE);
	nftnl_table_nlmsg_build_payload(request, table);
	nftnl_table_free(table);
	batch_add(batch, request);
	return 0;
}

static int add_chain(struct batch *batch, const struct hook *hook)
{
	struct nlmsghdr *request = begin(batch, NFT_MSG_NEWCHAIN);
	struct nftnl_chain *chain = nftnl_chain_alloc();

	if (!chain)
		return -ENOMEM;
	nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, TABLE);
	nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, hook->name);
	nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, "filter");
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, hook->number);
	nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, 0);
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, NF_DROP);
	nftnl_chain_nlmsg_build_payload(request, chain);
	nftnl_chain_free(chain);
	batch_add(batch, request);
	return 0;
}

/* A rule being put together; remembers that memory ran out. */
struct draft {
	struct nftnl_rule *rule;
	bool failed;
};

static struct draft draft_begin(const char *chain)
{
	struct draft draft = { .rule = nftnl_rule_alloc() };

	draft.failed = !draft.rule;
	if (draft.rule) {
		nftnl_rule_set_str(draft.rule, NFTNL_RULE_TABLE, TABLE);
		nftnl_rule_set_str(draft.rule, NFTNL_RULE_CHAIN, chain);
	}
	return draft;
}

/* Add the rule to the batch; frees it. */
static int draft_end(struct batch *batch, struct draft *draft)
{
	struct nlmsghdr *request;

	if (!draft->failed) {
		request = nftnl_nlmsg_build_hdr(batch_place(batch), NFT_MSG_NEWRULE, NFPROTO_INET,
						NLM_F_CREATE | NLM_F_APPEND, 0);
		nftnl_rule_nlmsg_build_payload(request, draft->rule);
		batch_add(batch, request);
	}
	if (draft->rule)
		nftnl_rule_free(draft->rule);
	return draft->failed ? -ENOMEM : 0;
}

/* A new expression at the rule's end, or NULL. */
static struct nftnl_expr *add_expression(struct draft *draft, const char *kind)
{
	struct nftnl_expr *expression = draft->failed ? NULL : nftnl_expr_alloc(kind);

	if (!expression)
		draft->failed = true;
	else
		nftnl_rule_add_expr(draft->rule, expression);
	return expression;
}

static void add_compare(struct draft *draft, uint32_t operation, const void *value, size_t size)
{
	struct nftnl_expr *compare = add_expression(draft, "cmp");

	if (!compare)
		return;
	nftnl_expr_set_u32(compare, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(compare, NFTNL_EXPR_CMP_OP, operation);
	nftnl_expr_set(compare, NFTNL_EXPR_CMP_DATA, value, (uint32_t)size);
}

static void add_meta(struct draft *draft, uint32_t key, const void *value, size_t size)
{
	struct nftnl_expr *meta = add_expression(draft, "meta");

	if (!meta)
		return;
	nftnl_expr_set_u32(meta, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(meta, NFTNL_EXPR_META_DREG, NFT_REG_1);
	add_compare(draft, NFT_CMP_EQ, value, size);
}

static void add_payload(struct draft *draft, uint32_t base, uint32_t offset, const void *value,
			size_t size)
{
	struct nftnl_expr *payload = add_expression(draft, "payload");

	if (!payload)
		return;
	nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_LEN, (uint32_t)size);
	nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
	add_compare(draft, NFT_CMP_EQ, value, size);
}

static void add_established(struct draft *draft)
{
	const uint32_t wanted = NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED);
	const uint32_t zero = 0;
	struct nftnl_expr *state = add_expression(draft, "ct");
	struct nftnl_expr *mask = add_expression(draft, "bitwise");

	if (!state || !mask)
		return;
	nftnl_expr_set_u32(state, NFTNL_EXPR_CT_KEY, NFT_CT_STATE);
	nftnl_expr_set_u32(state, NFTNL_EXPR_CT_DREG, NFT_REG_1);
	nftnl_expr_set_u32(mask, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(mask, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(mask, NFTNL_EXPR_BITWISE_LEN, sizeof(wanted));
	nftnl_expr_set(mask, NFTNL_EXPR_BITWISE_MASK, &wanted, sizeof(wanted));
	nftnl_expr_set(mask, NFTNL_EXPR_BITWISE_XOR, &zero, sizeof(zero));
	add_compare(draft, NFT_CMP_NEQ, &zero, sizeof(zero));
}

static void add_accept(struct draft *draft)
{
	struct nftnl_expr *verdict = add_expression(draft, "immediate");

	if (!verdict)
		return;
	nftnl_expr_set_u32(verdict, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(verdict, NFTNL_EXPR_IMM_VERDICT, NF_ACCEPT);
}

/* Replies, and the loopback. @link_key: NFT_META_IIFNAME or NFT_META_OIFNAME */
static int add_preamble(struct batch *batch, const char *chain, uint32_t link_key)
{
	struct draft replies = draft_begin(chain), loopback = draft_begin(chain);
	int rc1, rc2;

	add_established(&replies);
	add_accept(&replies);
	rc1 = draft_end(batch, &replies);
	add_meta(&loopback, link_key, "lo", sizeof("lo"));
	add_accept(&loopback);
	rc2 = draft_end(batch, &loopback);
	return rc1 ? rc1 : rc2;
}

static int add_rule(struct batch *batch, const struct rule *rule)
{
	bool ipv6 = strchr(rule->address, ':');
	uint8_t protocol = strcmp(rule->protocol, "tcp") == 0 ? IPPROTO_TCP : IPPROTO_UDP;
	uint8_t family = ipv6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	uint16_t port_be = htons(rule->port);
	struct draft draft = draft_begin("output");
	struct in6_addr address;

	if (inet_pton(ipv6 ? AF_INET6 : AF_INET, rule->address, &address) != 1)
		return -EINVAL;
	add_meta(&draft, NFT_META_NFPROTO, &family, sizeof(family));
	/* Where iphdr and ip6_hdr have the destination address. */
	add_payload(&draft, NFT_PAYLOAD_NETWORK_HEADER, ipv6 ? 24 : 16, &address,
		    ipv6 ? sizeof(struct in6_addr) : sizeof(struct in_addr));
	add_meta(&draft, NFT_META_L4PROTO, &protocol, sizeof(protocol));
	add_payload(&draft, NFT_PAYLOAD_TRANSPORT_HEADER, 2, &port_be, sizeof(port_be));
	(void)add_expression(&draft, "counter");
	add_accept(&draft);
	return draft_end(batch, &draft);
}

/* Everything between the begin and the end of the transaction. */
static int add_all(struct batch *batch)
{
	int rc = add_table(batch);

	for (size_t i = 0; rc == 0 && i < sizeof(hooks) / sizeof(hooks[0]); i++)
		rc = add_chain(batch, &hooks[i]);
	if (rc == 0)
		rc = add_preamble(batch, "input", NFT_META_IIFNAME);
	if (rc == 0)
		rc = add_preamble(batch, "output", NFT_META_OIFNAME);
	for (size_t i = 0; rc == 0 && i < RULE_COUNT; i++)
		rc = add_rule(batch, &rules[i]);
	return rc;
}

int rules_load(struct batch *batch, struct carrel_error *err)
{
	int rc;

	batch_add(batch, nftnl_batch_begin(batch_place(batch), 0));
	rc = add_all(batch);
	if (rc < 0)
		return error_set_errno(err, -rc, "writing the rules");
	batch_await(batch);
	batch_add(batch, nftnl_batch_end(batch_place(batch), 0));
	rc = batch_commit(batch, err);
	return rc < 0 ? error_wrap(err, rc, "loading the rules") : 0;
}

void rules_write_nft(FILE *file)
{
	fprintf(file, "table inet %s {\n", TABLE);
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		bool out = hooks[i].number == NF_INET_LOCAL_OUT;

		fprintf(file, "\tchain %s {\n\t\ttype filter hook %s priority 0; policy drop;\n",
			hooks[i].name, hooks[i].name);
		if (hooks[i].number != NF_INET_FORWARD)
			fprintf(file, "\t\tct state established,related accept\n"
				"\t\t%s lo accept\n", out ? "oifname" : "iifname");
		for (size_t j = 0; out && j < RULE_COUNT; j++)
			fprintf(file, "\t\t%s daddr %s %s dport %u counter accept\n",
				strchr(rules[j].address, ':') ? "ip6" : "ip", rules[j].address,
				rules[j].protocol, rules[j].port);
		fputs("\t}\n", file);
	}
	fputs("}\n", file);
}

void rules_write_policy(FILE *file)
{
	fputs("uplink  nat\ndefault deny out\n", file);
	for (size_t i = 0; i < RULE_COUNT; i++)
		fprintf(file, "allow   out %s to %s port %u\n", rules[i].protocol,
			rules[i].address, rules[i].port);
}
