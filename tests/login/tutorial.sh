#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a tutorial of network namespaces does by hand works with carrel's: by ip, nft and
# iptables, not by carrel's own tools.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"
# shellcheck disable=SC2154  # variables of login.sh
: "$host_netns" "${other_site[@]}"

inside() {
	ip netns exec carrel-61101 "$@"
}

listens_at_80() {
	[ -n "$(ip netns exec "carrel-$1" ss -Hltn 'sport = :80')" ]
}

# serve UID: an answering server in the user's carrel; $! ends it
serve() {
	ip netns exec "carrel-$1" "$HOST/answer" inside &
	eventually 5 listens_at_80 "$1"
}

# knock USER: from the host, at port 80 of the user's carrel, over both families
knock() {
	"$HOST/bin/probe" --wait 1 tcp "$(address4 "$1")" 80 &&
		"$HOST/bin/probe" --wait 1 tcp "$(address6 "$1")" 80
}

fresh() {
	carrel remove "$1" || :
	netns_of_login "$1"
}

test_tutorial_ip_netns_list_shows_carrels_and_nothing_else() {
	fresh exam1
	fresh lab1
	expect_equal "$(ip netns list | sed 's/ .*//' | grep -E '^carrel-(61001|61101)$' | sort | xargs)" \
		"carrel-61001 carrel-61101"
	expect_equal "$(ip netns list | grep -vc '^carrel-')" 0
}

test_tutorial_ip_netns_exec_runs_a_shell_inside() {
	fresh lab1
	expect_equal "$(inside bash -c 'readlink /proc/self/ns/net')" "$(netns_of_login lab1)"
	expect_equal "$(inside bash -c 'ls /sys/class/net' | sort | xargs)" "lo uplink0"
}

test_tutorial_ip_netns_identify_names_the_carrel() {
	fresh lab1
	keep_open lab1
	trap end_session EXIT
	expect_equal "$(ip netns identify "$(pgrep -n -u lab1)")" carrel-61101
}

test_tutorial_ip_link_shows_both_ends_of_the_veth() {
	fresh lab1
	expect_match "$(ip -n carrel-61101 link show dev uplink0)" 'uplink0@.*state UP'
	expect_match "$(ip -n carrel-61101 link show dev lo)" 'LOOPBACK,UP'
	expect_match "$(ip link show dev cr-61101)" 'cr-61101@.*state UP'
	expect_match "$(ip link show dev cr-61101)" 'link-netns carrel-61101'
	expect_match "$(ip link show dev cr-61101)" 'alias lab1'
}

test_tutorial_ip_addr_shows_one_address_of_each_family() {
	fresh lab1
	expect_match "$(ip -n carrel-61101 -4 addr show dev uplink0)" 'inet 10\.213\.'
	expect_match "$(ip -n carrel-61101 -6 addr show dev uplink0)" 'inet6 fd42:ca44:e1::eead'
}

test_tutorial_ip_route_shows_a_default_route_of_each_family() {
	fresh lab1
	expect_match "$(ip -n carrel-61101 route)" '^default via .* dev uplink0'
	expect_match "$(ip -n carrel-61101 -6 route)" '^default via .* dev uplink0'
}

test_tutorial_nft_list_ruleset_shows_the_policy_with_its_comments() {
	local listing
	fresh exam1
	listing=$(ip netns exec carrel-61001 nft list ruleset)
	expect_match "$listing" '^table inet carrel'
	expect_match "$listing" 'ip daddr 203\.0\.113\.10 tcp dport 443 counter .* accept comment "the exam.s site"'
	expect_match "$listing" 'ip6 daddr 2001:db8:80::10 tcp dport 443 counter .* accept comment "the exam.s site"'
	expect_match "$listing" 'comment "default deny in"'
}

test_tutorial_nft_counters_count_what_a_rule_matched() {
	fresh exam1
	reaches exam1 tcp 203.0.113.10 443
	expect_match "$(ip netns exec carrel-61001 nft list ruleset)" \
		'203\.0\.113\.10 .*counter packets 1 .*accept'
}

test_tutorial_policy_line_lets_in_what_the_iptables_line_would() {
	fresh web1
	serve 61301
	trap 'kill $!' EXIT
	# "allow in tcp port 80": from the host
	expect_equal "$(knock web1 | grep -c '^inside sees')" 2
	expect_failure probe --wait 1 tcp "$(address4 web1)" 443
	expect_failure probe --wait 1 tcp "$(address6 web1)" 443
	expect_failure probe --wait 1 udp "$(address4 web1)" 53
}

test_tutorial_policy_without_the_line_lets_nothing_in() {
	fresh lab1
	serve 61101
	trap 'kill $!' EXIT
	expect_failure probe --wait 1 tcp "$(address4 lab1)" 80
	expect_failure probe --wait 1 tcp "$(address6 lab1)" 80
	expect_failure probe --wait 1 icmp "$(address4 lab1)"
}

# The line of the tutorials, in a carrel whose own table says nothing about the port.
test_tutorial_iptables_line_works_beside_the_table() {
	fresh web1
	serve 61301
	trap 'kill $!' EXIT
	ip netns exec carrel-61301 iptables -A INPUT -i uplink0 -p tcp --dport 80 -j ACCEPT
	ip netns exec carrel-61301 ip6tables -A INPUT -i uplink0 -p tcp --dport 80 -j ACCEPT
	knock web1
	expect_match "$(ip netns exec carrel-61301 iptables -nvL INPUT)" '^ *[1-9][0-9]* .*ACCEPT .*uplink0 .*dpt:80'
	expect_match "$(ip netns exec carrel-61301 ip6tables -nvL INPUT)" '^ *[1-9][0-9]* .*ACCEPT .*uplink0 .*dpt:80'
	# and its opposite stops what the policy lets in
	ip netns exec carrel-61301 iptables -I INPUT -i uplink0 -p tcp --dport 80 -j DROP
	expect_failure probe --wait 1 tcp "$(address4 web1)" 80
	ip netns exec carrel-61301 iptables -D INPUT -i uplink0 -p tcp --dport 80 -j DROP
	knock web1
	carrel remove web1
}

test_tutorial_iptables_rules_stay_after_the_next_login() {
	fresh web1
	ip netns exec carrel-61301 iptables -A INPUT -i uplink0 -p tcp --dport 8080 -j DROP
	netns_of_login web1
	ip netns exec carrel-61301 iptables -C INPUT -i uplink0 -p tcp --dport 8080 -j DROP
	carrel remove web1
}

test_tutorial_nft_rule_of_an_administrator_works_and_stays() {
	fresh lab1
	reaches lab1 tcp "${other_site[0]}" 80
	inside nft add table inet mine
	inside nft add chain inet mine out '{ type filter hook output priority 10; }'
	inside nft add rule inet mine out tcp dport 80 reject
	cannot_reach lab1 tcp "${other_site[0]}" 80
	cannot_reach lab1 tcp "${other_site[1]}" 80
	reaches lab1 tcp "${other_site[0]}" 443
	expect_match "$(inside nft list table inet mine)" 'tcp dport 80 reject'
	expect_match "$(inside nft list tables)" '^table inet carrel'
	carrel remove lab1
}

test_tutorial_route_of_an_administrator_works_and_stays() {
	fresh lab1
	ip -n carrel-61101 route add unreachable "${other_site[0]}/32"
	ip -n carrel-61101 -6 route add unreachable "${other_site[1]}/128"
	cannot_reach lab1 tcp "${other_site[0]}" 80
	cannot_reach lab1 tcp "${other_site[1]}" 80
	reaches lab1 tcp 203.0.113.10 80
	expect_match "$(ip -n carrel-61101 route)" '^unreachable 203\.0\.113\.80'
	expect_match "$(ip -n carrel-61101 -6 route)" '^unreachable 2001:db8:80::80'
	carrel remove lab1
}

test_tutorial_veth_to_a_namespace_of_ones_own_works() {
	fresh lab1
	ip netns add workshop
	trap 'ip netns delete workshop; carrel remove lab1' EXIT
	ip -n carrel-61101 link add bench0 type veth peer name bench1 netns workshop
	ip -n carrel-61101 addr add 192.168.77.1/24 dev bench0
	ip -n carrel-61101 link set bench0 up
	ip -n workshop addr add 192.168.77.2/24 dev bench1
	ip -n workshop link set bench1 up
	inside ping -c 1 -W 2 192.168.77.2
	netns_of_login lab1
	inside ping -c 1 -W 2 192.168.77.2
}

test_tutorial_ip_netns_delete_leaves_the_next_login_a_fresh_one() {
	fresh lab1
	ip -n carrel-61101 route add unreachable 192.0.2.99/32
	ip netns delete carrel-61101
	reaches lab1 tcp "${other_site[0]}" 80
	expect_match "$(ip netns list)" '^carrel-61101'
	expect_no_match "$(ip -n carrel-61101 route)" unreachable
}

run_tests "$@"
