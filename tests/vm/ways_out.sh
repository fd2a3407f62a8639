#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Ways out of the host that are no plain Ethernet link, and SCTP. Not every kernel has them: the
# virtual machine's does. Runs in the test host (tests/host).
#
# shellcheck disable=SC2154  # variables of login.sh
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"

gateway=(198.51.100.2 2001:db8:0:2::2)
pools=(10.213.0.0/16 fd42:ca44:e1::/64)

# make_link TYPE ARG...: by "ip link add ARG..."; where the kernel has no such thing the test is skipped
make_link() {
	ip link add "${@:2}" || skip "no links of type $1 in this kernel"
}

# attach LINK FAR: LINK is the host's way out, FAR is the internet's end of it, with these addresses
# and routes
attach() {
	ip link set "$1" up
	inet ip link set "$2" up
	ip addr replace "${uplink[0]}/24" dev "$1"
	ip addr replace "${uplink[1]}/64" dev "$1" nodad
	inet ip addr replace "${gateway[0]}/24" dev "$2"
	inet ip addr replace "${gateway[1]}/64" dev "$2" nodad
	ip route replace default via "${gateway[0]}" dev "$1"
	ip route replace default via "${gateway[1]}" dev "$1"
	inet ip route replace 192.0.2.0/24 via "${uplink[0]}" dev "$2"
	inet ip route replace 2001:db8:0:1::/64 via "${uplink[1]}" dev "$2"
}

# carry LINK FAR: they take over what wan0 and eth0 were
carry() {
	ip addr del "${uplink[0]}/24" dev wan0
	ip addr del "${uplink[1]}/64" dev wan0
	inet ip addr del "${gateway[0]}/24" dev eth0
	inet ip addr del "${gateway[1]}/64" dev eth0
	attach "$1" "$2"
}

# put_back LINK...: without these links, on either side, the way out is wan0 again
put_back() {
	local link
	for link in "$@"; do
		{ ip link del "$link" || inet ip link del "$link" || :; } 2>/dev/null
	done
	attach wan0 eth0
}

# asks USER PROBE...: in one login, as logins take long on an emulated processor; for each probe a line with
# the answer, or "no way"
asks() {
	local script='' probe wait=$((2 * ${TEST_PATIENCE:-1}))
	for probe in "${@:2}"; do
		script+="if answer=\$(probe --wait $wait $probe); then echo \"\$answer\"; else echo no way; fi; "
	done
	as "$1" "$script"
}

# leads_out: new carrels reach by it what their policies allow, and nothing else; nobody reaches them
leads_out() {
	local family user inside seen=()
	for user in exam1 lab1 web1; do
		without_carrel $user
	done
	for family in 0 1; do
		seen[family]="internet sees ${uplink[family]}"
	done
	expect_equal "$(asks exam1 "tcp ${exam_site[0]} 443" "tcp ${exam_site[1]} 443" \
			"tcp ${other_site[0]} 443" "tcp ${other_site[1]} 443")" \
		"$(printf '%s\n' "${seen[@]}" 'no way' 'no way')"
	expect_equal "$(asks lab1 "tcp ${other_site[0]} 443" "udp ${other_site[1]} 443" \
			"udp ${other_site[0]} 443" "tcp ${other_site[1]} 443" \
			"tcp ${other_site[0]} 25" "tcp ${other_site[1]} 25")" \
		"$(printf '%s\n' "${seen[@]}" "${seen[@]}" 'no way' 'no way')"
	# shellcheck disable=SC2016  # expanded over there
	read -r -a inside <<<"$(as web1 'echo $CARREL_ADDRESS4 $CARREL_ADDRESS6')"
	for family in 0 1; do
		is_closed_to_the_internet "${inside[family]}" "${pools[family]}" "${uplink[family]}"
	done
}

# is_closed_to_the_internet ADDRESS POOL ROUTER: in the carrel port 80 is open; nobody listens, so that
# who got there would be refused
is_closed_to_the_internet() {
	inet ip route replace "$2" via "$3"
	exits 1 inet probe --wait 1 tcp "$1" 80
	expect_equal "$output" timeout
	inet ip route del "$2"
}

# mirrors USER PROTOCOL HOST PORT BYTES: what the user sends comes back whole
mirrors() {
	expect_equal "$(as "$1" "TEST_PATIENCE=${TEST_PATIENCE:-1} mirror ${*:2}")" "$5 back"
}

# serve PROTOCOL PORT...: mirrors in the internet, at both addresses of the exam's site, until the test ends
servers=()
serve() {
	local address
	for address in "${exam_site[@]}"; do
		inet mirror serve "$1" "$address" "${@:2}" >"$scratch/mirror" &
		servers+=($!)
		eventually 5 grep ready "$scratch/mirror"
	done
}

end_servers() {
	[ ${#servers[@]} -eq 0 ] || kill "${servers[@]}"
	rm -r "$scratch"
}

test_way_out_is_a_vlan() {
	make_link vlan link wan0 name wan0.20 type vlan id 20
	trap 'put_back wan0.20 eth0.20' EXIT
	inet ip link add link eth0 name eth0.20 type vlan id 20
	carry wan0.20 eth0.20
	leads_out
}

test_way_out_is_a_vlan_of_a_bridge_that_filters() {
	make_link bridge brwan type bridge vlan_filtering 1
	trap 'put_back brwan.20 brwan eth0.20' EXIT
	make_link vlan link brwan name brwan.20 type vlan id 20
	ip link set wan0 master brwan
	ip link set brwan up
	bridge vlan add dev wan0 vid 20
	bridge vlan add dev brwan vid 20 self
	inet ip link add link eth0 name eth0.20 type vlan id 20
	carry brwan.20 eth0.20
	leads_out
}

# make_tunnel LINK FAR: WireGuard over wan0, where other addresses are for it
make_tunnel() {
	ip addr add 2001:db8:0:3::1/64 dev wan0 nodad
	inet ip addr add 2001:db8:0:3::2/64 dev eth0 nodad
	inet ip link add "$2" type wireguard
	(umask 077; wg genkey >"$scratch/near"; wg genkey >"$scratch/far")
	wg set "$1" listen-port 51820 private-key "$scratch/near" peer "$(wg pubkey <"$scratch/far")" \
		endpoint '[2001:db8:0:3::2]:51820' allowed-ips 0.0.0.0/0,::/0
	inet wg set "$2" listen-port 51820 private-key "$scratch/far" peer "$(wg pubkey <"$scratch/near")" \
		endpoint '[2001:db8:0:3::1]:51820' allowed-ips 0.0.0.0/0,::/0
}

remove_tunnel() {
	put_back wg0 wg1
	ip addr del 2001:db8:0:3::1/64 dev wan0
	inet ip addr del 2001:db8:0:3::2/64 dev eth0
	end_servers
}

# pings USER HOST BYTES: unfragmented, with so much in it
pings() {
	as "$1" ping -n -c 1 -W "$((2 * ${TEST_PATIENCE:-1}))" -M "do" -s "$3" "$2"
}

test_way_out_is_a_wireguard_tunnel() {
	local family header=(28 48)     # of IP and ICMP
	make_link wireguard wg0 type wireguard
	scratch=$(mktemp -d)
	trap remove_tunnel EXIT
	make_tunnel wg0 wg1
	carry wg0 wg1
	expect_match "$(ip link show wg0)" ' mtu 1420 '
	leads_out
	expect_match "$(as lab1 ip link show uplink0)" ' mtu 1420 '
	expect_match "$(ip link show cr-61101)" ' mtu 1420 '
	serve tcp 7000
	serve udp 7000
	for family in 0 1; do
		mirrors lab1 tcp "${exam_site[family]}" 7000 2000000
		mirrors lab1 udp "${exam_site[family]}" 7000 5000
		pings lab1 "${exam_site[family]}" $((1420 - header[family]))
		exits 1 pings lab1 "${exam_site[family]}" $((1421 - header[family]))
		expect_match "$output" 'message too long, mtu[:=] ?1420'
	done
}

# What carrel(8) says of a VRF. Its own table knows no carrel, the main one no network behind it.
make_vrf() {
	ip link set vrf-wan up
	ip link set wan0 master vrf-wan
	attach wan0 eth0
	ip route add vrf vrf-wan default via "${gateway[0]}"
	ip route add vrf vrf-wan default via "${gateway[1]}"
	ip rule add pref 900 to "${pools[0]}" lookup main
	ip -6 rule add pref 900 to "${pools[1]}" lookup main
}

remove_vrf() {
	ip rule del pref 900 || :
	ip -6 rule del pref 900 || :
	sysctl -w net/ipv4/tcp_l3mdev_accept=0 || :
	inet sysctl -w net/ipv4/conf/eth0/forwarding=0 net/ipv6/conf/all/forwarding=0 || :
	put_back vrf-wan
}

test_way_out_is_in_a_vrf() {
	local family
	# So that the links of before are known, and the VRF is a new one.
	as lab1 true
	make_link vrf vrf-wan type vrf table 20
	trap remove_vrf EXIT
	make_vrf
	leads_out
	# The host's own addresses in it, where everybody else is let in, and which a router knows the way to.
	sysctl -w net/ipv4/tcp_l3mdev_accept=1
	inet sysctl -w net/ipv4/conf/eth0/forwarding=1 net/ipv6/conf/all/forwarding=1
	for family in 0 1; do
		expect_match "$(inet probe tcp "${uplink[family]}" 80)" '^server sees '
	done
	expect_equal "$(asks lab1 "--wait 1 tcp ${uplink[0]} 80" "--wait 1 tcp ${uplink[1]} 80")" $'no way\nno way'
}

# sctp_of_exam1 PORT RULE: with this rule only, exam1 gets to the port and not to the other one
sctp_of_exam1() {
	local address other=$((10001 - $1))
	printf '%s\n' 'default deny out' "$2" >$policies/exam.policy
	for address in "${exam_site[@]}"; do
		mirrors exam1 sctp "$address" "$1" 20000
		exits 1 as exam1 mirror sctp "$address" $other 1
		expect_equal "$output" timeout
	done
}

test_sctp_is_under_the_policy() {
	python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132)' ||
		skip "no SCTP in this kernel"
	scratch=$(mktemp -d)
	cp -p $policies/exam.policy "$scratch/"
	trap 'cp -p "$scratch/exam.policy" $policies/; end_servers' EXIT
	serve sctp 5000 5001
	sctp_of_exam1 5000 'allow out sctp port 5000'
	sctp_of_exam1 5001 'allow out sctp port 5001'
}

run_tests "$@"
