#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# packets.sh [ROUNDS]   in the test host: throughput and round trips through carrels, beside a network
#                       namespace with a masquerade and nothing else
set -eu
build=${HOST_BUILD:-${BUILD:-build}}
rounds=${1-40}
site4=203.0.113.10 site6=2001:db8:80::10

# Twenty rules, the last of which decides; a thousand destinations in one rule, the last of which it is.
{
	echo 'default deny out'
	for number in {1..19}; do echo "allow out tcp to 198.51.100.$number,2001:db8:53::$number port 443"; done
	echo "allow out tcp to $site4,$site6 port 5201"
} >/etc/carrel/policies/twenty.policy
{
	echo 'default deny out'
	printf 'allow out tcp to '
	for number in {0..498}; do printf '198.18.%d.%d,2001:db8:53::%x,' $((number / 128)) $((number % 128 * 2)) $((number * 2)); done
	echo "$site4,$site6 port 5201"
} >/etc/carrel/policies/thousand.policy
ip netns add plain
ip link add plain0 type veth peer name eth0 netns plain
ip addr add 10.99.0.1/24 dev plain0
ip addr add fd00:99::1/64 dev plain0 nodad
ip link set plain0 up
ip -n plain addr add 10.99.0.2/24 dev eth0
ip -n plain addr add fd00:99::2/64 dev eth0 nodad
ip -n plain link set eth0 up
ip -n plain route add default via 10.99.0.1
ip -n plain route add default via fd00:99::1
# Before the first login: what a host did not forward by itself, carrel's table does not let it forward.
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
nft -f - <<END
table inet plain {
	chain postrouting {
		type nat hook postrouting priority 100;
		ip saddr 10.99.0.0/24 masquerade
		ip6 saddr fd00:99::/64 masquerade
	}
}
END

sed -i '1i assign twenty user lab1\nassign thousand user lab2' /etc/carrel/carrel.conf
echo 'session required pam_carrel.so quiet' >/etc/pam.d/packets
touch /run/carrel/collected
for user in lab1 lab2; do
	"$build/tests/faults/application" packets $user >/dev/null
done

for site in $site4 $site6; do
	echo "to $site, $rounds rounds"
	"$build/tests/bench/carrel-packets" -r "$rounds" /run/testhost/internet "$site" \
		"veth and masquerade=/run/netns/plain" \
		"carrel, 20 rules=/run/netns/carrel-61101" \
		"carrel, 1,000 destinations=/run/netns/carrel-61102"
done
