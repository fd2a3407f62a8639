#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Whatever somebody does to an open carrel: the user's next login mends it. A session that was
# open all the time has its network back, and what was forbidden is forbidden.
#
# shellcheck disable=SC2154  # variables of login.sh
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"

exam1=61001
pin=/run/netns/carrel-$exam1
record=/run/carrel/carrels/$exam1
policy=/etc/carrel/policies/exam.policy
probe=$(command -v probe)
touch -d '1 day' /run/carrel/collected

# in_session CMD: in the network of the session that is open, whatever has become of the pin
in_session() {
	nsenter --net="/proc/$inside/ns/net" -- "$@"
}

# whole: what is permitted passes, what is not does not; nothing is different
whole() {
	local site
	for site in "${exam_site[@]}"; do
		in_session "$probe" tcp "$site" 443
	done
	for site in "${other_site[@]}"; do
		expect_failure in_session "$probe" --wait 1 tcp "$site" 80
	done
	for site in "${server[@]}"; do
		expect_failure in_session "$probe" --wait 1 tcp "$site" 22
	done
	carrel diff exam1
}

# begin: a carrel with a session that stays; $inside is a process of it, $netns its network
begin() {
	without_carrel exam1
	su exam1 -c 'exec sleep 1000' &
	session=$!
	eventually 5 pgrep -x -u $exam1 sleep >/dev/null
	inside=$(pgrep -n -x -u $exam1 sleep)
	netns=$(readlink "/proc/$inside/ns/net")
	trap 'kill "$inside"; wait "$session" || :' EXIT
	mark=$(log_mark)
	whole
}

next_login() {
	expect_equal "$(su exam1 -c 'readlink /proc/self/ns/net')" "$netns"
}

# mended DAMAGE...: each is there, is mended, and is said to have been
mended() {
	local damage
	begin
	for damage in "$@"; do
		mark=$(log_mark)
		"$damage"
		exits 5 carrel diff exam1
		next_login
		eventually 5 logged_since "$mark" 'pam_carrel.*(mended|put back)'
		whole
		# Once is enough.
		mark=$(log_mark)
		next_login
		expect_no_match "$(tail -n "+$((mark + 1))" $auth_log)" 'mended|put back'
	done
}

# --- links

uplink_deleted() { ip link del cr-$exam1; }
uplink_deleted_inside() { in_session ip link del uplink0; }
uplink_is_another() {
	ip link del cr-$exam1
	ip link add cr-$exam1 type veth peer name other
	in_session ip link add uplink0 type veth peer name another
}
host_end_down() { ip link set cr-$exam1 down; }
host_end_down_and_up() {
	ip link set cr-$exam1 down
	ip link set cr-$exam1 up
}
uplink_down() { in_session ip link set uplink0 down; }
loopback_down() { in_session ip link set lo down; }
group_changed() { ip link set cr-$exam1 group 0; }
mac_changed() { in_session ip link set uplink0 address 02:00:00:00:00:77; }
arp_on() { ip link set cr-$exam1 arp on; }
bridged() {
	ip link add br-test type bridge
	ip link set cr-$exam1 master br-test
}

test_repair_uplink_deleted() {
	mended uplink_deleted uplink_deleted_inside uplink_is_another
}

test_repair_links_down() {
	mended host_end_down host_end_down_and_up uplink_down loopback_down
}

test_repair_links_altered() {
	mended group_changed mac_changed arp_on
}

test_repair_link_made_part_of_a_bridge() {
	ip link add br-test type bridge || skip 'no bridges in this kernel'
	ip link del br-test
	mended bridged
	ip link del br-test
}

# --- addresses, routes, neighbours

addresses_flushed() { in_session ip addr flush dev uplink0; }
address4_deleted() { in_session ip -4 addr flush dev uplink0; }
address6_deleted() { in_session ip -6 addr flush dev uplink0; }
routes_flushed() {
	in_session ip route flush table main
	in_session ip -6 route flush table main
}
route_replaced() { in_session ip route replace default dev lo; }
route6_deleted() { in_session ip -6 route del default; }
host_routes_flushed() {
	ip route flush dev cr-$exam1
	ip -6 route flush dev cr-$exam1
}
neighbours_flushed() {
	in_session ip neigh flush nud permanent dev uplink0
	ip neigh flush nud permanent dev cr-$exam1
}
neighbour_replaced() {
	in_session ip neigh replace 169.254.0.1 lladdr 02:00:00:00:00:77 dev uplink0 nud permanent
}

test_repair_addresses_flushed() {
	mended addresses_flushed address4_deleted address6_deleted
}

test_repair_routes_flushed() {
	mended routes_flushed route_replaced route6_deleted host_routes_flushed
}

test_repair_neighbours_flushed() {
	mended neighbours_flushed neighbour_replaced
}

# --- rules

table_flushed() { in_session nft flush ruleset; }
chain_flushed() { in_session nft flush chain inet carrel output; }
rule_inserted() { in_session nft insert rule inet carrel output accept; }
default_changed() { in_session nft add chain inet carrel output '{ policy accept; }'; }
table_dormant() { in_session nft add table inet carrel '{ flags dormant; }'; }
host_flushed() { nft flush ruleset; }
both_flushed() {
	nft flush ruleset
	in_session nft flush ruleset
}
all_at_once() {
	both_flushed
	uplink_deleted
}

test_repair_table_flushed_in_the_carrel() {
	mended table_flushed chain_flushed
}

test_repair_rules_altered_in_the_carrel() {
	mended rule_inserted default_changed table_dormant
}

test_repair_table_flushed_on_the_host() {
	mended host_flushed both_flushed all_at_once
}

# What was begun while there were no rules does not go on.
test_repair_cuts_what_began_meanwhile() {
	scratch=
	begin
	scratch=$(mktemp -d)
	inet stream serve "${other_site[0]}" 7000 >"$scratch/server" &
	server_pid=$!
	trap 'kill "$server_pid" "$inside"; wait "$session" || :; rm -r "$scratch"' EXIT
	eventually 5 grep -q ready "$scratch/server"
	table_flushed
	in_session stream tcp "${other_site[0]}" 7000 3 >"$scratch/flow" &
	eventually 5 grep -q begun "$scratch/flow"
	next_login
	wait $! || :
	expect_match "$(cat "$scratch/flow")" ', (reset|silent)$'
	whole
}

# --- settings

forwarding_off() { sysctl -q -w net.ipv4.conf.cr-$exam1.forwarding=0; }
ping_range_reset() { in_session sysctl -q -w 'net.ipv4.ping_group_range=1 0'; }
low_ports_open() { in_session sysctl -q -w net.ipv4.ip_unprivileged_port_start=0; }

test_repair_settings_reset() {
	mended forwarding_off ping_range_reset low_ports_open
}

# An edited policy and broken hands at once: the new rules, in a carrel that is whole.
test_repair_under_a_new_policy() {
	begin
	cp $policy /run/testhost/
	trap 'cp /run/testhost/exam.policy $policy; kill "$inside"; wait "$session" || :' EXIT
	all_at_once
	echo 'allow out tcp to 203.0.113.80,2001:db8:80::80 port 81' >>$policy
	next_login
	eventually 5 logged_since "$mark" 'pam_carrel.*mended in the host: link cr-61001: missing'
	whole
	expect_match "$(ip netns exec carrel-$exam1 nft list ruleset)" 'ip6 daddr 2001:db8:80::80 tcp dport 81'
}

test_repair_of_what_was_cut_at_logout() {
	begin
	cp $policy /run/testhost/
	trap 'cp /run/testhost/exam.policy $policy; kill "$inside"; wait "$session" || :' EXIT
	echo 'logout cut' >>$policy
	carrel apply exam1
	echo 'cut 1' >>$record
	ip link del cr-$exam1
	next_login
	whole
}

# Somebody's experiments beside what is carrel's are left alone, and make no noise.
test_repair_leaves_what_others_made_besides() {
	begin
	in_session nft add table ip filter
	in_session ip addr add 192.0.2.99/32 dev lo
	in_session ip route add 192.0.2.98/32 dev lo
	next_login
	expect_no_match "$(tail -n "+$((mark + 1))" $auth_log)" 'mended'
	in_session nft list table ip filter
	in_session ip route show 192.0.2.98 | grep 192.0.2.98
}

run_tests "$@"
