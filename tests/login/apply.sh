#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A policy changes while users are at work: what `carrel plan` and `carrel apply` say and do.
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/lib/login.sh
. "$here/../lib/login.sh"


# The configuration of the test host but for one policy, whatever a test made of it; no carrels
fresh() {
	[ -e /etc/carrel.before ] || cp -a /etc/carrel /etc/carrel.before
	rm -rf /etc/carrel
	cp -a /etc/carrel.before /etc/carrel
	write_policy exam 'default reject out' 'default deny in' \
		'allow out tcp,udp to 203.0.113.10,2001:db8:80::10 port 443,7000-7001'
	without_carrel exam1
	without_carrel exam2
}

# write_policy NAME LINE...
write_policy() {
	local name=$1
	shift
	printf '%s\n' "$@" >$policies/"$name".policy
}

# result USER: what `carrel apply` says of it
result() {
	carrel apply --json "$1" | jq -r '.[0].result'
}

# serve: something that streams, on 7000 and 7001 of every address of the exam's site
serve() {
	local site
	for site in "${exam_site[@]}"; do
		inet stream serve "$site" 7000 7001 >"$scratch/server-$site" &
		servers+=($!)
		eventually 5 grep -q ready "$scratch/server-$site"
	done
}

# stream USER PORT SECONDS: flows of both protocols and both families from a login
stream() {
	local site protocol
	for site in "${exam_site[@]}"; do
		for protocol in tcp udp; do
			# What is in the environment here does not come through ssh.
			as "$1" "TEST_PATIENCE=${TEST_PATIENCE:-1}" \
				stream $protocol "$site" "$2" "$3" >"$scratch/$2-$protocol-$site" &
			streams+=($!)
		done
	done
}

# begun COUNT: so many flows are under way
begun() {
	[ "$(cat "$scratch"/700?-* | grep -c begun)" = "$1" ]
}

begin_streams() {
	servers=() streams=()
	scratch=$(mktemp -d)
	# shellcheck disable=SC2064  # these servers
	trap 'kill "${servers[@]}"; rm -r "$scratch"' EXIT
	# Else a segment is sent again where its answer is some milliseconds late, as on a busy machine.
	inet sysctl -q -w net.ipv4.tcp_early_retrans=0
	serve
}

# retransmitted: TCP segments sent again, by whoever answers for the exam's site
retransmitted() {
	inet cat /proc/net/snmp | awk '/^Tcp: [0-9]/ { print $13 }'
}

test_apply_changes_nothing_where_nothing_changed() {
	fresh
	as exam1 true
	exits 0 carrel apply
	expect_match "$output" '^exam1 +exam +unchanged$'
	exits 0 carrel apply exam1
	expect_equal "$(result exam1)" unchanged
}

test_apply_brings_a_changed_policy_to_an_open_session() {
	fresh
	keep_open exam1
	before=$(netns_of_login exam1)
	for site in "${exam_site[@]}"; do
		reaches exam1 tcp "$site" 443
	done
	write_policy exam 'default reject out' \
		'allow out tcp to 203.0.113.80,2001:db8:80::80 port 80'
	exits 0 carrel apply --dry-run
	expect_match "$output" '^exam1 +exam +new rules$'
	# What was only looked at has not changed: the session is asked, a login would update.
	expect_match "$(ip netns exec carrel-$exam1 nft list table inet carrel)" '203\.0\.113\.10'
	exits 0 carrel apply
	expect_match "$output" '^exam1 +exam +updated'
	for site in "${exam_site[@]}"; do
		expect_failure ip netns exec carrel-$exam1 probe --wait 1 tcp "$site" 443
	done
	for site in "${other_site[@]}"; do
		ip netns exec carrel-$exam1 probe tcp "$site" 80
	done
	expect_equal "$(netns_of_login exam1)" "$before"
	end_session
}

# denied_in: so many packets from outside have met the default
denied_in() {
	ip netns exec carrel-$exam1 nft list chain inet carrel input |
		sed -n 's/.*counter packets \([0-9]*\) .*comment "default deny in"/\1/p'
}

answers_were_denied() {
	[ "$(denied_in)" -gt 10 ]
}

# Before any that cuts connections: what the site then sends again would be counted.
test_apply_loses_no_packet_that_both_policies_allow() {
	local line resent
	fresh
	begin_streams
	stream exam1 7000 4
	eventually 10 begun 4
	resent=$(retransmitted)
	for line in 'deny out tcp port 25' 'deny out udp port 53' 'allow in icmp' \
		'allow out icmp to host' 'deny out tcp port 26' 'allow out tcp to peers'; do
		echo "$line" >>$policies/exam.policy
		expect_match "$(carrel apply)" updated
	done
	wait "${streams[@]}"
	cat "$scratch"/7000-*
	expect_equal "$(cat "$scratch"/7000-udp-* | grep -c ' 0 lost$')" 2
	expect_equal "$(cat "$scratch"/7000-tcp-* | grep -c ', open$')" 2
	expect_equal "$(retransmitted)" "$resent"
}

test_apply_logs_of_what_it_cut_who_goes_on_and_not_who_answers() {
	local site log
	fresh
	write_policy exam 'log denied' 'default deny out' \
		'allow out tcp,udp to 203.0.113.10,2001:db8:80::10 port 7000'
	begin_streams
	stream exam1 7000 8
	eventually 10 begun 4
	write_policy exam 'log denied' 'default deny out'
	carrel apply exam1
	eventually 10 answers_were_denied
	log=$(carrel log exam1)
	for site in 203.0.113.10 '\[2001:db8:80::10\]'; do
		expect_match "$log" "udp $site:7000 denied, default deny out"
	done
	expect_no_match "$log" ' from '
}

test_apply_stops_what_the_new_policy_forbids_although_it_is_open() {
	fresh
	begin_streams
	stream exam1 7000 4
	stream exam1 7001 4
	eventually 10 begun 8
	sed -i 's/7000-7001/7000/' $policies/exam.policy
	exits 0 carrel apply
	expect_match "$output" '^exam1 +exam +updated, 4 open connections cut$'
	wait "${streams[@]}" || :
	tail -n +1 "$scratch"/700?-*
	expect_equal "$(cat "$scratch"/7000-* | grep -cE ' 0 lost$|, open$')" 4
	expect_equal "$(cat "$scratch"/7001-* | grep -cE ' 0 lost$|, open$')" 0
	# "default reject": who sends is told at once
	expect_equal "$(cat "$scratch"/7001-tcp-* | grep -cE ', (reset|silent)$')" 2
}

test_login_stops_it_in_the_same_way() {
	fresh
	begin_streams
	stream exam1 7001 4
	eventually 10 begun 4
	sed -i 's/7000-7001/7000/' $policies/exam.policy
	as exam1 true
	wait "${streams[@]}" || :
	tail -n +1 "$scratch"/7001-*
	expect_equal "$(cat "$scratch"/7001-* | grep -cE ' 0 lost$|, open$')" 0
}

test_apply_changes_nothing_when_anything_is_invalid() {
	fresh
	keep_open exam1
	write_policy exam 'default reject out'
	echo 'alow out' >>$policies/web1.policy
	exits 4 carrel apply
	expect_match "$output" "web1\.policy:[0-9]+:1: error: 'alow'"
	expect_match "$output" '^carrel: nothing was changed$'
	for site in "${exam_site[@]}"; do
		ip netns exec carrel-$exam1 probe tcp "$site" 443
	done
	exits 4 carrel apply --dry-run exam1
	sed -i '$d' $policies/web1.policy
	expect_equal "$(result exam1)" updated
	end_session
}

test_apply_follows_a_changed_assignment_of_the_login_that_decided() {
	fresh
	as exam1 true
	sed -i '1i assign lab group exam service sshd from 192.0.2.0/24,2001:db8:0:1::/64' \
		/etc/carrel/carrel.conf
	exits 0 carrel apply --dry-run exam1
	expect_match "$output" '^exam1 +exam -> lab +new rules$'
	exits 0 carrel apply exam1
	expect_match "$output" '^exam1 +exam -> lab +updated'
	expect_equal "$(carrel show --json exam1 | jq -r .policy)" lab
	sed -i '1s/sshd/login/' /etc/carrel/carrel.conf
	exits 0 carrel apply exam1
	expect_match "$output" '^exam1 +lab -> exam +updated'
}

test_apply_keeps_the_policy_of_a_user_whom_nothing_confines_any_more() {
	fresh
	as exam1 true
	sed -i '1i assign unconfined user exam1' /etc/carrel/carrel.conf
	sed -i 's/443,//' $policies/exam.policy
	exits 0 carrel apply exam1
	expect_match "$output" "no policy is assigned to exam1 any more; .* keeps the policy 'exam'"
	expect_match "$output" '^exam1 +exam +updated'
}

test_apply_leaves_another_uplink_to_the_next_login() {
	fresh
	as exam1 true
	write_policy exam 'uplink none'
	exits 0 carrel apply --dry-run
	expect_match "$output" '^exam1 +exam +unchanged: another uplink'
	exits 1 carrel apply
	expect_match "$output" '^exam1 +exam +unchanged: another uplink'
	ip link show cr-$exam1
	as exam1 true
	expect_failure ip link show cr-$exam1
	expect_equal "$(result exam1)" unchanged
}

test_apply_names_users_and_exits_3_for_who_has_none() {
	fresh
	as exam1 true
	as exam2 true
	write_policy exam 'default deny out'
	exits 0 carrel apply exam2
	expect_equal "$output" 'exam2  exam  updated'
	exits 3 carrel apply exam1 free1
	expect_equal "$output" 'carrel: free1 has no carrel'
	exits 3 carrel apply no-such-user
	exits 1 unprivileged carrel apply
	expect_match "$output" '^carrel: apply needs root'
	expect_equal "$(carrel apply --json | jq -r '.[] | "\(.user) \(.result)"' | sort | xargs)" \
		'exam1 updated exam2 unchanged'
}

test_apply_leaves_what_an_administrator_added() {
	fresh
	as exam1 true
	ip netns exec carrel-$exam1 nft add table ip mine
	ip -n carrel-$exam1 route add 192.0.2.128/25 via 169.254.0.1 dev uplink0 onlink
	write_policy exam 'default deny out'
	expect_equal "$(result exam1)" updated
	ip netns exec carrel-$exam1 nft list table ip mine
	expect_match "$(ip -n carrel-$exam1 route show 192.0.2.128/25)" uplink0
}

test_plan_shows_what_a_login_then_does() {
	local plan
	fresh
	plan=$(carrel plan exam1)
	expect_match "$plan" "^A login of exam1 has the policy 'exam' \(/etc/carrel/carrel\.conf:3\) and makes a carrel$"
	expect_match "$plan" "^  host    make veth cr-$exam1 .*, mtu $(</sys/class/net/wan0/mtu)$"
	expect_match "$plan" '^  host    pin it as carrel-61001$'
	expect_failure carrel show exam1
	expect_equal "$(ls /run/netns)" ''
	# Its addresses are those that the login gets.
	expect_match "$plan" "uplink0: address $(address4 exam1)$"
	expect_match "$plan" "uplink0: address $(address6 exam1)$"
	exits 0 carrel plan exam1
	expect_match "$output" 'joins the carrel that is there; nothing is done$'
	write_policy exam 'default deny out'
	exits 0 carrel plan exam1
	expect_match "$output" '^  carrel  replace table inet carrel$'
	write_policy exam 'uplink none'
	exits 0 carrel plan exam1
	expect_match "$output" 'makes a new carrel in place of one that has another uplink'
	ip link show cr-$exam1
}

test_plan_prints_rules_that_nft_loads_and_that_a_login_loads() {
	fresh
	carrel plan --nft exam1 | unshare --net nft -f -
	as exam1 true
	expect_equal "$(ip netns exec carrel-$exam1 nft --stateless list table inet carrel)" \
		"$(carrel plan --nft exam1)"
	expect_equal "$(carrel plan --json exam1 | jq -r .nft)" "$(carrel plan --nft exam1)"
}

test_plan_needs_no_privilege() {
	fresh
	expect_equal "$(unprivileged carrel plan exam1)" "$(carrel plan exam1)"
	expect_match "$(as exam1 carrel plan exam1)" 'joins the carrel that is there'
}

test_plan_says_who_is_not_confined_and_who_is_refused() {
	exits 0 carrel plan admin1
	expect_equal "$output" "A login of admin1 stays in the host's network: nothing is done"
	exits 0 carrel plan guest1
	expect_equal "$output" 'A login of guest1 is refused: /etc/carrel/carrel.conf:2 denies it'
	expect_equal "$(carrel plan --json guest1 | jq -r '"\(.action) \(.file):\(.line)"')" \
		'deny /etc/carrel/carrel.conf:2'
	exits 3 carrel plan --nft admin1
	exits 3 carrel plan no-such-user
}

# Sessions of tests before may still be ending.
has_one_session() {
	expect_match "$(as exam1 carrel status)" '^Sessions: 1$'
}

test_status_tells_users_about_themselves() {
	local status
	fresh
	eventually 10 has_one_session
	status=$(as exam1 carrel status)
	expect_match "$status" "^Network: policy exam, 10\.213\.[0-9.]+, fd42:[0-9a-f:]+$"
	expect_match "$status" '^Sessions: 1$'
	expect_no_match "$status" 'not in it'
	expect_equal "$(as exam1 carrel status --json | jq -r '"\(.user) \(.inside)"')" 'exam1 true'
	exits 0 setpriv --reuid=$exam1 --regid=$exam1 --clear-groups carrel status
	expect_match "$output" '^This process is not in it\.$'
	exits 3 as free1 carrel status
	expect_equal "$output" 'carrel: you have no carrel'
}

run_tests "$@"
