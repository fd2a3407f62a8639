#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What `carrel explain` says, held against what real logins can reach.
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/lib/login.sh
. "$here/../lib/login.sh"

# explains STATUS ARGUMENT...: explain ends with STATUS; what it says is in $output
explains() {
	local expected=$1
	shift
	exits "$expected" carrel explain "$@"
}

# endpoint HOST PORT
endpoint() {
	if [[ $1 == *:* ]]; then echo "[$1]:$2"; else echo "$1:$2"; fi
}

# agrees USER HOST PORT: the answer is what a login of the user finds
agrees() {
	local rc=0 found=0
	carrel explain "$1" tcp "$(endpoint "$2" "$3")" || rc=$?
	as "$1" probe --wait 1 tcp "$2" "$3" || found=1
	case $rc:$found in
	0:0|5:1) ;;
	*) echo "$1 tcp $2 $3: explain exits $rc, the login's probe $found"; return 1 ;;
	esac
}

test_explain_agrees_with_logins() {
	local user place
	for user in exam1 lab1 web1 offline1; do
		for place in "${exam_site[@]}" "${other_site[@]}"; do
			agrees "$user" "$place" 443
			agrees "$user" "$place" 80
		done
		# the host itself
		for place in "${server[@]}" "${uplink[@]}"; do
			agrees "$user" "$place" 22
		done
	done
}

test_explain_agrees_with_the_host_looking_in() {
	local address port
	for address in "$(address4 web1)" "$(address6 web1)"; do
		for port in 80 81; do
			carrel exec web1 -- timeout 10 nc -l "$address" $port </dev/null &
		done
		eventually 5 nc -z -w 1 "$address" 80
		expect_failure nc -z -w 1 "$address" 81
		kill $!
	done
	explains 0 web1 in tcp host:80
	expect_match "$output" '^allowed: in tcp from 192\.0\.2\.1 port 80$'
	expect_match "$output" '^  /etc/carrel/policies/web1\.policy:5: allow in tcp port 80 "web server"$'
	explains 5 web1 in tcp host:81
	expect_match "$output" "^  no rule of policy 'web1' matches: default deny in$"
}

test_explain_points_at_the_rule() {
	explains 0 exam1 tcp 203.0.113.10:443
	expect_equal "$output" "allowed: out tcp to 203.0.113.10 port 443
  /etc/carrel/policies/exam.policy:5: allow out tcp to 203.0.113.10,2001:db8:80::10 port 443 \"the exam's site\""
	explains 5 exam1 out tcp '[2001:db8:80::10]:80'
	expect_match "$output" '^rejected: out tcp to 2001:db8:80::10 port 80$'
	explains 5 lab1 icmp 169.254.169.254
	expect_match "$output" '^  /usr/share/carrel/policies/lab\.policy:[0-9]+: reject out to metadata'
}

test_explain_needs_no_privilege() {
	explains 0 exam1 tcp 203.0.113.10:443
	expect_equal "$(setpriv --reuid=61201 --regid=61201 --clear-groups \
		carrel explain exam1 tcp 203.0.113.10:443)" "$output"
}

test_explain_takes_a_policy_instead_of_a_user() {
	explains 0 --policy lab udp host:53
	expect_match "$output" '^allowed: out udp to 2001:db8:'
	explains 5 --policy lab tcp peers:80
	explains 0 --policy open sctp 203.0.113.1:9
	explains 5 --policy offline sctp 203.0.113.1:9
	explains 3 --policy exma tcp 203.0.113.1:9
	expect_equal "$output" "carrel: there is no policy 'exma'; did you mean 'exam'?"
}

test_explain_knows_that_a_carrel_reaches_itself() {
	local address own
	own=("$(address4 exam1)" "$(address6 exam1)")
	for address in "${own[@]}"; do
		reaches exam1 icmp "$address"
		explains 0 exam1 icmp "$address"
		expect_match "$output" "^  the loopback is the carrel's own$"
		explains 0 exam1 in tcp "$(endpoint "$address" 80)"
		# Of another carrel.
		cannot_reach exam2 icmp "$address"
		explains 5 exam2 icmp "$address"
		explains 5 --policy exam icmp "$address"
	done
	# A query is redirected also from there.
	cp /etc/carrel/policies/exam.policy /tmp/before
	echo "dns ${other_site[0]} enforced" >>/etc/carrel/policies/exam.policy
	explains 0 exam1 udp "${own[0]}:53"
	expect_match "$output" "^allowed: .*, redirected to ${other_site[0]}$"
	explains 0 exam1 udp "[${own[1]}]:53"
	expect_match "$output" "^  the loopback is the carrel's own$"
	expect_match "$(reaches exam1 udp "${own[0]}" 53)" '^internet sees '
	cp /tmp/before /etc/carrel/policies/exam.policy
}

test_explain_knows_the_resolvers() {
	local policy=/etc/carrel/policies/named.policy
	explains 0 --policy lab udp resolver:53
	expect_match "$output" '^allowed: out udp to 192\.0\.2\.1 port 53$'
	expect_match "$output" '^allowed: out udp to 2001:db8:0:1::1 port 53$'
	explains 5 --policy lab tcp resolver:22
	echo 'dns 203.0.113.80 enforced' >$policy
	explains 0 --policy named udp resolver:53
	expect_equal "$output" "allowed: out udp to 203.0.113.80 port 53
  $policy:1: dns 203.0.113.80 enforced"
	rm $policy
	explains 1 --policy offline udp resolver:53
	expect_equal "$output" "carrel: there is no resolver: policy 'offline' has 'uplink none'"
	mv /etc/resolv.conf /etc/resolv.conf.before
	echo 'nameserver 127.0.0.53' >/etc/resolv.conf
	explains 1 --policy lab udp resolver:53
	expect_match "$output" "^carrel: no resolver is known, neither of policy 'lab' nor of the host$"
	mv /etc/resolv.conf.before /etc/resolv.conf
}

test_explain_asks_assignments_as_a_login_would() {
	local config=/etc/carrel/other.conf
	cat >$config <<-'END'
		assign exam user free1 service sshd
		assign open user free1
	END
	explains 0 --config $config free1 tcp 203.0.113.80:80
	explains 5 --config $config --service sshd free1 tcp 203.0.113.80:80
	rm $config
	explains 3 free1 tcp 203.0.113.80:80
	explains 3 guest1 tcp 203.0.113.80:80
	expect_equal "$output" 'carrel: guest1 has no carrel: /etc/carrel/carrel.conf:2 denies this login'
	explains 3 no-such-user tcp 203.0.113.80:80
}

test_explain_speaks_of_the_carrel_that_is_open() {
	keep_open exam1
	cp /etc/carrel/carrel.conf /tmp/before
	sed -i '1i assign open user exam1' /etc/carrel/carrel.conf
	explains 5 exam1 tcp 203.0.113.80:80
	explains 0 --service sshd exam1 tcp 203.0.113.80:80
	cp /tmp/before /etc/carrel/carrel.conf
	end_session
}

test_explain_exits_as_documented_when_it_cannot_answer() {
	explains 2 exam1
	explains 2 exam1 tcp
	explains 2 exam1 tpc 203.0.113.1:80
	expect_match "$output" "^carrel: 'tpc' is not a protocol; .*did you mean 'tcp'"
	explains 2 exam1 '#' '#'
	explains 2 exam1 tcp 203.0.113.1:80 and more
	mv /etc/carrel/carrel.conf /tmp/before
	echo nonsense >/etc/carrel/other.conf
	explains 4 --config /etc/carrel/other.conf exam1 tcp 203.0.113.1:80
	mv /tmp/before /etc/carrel/carrel.conf
	rm /etc/carrel/other.conf
}

run_tests "$@"
