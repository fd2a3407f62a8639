#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# plain.sh NETNS LINK ADDRESS4 ADDRESS6 RULES
#
# The kernel steps of a first login as tutorials write them: one ip process a step, the
# veth's far end made on the host and moved.
set -eu
netns=$1 link=$2 address4=$3 address6=$4 rules=$5

ip netns add "$netns"
ip netns exec "$netns" sh -c '
	echo 0 2147483647 >/proc/sys/net/ipv4/ping_group_range
	echo 0 >/proc/sys/net/ipv6/conf/default/accept_ra'
ip netns exec "$netns" nft -f "$rules"
ip link add "$link" address 02:00:00:00:00:01 mtu 1500 group 66 type veth \
	peer name uplink0 address 02:00:00:00:00:02 mtu 1500
ip link set uplink0 netns "$netns"
ip link set "$link" addrgenmode none alias bench
ip link set "$link" up
echo 1 >"/proc/sys/net/ipv4/conf/$link/forwarding"
ip route add "$address4" dev "$link"
ip neigh add "$address4" lladdr 02:00:00:00:00:02 dev "$link" nud permanent
ip -6 route add "$address6" dev "$link"
ip -6 neigh add "$address6" lladdr 02:00:00:00:00:02 dev "$link" nud permanent
ip -n "$netns" link set lo up
ip -n "$netns" link set uplink0 addrgenmode none
ip -n "$netns" link set uplink0 up
ip -n "$netns" addr add "$address4" dev uplink0
ip -n "$netns" neigh add 169.254.0.1 lladdr 02:00:00:00:00:01 dev uplink0 nud permanent
ip -n "$netns" route add default via 169.254.0.1 dev uplink0 onlink
ip -n "$netns" addr add "$address6" dev uplink0 nodad
ip -n "$netns" neigh add fe80::1 lladdr 02:00:00:00:00:01 dev uplink0 nud permanent
ip -n "$netns" route add default via fe80::1 dev uplink0 onlink
