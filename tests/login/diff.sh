#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What `carrel diff` says of a carrel that somebody's hands were at.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"

pin=/run/netns/carrel-$exam1

inside() {
	ip netns exec carrel-$exam1 "$@"
}

fresh() {
	without_carrel exam1
	su exam1 -c true
	exits 0 carrel diff exam1
	expect_equal "$output" 'exam1 (policy exam): no difference'
}

# found REGEX: there is a difference, and a line for it
found() {
	exits 5 carrel diff exam1
	expect_match "$output" "$1"
}

test_diff_names_a_rule_that_was_deleted() {
	local handle
	fresh
	handle=$(inside nft -a list chain inet carrel output |
		sed -n 's/.*ip daddr 203.*dport 443.*handle //p')
	inside nft delete rule inet carrel output handle "$handle"
	found '^  carrel  rule [0-9]+ of chain output: missing: ip daddr 203.0.113.10 tcp dport 443 '
	expect_equal "$(wc -l <<<"$output")" 2
	expect_equal "$(carrel diff --json exam1 | jq -r '.differences[] | "\(.place) \(.kind) \(.remedy)"')" \
		'carrel missing repair'
}

test_diff_names_rules_and_tables_that_others_made() {
	fresh
	inside nft insert rule inet carrel output accept
	inside nft add table ip filter
	found '^  carrel  rule 1 of chain output: not carrel.s: someone made it: \[ immediate reg 0 accept \]$'
	expect_match "$output" '^  carrel  table ip filter: not carrel.s: someone made it \(and stays\)$'
}

test_diff_counts_no_packets() {
	fresh
	cannot_reach exam1 tcp "${other_site[0]}" 80
	reaches exam1 tcp "${exam_site[0]}" 443
	inside nft list ruleset >/run/testhost/rules
	grep -q 'counter packets [1-9]' /run/testhost/rules
	exits 0 carrel diff exam1
}

test_diff_names_links_addresses_routes_and_settings() {
	fresh
	inside ip addr flush dev uplink0
	found '^  carrel  address: missing: uplink0: address 10\.213\.'
	expect_match "$output" '^  carrel  address: missing: uplink0: address fd42:'
	expect_match "$output" '^  carrel  route: missing: route 0\.0\.0\.0/0 '
	fresh
	inside ip -6 route del default
	found '^  carrel  route: missing: route ::/0 '
	fresh
	inside sysctl -q -w 'net.ipv4.ping_group_range=1 0'
	found '^  carrel  sysctl net/ipv4/ping_group_range: 1 0 \(should be: 0 2147483647\)$'
	fresh
	ip link set cr-$exam1 group 7
	found '^  host    link cr-61001: of group 0x7 '
	fresh
	sysctl -q -w net.ipv4.conf.cr-$exam1.forwarding=0
	found '^  host    settings of link cr-61001: it does not forward IPv4'
	fresh
	ip link set cr-$exam1 down
	found '^  host    link cr-61001: down '
	expect_match "$output" '^  host    route: missing: '
	fresh
	ip link del cr-$exam1
	found '^  host    link cr-61001: missing: make veth'
}

# Right after a login there is none, whatever the policy has.
test_diff_finds_nothing_under_every_kind_of_policy() {
	local policy
	cp /etc/carrel/policies/exam.policy /run/testhost/
	trap 'cp /run/testhost/exam.policy /etc/carrel/policies/' EXIT
	for policy in /usr/share/carrel/policies/*.policy tests/golden/*.policy; do
		without_carrel exam1
		cp "$policy" /etc/carrel/policies/exam.policy
		su exam1 -c true
		exits 0 carrel diff exam1
		su exam1 -c true
		exits 0 carrel diff exam1
	done
	cat >/etc/carrel/policies/exam.policy <<-'END'
		uplink none
		default deny out
		log denied
		low-ports yes
		connections 10
		allow out tcp to 192.0.2.0/24,198.51.100.7,2001:db8::/32 port 1-5,9 log limit 5/minute "some"
	END
	without_carrel exam1
	su exam1 -c true
	exits 0 carrel diff exam1
}

test_diff_names_the_pin_and_the_record() {
	fresh
	umount $pin
	found '^  host    pin /run/netns/carrel-61001: missing: the namespace [0-9]+$'
	fresh
	echo rubbish >/run/carrel/carrels/$exam1
	found '^  host    record /run/carrel/carrels/61001: missing$'
	without_carrel exam1
}

test_diff_looks_at_the_host_too() {
	fresh
	nft delete table inet carrel
	found '^  host    table inet carrel: missing$'
	su exam1 -c true
	exits 0 carrel diff exam1
	nft add rule inet carrel forward accept
	found '^  host    rule [0-9]+ of chain forward: not carrel.s: someone made it'
	su exam1 -c true
	exits 0 carrel diff exam1
}

test_diff_tells_of_an_edited_policy() {
	fresh
	cp /etc/carrel/policies/exam.policy /run/testhost/
	trap 'cp /run/testhost/exam.policy /etc/carrel/policies/' EXIT
	echo '# nothing but a comment' >>/etc/carrel/policies/exam.policy
	exits 0 carrel diff exam1
	sed -i 's/203\.0\.113\.10/203.0.113.80/' /etc/carrel/policies/exam.policy
	found "^  carrel  rules: of an earlier text of the policy, .*; 'carrel apply', or the user's next login, brings today's\$"
	expect_match "$output" '^  carrel  rule [0-9]+ of chain output: missing: ip daddr 203.0.113.80 '
	expect_match "$output" "^  carrel  rule [0-9]+ of chain output: of an earlier text of the policy: \"the exam's site\": \[ "
	expect_no_match "$output" 'someone'
	expect_equal "$(carrel diff --json exam1 | jq -r '.differences[] | "\(.object[:4]) \(.kind) \(.remedy)"' | sort -u)" \
		$'rule altered apply\nrule former apply\nrule missing apply'
	# Of rules that were touched, too, nobody can tell what is whose.
	inside nft insert rule inet carrel output accept
	inside nft add table ip filter
	found '^  carrel  rules: .*, and changed by someone since; '
	expect_match "$output" '^  carrel  rule 1 of chain output: of an earlier text of the policy, or someone made it: \[ immediate'
	expect_match "$output" '^  carrel  table ip filter: not carrel.s: someone made it \(and stays\)$'
	inside nft delete table ip filter
	carrel apply exam1
	exits 0 carrel diff exam1
	echo 'uplink none' >/etc/carrel/policies/exam.policy
	found "^  carrel  uplink: 'nat' \(should be: 'none'\) \(takes a new carrel: 'carrel remove'"
}

test_diff_needs_root_and_a_carrel() {
	fresh
	exits 1 unprivileged carrel diff exam1
	without_carrel exam1
	exits 3 carrel diff exam1
	exits 3 carrel diff nobody-of-this-name
	exits 2 carrel diff
}

run_tests "$@"
