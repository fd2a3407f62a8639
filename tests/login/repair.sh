#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Whatever somebody does to an open carrel: the user's next login mends it, and so does `carrel
# repair`. A session that was open all the time has its network back, and what was forbidden
# is forbidden.
#
# shellcheck disable=SC2154  # variables of login.sh
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/repair.sh"

record=/run/carrel/carrels/$exam1
policy=/etc/carrel/policies/exam.policy

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
	ip link show br-test || ip link add br-test type bridge
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

# --- IPv6: an end that lost it can be given no address, and no route leads there

uplink_too_narrow() { in_session ip link set uplink0 mtu 600; }
host_end_too_narrow() { ip link set cr-$exam1 mtu 600; }
uplink_without_ipv6() { in_session sysctl -q -w net.ipv6.conf.uplink0.disable_ipv6=1; }
carrel_without_ipv6() { in_session sysctl -q -w net.ipv6.conf.all.disable_ipv6=1; }
host_end_without_ipv6() { sysctl -q -w net.ipv6.conf.cr-$exam1.disable_ipv6=1; }

test_repair_uplink_that_lost_ipv6() {
	mended uplink_too_narrow host_end_too_narrow uplink_without_ipv6 carrel_without_ipv6 \
		host_end_without_ipv6
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
host_rule_inserted() { nft insert rule inet carrel forward accept; }
host_element_added() { nft add element inet carrel known4 '{ 0x0ca40011 . 192.0.2.1 }'; }
host_table_dormant() { nft add table inet carrel '{ flags dormant; }'; }
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

test_repair_table_altered_on_the_host() {
	mended host_rule_inserted host_element_added host_table_dormant
}

# What began while somebody's rule allowed it does not go on.
test_repair_cuts_what_began_meanwhile() {
	begin
	scratch=$(mktemp -d)
	inet stream serve "${other_site[0]}" 7000 >"$scratch/server" &
	server_pid=$!
	trap 'kill "$server_pid" "$inside"; wait "$session" || :; rm -r "$scratch"' EXIT
	eventually 5 grep -q ready "$scratch/server"
	rule_inserted
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

# --- the host's links

# late_link: the way out is one that comes after the host was prepared, as a VPN's or a modem's
late_link() {
	ip link add late type veth peer name late0 netns /run/testhost/internet
	ip addr add 198.51.100.129/30 dev late
	ip addr add 2001:db8:0:3::1/64 dev late nodad
	ip link set late up
	inet ip addr add 198.51.100.130/30 dev late0
	inet ip addr add 2001:db8:0:3::2/64 dev late0 nodad
	inet ip link set late0 up
	ip route replace default via 198.51.100.130
	ip -6 route replace default via 2001:db8:0:3::2
}

late_link_goes() {
	ip route replace default via 198.51.100.2
	ip -6 route replace default via 2001:db8:0:2::2
	ip link del late
}

test_repair_link_that_came_later_forwards() {
	begin
	late_link
	trap 'late_link_goes; kill "$inside"; wait "$session" || :' EXIT
	expect_equal "$(cat /proc/sys/net/ipv4/conf/late/forwarding)" 0
	next_login
	whole
	expect_equal "$(in_session "$probe" tcp "${exam_site[0]}" 443)" 'internet sees 198.51.100.129'
	sysctl -q -w net.ipv4.conf.late.forwarding=0
	expect_failure in_session "$probe" --wait 1 tcp "${exam_site[0]}" 443
	exits 0 carrel repair exam1
	expect_match "$output" '^host: mended$'
	whole
	# One that does not lead out is seen by those who look at each.
	ip route replace default via 198.51.100.2
	sysctl -q -w net.ipv4.conf.late.forwarding=0
	exits 0 carrel repair exam1
	expect_match "$output" '^host: mended$'
	expect_equal "$(cat /proc/sys/net/ipv4/conf/late/forwarding)" 1
}

test_repair_says_who_has_addresses_of_a_former_pool() {
	begin
	trap 'sed -i /^pool/d /etc/carrel/carrel.conf; kill "$inside"; wait "$session" || :' EXIT
	sed -i '1i pool4 10.214.0.0/16\npool6 fd42:ca44:e2::/64' /etc/carrel/carrel.conf
	next_login
	eventually 5 logged_since "$mark" "pam_carrel.*former pool.*'carrel remove exam1'"
	exits 5 carrel diff exam1
	expect_match "$output" '^  carrel  address: 10\.213\..* \(should be: one of 10\.214\.0\.0/16\) \(takes a new'
	expect_match "$output" '^  carrel  address: fd42:ca44:e1:.* \(should be: one of fd42:ca44:e2::/64\)'
	in_session "$probe" tcp "${exam_site[0]}" 443
	in_session "$probe" tcp "${exam_site[1]}" 443
}

# --- many, and how it is said

test_repair_of_all_mends_each_and_the_host() {
	begin
	without_carrel exam2
	su exam2 -c true
	nft flush ruleset
	table_flushed
	ip link del cr-61002
	exits 5 carrel repair --dry-run
	expect_match "$output" '^host:$'
	expect_match "$output" '^exam2 \(policy exam\):$'
	exits 0 carrel repair
	expect_match "$output" '^host: mended$'
	expect_match "$output" '^exam1: mended$'
	expect_match "$output" '^  mended in the carrel: table inet carrel: missing$'
	expect_match "$output" '^exam2: mended$'
	expect_match "$output" '^  mended in the host: link cr-61002: missing'
	whole
	exits 0 carrel diff exam2
	rm $record
	exits 0 carrel repair --json
	expect_equal "$(jq -r '.[] | "\(.user) \(.result)"' <<<"$output" | sort | xargs)" \
		'exam1 mended exam2 unchanged null unchanged'
	exits 0 carrel repair --dry-run
	expect_equal "$(carrel repair --dry-run --json | jq -r 'map(.differences | length) | add')" 0
}

test_repair_of_a_rule_on_the_host() {
	begin
	nft insert rule inet carrel forward accept
	exits 5 carrel diff exam1
	exits 0 carrel repair
	expect_match "$output" '^host: mended$'
	expect_match "$output" 'mended in the host: rule 1 of chain forward: not carrel.s: someone made it'
	whole
}

# What takes a new carrel is said, and left.
# handles: of all that is in the host's table; loaded again, it has others
handles() {
	nft -a list table inet carrel | sed -n 's/.*# handle //p'
}

test_repair_loads_the_table_on_the_host_again_only_where_it_was_changed() {
	local before spoof
	begin
	before=$(handles)
	nft add table inet other
	next_login
	expect_equal "$(handles)" "$before"
	nft delete table inet other
	next_login
	expect_equal "$(handles)" "$before"

	spoof=$(nft -a list chain inet carrel spoof | sed -n 's/.*fib saddr.*# handle //p')
	nft delete rule inet carrel spoof handle "$spoof"
	next_login
	expect_differ "$(handles)" "$before"
	expect_match "$(nft list chain inet carrel spoof)" 'fib saddr'
}

test_repair_leaves_another_uplink_to_the_next_login() {
	begin
	cp $policy /run/testhost/
	trap 'cp /run/testhost/exam.policy $policy; kill "$inside"; wait "$session" || :' EXIT
	echo 'uplink none' >$policy
	exits 1 carrel repair exam1
	expect_match "$output" "^exam1: .*'carrel remove', which cuts its open sessions\$"
	in_session "$probe" tcp "${exam_site[0]}" 443
	in_session "$probe" tcp "${exam_site[1]}" 443
}

test_repair_needs_root_and_users_that_there_are() {
	exits 1 unprivileged carrel repair
	exits 3 carrel repair nobody-of-this-name
	without_carrel exam1
	exits 0 carrel repair exam1
	expect_match "$output" '^exam1: there is no carrel'
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
	# These hide the way to everywhere from who asks for a route instead of listing all.
	in_session ip route add 240.0.0.0/4 dev lo
	in_session ip route add unreachable default metric 99
	in_session ip -6 route add 4000::/3 dev lo
	next_login
	expect_no_match "$(tail -n "+$((mark + 1))" $auth_log)" 'mended'
	in_session nft list table ip filter
	in_session ip route show 192.0.2.98 | grep 192.0.2.98
	exits 5 carrel diff exam1
	expect_match "$output" "^  carrel  route to 0.0.0.0/0 by no link: not carrel's"
}

run_tests "$@"
