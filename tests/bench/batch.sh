#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# batch.sh NETNS LINK ADDRESS4 ADDRESS6 RULES
#
# The same as plain.sh by someone who knows the tools: one ip process for each namespace,
# one process for settings and rules, the veth's far end placed directly.
set -eu
netns=$1 link=$2 address4=$3 address6=$4 rules=$5

ip netns add "$netns"
# shellcheck disable=SC2016 # $0 is for the inner shell
ip netns exec "$netns" sh -c '
	echo 0 2147483647 >/proc/sys/net/ipv4/ping_group_range
	echo 0 >/proc/sys/net/ipv6/conf/default/accept_ra
	exec nft -f "$0"' "$rules"
ip -batch - <<END
link add $link address 02:00:00:00:00:01 mtu 1500 group 66 numtxqueues 1 numrxqueues 1 type veth peer name uplink0 address 02:00:00:00:00:02 mtu 1500 numtxqueues 1 numrxqueues 1 netns $netns
link set $link addrgenmode none alias bench
link set $link up
route add $address4 dev $link
neigh add $address4 lladdr 02:00:00:00:00:02 dev $link nud permanent
route add $address6 dev $link
neigh add $address6 lladdr 02:00:00:00:00:02 dev $link nud permanent
END
echo 1 >"/proc/sys/net/ipv4/conf/$link/forwarding"
ip -n "$netns" -batch - <<END
link set lo up
link set uplink0 addrgenmode none
link set uplink0 up
addr add $address4 dev uplink0
neigh add 169.254.0.1 lladdr 02:00:00:00:00:01 dev uplink0 nud permanent
route add default via 169.254.0.1 dev uplink0 onlink
addr add $address6 dev uplink0 nodad
neigh add fe80::1 lladdr 02:00:00:00:00:01 dev uplink0 nud permanent
route add default via fe80::1 dev uplink0 onlink
END
