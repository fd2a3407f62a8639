/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/nftword.h"

#include <inttypes.h>
#include <stddef.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/rtnetlink.h>

const struct word nft_protocols[] = {
	{ IPPROTO_ICMP, "icmp" }, { IPPROTO_TCP, "tcp" }, { IPPROTO_UDP, "udp" },
	{ IPPROTO_ICMPV6, "ipv6-icmp" }, { IPPROTO_SCTP, "sctp" }, { 0, NULL },
};

const struct word nft_families[] = {
	{ NFPROTO_IPV4, "ipv4" }, { NFPROTO_IPV6, "ipv6" }, { 0, NULL },
};

const struct word nft_address_types[] = {
	{ RTN_LOCAL, "local" }, { 0, NULL },
};

/* RFC 792, RFC 4443, RFC 4861 and others, in nft's words. */
const struct word nft_icmp_types[] = {
	{ 0, "echo-reply" }, { 3, "destination-unreachable" }, { 4, "source-quench" },
	{ 5, "redirect" }, { 8, "echo-request" }, { 9, "router-advertisement" },
	{ 10, "router-solicitation" }, { 11, "time-exceeded" }, { 12, "parameter-problem" },
	{ 13, "timestamp-request" }, { 14, "timestamp-reply" }, { 15, "info-request" },
	{ 16, "info-reply" }, { 17, "address-mask-request" }, { 18, "address-mask-reply" },
	{ 0, NULL },
};

const struct word nft_icmpv6_types[] = {
	{ 1, "destination-unreachable" }, { 2, "packet-too-big" }, { 3, "time-exceeded" },
	{ 4, "parameter-problem" }, { 128, "echo-request" }, { 129, "echo-reply" },
	{ 130, "mld-listener-query" }, { 131, "mld-listener-report" },
	{ 132, "mld-listener-done" }, { 133, "nd-router-solicit" },
	{ 134, "nd-router-advert" }, { 135, "nd-neighbor-solicit" },
	{ 136, "nd-neighbor-advert" }, { 137, "nd-redirect" }, { 138, "router-renumbering" },
	{ 141, "ind-neighbor-solicit" }, { 142, "ind-neighbor-advert" },
	{ 143, "mld2-listener-report" }, { 0, NULL },
};

const struct word nft_states[] = {
	{ NF_CT_STATE_BIT(IP_CT_ESTABLISHED), "established" },
	{ NF_CT_STATE_BIT(IP_CT_RELATED), "related" },
	{ NF_CT_STATE_BIT(IP_CT_NEW), "new" }, { 0, NULL },
};

const struct word nft_directions[] = {
	{ IP_CT_DIR_ORIGINAL, "original" }, { IP_CT_DIR_REPLY, "reply" }, { 0, NULL },
};

const struct word nft_statuses[] = {
	{ IPS_SRC_NAT, "snat" }, { IPS_DST_NAT, "dnat" }, { 0, NULL },
};

const struct word nft_hooks[] = {
	{ NF_INET_PRE_ROUTING, "prerouting" }, { NF_INET_LOCAL_IN, "input" },
	{ NF_INET_FORWARD, "forward" }, { NF_INET_LOCAL_OUT, "output" },
	{ NF_INET_POST_ROUTING, "postrouting" }, { 0, NULL },
};

const char *nft_word_of(const struct word *words, uint32_t value)
{
	for (; words->text; words++)
		if (words->value == value)
			return words->text;
	return NULL;
}

void nft_write_word(struct buffer *buffer, const struct word *words, uint32_t value)
{
	const char *word = nft_word_of(words, value);

	if (word)
		buffer_puts(buffer, word);
	else
		buffer_printf(buffer, "%" PRIu32, value);
}
