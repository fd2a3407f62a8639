#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Logins by ssh: every kind of session is in its user's network, and what the policy says holds.
#
# shellcheck disable=SC2154  # variables of login.sh
# shellcheck disable=SC2016  # expanded in the session
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"

# --- where a session is

test_ssh_command_runs_in_a_network_of_its_own() {
	expect_differ "$(netns_of_login exam1)" "$host_netns"
}

test_ssh_network_is_that_of_the_pin() {
	local found
	found=$(netns_of_login exam1)
	expect_equal "$found" "net:[$(stat -L -c %i /run/netns/carrel-61001)]"
}

test_ssh_listening_server_stays_on_the_host() {
	netns_of_login exam1
	expect_equal "$(readlink "/proc/$(cat /run/sshd.pid)/ns/net")" "$host_netns"
}

test_ssh_user_without_assignment_is_on_the_host() {
	expect_equal "$(netns_of_login free1)" "$host_netns"
}

test_ssh_exempt_group_is_on_the_host() {
	expect_equal "$(netns_of_login admin1)" "$host_netns"
}

test_ssh_root_is_on_the_host() {
	expect_equal "$(netns_of_login root)" "$host_netns"
}

test_ssh_denied_user_gets_no_session() {
	local mark
	mark=$(log_mark)
	refused guest1
	logged_since "$mark" "pam_carrel.*guest1.*carrel.conf:2"
}

# Who had this address last night?
test_ssh_session_is_logged_with_its_addresses() {
	local mark
	mark=$(log_mark)
	as exam1 true
	logged_since "$mark" "opened a session of 'exam1' in carrel-61001: policy exam, 10\.213\.[0-9.]+, fd42:ca44:e1::ee49$"
	mark=$(log_mark)
	as offline1 true
	logged_since "$mark" "opened a session of 'offline1' in carrel-61303: policy offline$"
}

test_ssh_environment_names_policy_and_addresses() {
	local environment
	environment=$(as exam1 env)
	expect_match "$environment" '^CARREL_POLICY=exam$'
	expect_match "$environment" '^CARREL_NETNS=carrel-61001$'
	expect_match "$environment" '^CARREL_ADDRESS4=10\.213\.'
	expect_match "$environment" '^CARREL_ADDRESS6=fd42:ca44:e1::ee49$'
}

test_ssh_environment_says_nothing_to_the_unconfined() {
	expect_no_match "$(as free1 env)" '^CARREL_'
}

test_ssh_uplink_has_one_address_of_each_family() {
	local addresses
	addresses=$(as exam1 ip -oneline address show dev uplink0)
	expect_equal "$(grep -c ' inet 10\.213\.[0-9.]*/32 ' <<<"$addresses")" 1
	expect_equal "$(grep -c ' inet6 fd42:ca44:e1::ee49/128 ' <<<"$addresses")" 1
	expect_equal "$(wc -l <<<"$addresses")" 2
}

test_ssh_only_loopback_and_uplink_are_there() {
	expect_equal "$(as exam1 ip -brief link | sed 's/[@ ].*//' | xargs)" "lo uplink0"
}

test_ssh_offline_policy_has_the_loopback_only() {
	expect_equal "$(as offline1 ip -brief link | sed 's/[@ ].*//' | xargs)" lo
	as offline1 ping -c 1 -W 1 127.0.0.1
	as offline1 ping -c 1 -W 1 ::1
	cannot_reach offline1 tcp "${exam_site[0]}" 443
	cannot_reach offline1 tcp "${exam_site[1]}" 443
}

test_ssh_session_has_no_capability_over_its_network() {
	expect_failure as exam1 ip link set uplink0 down
	expect_failure as exam1 nft list ruleset
	expect_equal "$(as exam1 grep CapEff /proc/self/status | cut -f2)" 0000000000000000
}

test_ssh_second_login_shares_the_network_of_the_first() {
	local first
	first=$(netns_of_login exam1)
	expect_differ "$first" "$host_netns"
	expect_equal "$(netns_of_login exam1)" "$first"
}

test_ssh_users_have_networks_of_their_own() {
	expect_differ "$(netns_of_login exam1)" "$(netns_of_login exam2)"
	expect_differ "$(address4 exam1)" "$(address4 exam2)"
}

test_ssh_same_user_gets_the_same_addresses_again() {
	local first4 first6
	first4=$(address4 exam1) first6=$(address6 exam1)
	carrel remove exam1
	expect_equal "$(address4 exam1)" "$first4"
	expect_equal "$(address6 exam1)" "$first6"
}

# --- what passes, and from which address it comes

test_ssh_exam_reaches_its_site() {
	expect_equal "$(reaches exam1 tcp "${exam_site[0]}" 443)" "internet sees ${uplink[0]}"
	expect_equal "$(reaches exam1 tcp "${exam_site[1]}" 443)" "internet sees ${uplink[1]}"
}

test_ssh_exam_reaches_no_other_port_of_its_site() {
	cannot_reach exam1 tcp "${exam_site[0]}" 80
	cannot_reach exam1 tcp "${exam_site[1]}" 80
	cannot_reach exam1 udp "${exam_site[0]}" 443
	cannot_reach exam1 udp "${exam_site[1]}" 443
}

test_ssh_exam_reaches_no_other_site() {
	cannot_reach exam1 tcp "${other_site[0]}" 443
	cannot_reach exam1 tcp "${other_site[1]}" 443
}

test_ssh_exam_sends_no_datagram_and_no_ping() {
	cannot_reach exam1 udp "${other_site[0]}" 53
	cannot_reach exam1 udp "${other_site[1]}" 53
	cannot_reach exam1 icmp "${exam_site[0]}"
	cannot_reach exam1 icmp "${exam_site[1]}"
}

test_ssh_lab_reaches_the_internet_over_tcp_udp_icmp() {
	local family
	for family in 0 1; do
		expect_equal "$(reaches lab1 tcp "${other_site[family]}" 80)" \
			"internet sees ${uplink[family]}"
		expect_equal "$(reaches lab1 udp "${other_site[family]}" 53)" \
			"internet sees ${uplink[family]}"
		expect_equal "$(reaches lab1 icmp "${other_site[family]}")" pong
	done
}

test_ssh_lab_sends_no_mail() {
	cannot_reach lab1 tcp "${other_site[0]}" 25
	cannot_reach lab1 tcp "${other_site[1]}" 25
}

test_ssh_unconfined_user_reaches_everything() {
	reaches free1 tcp "${other_site[0]}" 25
	reaches free1 tcp "${server[0]}" 80
	reaches free1 udp "${server[1]}" 53
}

test_ssh_host_is_reached_by_policies_that_name_it() {
	expect_equal "$(reaches lab1 udp "${server[0]}" 53)" "server sees $(address4 lab1)"
	expect_equal "$(reaches lab1 udp "${server[1]}" 53)" "server sees $(address6 lab1)"
	expect_equal "$(reaches lab1 icmp "${server[0]}")" pong
}

test_ssh_host_is_reached_at_no_other_port() {
	cannot_reach lab1 tcp "${server[0]}" 80
	cannot_reach lab1 tcp "${server[1]}" 80
	cannot_reach lab1 tcp "${server[0]}" 22
	cannot_reach lab1 tcp "${uplink[0]}" 80
	cannot_reach lab1 tcp "${uplink[1]}" 80
}

test_ssh_host_is_reached_by_no_policy_that_does_not_name_it() {
	local family
	for family in 0 1; do
		cannot_reach exam1 tcp "${server[family]}" 22
		cannot_reach exam1 udp "${server[family]}" 53
		cannot_reach exam1 icmp "${server[family]}"
		cannot_reach web1 tcp "${server[family]}" 80
	done
}

# begin_answering USER UID: a server in the user's carrel; $peer: its addresses
begin_answering() {
	peer=("$(address4 "$1")" "$(address6 "$1")")
	ip netns exec "carrel-$2" "$HOST/answer" "$1" &
	trap 'kill $!' EXIT
}

# A server in one carrel that its own policy would let be visited.
test_ssh_peers_do_not_reach_each_other() {
	local peer user family
	begin_answering web1 61301
	eventually 5 probe tcp "${peer[0]}" 80
	for user in exam1 lab1; do
		for family in 0 1; do
			cannot_reach $user tcp "${peer[family]}" 80
			cannot_reach $user icmp "${peer[family]}"
		done
	done
}

# The other way round: web1's policy does allow udp to any port 53.
test_ssh_any_does_not_mean_peers() {
	local peer
	begin_answering lab1 61101
	eventually 5 ip netns exec carrel-61101 "$HOST/bin/probe" udp "${peer[0]}" 53
	reaches web1 udp "${other_site[0]}" 53
	cannot_reach web1 udp "${peer[0]}" 53
	cannot_reach web1 udp "${peer[1]}" 53
}

# Not even root inside, with the policy flushed, gets past the host's side of the wire.
test_ssh_host_stops_a_carrel_without_its_policy() {
	local family peer
	netns_of_login exam1
	peer=("$(address4 lab1)" "$(address6 lab1)")
	ip netns exec carrel-61101 nft flush ruleset
	ip netns exec carrel-61001 nft flush ruleset
	trap 'carrel remove exam1; carrel remove lab1' EXIT
	ip netns exec carrel-61101 "$HOST/answer" lab1 &
	eventually 5 probe tcp "${peer[0]}" 80
	for family in 0 1; do
		ip netns exec carrel-61001 "$HOST/bin/probe" tcp "${other_site[family]}" 80
		expect_failure ip netns exec carrel-61001 "$HOST/bin/probe" --wait 1 tcp "${server[family]}" 22
		expect_failure ip netns exec carrel-61001 "$HOST/bin/probe" --wait 1 tcp "${peer[family]}" 80
	done
	kill $!
}

test_ssh_host_stops_a_forged_source() {
	local forged=10.213.255.77 forged6=fd42:ca44:e1::7777 counter
	counter='fib saddr'
	netns_of_login lab1
	trap 'carrel remove lab1' EXIT
	ip -n carrel-61101 address add $forged/32 dev uplink0
	ip -n carrel-61101 address add $forged6/128 dev uplink0 nodad
	expect_failure ip netns exec carrel-61101 ping -c 1 -W 1 -I $forged "${other_site[0]}"
	expect_failure ip netns exec carrel-61101 ping -c 1 -W 1 -I $forged6 "${other_site[1]}"
	expect_match "$(nft list chain inet carrel spoof)" "$counter.*packets [1-9]"
}

test_ssh_outside_does_not_reach_into_a_carrel() {
	local peer4 peer6
	peer4=$(address4 web1) peer6=$(address6 web1)
	ip netns exec carrel-61301 "$HOST/answer" web1 &
	trap 'kill $!' EXIT
	eventually 5 probe tcp "$peer4" 80
	# The client's default route is the server: it asks there.
	expect_failure client probe --wait 1 tcp "$peer4" 80
	expect_failure client probe --wait 1 tcp "$peer6" 80
}

# The server was no router before carrel, and is none for others than carrels now.
test_ssh_forwarding_is_for_carrels_only() {
	netns_of_login lab1
	expect_failure client probe --wait 1 tcp "${other_site[0]}" 80
	expect_failure client probe --wait 1 tcp "${other_site[1]}" 80
}

# --- every kind of session

test_ssh_terminal_session_is_in_the_carrel_and_says_so() {
	local output
	output=$(client ssh -tt exam1@server 'tty; readlink /proc/self/ns/net; probe tcp 203.0.113.10 443; probe tcp 203.0.113.80 443 || :')
	expect_match "$output" '^/dev/pts/'
	expect_match "$output" "^net:\\[$(stat -L -c %i /run/netns/carrel-61001)\\]"
	expect_match "$output" '^internet sees 198.51.100.1'
	expect_match "$output" '^refused'
}

test_ssh_shell_shows_the_policy_to_the_user() {
	local output
	output=$(echo exit | client ssh -tt exam1@server)
	expect_match "$output" 'Network: policy exam, 10\.213\.[0-9.]*, fd42:ca44:e1::ee49'
}

test_ssh_command_output_is_not_disturbed() {
	expect_equal "$(as exam1 echo data 2>&1)" data
}

test_ssh_scp_copies_both_ways() {
	echo to >/tmp/to
	client scp -q /tmp/to exam1@server:copied
	client scp -q exam1@server:copied /tmp/back
	expect_equal "$(cat /tmp/back)" to
}

test_ssh_sftp_is_in_the_carrel() {
	local found
	found=$(client sftp -q -b - exam1@server <<-'END'
		pwd
		!netns-of exam1
	END
	)
	expect_match "$found" 'working directory: /home/exam1'
	expect_match "$found" "^net:\\[$(stat -L -c %i /run/netns/carrel-61001)\\]"
	expect_no_match "$found" "^${host_netns//[/\\[}"
}

test_ssh_internal_sftp_is_in_the_carrel() {
	local found
	found=$(client sftp -q -b - sftp1@server <<-'END'
		pwd
		!netns-of sftp1
	END
	)
	expect_match "$found" 'working directory: /home/sftp1'
	expect_match "$found" "^net:\\[$(stat -L -c %i /run/netns/carrel-61302)\\]"
	expect_no_match "$found" "^${host_netns//[/\\[}"
}

# forwarding ARG...: ssh as exam1 with these, without a command; $session ends it
forwarding() {
	client ssh -N -o ExitOnForwardFailure=yes "$@" exam1@server &
	session=$!
	trap 'kill $session' EXIT
}

listens_on_client() {
	[ -n "$(client ss -Hltn "sport = :$1")" ]
}

test_ssh_local_forwarding_goes_through_the_carrel() {
	local to
	forwarding -L "7001:${exam_site[0]}:443" -L "7002:[${exam_site[1]}]:443" \
		-L "7003:${other_site[0]}:443" -L "7004:[${other_site[1]}]:443" -L "7005:${server[0]}:80" \
		-L 7006:127.0.0.1:22
	eventually 5 listens_on_client 7006
	expect_equal "$(client probe tcp 127.0.0.1 7001)" "internet sees ${uplink[0]}"
	expect_equal "$(client probe tcp 127.0.0.1 7002)" "internet sees ${uplink[1]}"
	# 7006: the carrel's loopback is not the host's, where sshd listens
	for to in 7003 7004 7005 7006; do
		expect_failure client probe tcp 127.0.0.1 $to
	done
}

test_ssh_socks_forwarding_goes_through_the_carrel() {
	forwarding -D 7010
	eventually 5 listens_on_client 7010
	expect_equal "$(client probe --socks 7010 tcp "${exam_site[0]}" 443)" "internet sees ${uplink[0]}"
	expect_equal "$(client probe --socks 7010 tcp "${exam_site[1]}" 443)" "internet sees ${uplink[1]}"
	expect_failure client probe --socks 7010 tcp "${other_site[0]}" 443
	expect_failure client probe --socks 7010 tcp "${other_site[1]}" 443
	expect_failure client probe --socks 7010 tcp "${server[0]}" 80
}

test_ssh_stdio_forwarding_goes_through_the_carrel() {
	expect_equal "$(client ssh -W "${exam_site[0]}:443" exam1@server)" "internet sees ${uplink[0]}"
	expect_equal "$(client ssh -W "[${exam_site[1]}]:443" exam1@server)" "internet sees ${uplink[1]}"
	expect_failure client ssh -W "${other_site[0]}:443" exam1@server
	expect_failure client ssh -W "[${other_site[1]}]:443" exam1@server
}

# The listener is in the carrel: its user gets to the client through it, others do not.
test_ssh_remote_forwarding_listens_in_the_carrel() {
	forwarding -R 7020:127.0.0.1:80
	eventually 5 reaches exam1 tcp 127.0.0.1 7020
	expect_equal "$(reaches exam1 tcp 127.0.0.1 7020)" "client sees 127.0.0.1"
	cannot_reach exam2 tcp 127.0.0.1 7020
	expect_equal "$(ss -Hltn 'sport = :7020')" ""
	expect_match "$(ip netns exec carrel-61001 ss -Hltn 'sport = :7020')" LISTEN
}

test_ssh_session_keeps_its_network_while_it_is_open() {
	keep_open exam1
	trap end_session EXIT
	expect_match "$(carrel list | grep -w exam1)" ' exam  *1 '
	expect_equal "$(netns-of exam1)" "net:[$(stat -L -c %i /run/netns/carrel-61001)]"
}

# --- many at once

test_ssh_simultaneous_first_logins_share_one_network() {
	local count
	for _ in 1 2 3; do
		carrel remove exam1 || :
		for count in 1 2 3 4; do
			netns_of_login exam1 >"/tmp/login-$count" &
		done
		wait
		expect_equal "$(sort -u /tmp/login-[1-4] | wc -l)" 1
		expect_equal "$(cat /tmp/login-1)" "net:[$(stat -L -c %i /run/netns/carrel-61001)]"
	done
}

test_ssh_twenty_logins_of_ten_users_at_once_all_work() {
	local user turn
	for user in load{01..10}; do
		for turn in 1 2; do
			as "$user" 'readlink /proc/self/ns/net; probe tcp 203.0.113.80 80; probe tcp 2001:db8:80::80 80' \
				>"/tmp/$user-$turn" &
		done
	done
	wait
	for user in load{01..10}; do
		cmp "/tmp/$user-1" "/tmp/$user-2"
		expect_equal "$(grep -c '^internet sees' "/tmp/$user-1")" 2
	done
	# One namespace for each user, no two alike, none the host's.
	expect_equal "$(cat /tmp/load*-1 | grep '^net:' | grep -vxF "$host_netns" | sort -u | wc -l)" 10
	expect_equal "$(ip -br link | grep -c '^cr-616')" 10
}

run_tests "$@"
